"""Who started the daemon, and is told why it does not start."""

from __future__ import annotations

import os
from contextlib import suppress


class Starter:
    """The terminal, or the script, in which twistd was typed.

    `waits` says that the daemon runs in the foreground. In the background twistd tells a hundred
    bytes of a reason, so a copy of standard error is kept until the daemon has started. It must not
    be kept longer: an ssh or a pipe would wait for it.
    """

    def __init__(self, *, waits: bool) -> None:
        """Before twistd goes into the background."""
        self.waits = waits
        self._copy: int | None = None
        if not waits:
            with suppress(OSError):  # standard error may be closed
                self._copy = os.dup(2)

    def tell(self, line: str) -> None:
        """One line, where twistd was started in the background."""
        if self._copy is not None:
            with suppress(OSError):
                os.write(self._copy, line.encode("utf-8", "replace") + b"\n")

    def leave(self) -> None:
        """It has started."""
        if self._copy is not None:
            os.close(self._copy)
            self._copy = None
