"""When to try again: back-off with full jitter, for ever, unless the daemon does not want us."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_S = 0.5
MOST_S = 30.0


class Backoff:
    """Each wait is drawn between FIRST_S and a bound that doubles up to MOST_S, so that a thousand
    clients of one daemon do not come back at once, the first time neither (AWS, "Exponential
    Backoff And Jitter", 2015)."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._bound_s = 2 * FIRST_S

    def next_s(self) -> float:
        """Seconds to wait before the next try."""
        wait_s = self._uniform(FIRST_S, self._bound_s)
        self._bound_s = min(self._bound_s * 2, MOST_S)
        return wait_s

    def reset(self) -> None:
        """All is well again."""
        self._bound_s = 2 * FIRST_S


def may_retry(code: int) -> bool:
    """Whether a close code invites a reconnect (docs/protocol.md, 3.4)."""
    return not 4500 <= code <= 4999
