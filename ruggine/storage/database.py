"""The database: one writer, a few readers, and what is checked before the first connection.

SQLite in WAL mode through adbapi. A function that runs in one of its threads ends in `_txn` and
touches a cursor and plain values only.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from twisted.enterprise import adbapi
from twisted.internet.defer import DeferredSemaphore
from twisted.logger import Logger

from ruggine import errors
from ruggine.errors import StartError
from ruggine.meters import Histogram
from ruggine.storage.folding import fold
from ruggine.storage.group_commit import FATAL, GroupCommit
from ruggine.storage.lock_file import LockFile
from ruggine.storage.migrate import (
    damage,
    migrate,
    newest_version,
    refuse_strangers,
    schema_version,
)

P = ParamSpec("P")
T = TypeVar("T")
Cursor = sqlite3.Cursor

MIN_SQLITE = (3, 37)
"""STRICT tables and RETURNING."""

_BUSY_TIMEOUT_S = 5
_READERS = 2

_READS_AT_ONCE = 16
"""More only come back at once, and are one long turn of the reactor in which everybody waits."""

_SYNCHRONOUS = {"full": "FULL", "relaxed": "NORMAL"}


def _cannot_go_on(reason: str) -> None:
    raise RuntimeError(reason)


def _read_txn(cursor: Any, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    cursor.execute("BEGIN")
    return function(cursor, *args, **kwargs)


def _advice(error: Exception) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or getattr(error, "errno", None) == errno.ENOSPC:
        return "make room on its disk: an upgrade needs twice the size of the database"
    if name.startswith("SQLITE_BUSY"):
        return "another program is writing to it; try again when it is done"
    return "check the path and its permissions, or restore a backup"


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
        self._trouble = ""
        self.epoch = ""
        self.bus_key = b""
        self.read_s = Histogram()
        self.write_s = Histogram()

    def open(self) -> None:
        """Check, create or upgrade the file. Raises StartError with what to do."""
        if sqlite3.sqlite_version_info < MIN_SQLITE:
            raise StartError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
        try:
            self._make_folder()
            self._lock_file.take(shared=self._shared)
            self._create_file()
            self._prepare()
        except StartError as error:
            self._lock_file.release()
            raise StartError(f"--database: {self._path} {error}.") from None
        except (OSError, sqlite3.Error) as error:
            self._lock_file.release()
            raise StartError(
                f"--database: {self._path} cannot be used ({error}); {_advice(error)}."
            ) from None
        self._writer = self._pool(1, "")
        self._commits = GroupCommit(self._writer, _BUSY_TIMEOUT_S)
        self._readers = self._pool(_READERS, "PRAGMA query_only = ON")

    async def read(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` in one consistent snapshot. Raises Unavailable if storage is down."""
        asked_s = time.perf_counter()
        await self._reading.acquire()
        try:
            result: T = await self._heard(
                self._readers.runInteraction(_read_txn, function, *args, **kwargs)
            )
        finally:
            self._reading.release()
        self.read_s.observe(time.perf_counter() - asked_s)
        return result

    async def write(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` in one transaction, maybe with others', and return after its commit.

        Raises Unavailable if storage is down, and what `function` raises; nothing is written then.
        `function` may be run again, so it must change nothing but the database.
        """
        asked_s = time.perf_counter()
        result = await self._heard(self._commits.write(function, *args, **kwargs))
        self.write_s.observe(time.perf_counter() - asked_s)
        return result

    async def answers(self) -> bool:
        """Whether it can be read just now."""
        try:
            await self.read(lambda cursor: cursor.execute("SELECT 1 FROM meta").fetchone())
        except errors.Unavailable:
            return False
        return True

    def close(self) -> None:
        """Close every connection, and wait for the threads that hold them.

        A write that is still waiting for its transaction is not written, and never answered.
        """
        self._readers.close()
        self._writer.close()
        self._lock_file.release()

    async def _heard(self, answer: Awaitable[T]) -> T:
        """What the database answers. Raises Unavailable instead of its own errors."""
        try:
            result = await answer
        except sqlite3.DatabaseError as error:
            self._judge(error)
            raise errors.Unavailable from None
        if self._trouble:
            self._trouble = ""
            self.log.info("The database answers again")
        return result

    def _judge(self, error: sqlite3.DatabaseError) -> None:
        """Returns where trying again may help. Raises what is a mistake of the program's own."""
        name = getattr(error, "sqlite_errorname", "no code")
        reason = f"{error} ({name})"
        if name.startswith(FATAL):
            self._fail(f"the database {self._path} cannot be relied upon any more: {reason}")
        elif not isinstance(error, sqlite3.OperationalError):
            raise error
        elif reason != self._trouble:
            self._trouble = reason
            self.log.error(
                "The database does not answer: {reason}. Nothing is acknowledged until it does",
                reason=reason,
            )

    def _make_folder(self) -> None:
        """For its owner only."""
        if not self._path.parent.exists():
            self._path.parent.mkdir(mode=0o700, parents=True)

    def _create_file(self) -> None:
        """For its owner only; SQLite's own files follow its mode.

        SQLite takes an empty file for a new database, and deletes the log beside it. Where there
        has been one before, that is not what it is.
        """
        log = self._path.with_name(self._path.name + "-wal")
        empty = not self._path.exists() or not self._path.stat().st_size
        if empty and log.exists() and log.stat().st_size:
            raise StartError(
                f"is missing or empty, but {log.name} beside it holds messages; restore a backup, "
                "or move both away to begin anew"
            )
        if empty and self._path.exists() and self._lock_file.generation:
            raise StartError(
                "is empty, but a database has been here; restore a backup, "
                "or delete it to begin anew"
            )
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _prepare(self) -> None:
        connection = self._connect()
        try:
            # Before anything is written: a file that is not ours stays as it is.
            fault = damage(connection)
            if fault is not None:
                raise StartError(f"is damaged ({fault}); restore a backup")
            refuse_strangers(connection)
            self._configure(connection)
            self._upgrade(connection)
            self._begin_generation(connection)
        finally:
            connection.close()

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """Nobody else's daemon may go on in an older database: it does not know the new schema."""
        if 0 < schema_version(connection) < newest_version():
            if self._shared:
                self._lock_file.take_alone()
            self.log.info(
                "Upgrading the database {path}; a million messages take some ten seconds",
                path=str(self._path),
            )
        migrate(connection)
        if self._shared:
            self._lock_file.share()

    def _begin_generation(self, connection: sqlite3.Connection) -> None:
        """A file that is not the one used last gets a new epoch: it has another history.

        A client must not go on in a restored backup from where it was in what was lost. Dying in
        here costs no more than an epoch.
        """
        connection.execute("BEGIN IMMEDIATE")
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        if meta["generation"] != self._lock_file.generation:
            meta["epoch"] = str(uuid.uuid4())
        meta["generation"] = uuid.uuid4().hex
        connection.executemany("UPDATE meta SET value = ?2 WHERE key = ?1", meta.items())
        self._lock_file.note(meta["generation"])
        connection.execute("COMMIT")
        self.epoch = meta["epoch"]
        self.bus_key = bytes.fromhex(meta["bus_key"])

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)

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

    def _pool(self, size: int, extra: str) -> adbapi.ConnectionPool:
        # adbapi's threads are its own, and the last one to close is another than the first:
        # hence check_same_thread. Transactions are begun by hand, hence isolation_level.
        return adbapi.ConnectionPool(
            "sqlite3",
            str(self._path),
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cp_reactor=self._reactor,
            cp_min=1,
            cp_max=size,
            cp_openfun=lambda connection: self._configure(connection, extra),
        )
