"""Everybody connects at once, while a few go on talking."""

from __future__ import annotations

import time

from ruggine.bench.bystanders import talking
from ruggine.bench.connections import connected
from ruggine.bench.figures import Figures
from ruggine.bench.people import Person
from ruggine.bench.progress import Progress
from ruggine.bench.server import Server

_WORDS_A_SECOND = 50.0
_BEFORE_S = 1.0


def run(
    server: Server, people: list[Person], talkers: list[Person], clients: int, progress: Progress
) -> Figures:
    """One storm. Raises SystemExit if one client is refused or one message goes astray."""
    with talking(server.websocket, talkers, _WORDS_A_SECOND) as bystanders:
        time.sleep(_BEFORE_S)
        begun = time.perf_counter()
        with connected(server.websocket, people, clients, clients, progress):
            ended = time.perf_counter()
            felt = bystanders.stop()
    return {
        "seconds_until_all_are_in": ended - begun,
        "connected_per_second": clients / (ended - begun),
        **felt.delay_figures(begun, ended),
    }
