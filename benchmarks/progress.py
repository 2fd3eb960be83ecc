"""How far a measurement has come, for who waits for it."""

from __future__ import annotations

import sys
from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with what is being done, and how much of it is done, from 0 to 1."""

_BAR = 30


def no_progress(what: str, done: float) -> None:
    """For who does not want to see it."""


class Bar:
    """Progress on one line of standard error, drawn again only when it changes."""

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, what: str, done: float) -> None:
        full = min(_BAR, int(done * _BAR))
        text = f"[{'#' * full}{'.' * (_BAR - full)}] {what}"
        if text != self._shown:
            self._shown = text
            print(f"\r{text:<{_BAR + 40}}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        print(f"\r{'':<{_BAR + 40}}\r", end="", file=sys.stderr, flush=True)
