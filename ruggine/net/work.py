"""One connection's requests, handled one after the other."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ruggine.net.intake import Intake

Waiting = Coroutine[Deferred[Any], Any, None]
"""What is left to do, once something else has happened."""

Job = Callable[[], Waiting | None]
"""Does what can be done at once; returns the rest, if there is any."""


class OrderedWork:
    """Runs jobs in their order, each to its end before the next begins.

    A job may leave answers open (`opened`, `answered`), as a send does that waits for its commit;
    `settled` waits for them. Over `max_waiting` jobs and open answers the intake is paused, so a
    flood costs its sender time and not the daemon memory. After a job that is `refused` the next
    waits for the connection's turn, so it does not cost the others much time either.
    """

    # As in Outgoing: there is one of these for each connection.
    __slots__ = (
        "_finishing", "_intake", "_jobs", "_max_waiting", "_open", "_paused", "_refused",
        "_running", "_settling", "_stopped",
    )  # fmt: skip

    log = Logger()

    def __init__(self, intake: Intake, max_waiting: int) -> None:
        self._intake = intake
        self._max_waiting = max_waiting
        self._jobs: list[Job] = []
        self._open = 0
        self._refused = False
        self._running = False
        self._paused = False
        self._stopped = False
        self._settling: list[Deferred[None]] = []
        self._finishing: list[Deferred[None]] = []

    def add(self, job: Job) -> None:
        """Run the job, at once where none runs."""
        if self._stopped:
            return
        self._jobs.append(job)
        if not self._running:
            self._run()
        else:
            self._pause_or_resume()

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

    def refused(self) -> None:
        """A request was refused."""
        self._refused = True
        self._intake.refused()

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

    def _run(self) -> None:
        self._running = True
        while True:
            if self._paused:
                self._pause_or_resume()
            if not self._jobs:
                break
            if self._refused:
                self._refused = False
                self._intake.in_turn(self._run)
                return
            waiting = self._begun(self._jobs.pop(0))
            if waiting is not None:
                waiting.addErrback(self._failed).addCallback(lambda _: self._run())
                return
        self._running = False
        self._check_finished()

    def _begun(self, job: Job) -> Deferred[None] | None:
        """Run a job as far as it goes; what it waits for, if it does.

        Most do not: a Deferred for each would cost as much as the job. One that waits can be begun
        again by `fromCoroutine`, as a Deferred that has no result yet just yields itself once more.
        """
        try:
            rest = job()
            if rest is None:
                return None
            rest.send(None)
        except StopIteration:
            return None
        except Exception:
            self._failed()
            return None
        return Deferred.fromCoroutine(rest)

    def _failed(self, failure: Failure | None = None) -> None:
        self.log.failure("A request failed in a way that nobody foresaw", failure)

    def _check_finished(self) -> None:
        if not self._running and not self._open and self._finishing:
            _fire(self._finishing)

    def _pause_or_resume(self) -> None:
        waiting = len(self._jobs) + self._open
        if not self._paused and waiting > self._max_waiting:
            self._paused = True
            self._intake.pauseProducing()
        elif self._paused and waiting <= self._max_waiting // 2:
            self._paused = False
            self._intake.resumeProducing()


def _added(waiting: list[Deferred[None]]) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    waiting.append(done)
    return done


def _fire(waiting: list[Deferred[None]]) -> None:
    due, waiting[:] = list(waiting), []
    for done in due:
        done.callback(None)
