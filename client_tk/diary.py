"""What the program does, told on standard output: `ruggine-tk --log-level debug`.

Never what somebody has written, a token or a password.
"""

from __future__ import annotations

import logging
import sys

LEVELS = ("debug", "info", "warning", "error")

_NETWORK = "client_tk.net."


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        part = "WS:CLIENT" if record.name.startswith(_NETWORK) else "APP"
        return f"[{part}] {super().format(record)}"


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # no argument at run time
    def handleError(self, _record: logging.LogRecord) -> None:
        """The reader has gone away, or the disk is full: the window stays."""


def begin(level: str) -> None:
    """From now on; `level` is one of LEVELS."""
    handler = _Handler(sys.stdout)
    handler.setFormatter(_Formatter())
    log = logging.getLogger("client_tk")
    log.addHandler(handler)
    log.setLevel(level.upper())
    log.propagate = False
