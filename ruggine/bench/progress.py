"""How far a measurement has come, for who waits for it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm

Progress = Callable[[str, float], None]
"""Called with what is being done, and how much of it is done, from 0 to 1."""


def no_progress(what: str, done: float) -> None:
    """For who does not want to see it."""


def part_of(progress: Progress, whole: str) -> Progress:
    """Says first what it is a part of."""

    def told(what: str, done: float) -> None:
        progress(f"{whole}, {what}", done)

    return told


@contextlib.contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Progress]:
    """For who waits at a terminal."""
    if quiet or not sys.stderr.isatty():
        yield no_progress
        return
    bar = Bar()
    yield bar
    bar.clear()


class Bar:
    """Progress on one line of standard error, drawn again only when it changes."""

    def __init__(self) -> None:
        self._bar = tqdm(total=100, leave=False, bar_format="{l_bar}{bar}|")

    def __call__(self, what: str, done: float) -> None:
        percent = max(0, min(100, int(done * 100)))
        if (what, percent) != (self._bar.desc, self._bar.n):
            self._bar.desc, self._bar.n = what, percent
            self._bar.refresh()

    def clear(self) -> None:
        self._bar.close()
