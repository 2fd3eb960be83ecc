"""Every connection of this node, whether it has said who it is or not."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList


class Drainable(Protocol):
    """One connection of either port, as shutting down sees it."""

    def drain(self) -> Deferred[None]:
        """Take no more requests, answer those that came, say goodbye; fires when closed."""

    def abort(self) -> None:
        """Close at once."""


class Connections:
    """Shared by both ports' factories."""

    def __init__(self) -> None:
        self._live: set[Drainable] = set()

    def add(self, connection: Drainable) -> None:
        self._live.add(connection)

    def remove(self, connection: Drainable) -> None:
        self._live.discard(connection)

    async def drain(self, reactor: Any, timeout_s: float) -> None:
        """Bring every connection to a good end; what is not gone by the timeout is cut."""
        drains = [connection.drain() for connection in self._live]
        closed = DeferredList(drains, consumeErrors=True)
        closed.addTimeout(timeout_s, reactor, onTimeoutCancel=lambda *_: None)
        await closed
        for connection in tuple(self._live):
            connection.abort()
