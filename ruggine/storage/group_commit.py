"""Group commit of all writes: what waits for the writer is committed in one transaction.

A write that finds the writer idle is committed at once. What arrives while a commit is in flight
waits for the next one, which holds all of it, so the disk is asked once for all who write at a
time, and nobody waits in a queue of them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ruggine.errors import Refusal
from ruggine.storage.files import Unreliable
from ruggine.storage.lineage import count_commit_txn

P = ParamSpec("P")
T = TypeVar("T")
Cursor = sqlite3.Cursor

MAX_WRITES = 128
"""In one transaction: past this a commit's fixed cost no longer matters."""

FATAL = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB")
"""After a failed fsync nobody knows what is on the disk: the pages count as written (T. Rebello et
al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). Only
a new process, which reads everything anew, can tell."""

_LEAST_TIMEOUT_S = 0.02


@dataclass(slots=True, eq=False)
class _Write:
    function: Callable[[Cursor], Any]
    until_s: float
    alone: bool = False
    """It was in a transaction that failed, for whatever reason of whichever write."""
    done: Deferred[Any] = field(default_factory=Deferred)


class GroupCommit:
    """The one that writes to a database, through a pool with a single thread.

    `busy_timeout_s` is how long a write waits for the lock of another program. Before anybody is
    answered, `note` is told in the writer's thread how many commits there have been, and `check`
    is called in the reactor's: to it a look at a file costs nothing, while the writer would wait
    for the interpreter's lock after it. Both may raise Unreliable. After that, and after one of the
    FATAL errors, nothing is written any more.
    """

    def __init__(
        self,
        pool: adbapi.ConnectionPool,
        busy_timeout_s: float,
        *,
        note: Callable[[int], None],
        check: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._busy_timeout_s = busy_timeout_s
        self._note, self._check = note, check
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
            count = 1 if self._waiting[0].alone else MAX_WRITES
            batch, self._waiting = self._waiting[:count], self._waiting[count:]
            committed = self._pool.runInteraction(_together_txn, batch, self._note)
            committed.addCallbacks(self._committed, self._failed, (batch,), None, (batch,))

    def _committed(self, outcomes: Sequence[Any], batch: Sequence[_Write]) -> None:
        """Who is answered may have more to write: that is part of the next transaction then."""
        try:
            self._check()
        except Unreliable:
            self._failed(Failure(), list(batch))
            return
        self._committing = False
        for write, outcome in zip(batch, outcomes, strict=True):
            write.done.callback(outcome)  # a Failure too
        self._begin()

    def _failed(self, failure: Failure, batch: list[_Write]) -> None:
        """A write that the database rejects must not fail its neighbours: each for itself."""
        name = getattr(failure.value, "sqlite_errorname", "")
        fatal = name.startswith(FATAL) or isinstance(failure.value, Unreliable)
        failed = batch
        if name.startswith("SQLITE_BUSY"):
            now_s = time.monotonic() + _LEAST_TIMEOUT_S
            failed = [write for write in batch if write.until_s <= now_s]
            self._waiting[:0] = [write for write in batch if write.until_s > now_s]
        elif len(batch) > 1 and not fatal:
            failed = []
            self._waiting[:0] = [replace(write, alone=True) for write in batch]
        self._committing = fatal
        for write in failed:
            write.done.callback(failure)
        self._begin()


def _together_txn(
    cursor: Cursor, batch: Sequence[_Write], note: Callable[[int], None]
) -> list[Any]:
    """Commit all of them in one transaction, and return what they return or a Failure of their
    own. Raises what fails all of them."""
    _begin_txn(cursor, min(write.until_s for write in batch))
    if len(batch) == 1:
        outcomes = [batch[0].function(cursor)]
    else:
        outcomes = [_one_of_many_txn(cursor, write) for write in batch]
    if not cursor.connection.in_transaction:
        # After some errors SQLite ends it by itself (sqlite.org/lang_transaction.html, 3).
        raise sqlite3.OperationalError("the transaction has ended before its commit")
    commits = count_commit_txn(cursor)
    cursor.execute("COMMIT")
    note(commits)
    return outcomes


def _begin_txn(cursor: Cursor, until_s: float) -> None:
    """Wait for another program's lock until then, and not for as long again after each write that
    waited in the same queue."""
    left_s = max(until_s - time.monotonic(), _LEAST_TIMEOUT_S)
    cursor.execute(f"PRAGMA busy_timeout = {int(left_s * 1000)}")
    cursor.execute("BEGIN IMMEDIATE")


def _one_of_many_txn(cursor: Cursor, write: _Write) -> Any:
    """Who is refused, or breaks a constraint, leaves nothing behind and disturbs nobody."""
    cursor.execute("SAVEPOINT one_of_many")
    try:
        outcome = write.function(cursor)
    except (Refusal, sqlite3.IntegrityError):
        outcome = Failure()
        cursor.execute("ROLLBACK TO one_of_many")
    cursor.execute("RELEASE one_of_many")
    return outcome
