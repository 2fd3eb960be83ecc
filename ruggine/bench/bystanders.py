"""Pairs who go on talking at an even pace while something else happens to the daemon.

They are in a process of their own, so that what the load does does not hold them up. What they
feel is what everybody else would.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from ruggine.bench.figures import Figures, Stretch
from ruggine.bench.people import Person
from ruggine.bench.private import Load
from ruggine.bench.progress import no_progress

_LONGEST_S = 3600.0
_PATIENCE_S = 60.0


class Bystanders:
    """Who talk until they are asked how it was."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def stop(self) -> Stretch:
        """What they felt. Raises SystemExit if one of their messages went astray."""
        # They may have ended already, with something to say.
        with contextlib.suppress(OSError):
            self._pipe.send("stop")
        if not self._pipe.poll(_PATIENCE_S):
            raise SystemExit("bench: those who talk beside the load cannot come to an end")
        told: Stretch | str = self._pipe.recv()
        if isinstance(told, str):
            raise SystemExit(f"{told} (to a pair that talks beside the load)")
        return told


@contextlib.contextmanager
def talking(address: tuple[str, int], people: list[Person], rate: float) -> Iterator[Bystanders]:
    """They talk while the body runs, `rate` messages a second in all."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(
        target=_talk, args=(address, people, rate, there), daemon=True
    )
    process.start()
    there.close()
    try:
        _wait_until_ready(here)
        yield Bystanders(here)
    finally:
        process.terminate()
        process.join()


def delays(felt: Figures) -> str:
    """What `Stretch.delay_figures` found, for people."""
    return (
        f"p50 {felt['p50_ms']:.2f} ms, p99 {felt['p99_ms']:.2f} ms, "
        f"longest {felt['longest_ms']:.2f} ms"
    )


def _wait_until_ready(pipe: Connection) -> None:
    told: Any = pipe.recv()
    if told != "ready":
        raise SystemExit(told)


def _talk(address: tuple[str, int], people: list[Person], rate: float, pipe: Connection) -> None:
    """The process."""
    try:
        with contextlib.closing(Load(address, people)) as load:
            pipe.send("ready")
            pipe.send(load.at_rate(_LONGEST_S, rate, no_progress, pipe.poll))
    except SystemExit as fault:
        pipe.send(str(fault))
    except OSError as error:
        pipe.send(f"bench: {error}")
