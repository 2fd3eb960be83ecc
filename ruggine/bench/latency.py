"""How long a message takes: when there is little to do, and when there is much."""

from __future__ import annotations

import contextlib

from ruggine.bench.bystanders import talking
from ruggine.bench.figures import Figures
from ruggine.bench.people import Person
from ruggine.bench.private import Load
from ruggine.bench.progress import Progress
from ruggine.bench.server import Server

_PROBES_A_SECOND = 100.0
_PART = 0.5
"""Of what the daemon takes, which is much and leaves no queue."""
_LOOK_S = 2.0
_WINDOW = 8


def at_rate(
    server: Server, people: list[Person], seconds: float, rate: float, progress: Progress
) -> Figures:
    """The delay of messages at an even pace, with nothing beside them; of one run."""
    with contextlib.closing(Load(server.websocket, people)) as load:
        stretch = load.at_rate(seconds, rate, progress)
    return {**stretch.delay_figures(), "rate_kept": stretch.rate_kept}


def under_load(
    server: Server,
    people: list[Person],
    others: list[Person],
    seconds: float,
    progress: Progress,
) -> Figures:
    """The delay of what `others` send at an even pace, while people send half of what goes.

    How much that is, is found first, in a moment with a window.
    """
    with contextlib.closing(Load(server.websocket, people)) as load:
        rate = load.windowed(min(seconds, _LOOK_S), _WINDOW, progress).per_second * _PART
    with (
        talking(server.websocket, others, _PROBES_A_SECOND) as bystanders,
        contextlib.closing(Load(server.websocket, people)) as load,
    ):
        beside = load.at_rate(seconds, rate, progress)
        felt = bystanders.stop()
    return {
        **felt.delay_figures(),
        "load_per_second": beside.per_second,
        "rate_kept": min(beside.rate_kept, felt.rate_kept),
        "load_processor_share": beside.load_s / beside.seconds + felt.load_s / felt.seconds,
    }
