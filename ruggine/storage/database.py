"""The database: one writer, a few readers, and what is checked before the first connection.

SQLite in WAL mode through adbapi. A function that runs in one of its threads ends in `_txn` and
touches a cursor and plain values only.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from twisted.enterprise import adbapi
from twisted.internet.defer import DeferredSemaphore
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from ruggine import errors
from ruggine.errors import StartError
from ruggine.meters import Histogram
from ruggine.priority import lower_this_thread
from ruggine.storage import lineage, opening
from ruggine.storage.files import OpenFiles, Unreliable
from ruggine.storage.folding import fold
from ruggine.storage.group_commit import FATAL, GroupCommit
from ruggine.storage.lock_file import LockFile

P = ParamSpec("P")
T = TypeVar("T")
Cursor = sqlite3.Cursor

MIN_SQLITE = (3, 37)
"""STRICT tables and RETURNING."""

_BUSY_TIMEOUT_S = 5
_READERS = 2

_READS_AT_ONCE = 16
"""More only come back at once, and are one long turn of the reactor in which everybody waits."""

WATCH_S = 1.0
"""So much of what the lock file remembers may be gone after a power cut."""

FLUSH_S = 0.1
"""With `relaxed`. Left alone, the system keeps megabytes of SQLite's log in memory until they are
copied into the database: that begins with an fsync of all of them, behind which all writes wait."""

_SYNCHRONOUS = {"full": "FULL", "relaxed": "NORMAL"}


def _cannot_go_on(reason: str) -> None:
    raise RuntimeError(reason)


def _read_txn(cursor: Any, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    cursor.execute("BEGIN")
    return function(cursor, *args, **kwargs)


@contextmanager
def _unreliable_where_it_fails(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreliable(f"{what} cannot be written: {error}") from None


class Database:
    """One SQLite file. Other daemons may use it too only if all of them are `shared`.

    `epoch` names its history; `bus_key` is what its daemons sign with. Both are there once it is
    open.

    `open` blocks and belongs before the reactor runs; `read` and `write` are for the reactor
    thread and run their function in a thread of the database's own.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        path: Path,
        durability: Literal["full", "relaxed"] = "full",
        *,
        shared: bool = False,
        fail: Callable[[str], object] = _cannot_go_on,
    ) -> None:
        """`fail` ends the process at once; it is called on the reactor thread with the reason."""
        self._reactor = reactor
        self._path = path
        self._synchronous = _SYNCHRONOUS[durability]
        self._shared = shared
        self._fail = fail
        self._lock_file = LockFile(path)
        self._reading = DeferredSemaphore(_READS_AT_ONCE)
        self._trouble = {"read": "", "written": ""}
        self._flushed = True
        self.epoch = ""
        self.bus_key = b""
        self.read_s = Histogram()
        self.write_s = Histogram()

    def open(self) -> None:
        """Check, create or upgrade the file. Raises StartError with what to do."""
        if sqlite3.sqlite_version_info < MIN_SQLITE:
            raise StartError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
        try:
            opening.make_folder(self._path)
            self._lock_file.take(shared=self._shared)
            self._prepare()
        except StartError as error:
            self._lock_file.release()
            raise StartError(f"--database: {self._path} {error}.") from None
        except (OSError, sqlite3.Error) as error:
            self._lock_file.release()
            raise StartError(
                f"--database: {self._path} cannot be used ({error}); {opening.advice(error)}."
            ) from None
        self._writer = self._pool(1, "")
        self._commits = GroupCommit(
            self._writer, _BUSY_TIMEOUT_S, note=self._note, check=self._files.check
        )
        self._readers = self._pool(_READERS, "PRAGMA query_only = ON")
        self._searcher = self._pool(1, "PRAGMA query_only = ON", lower_this_thread)

    async def read(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` in one consistent snapshot. Raises Unavailable if storage is down."""
        asked_s = time.perf_counter()
        await self._reading.acquire()
        try:
            result: T = await self._heard(
                "read", self._readers.runInteraction(_read_txn, function, *args, **kwargs)
            )
        finally:
            self._reading.release()
        self.read_s.observe(time.perf_counter() - asked_s)
        return result

    async def search(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for what takes long: in a thread of its own, one after the other."""
        return await self._heard(
            "read", self._searcher.runInteraction(_read_txn, function, *args, **kwargs)
        )

    async def write(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` in one transaction, maybe with others', and return after its commit.

        Raises Unavailable if storage is down, and what `function` raises; nothing is written then.
        `function` may be run again, so it must change nothing but the database.
        """
        asked_s = time.perf_counter()
        result = await self._heard("written", self._commits.write(function, *args, **kwargs))
        self.write_s.observe(time.perf_counter() - asked_s)
        return result

    def close(self) -> None:
        """Close every connection, and wait for the threads that hold them.

        A write that is still waiting for its transaction is not written, and never answered.
        """
        self._searcher.close()
        self._readers.close()
        self._writer.close()
        self._anchor.close()
        self._files.close()
        lineage.end(self._lock_file)
        self._lock_file.release()

    async def flush(self) -> None:
        """With `relaxed`, every FLUSH_S: a power cut costs no more than what came since."""
        if self._flushed:
            return
        self._flushed = True
        try:
            await deferToThread(self._flush)
        except Unreliable as error:
            self._end(error)

    def _flush(self) -> None:
        with _unreliable_where_it_fails("SQLite's log"):
            self._files.sync_log()

    async def watch(self) -> None:
        """Look after its files, every WATCH_S: one that was taken away is noticed in a silence too,
        and what the lock file remembers outlives a power cut."""
        try:
            await deferToThread(self._watch)
        except Unreliable as error:
            self._end(error)

    def _end(self, error: Unreliable) -> None:
        """What is in the log is brought into the file first: if only the log was removed, nobody
        else can do it any more."""
        with suppress(sqlite3.Error):
            self._anchor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._fail(str(error))

    def _watch(self) -> None:
        self._files.check()
        with _unreliable_where_it_fails("the file beside the database"):
            self._lock_file.sync()

    async def _heard(self, how: str, answer: Awaitable[T]) -> T:
        """What the database answers. Raises Unavailable instead of its own errors."""
        try:
            result = await answer
        except sqlite3.DatabaseError as error:
            self._judge(how, error)
            raise errors.Unavailable from None
        if self._trouble[how]:
            self._trouble[how] = ""
            self.log.info("The database can be {how} again", how=how)
        return result

    def _judge(self, how: str, error: sqlite3.DatabaseError) -> None:
        """Returns where trying again may help. Raises what is a mistake of the program's own."""
        name = getattr(error, "sqlite_errorname", "no code")
        reason = f"{error} ({name})"
        if isinstance(error, Unreliable):
            self._end(error)
        elif name.startswith(FATAL):
            self._fail(f"the database {self._path} cannot be relied upon any more: {reason}")
        elif not isinstance(error, sqlite3.OperationalError):
            raise error
        elif reason != self._trouble[how]:
            self._trouble[how] = reason
            self.log.error(
                "The database cannot be {how}: {reason}. Nothing is acknowledged until it can",
                how=how,
                reason=reason,
            )

    def _prepare(self) -> None:
        self._anchor, meta = opening.prepare(
            self._path, self._lock_file, self._first_connection, shared=self._shared
        )
        self._files = OpenFiles(self._path)
        self.epoch = meta["epoch"]
        self.bus_key = bytes.fromhex(meta["bus_key"])

    def _first_connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
        try:
            opening.refuse_damaged(connection)
            self._configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _note(self, commits: int) -> None:
        """After each commit, in the writer's thread. Raises Unreliable."""
        self._flushed = False
        with _unreliable_where_it_fails("the file beside the database"):
            self._lock_file.note_commits(commits)
            if self._files.changed:  # the log may begin anew, without what was checkpointed
                self._lock_file.note_checkpointed(self._files.newly_checkpointed())
                self._lock_file.sync()

    def _configure(self, connection: sqlite3.Connection, extra: str = "") -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        # Pages (16 MB) in the log before they are copied: each page of a busy chat is copied once
        # for many commits, and there are fewer of the pauses in which it happens.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.create_function("fold", 1, fold, deterministic=True)
        if extra:
            connection.execute(extra)

    def _opened(
        self, connection: sqlite3.Connection, extra: str, prepare: Callable[[], None]
    ) -> None:
        """By a thread of a pool that works for the first time. Raises Unreliable."""
        prepare()
        self._files.check()
        self._configure(connection, extra)

    def _pool(
        self, size: int, extra: str, prepare: Callable[[], None] = lambda: None
    ) -> adbapi.ConnectionPool:
        """`extra` is SQL for each connection; `prepare` is called in each thread."""
        # adbapi's threads are its own, and the last one to close is another than the first:
        # hence check_same_thread. Transactions are begun by hand, hence isolation_level.
        return adbapi.ConnectionPool(
            "sqlite3",
            f"{self._path.absolute().as_uri()}?mode=rw",  # never a new file in its place
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cp_reactor=self._reactor,
            cp_min=1,
            cp_max=size,
            cp_openfun=lambda connection: self._opened(connection, extra, prepare),
        )
