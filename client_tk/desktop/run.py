"""Starting the desktop's own programs."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence

_running: list[subprocess.Popen[bytes]] = []


def start(arguments: Sequence[str], text: str | None = None) -> None:
    """Without waiting for its end; `text` is what it reads. A program that is not there is none,
    and neither is one that cannot be given these arguments.

    Those that have ended are collected at the next start.
    """
    _running[:] = [child for child in _running if child.poll() is None]
    try:
        child = subprocess.Popen(  # noqa: S603 - a list, without a shell
            list(arguments),
            stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
    except (OSError, ValueError):  # not there; a NUL, or half a character
        return
    _running.append(child)
    if text is not None and child.stdin is not None:
        with contextlib.suppress(OSError):  # it has ended already
            child.stdin.write(text.encode())
        with contextlib.suppress(OSError):
            child.stdin.close()
