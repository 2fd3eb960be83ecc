"""Python's garbage collector, held back from looking through everything in the middle of a storm.

A full collection stops the daemon for some 0.1 s where thousands are connected, and Python begins
one each time that its objects have grown by a quarter: six times while two thousand clients come
back. What a storm leaves behind can wait for a minute.
"""

from __future__ import annotations

import gc

COLLECT_S = 60.0

_YOUNG = 10_000
"""Objects that have come and not gone before what is young is looked through. Nearly all of what a
message makes goes by itself, so with Python's own 700 it was looked through for nothing."""

_MIDDLE = 10
"""Collections of what is young before those that it has survived are looked through as well."""

_RARELY = 70
"""Collections of the latter before Python begins a full one by itself: a bound, for safety."""

_WORTH_IT = 4
"""The same, before one is begun at the end of a minute."""


def hold_back() -> None:
    """Call when everything is imported: that is not looked through again."""
    gc.set_threshold(_YOUNG, _MIDDLE, _RARELY)
    gc.collect()
    gc.freeze()


async def collect() -> None:
    """A full collection, if much has come and gone. Call every COLLECT_S seconds."""
    if gc.get_count()[2] >= _WORTH_IT:
        gc.collect()
