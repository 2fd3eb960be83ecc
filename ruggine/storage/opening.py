"""What is checked and done before a database is used: create, upgrade, tell from an older copy."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from twisted.logger import Logger

from ruggine.errors import StartError
from ruggine.storage import lineage
from ruggine.storage.files import checkpointed, log_of
from ruggine.storage.lock_file import BEGUN, LockFile, Noted
from ruggine.storage.migrate import (
    damage,
    migrate,
    newest_version,
    refuse_strangers,
    schema_version,
)

_log = Logger(namespace="ruggine.storage.database")


def prepare(
    path: Path, lock_file: LockFile, connect: Callable[[], sqlite3.Connection], *, shared: bool
) -> tuple[sqlite3.Connection, dict[str, str]]:
    """Check, create or upgrade the file, whose lock is taken already.

    Returns a connection, which keeps SQLite's log where it is for as long as it is open, and what
    `meta` holds. Raises StartError with what to do, OSError and sqlite3.Error.
    """
    log_there = _is_there(log_of(path))
    _create_file(path, lock_file, log_there=log_there)
    if log_there:
        _refuse_strange_log(path, lock_file.noted)
    connection = connect()
    try:
        _upgrade(path, connection, lock_file, shared=shared)
        meta = lineage.begin(connection, lock_file, log_there=log_there)
        # Left to the first busy hour, all of a new or upgraded database would be in the log.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return connection, meta
    except BaseException:
        connection.close()
        raise


def make_folder(path: Path) -> None:
    """For its owner only."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)


def refuse_damaged(connection: sqlite3.Connection) -> None:
    """Before anything is written: a file that is not ours stays as it is. Raises StartError."""
    fault = damage(connection)
    if fault is not None:
        raise StartError(
            f"is damaged ({fault}); restore a backup, and remove the -wal and -shm files beside it"
        )
    refuse_strangers(connection)


def advice(error: Exception) -> str:
    """What to do about an error of SQLite's or the system's at the start."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or getattr(error, "errno", None) == errno.ENOSPC:
        return "make room on its disk: an upgrade needs twice the size of the database"
    if name.startswith("SQLITE_BUSY"):
        return "another program is writing to it; try again when it is done"
    return "check the path and its permissions, or restore a backup"


def _create_file(path: Path, lock_file: LockFile, *, log_there: bool) -> None:
    """For its owner only; SQLite's own files follow its mode.

    SQLite takes an empty file for a new database, and deletes the log beside it. Only where a
    start was cut short, that is what it is.
    """
    empty = not _is_there(path)
    if empty and log_there:
        raise StartError(
            f"is missing or empty, but {log_of(path).name} beside it holds messages; restore a "
            "backup, or move both away to begin anew"
        )
    if empty and path.exists() and lock_file.noted.generation != BEGUN:
        raise StartError("is empty; restore a backup, or delete it to begin anew")
    if empty:
        lock_file.note(Noted(BEGUN))
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _is_there(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _refuse_strange_log(path: Path, noted: Noted) -> None:
    """A log continues the file beside which it was written. SQLite would put its pages into any
    other one: a restored backup would become a mixture with holes, of which no check tells."""
    if noted.in_use and checkpointed(path) < noted.checkpointed:
        raise StartError(
            f"is older than {log_of(path).name} beside it, which belongs to another file; if you "
            f"restored a backup, remove {log_of(path).name} and {path.name}-shm, and start again"
        )


def _upgrade(
    path: Path, connection: sqlite3.Connection, lock_file: LockFile, *, shared: bool
) -> None:
    """Nobody else's daemon may go on in an older database: it does not know the new schema."""
    if 0 < schema_version(connection) < newest_version():
        if shared:
            lock_file.take_alone()
        _log.info(
            "Upgrading the database {path}; a million messages take some ten seconds",
            path=str(path),
        )
    migrate(connection)
    if shared:
        lock_file.share()
