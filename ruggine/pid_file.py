"""twistd's pid file as information. Whether its daemon runs is said by a lock on it."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from typing import BinaryIO

from ruggine.errors import StartError

_LONGEST = 64
_NUMBER = re.compile(rb"[0-9\s\0]{0,%d}" % _LONGEST)
"""Also an empty file, or one of zeros, as a power cut leaves them."""


class PidFile:
    """twistd writes it and removes it, and takes it for a running daemon's while any process has
    its number. The lock is the system's, which takes it back from a process that dies."""

    def __init__(self, path: str | None) -> None:
        """`path` is twistd's --pidfile; empty or None for no file."""
        self._path = os.path.abspath(path) if path else None

    def make_way(self) -> None:
        """Remove one that is left from a daemon that runs no more, before twistd looks at it.

        Raises StartError where its daemon runs, and where the file is something else.
        """
        if self._path is None:
            return
        try:
            with open(self._path, "rb") as file:
                self._remove_unless_held(file, self._path)
        except FileNotFoundError:
            self._expect_a_folder(os.path.dirname(self._path))
        except OSError as error:
            raise StartError(
                f"--pidfile: {self._path} is left from another start and cannot be removed "
                f"({error.strerror}); remove it, or give another --pidfile"
            ) from None

    def _expect_a_folder(self, folder: str) -> None:
        if not os.access(folder, os.W_OK):
            raise StartError(
                f"--pidfile: {folder} is not a folder in which this user may write; give another "
                "--pidfile, or --pidfile= for none"
            )

    def _remove_unless_held(self, file: BinaryIO, path: str) -> None:
        content = file.read(_LONGEST + 1)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            number = content.decode("ascii", "replace").strip()
            raise StartError(
                f"--pidfile: {path} is in use by a daemon that runs (process {number}); stop that "
                "one, or give another --pidfile, another --database and other ports"
            ) from None
        if not _NUMBER.fullmatch(content):
            raise StartError(f"--pidfile: {path} is not a pid file; give another --pidfile")
        os.unlink(path)

    def hold(self) -> None:
        """Say that its daemon runs, as long as this process does."""
        if self._path is not None:
            with suppress(OSError):  # somebody has taken it away: then nobody will ask it
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as `pkill -L` asks

    def remove(self) -> None:
        """Where twistd does not: it leaves the file of a start that failed in the foreground."""
        if self._path is not None:
            with suppress(OSError):
                os.unlink(self._path)
