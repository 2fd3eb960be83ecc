"""Time that nobody can set, for what must neither expire nor stand still when somebody does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def steady(
    wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
) -> Callable[[], float]:
    """Unix seconds that pass evenly, from what the wall clock shows now.

    A wall clock that is set, by hand, by NTP or by a machine that wakes up in 1970, is followed at
    the next start of the program and not before.
    """
    begun = wall() - monotonic()
    return lambda: begun + monotonic()


def keep_timers_steady(reactor: Any) -> None:
    """Twisted's reactors count by the wall clock (twisted.internet.base), so setting it an hour
    ahead would make every connection miss its ping. Before anything is scheduled."""
    reactor.seconds = time.monotonic
