"""Brings new messages into the search index, behind the sends."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger

from ruggine import errors
from ruggine.storage.message_log import MessageLog
from ruggine.storage.search import SearchStore

_TICK_S = 2.0
_PAUSE_S = 0.002
"""Between two steps, so that a send never waits for more than one."""


class Indexer(Service):
    """Works while no send waits for a commit, and stops between two steps."""

    log = Logger()

    def __init__(self, reactor: Any, store: SearchStore, message_log: MessageLog) -> None:
        self._reactor = reactor
        self._store = store
        self._message_log = message_log
        self._ticks = LoopingCall(lambda: Deferred.fromCoroutine(self._tick()))
        self._ticks.clock = reactor
        self._ticking: Deferred[Any] = succeed(None)

    def startService(self) -> None:
        super().startService()
        self._ticking = self._ticks.start(_TICK_S)

    def stopService(self) -> Deferred[Any]:
        """Fires when the last step is done."""
        super().stopService()
        self._ticks.stop()
        return self._ticking

    async def _tick(self) -> None:
        try:
            while self.running and not self._message_log.busy and await self._store.index_some():
                await deferLater(self._reactor, _PAUSE_S)
        except errors.Unavailable:
            return  # storage has said so itself
        except Exception:
            self.log.failure("Messages could not be brought into the search index")
