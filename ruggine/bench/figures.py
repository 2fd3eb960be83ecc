"""What a measurement found, as figures with names, and what several runs of it found."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from ruggine.bench.book import Delay

Figures = dict[str, float]
"""Of one run, by name; the names end in the unit."""

Spread = dict[str, float]
"""Of several runs: `median`, `lowest` and `highest`."""

Results = dict[str, dict[str, Spread]]
"""By the name of what was measured and the name of the figure."""

BUSY = 0.9
"""Of a processor: past this the load may have been the limit, and not the daemon."""
KEPT = 0.98
"""Of the rate that was asked for: below this the load was too slow itself."""


@dataclass
class Stretch:
    """Some seconds of sending."""

    messages: int
    seconds: float
    load_s: float
    """Of a processor, for the load itself."""
    delays: list[Delay] = field(repr=False)
    """From the send to the other's receipt."""
    rate_kept: float = 1.0
    """How much of the rate that was asked for was sent."""

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds

    def delay_figures(self, since: float = 0, until: float = float("inf")) -> Figures:
        """Of the messages that were sent in this time."""
        ordered = sorted(ms for at, ms in self.delays if since <= at <= until)
        return {
            "p50_ms": _part(ordered, 0.5),
            "p99_ms": _part(ordered, 0.99),
            "longest_ms": _part(ordered, 1),
        }


def _part(ordered: Sequence[float], part: float) -> float:
    """The delay that `part` of the messages stayed under."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def spreads(runs: Sequence[Figures]) -> dict[str, Spread]:
    """Of each figure; there is at least one run."""
    return {
        name: {
            "median": statistics.median(run[name] for run in runs),
            "lowest": min(run[name] for run in runs),
            "highest": max(run[name] for run in runs),
        }
        for name in runs[0]
    }


def medians(runs: Sequence[Figures]) -> Figures:
    return {name: spread["median"] for name, spread in spreads(runs).items()}
