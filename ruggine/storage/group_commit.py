"""Group commit of all writes: what waits for the writer is committed in one transaction.

A write that finds the writer idle is committed at once. What arrives while a commit is in flight
waits for the next one, which holds all of it: however many write, each waits for two commits at
most, and the disk is asked once for all of them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ruggine.errors import Refusal

P = ParamSpec("P")
T = TypeVar("T")
Cursor = sqlite3.Cursor

MAX_WRITES = 128
"""In one transaction: past this a commit's fixed cost no longer matters."""

FATAL = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB")
"""After a failed fsync nobody knows what is on the disk: the pages count as written (T. Rebello et
al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). Only
a new process, which reads everything anew, can tell."""

_OF_ALL = ("SQLITE_BUSY", *FATAL)
"""Errors that each of a transaction's writes would meet alone too."""

_LEAST_TIMEOUT_S = 0.02


@dataclass(slots=True, eq=False)
class _Write:
    function: Callable[[Cursor], Any]
    until_s: float
    done: Deferred[Any] = field(default_factory=Deferred)


class GroupCommit:
    """The one that writes to a database, through a pool with a single thread.

    `busy_timeout_s` is how long a write waits for the lock of another program.
    """

    log = Logger()

    def __init__(self, pool: adbapi.ConnectionPool, busy_timeout_s: float) -> None:
        self._pool = pool
        self._busy_timeout_s = busy_timeout_s
        self._waiting: list[_Write] = []
        self._committing = False

    def write(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """Run `function` in the next transaction; fires after the commit with what it returned.

        Fails with what it raised, or with the database's error; nothing of it is written then.
        `function` may be run again after a transaction that failed, so it must change nothing but
        the database.
        """
        until_s = time.monotonic() + self._busy_timeout_s
        write = _Write(lambda cursor: function(cursor, *args, **kwargs), until_s)
        self._waiting.append(write)
        self._begin()
        return write.done

    def _begin(self) -> None:
        if self._waiting and not self._committing:
            self._committing = True
            batch, self._waiting = self._waiting[:MAX_WRITES], self._waiting[MAX_WRITES:]
            committed = Deferred.fromCoroutine(self._commit(batch))
            committed.addCallback(self._answer, batch)
            committed.addErrback(lambda failure: self.log.failure("The writer failed", failure))

    def _answer(self, outcomes: Sequence[Any], batch: Sequence[_Write]) -> None:
        """The next transaction is on its way to the disk meanwhile."""
        self._committing = False
        self._begin()
        for write, outcome in zip(batch, outcomes, strict=True):
            write.done.callback(outcome)  # a Failure too

    async def _commit(self, batch: Sequence[_Write]) -> list[Any]:
        """What became of each, in their order."""
        try:
            outcomes: list[Any] = await self._pool.runInteraction(_together_txn, batch)
            return outcomes
        except Exception as error:
            name = getattr(error, "sqlite_errorname", "")
            if len(batch) == 1 or name.startswith(_OF_ALL):
                return [Failure()] * len(batch)
        # One write that the database rejects must not fail its neighbours: each for itself.
        return [outcome for write in batch for outcome in await self._commit([write])]


def _together_txn(cursor: Cursor, batch: Sequence[_Write]) -> list[Any]:
    """Run all of them in one transaction. Raises what one raises, if it is not a Refusal."""
    _begin_txn(cursor, max(write.until_s for write in batch))
    if len(batch) == 1:
        return [batch[0].function(cursor)]
    return [_one_of_many_txn(cursor, write) for write in batch]


def _begin_txn(cursor: Cursor, until_s: float) -> None:
    """Wait for another program's lock until then, and not for as long again after each write that
    waited in the same queue."""
    left_s = max(until_s - time.monotonic(), _LEAST_TIMEOUT_S)
    cursor.execute(f"PRAGMA busy_timeout = {int(left_s * 1000)}")
    cursor.execute("BEGIN IMMEDIATE")


def _one_of_many_txn(cursor: Cursor, write: _Write) -> Any:
    """Who is refused leaves nothing behind, and does not disturb the others."""
    cursor.execute("SAVEPOINT one_of_many")
    try:
        outcome = write.function(cursor)
    except Refusal:
        outcome = Failure()
        cursor.execute("ROLLBACK TO one_of_many")
    cursor.execute("RELEASE one_of_many")
    return outcome
