"""The threads of a database that stand still until they are told to work, one job at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.python.failure import Failure

from ruggine.storage.database import Database

Job = Callable[[bool], None]


class DiskError(sqlite3.OperationalError):
    """One of the test's making."""


class Shift:
    """Stands in for the thread pool of one of adbapi's pools: what it is given waits."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def callInThreadWithCallback(
        self, on_result: Any, function: Any, *args: Any, **kwargs: Any
    ) -> None:
        self.jobs.append(partial(_run, on_result, partial(function, *args, **kwargs)))

    def stop(self) -> None:
        self.jobs.clear()


def _run(on_result: Any, function: Callable[[], Any], fails: bool) -> None:
    """To the end of its transaction; `fails`, the disk has not let it."""
    try:
        if fails:
            raise DiskError("disk I/O error")
        result = function()
    except Exception:
        on_result(False, Failure())
    else:
        on_result(True, result)


class Workers:
    """One writer, two readers, and a reactor of which a Database needs no more than this.

    Jobs begin in the order they came; either of two reads at a time may end first. What two of the
    threads have to tell may reach the reactor's in either order. `fails` says that the next job of
    a kind does; `failures` counts those that were heard of.
    """

    def __init__(self) -> None:
        self.reads, self.writes = Shift(), Shift()
        self.results: list[Callable[[], None]] = []
        self.on_write: Callable[[], None] = lambda: None
        self.fails = {"read": False, "write": False}
        self.failures = 0

    def take_over(self, database: Database) -> None:
        """Instead of the threads of an open database, which were never started."""
        for pool, shift in ((database._readers, self.reads), (database._writer, self.writes)):
            pool.threadpool = shift

    # The reactor

    def callWhenRunning(self, function: Any) -> None:
        return

    def callFromThread(self, function: Callable[..., None], result: Any) -> None:
        self.results.append(partial(self._report, function, result))

    def _report(self, function: Callable[..., None], result: Any) -> None:
        self.failures += isinstance(result, Failure) and bool(result.check(DiskError))
        function(result)

    # The orders

    def read(self, which: int = 0) -> bool:
        """Do the first of the reads that wait, or the second."""
        if which >= len(self.reads.jobs):
            return False
        self.reads.jobs.pop(which)(self._fails("read"))
        return True

    def write(self) -> bool:
        if not self.writes.jobs:
            return False
        self.writes.jobs.pop(0)(self._fails("write"))
        self.on_write()
        return True

    def report(self, which: int = 0) -> bool:
        """Hand the first result to who waits for it, or the second."""
        if which >= len(self.results):
            return False
        self.results.pop(which)()
        return True

    def _fails(self, kind: str) -> bool:
        fails, self.fails[kind] = self.fails[kind], False
        return fails
