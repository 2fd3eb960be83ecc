"""Standard output may be a terminal that cannot show a character, or a pipe that nobody reads."""

from __future__ import annotations

import io
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNSHOWN = "backslashreplace"
"""What a terminal cannot show is written as an escape, such as \\u2026."""


@contextmanager
def output() -> Iterator[None]:
    """For a program that writes to standard output, from its first word to its last.

    What the terminal cannot show is replaced. Where the reader goes away (`| head`) the program
    ends without a word, with the status of one that SIGPIPE has ended.
    """
    forgive()
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if _is_read():  # it was another pipe, or a connection
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None


def forgive() -> None:
    """Replace what the terminal cannot show, from now on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=UNSHOWN)


def _is_read() -> bool:
    pipe = select.poll()
    pipe.register(sys.stdout, 0)
    return not any(event & select.POLLERR for _, event in pipe.poll(0))
