"""What a connection writes: once in a turn of the reactor, and bounded for a slow reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.tcp import Connection as TCPConnection
from twisted.logger import Logger
from zope.interface import implementer

_AT_ONCE = 65_536
"""Bytes in one write: as much as a transport takes before it asks us to wait."""


class Turn:
    """Does things once the reactor is through with what it has in hand."""

    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._jobs: list[Callable[[], None]] = []

    def at_end(self, job: Callable[[], None]) -> None:
        if not self._jobs:
            self._reactor.callLater(0, self._end)
        self._jobs.append(job)

    def _end(self) -> None:
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            try:
                job()
            except Exception:
                self.log.failure("Something at the end of a turn failed")


@implementer(IPushProducer)
class Outgoing:
    """Gathers what is written in a turn while the transport drains, and keeps at most `limit` bytes
    while it does not.

    The transport itself holds its own buffer (64 KiB) before it asks us to wait. Over the limit,
    what waits is dropped, nothing more is written, and `overflow` is called once.
    """

    # Ten thousand connections have one each; hence also no deque, which begins at 600 bytes.
    __slots__ = (
        "_done", "_draining", "_finishing", "_limit", "_overflow", "_paused", "_transport",
        "_turn", "_waiting", "size",
    )  # fmt: skip

    def __init__(
        self, transport: Any, turn: Turn, limit: int, overflow: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._turn = turn
        self._limit = limit
        self._overflow = overflow
        self._waiting: list[bytes] = []
        self.size = 0
        self._paused = False
        self._finishing = False
        self._done: Callable[[], None] | None = None
        self._draining: list[Deferred[None]] = []
        transport.registerProducer(self, True)

    def write(self, data: bytes) -> None:
        if self._finishing:
            return
        if not self._waiting and not self._paused:
            self._turn.at_end(self.flush)
        self._waiting.append(data)
        self.size += len(data)
        if self._paused:
            self._check_limit()
        elif self.size >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Give the transport what waits, as far as it takes it."""
        while self._waiting and not self._paused:
            write_now(self._transport, self._next())

    def _next(self) -> bytes:
        """The next piece, of about `_AT_ONCE` bytes."""
        count, size = 0, 0
        while count < len(self._waiting) and size < _AT_ONCE:
            size += len(self._waiting[count])
            count += 1
        data = b"".join(self._waiting[:count])
        del self._waiting[:count]
        self.size -= size
        return data

    def _check_limit(self) -> None:
        if self.size > self._limit:
            self.close()
            self._overflow()

    @property
    def crowded(self) -> bool:
        """Whether a quarter of what may wait is waiting: no time for what is of no lasting use."""
        return self.size > self._limit // 4

    async def drained(self) -> None:
        """Returns when nothing waits any more, or nothing more is written."""
        if self._paused and not self._finishing:
            drained: Deferred[None] = Deferred()
            self._draining.append(drained)
            await drained

    def release(self) -> None:
        """Nobody needs to wait any more."""
        draining, self._draining = self._draining, []
        for drained in draining:
            drained.callback(None)

    def finish(self, done: Callable[[], None]) -> None:
        """Take no more, and call `done` when everything that waits is with the transport."""
        self._finishing = True
        self.release()
        self._done = done
        self.flush()
        self._check_done()

    def close(self) -> None:
        """Take no more; what waits is dropped."""
        self._finishing = True
        self._waiting.clear()
        self.size = 0
        self.release()

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        self.flush()
        self._check_done()
        if not self._paused:
            self.release()

    def stopProducing(self) -> None:
        self.close()

    def _check_done(self) -> None:
        if self._done is not None and not self._waiting:
            done, self._done = self._done, None
            done()


def write_now(transport: Any, data: bytes) -> None:
    """Write to the socket itself what it takes at once, if nothing waits before it; the rest, and
    what goes through TLS or to a connection that is lost, is the transport's.

    Left to itself, Twisted asks the kernel for a sign that the socket takes data, waits for it
    until the next turn, and asks for no more signs after it: two system calls for each write, and
    the delay of a turn.
    """
    if _is_free(transport):
        sent = transport.writeSomeData(data)
        if not isinstance(sent, int):
            sent = 0
        data = data[sent:]
    if data:
        transport.write(data)


def _is_free(transport: Any) -> bool:
    """Whether a socket without TLS is open and has nothing to write."""
    return (
        isinstance(transport, TCPConnection)
        and not transport.TLS
        and bool(transport.connected)
        and not transport.disconnecting
        and not transport.dataBuffer
        and not transport._tempDataBuffer
    )
