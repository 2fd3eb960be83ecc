"""The database: one writer, a few readers, and what is checked before the first connection.

SQLite in WAL mode through adbapi. A function that runs in one of its threads ends in `_txn` and
touches a cursor and plain values only.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from twisted.enterprise import adbapi
from twisted.logger import Logger

from ruggine import errors
from ruggine.errors import StartError
from ruggine.storage.folding import fold
from ruggine.storage.migrate import migrate, refuse_strangers

P = ParamSpec("P")
T = TypeVar("T")
Cursor = sqlite3.Cursor

MIN_SQLITE = (3, 37)
"""STRICT tables and RETURNING."""

_BUSY_TIMEOUT_S = 5
_READERS = 2
_SYNCHRONOUS = {"full": "FULL", "relaxed": "NORMAL"}


class Database:
    """One SQLite file. Other daemons may use it too only if all of them are `shared`.

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
    ) -> None:
        self._reactor = reactor
        self._path = path
        self._synchronous = _SYNCHRONOUS[durability]
        self._shared = shared
        self._lock_file: int | None = None
        self.epoch = ""

    def open(self) -> None:
        """Check, create or upgrade the file. Raises StartError with what to do."""
        if sqlite3.sqlite_version_info < MIN_SQLITE:
            raise StartError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
        try:
            self._create_file()
            self._lock()
            self._prepare()
        except StartError as error:
            raise StartError(f"--database: {self._path} {error}.") from None
        except (OSError, sqlite3.Error) as error:
            raise StartError(
                f"--database: {self._path} cannot be used ({error}); "
                "check the path and its permissions, or restore a backup."
            ) from None
        self._writer = self._pool(1, "")
        self._readers = self._pool(_READERS, "PRAGMA query_only = ON")

    async def read(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` in one consistent snapshot. Raises Unavailable if storage is down."""
        return await self._run(self._readers, "BEGIN", function, *args, **kwargs)

    async def write(
        self, function: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function` in one transaction and return after its commit.

        Raises Unavailable if storage is down, and what `function` raises; nothing is written then.
        """
        return await self._run(self._writer, "BEGIN IMMEDIATE", function, *args, **kwargs)

    async def answers(self) -> bool:
        """Whether it can be read just now."""
        try:
            await self.read(lambda cursor: cursor.execute("SELECT 1 FROM meta").fetchone())
        except errors.Unavailable:
            return False
        return True

    def close(self) -> None:
        """Close every connection, and wait for the threads that hold them."""
        self._readers.close()
        self._writer.close()
        if self._lock_file is not None:
            os.close(self._lock_file)

    async def _run(
        self,
        pool: adbapi.ConnectionPool,
        begin: str,
        function: Callable[..., T],
        *args: Any,
        **kwargs: Any,
    ) -> T:
        def interaction_txn(cursor: Any) -> T:
            cursor.execute(begin)
            return function(cursor, *args, **kwargs)

        try:
            result: T = await pool.runInteraction(interaction_txn)
        except sqlite3.OperationalError as error:
            self.log.error("The database did not answer: {error}", error=str(error))
            raise errors.Unavailable from None
        return result

    def _create_file(self) -> None:
        """The folder for its owner only, the file too; SQLite's own files follow its mode."""
        if not self._path.parent.exists():
            self._path.parent.mkdir(mode=0o700, parents=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _lock(self) -> None:
        """Daemons that do not hear of each other's messages must not share a database.

        A file beside it, so that no lock of SQLite's is touched; the system takes the lock back
        from a process that dies.
        """
        path = self._path.with_name(self._path.name + ".lock")
        self._lock_file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        how = fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._lock_file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                "is in use by another daemon; stop that one, or start both with the same --redis"
            ) from None

    def _prepare(self) -> None:
        connection = self._connect()
        try:
            # Before anything is written: a file that is not ours stays as it is.
            fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if fault != "ok":
                raise StartError(f"is damaged ({fault}); restore a backup")
            refuse_strangers(connection)
            self._configure(connection)
            migrate(connection)
            self.epoch = str(
                connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
            )
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)

    def _configure(self, connection: sqlite3.Connection, extra: str = "") -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA journal_size_limit = 67108864")
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
