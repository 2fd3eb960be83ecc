"""Work that needs other programs, done on the Tk thread without waiting there.

An errand is a generator: it yields each `Child` it needs, gets what became of it, and returns its
result. So it reads like the waiting that it is not.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

_log = logging.getLogger(__name__)

POLL_MS = 20
_MOST_BYTES = 65536

T = TypeVar("T")


class Child(Struct, frozen=True):
    """A program to be run, without a shell. It is killed when it takes longer than `patience_s`.
    What it reads and what it prints is at most 64 KiB: so much a pipe takes at once."""

    arguments: tuple[str, ...]
    input: bytes = b""
    patience_s: float = 1.0
    folder: Path | None = None

    def __repr__(self) -> str:
        return f"Child({self.arguments!r})"


class Ended(Struct, frozen=True):
    """What became of a child: `status` is None where it could not begin, or did not end."""

    status: int | None
    said: bytes = b""

    def __repr__(self) -> str:
        return f"Ended({self.status})"


Errand = Generator[Child, Ended, T]


def module(name: str, *arguments: str, input: bytes = b"", patience_s: float) -> Child:
    """A module of ours in a process of its own."""
    ours = Path(__file__).parents[1]
    return Child((sys.executable, "-m", name, *arguments), input, patience_s, ours)


def output(*arguments: str) -> Errand[str]:
    """What a program prints within a second; nothing if it does not."""
    ended = yield Child(arguments)
    return ended.said.decode(errors="replace").strip()


class Errands:
    """Tk thread only. One errand after another, in the order in which they were given.

    `after` and `cancel` are those of a Tk window.
    """

    def __init__(
        self, after: Callable[[int, Callable[[], None]], str], cancel: Callable[[str], None]
    ) -> None:
        self._after = after
        self._cancel = cancel
        self._errands: collections.deque[tuple[Errand[Any], Callable[[Any], None]]]
        self._errands = collections.deque()
        self._running: _Running | None = None
        self._planned: str | None = None

    def run(self, errand: Errand[T], then: Callable[[T | None], None]) -> None:
        """`then` gets what the errand returns, never before this returns; None where it fails."""
        self._errands.append((errand, then))
        self._plan()

    def close(self, patience_s: float = 1.0) -> None:
        """Bring what was begun to its end, without telling anybody. Blocks so long at most."""
        if self._planned is not None:
            self._cancel(self._planned)
        until_s = time.monotonic() + patience_s
        while self._step() is not None and time.monotonic() < until_s:
            time.sleep(0.005)

    def _plan(self) -> None:
        if self._planned is None and self._errands:
            self._planned = self._after(POLL_MS if self._running else 1, self._turn)

    def _turn(self) -> None:
        self._planned = None
        finish = self._step()
        self._plan()
        if finish is not None:
            finish()

    def _step(self) -> Callable[[], None] | None:
        """Looks after the first errand. Returns what is to be done now; None if there is none."""
        if not self._errands:
            return None
        errand, then = self._errands[0]
        result = None
        try:
            if self._go_on(errand):
                return _nothing
        except StopIteration as end:
            result = end.value
        except Exception as error:  # its text may hold a secret
            _log.warning("An errand failed: %s", type(error).__name__)
        self._running = None
        self._errands.popleft()
        return lambda: then(result)

    def _go_on(self, errand: Errand[Any]) -> bool:
        """True; or raises StopIteration at the end of the errand, and whatever it raises."""
        if self._running is None:
            self._running = _Running(next(errand))
        elif (ended := self._running.ended()) is not None:
            self._running = _Running(errand.send(ended))
        return True


def _nothing() -> None:
    pass


class _Running:
    """A child that was begun, if it could be."""

    def __init__(self, child: Child) -> None:
        self._until_s = time.monotonic() + child.patience_s
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError, ValueError):  # not there; a NUL, or half a character
            self._process = subprocess.Popen(  # noqa: S603 - a list, without a shell
                child.arguments, cwd=child.folder,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
            self._write(child.input)

    def _write(self, data: bytes) -> None:
        assert self._process is not None and self._process.stdin is not None  # noqa: PT018
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(data[:_MOST_BYTES])

    def ended(self) -> Ended | None:
        """None while it runs."""
        process = self._process
        if process is None:
            return Ended(None)
        if process.poll() is not None:
            return Ended(process.returncode, self._read(process))
        if time.monotonic() < self._until_s:
            return None
        process.kill()
        process.wait()
        return Ended(None)

    def _read(self, process: subprocess.Popen[bytes]) -> bytes:
        """What is there: somebody else may hold the other end of the pipe for ever."""
        assert process.stdout is not None
        with process.stdout as pipe:
            if os.name == "posix":
                os.set_blocking(pipe.fileno(), False)
            with contextlib.suppress(BlockingIOError):
                return os.read(pipe.fileno(), _MOST_BYTES)
        return b""
