"""The file beside a database: by whom it is used, and what is remembered of the one used last."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruggine.errors import StartError

BEGUN = "begun"
"""Noted as the generation of a database that is just being made."""

_COMMITS_AT = 66
_CHECKPOINTED_AT = 89


@dataclass(frozen=True, slots=True)
class Noted:
    """What is remembered of a database; `ruggine.storage.lineage` says what for."""

    generation: str = ""
    before: str = ""
    """The generation that a start was about to end when it noted this."""
    commits: int = 0
    """The database has had at least so many."""
    in_use: bool = False
    """It was written to, and not closed since."""
    checkpointed: int = 0
    """At least so many of the commits are in the file itself, not only in the log beside it."""

    def encode(self) -> bytes:
        """Each field has its place, so that one can be written alone."""
        return (
            f"{self.generation:<32} {self.before:<32} "
            f"{self.commits:020d} {self.in_use:d} {self.checkpointed:020d}\n"
        ).encode()


def _decode(data: bytes) -> Noted:
    """An older version noted the generation alone. What cannot be read is as good as nothing."""
    text = data.decode("ascii", "replace")
    with contextlib.suppress(ValueError):
        commits, in_use, checkpointed = text[_COMMITS_AT:].split()
        before = text[33:65].strip()
        return Noted(text[:32].strip(), before, int(commits), in_use == "1", int(checkpointed))
    return Noted(text[:32].strip())


class LockFile:
    """`ruggine.db.lock`. A file of its own, so that no lock of SQLite's is touched; the system
    takes the lock back from a process that dies.

    What is noted outlives the process at once, and a power cut when `sync` returns.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: int | None = None
        self._shared = False
        self._moment = threading.Lock()
        self._synced = True

    def take(self, *, shared: bool) -> None:
        """Daemons that do not hear of each other's messages must not share a database.

        Raises StartError where they would, and OSError.
        """
        self._shared = shared
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                "is in use by another daemon; stop that one, or start both with the same --redis"
            ) from None

    def take_alone(self) -> None:
        """From a shared one: nobody else may use the database now. Raises StartError."""
        if not self.alone():
            raise StartError(
                "has to be upgraded, and another daemon uses it; stop all daemons of this "
                "database, start this one, and then the others with the same version"
            )

    def alone(self) -> bool:
        """Whether nobody else uses the database; nobody else can from here on then."""
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Let others use the database again."""
        fcntl.flock(self._held, fcntl.LOCK_SH)

    @property
    def noted(self) -> Noted:
        """What was noted last."""
        return _decode(os.pread(self._held, 256, 0))

    def note(self, noted: Noted) -> None:
        """On disk when this returns. Raises OSError; what was noted last stays then."""
        data = noted.encode()
        # Not emptied first: where the disk is full, what was noted last stays.
        os.pwrite(self._held, data, 0)
        os.ftruncate(self._held, len(data))
        os.fsync(self._held)

    def note_commits(self, commits: int) -> None:
        """The database is in use, and has had at least so many. Raises OSError.

        Two daemons may come here in another order than that of their commits.
        """
        with self._alone_for_a_moment():
            if not self._shared or self.noted.commits < commits:
                os.pwrite(self._held, f"{commits:020d} 1".encode(), _COMMITS_AT)
                self._synced = False

    def note_checkpointed(self, commits: int) -> None:
        """So many are in the file itself. Raises OSError."""
        with self._alone_for_a_moment():
            if self.noted.checkpointed < commits:
                os.pwrite(self._held, f"{commits:020d}".encode(), _CHECKPOINTED_AT)
                self._synced = False

    def sync(self) -> None:
        """What was noted outlives a power cut when this returns. Blocks; raises OSError."""
        if not self._synced:
            self._synced = True
            os.fsync(self._held)

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @contextlib.contextmanager
    def _alone_for_a_moment(self) -> Iterator[None]:
        """Among the daemons that share a database: each of them writes what it has read."""
        if not self._shared:
            yield
            return
        with self._moment:  # the system's lock does not keep threads of one process apart
            fcntl.lockf(self._held, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._held, fcntl.LOCK_UN)

    @property
    def _held(self) -> int:
        assert self._file is not None, "the lock is taken first"
        return self._file
