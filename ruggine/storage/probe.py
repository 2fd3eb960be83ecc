"""Whether messages can be stored just now: tried, and not concluded from what can be read."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.storage.database import Cursor, Database

TRY_EVERY_S = 2.0
"""Where somebody asks. Each time costs the disk what a long message does."""

PATIENCE_S = 2.0
"""Behind another program's lock a write waits longer: then it cannot be said that it is stored."""

_AS_LONG_AS_A_MESSAGE = 8192
"""Bytes, of which twice as many are written. What is shorter may fit where no message does: a full
disk has room in pages that are there already."""


class Probe:
    """Commits a write of its own, seldom, and tells what came of the last one."""

    def __init__(self, reactor: Any, database: Database) -> None:
        self._reactor = reactor
        self._database = database
        self._stores = False
        self._trying = False
        self._began_s = float("-inf")
        self._waiting: list[Deferred[None]] = []

    async def stores(self) -> bool:
        """Whether a message would be stored. Known after PATIENCE_S at most, and never older than
        TRY_EVERY_S and PATIENCE_S together."""
        now_s = self._reactor.seconds()
        if not self._trying and now_s - self._began_s >= TRY_EVERY_S:
            self._trying, self._began_s = True, now_s
            Deferred.fromCoroutine(self._try())
        if self._trying:
            tried: Deferred[None] = Deferred()
            self._waiting.append(tried)
            await tried.addTimeout(PATIENCE_S, self._reactor, onTimeoutCancel=lambda *_: None)
        return self._stores and not self._trying

    async def _try(self) -> None:
        try:
            await self._database.write(_store_txn)
            self._stores = True
        except errors.Unavailable:  # storage has said why
            self._stores = False
        self._trying = False
        waiting, self._waiting = self._waiting, []
        for tried in waiting:
            if not tried.called:
                tried.callback(None)


def _store_txn(cursor: Cursor) -> None:
    cursor.execute(
        "INSERT INTO meta VALUES ('probe', hex(randomblob(?))) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_AS_LONG_AS_A_MESSAGE,),
    )
