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
"""Of what goes: much, and not so much that a queue grows."""
_LOOK_S = 2.0


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

    How much goes is found first, in a moment in which each pair has one message in flight: more at
    once would come in bursts, which cost the daemon less than what comes evenly.
    """
    with contextlib.closing(Load(server.websocket, people)) as load:
        rate = load.windowed(min(seconds, _LOOK_S), 1, progress).per_second * _PART
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
