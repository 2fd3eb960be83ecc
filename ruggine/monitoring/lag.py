"""How late the reactor is for what it was asked to do at a time."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service

from ruggine.meters import Histogram

EVERY_S = 0.5


class Lag(Service):
    """Everything else waits for as long as this does."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._next: Any = None
        self.lag_s = Histogram()

    def startService(self) -> None:
        super().startService()
        self._ask()

    def stopService(self) -> None:
        super().stopService()
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _ask(self) -> None:
        due_s = self._reactor.seconds() + EVERY_S
        self._next = self._reactor.callLater(EVERY_S, self._come, due_s)

    def _come(self, due_s: float) -> None:
        self.lag_s.observe(max(self._reactor.seconds() - due_s, 0.0))
        self._ask()
