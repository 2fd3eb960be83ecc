"""The file beside a database: by whom it is used, and which database was used last."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ruggine.errors import StartError


class LockFile:
    """`ruggine.db.lock`. A file of its own, so that no lock of SQLite's is touched; the system
    takes the lock back from a process that dies."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: int | None = None

    def take(self, *, shared: bool) -> None:
        """Daemons that do not hear of each other's messages must not share a database.

        Raises StartError where they would, and OSError.
        """
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                "is in use by another daemon; stop that one, or start both with the same --redis"
            ) from None

    def take_alone(self) -> None:
        """From a shared one: nobody else may use the database now. Raises StartError."""
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                "has to be upgraded, and another daemon uses it; stop all daemons of this "
                "database, start this one, and then the others with the same version"
            ) from None

    def share(self) -> None:
        """Let others use the database again."""
        fcntl.flock(self._held, fcntl.LOCK_SH)

    @property
    def generation(self) -> str:
        """What was noted last; empty for a new file."""
        return os.pread(self._held, 64, 0).decode("ascii", "replace")

    def note(self, generation: str) -> None:
        """On disk when this returns."""
        noted = generation.encode()
        # Not emptied first: where the disk is full, what was noted last stays.
        os.pwrite(self._held, noted, 0)
        os.ftruncate(self._held, len(noted))
        os.fsync(self._held)

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def _held(self) -> int:
        assert self._file is not None, "the lock is taken first"
        return self._file
