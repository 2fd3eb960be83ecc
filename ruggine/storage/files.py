"""Which files a database is in: whether those at its path are still the ones that were opened."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path


class Unreliable(sqlite3.DatabaseError):
    """Nothing that is stored from here on may be acknowledged, and only a new start can help."""


class OpenFiles:
    """The database and SQLite's log, from when they were opened until they are closed.

    What is removed or replaced stays open, and is gone with this process: whatever is stored in it
    is lost.
    """

    def __init__(self, database: Path) -> None:
        """Raises OSError where one of the files is not there."""
        self._database, self._path = database, str(database)
        found = ((str(path), os.stat(path)) for path in (database, log_of(database)))
        self._known = {path: (stat.st_dev, stat.st_ino) for path, stat in found}
        # Closed last of all: with any of its descriptors a process loses its locks on a file.
        self._file = os.open(database, os.O_RDONLY | os.O_CLOEXEC)
        self._log = os.open(log_of(database), os.O_RDONLY | os.O_CLOEXEC)
        self._changed_ns = 0
        self.changed = True
        """Something was checkpointed since `newly_checkpointed`."""

    def check(self) -> None:
        """Raises Unreliable where a file at its path is another one, or none. In microseconds."""
        for path, known in self._known.items():
            try:
                found = os.stat(path)
            except OSError:
                found = None
            if found is None or (found.st_dev, found.st_ino) != known:
                raise self._taken_away(path)
            if path == self._path:
                self.changed = found.st_mtime_ns != self._changed_ns

    def newly_checkpointed(self) -> int:
        """How many commits are in the file itself by now, without the log, and survive a power
        cut. Blocks; raises OSError."""
        self._changed_ns = os.fstat(self._file).st_mtime_ns
        self.changed = False
        commits = checkpointed(self._database)
        os.fsync(self._file)
        return commits

    def _taken_away(self, path: str) -> Unreliable:
        return Unreliable(
            f"{path} was removed or replaced while the daemon ran, so nothing more is "
            f"acknowledged. Put the database {self._database} back, or a backup without -wal and "
            "-shm files beside it, and start again; stop the daemon before you restore or move a "
            "database"
        )

    def sync_log(self) -> None:
        """What is in the log survives a power cut when this returns. Blocks; raises OSError."""
        os.fsync(self._log)

    def close(self) -> None:
        """After every connection."""
        os.close(self._log)
        os.close(self._file)


def checkpointed(database: Path) -> int:
    """How many commits are in the file itself, without the log beside it; 0 where that cannot be
    read just now."""
    uri = f"{database.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            counted = connection.execute("SELECT count FROM totals WHERE what = 'commits'")
            return int((counted.fetchone() or [0])[0])
    except sqlite3.Error:
        return 0


def log_of(database: Path) -> Path:
    """SQLite's write-ahead log beside it."""
    return database.with_name(database.name + "-wal")
