"""Every connection of this node, whether it has said who it is or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import deferLater

LINGER_S = 0.25
"""For what crosses the warning on its way: who has said goodbye cannot answer any more."""


class Drainable(Protocol):
    """One connection of either port, as shutting down and metrics see it."""

    port: str
    """"line" or "websocket"."""

    @property
    def outgoing_bytes(self) -> int:
        """What waits for the peer to read."""

    def finish(self) -> Deferred[None]:
        """Take no more requests; fires when those that came are answered."""

    def warn(self) -> None:
        """Say that the end is near; what comes now is still refused in words."""

    def say_goodbye(self) -> Deferred[None]:
        """Close; fires when closed."""

    def abort(self) -> None:
        """Close at once."""


class Connections:
    """Shared by both ports' factories."""

    def __init__(self) -> None:
        self._live: set[Drainable] = set()
        # Counted as they come and go: whoever asks does so while the chat waits.
        self._of_port: Counter[str] = Counter()

    def add(self, connection: Drainable) -> None:
        if connection not in self._live:
            self._live.add(connection)
            self._of_port[connection.port] += 1

    def remove(self, connection: Drainable) -> None:
        """One that is not here, or not any more, is no matter."""
        if connection in self._live:
            self._live.discard(connection)
            self._of_port[connection.port] -= 1

    def count_of(self, port: str) -> int:
        """At once, however many there are."""
        return self._of_port[port]

    @property
    def outgoing_bytes(self) -> int:
        """What waits for all peers to read."""
        return sum(connection.outgoing_bytes for connection in self._live)

    async def drain(self, reactor: Any, timeout_s: float) -> None:
        """Bring every connection to a good end; what is not gone by the timeout is cut."""
        drained = Deferred.fromCoroutine(self._drain(reactor))
        # Not a timeout on `drained`: cancelled in one of its steps it would begin the next.
        too_late: Deferred[None] = deferLater(reactor, timeout_s)
        await DeferredList([drained, too_late], fireOnOneCallback=True, consumeErrors=True)
        too_late.cancel()
        for connection in tuple(self._live):
            connection.abort()

    async def _drain(self, reactor: Any) -> None:
        """Nobody leaves before the last answer, for it may be a message to those who are here."""
        await _all(connection.finish() for connection in tuple(self._live))
        # A message goes to its receivers right after its sender's answer.
        await deferLater(reactor, 0)
        for connection in tuple(self._live):
            connection.warn()
        await deferLater(reactor, LINGER_S)
        await _all(connection.say_goodbye() for connection in tuple(self._live))


def _all(waiting: Iterable[Deferred[None]]) -> Deferred[Any]:
    return DeferredList(list(waiting), consumeErrors=True)
