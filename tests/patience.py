"""How long a test waits, on a quiet machine and on one that is busy with something else."""

from __future__ import annotations

import os

PATIENCE_S = 20.0
"""For what surely comes: a test that passes never waits so long, so it costs nothing."""


def stretched(seconds: float) -> float:
    """A bound that holds on a quiet machine, longer by as much as this one is overcommitted.

    That is the load of the last minute (getloadavg(3)) for each processor.
    """
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
