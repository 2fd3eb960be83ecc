"""How far a measurement has come, for who waits for it."""

from __future__ import annotations

from collections.abc import Callable

from tqdm import tqdm

Progress = Callable[[str, float], None]
"""Called with what is being done, and how much of it is done, from 0 to 1."""


def no_progress(what: str, done: float) -> None:
    """For who does not want to see it."""


class Bar:
    """Progress on one line of standard error, drawn again only when it changes."""

    def __init__(self) -> None:
        self._bar = tqdm(total=100, leave=False, bar_format="{l_bar}{bar}|")

    def __call__(self, what: str, done: float) -> None:
        percent = min(100, int(done * 100))
        if (what, percent) != (self._bar.desc, self._bar.n):
            self._bar.desc, self._bar.n = what, percent
            self._bar.refresh()

    def clear(self) -> None:
        self._bar.close()
