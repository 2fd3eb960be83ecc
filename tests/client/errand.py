"""Errands without a window."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from client_tk.errands import Errand, Errands

T = TypeVar("T")


class Errandboy:
    """Stands for the `after` of Tk."""

    def __init__(self) -> None:
        self._calls: list[tuple[float, Callable[[], None]]] = []
        self.errands = Errands(self.after, lambda _name: self._calls.clear())
        self.most_s = 0.0
        """The longest turn: so long the window would have stood still."""

    def after(self, wait_ms: int, call: Callable[[], None]) -> str:
        self._calls.append((time.monotonic() + wait_ms / 1000, call))
        return str(len(self._calls))

    def until(self, condition: Callable[[], object], patience_s: float = 15.0) -> None:
        until_s = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < until_s, "nothing came of it"
            for call in [call for call in self._calls if call[0] <= time.monotonic()]:
                self._calls.remove(call)
                began_s = time.monotonic()
                call[1]()
                self.most_s = max(self.most_s, time.monotonic() - began_s)
            time.sleep(0.001)


def result_of(errand: Errand[T]) -> T | None:
    """What comes of it; None where it fails."""
    boy, results = Errandboy(), []
    boy.errands.run(errand, results.append)
    boy.until(lambda: results)
    return results[0]
