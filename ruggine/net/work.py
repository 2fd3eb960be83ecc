"""One connection's requests, handled one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

Job = Callable[[], Awaitable[None]]


class OrderedWork:
    """Runs jobs in their order, each to its end before the next begins.

    A job may leave answers open (`opened`, `answered`), as a send does that waits for its commit;
    `settled` waits for them. Over `max_waiting` jobs and open answers the transport is paused, so
    a flood costs its sender time and not the daemon memory.
    """

    log = Logger()

    def __init__(self, transport: Any, max_waiting: int) -> None:
        self._transport = transport
        self._max_waiting = max_waiting
        self._jobs: deque[Job] = deque()
        self._open = 0
        self._running = False
        self._paused = False
        self._stopped = False
        self._settling: list[Deferred[None]] = []
        self._finishing: list[Deferred[None]] = []

    def add(self, job: Job) -> None:
        if self._stopped:
            return
        self._jobs.append(job)
        self._pause_or_resume()
        if not self._running:
            self._running = True
            Deferred.fromCoroutine(self._run())

    def opened(self) -> None:
        """An answer is outstanding."""
        self._open += 1
        self._pause_or_resume()

    def answered(self) -> None:
        """An outstanding answer was given."""
        self._open -= 1
        if self._paused:
            self._pause_or_resume()
        if self._open == 0 and self._settling:
            _fire(self._settling)
        self._check_finished()

    async def settled(self) -> None:
        """Returns when no answer is outstanding."""
        if self._open:
            await _added(self._settling)

    async def finished(self) -> None:
        """Returns when every job has run and no answer is outstanding."""
        if self._running or self._open:
            await _added(self._finishing)

    def stop(self) -> None:
        """Drop the jobs that have not begun, and take no more."""
        self._stopped = True
        self._jobs.clear()

    async def _run(self) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            try:
                await job()
            except Exception:
                self.log.failure("A request failed in a way that nobody foresaw")
            if self._paused:
                self._pause_or_resume()
        self._running = False
        self._check_finished()

    def _check_finished(self) -> None:
        if not self._running and not self._open and self._finishing:
            _fire(self._finishing)

    def _pause_or_resume(self) -> None:
        waiting = len(self._jobs) + self._open
        if not self._paused and waiting > self._max_waiting:
            self._paused = True
            self._transport.pauseProducing()
        elif self._paused and waiting <= self._max_waiting // 2:
            self._paused = False
            self._transport.resumeProducing()


def _added(waiting: list[Deferred[None]]) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    waiting.append(done)
    return done


def _fire(waiting: list[Deferred[None]]) -> None:
    due, waiting[:] = list(waiting), []
    for done in due:
        done.callback(None)
