"""`./dev bench-growth`: what a message costs the daemon as more clients are idle beside it, as more
messages are stored, and as its group is larger.

Nothing may grow faster than it must: a delivery costs the same whatever there is beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from tqdm import tqdm

from benchmarks import group, plot
from benchmarks.connections import allow_files, arrive
from benchmarks.seed import add_messages, add_people
from benchmarks.server import own_server
from ruggine.bench.measure import Person
from ruggine.bench.private import Load
from ruggine.bench.progress import no_progress
from ruggine.bench.server import Server

IDLE = (0, 10, 100, 1000, 10_000)
STORED = (10, 100, 1000, 10_000, 100_000, 1_000_000)
MEMBERS = (10, 50, 100, 500, 1000, 5000)
_RATE = 500.0
_WINDOW = 8
_IDLE_USERS = 100
_SPARE_FILES = 400
_WARM_S = 1.0

Figures = dict[str, dict[str, float]]
"""By how many there were, as text: "processor_us_each" and others."""


class Pairs:
    """Pairs who send privately to each other, again and again."""

    def __init__(self, server: Server, people: list[Person], options: argparse.Namespace) -> None:
        self._server = server
        self._people = people
        self._seconds: float = options.seconds
        self._rounds: int = options.rounds
        self._round(_WARM_S)

    def measure(self) -> dict[str, float]:
        """The medians of some rounds."""
        rounds = [self._round(self._seconds) for _ in range(self._rounds)]
        return {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}

    def _round(self, seconds: float) -> dict[str, float]:
        with contextlib.closing(Load(self._server, self._people)) as load:
            before_s = self._server.processor_s()
            most = load.windowed(seconds, _WINDOW, no_progress)
            spent_s = self._server.processor_s() - before_s
        with contextlib.closing(Load(self._server, self._people)) as load:
            paced = load.at_rate(seconds, _RATE, no_progress)
        return {
            "processor_us_each": spent_s / most.messages * 1e6,
            "per_second": most.per_second,
            "p50_ms": paced.delay_ms(0.5),
        }


def beside_idle(options: argparse.Namespace) -> Figures:
    """By how many connections are idle beside the pairs."""
    results: Figures = {}
    each = 10 + 2 * max(options.idle) // _IDLE_USERS
    with own_server([f"--max-connections-per-user={each}"], None) as server:
        assert server.database is not None
        idle_people = add_people(server.database, _IDLE_USERS)
        pairs = Pairs(server, add_people(server.database, 2 * options.pairs), options)
        with contextlib.ExitStack() as stack:
            here = 0
            for count in tqdm(options.idle, desc="idle connections", disable=options.quiet):
                for arrival in arrive(server, idle_people, count - here, quiet=True):
                    stack.callback(arrival.socket.close)
                here = count
                results[str(count)] = pairs.measure()
    return results


def beside_stored(options: argparse.Namespace) -> Figures:
    """By how many messages were put into the chats of the pairs before."""
    results: Figures = {}
    with own_server([], None) as server:
        assert server.database is not None
        pairs = Pairs(server, add_people(server.database, 2 * options.pairs), options)
        stored = 0
        for count in tqdm(options.stored, desc="stored messages", disable=options.quiet):
            add_messages(server.database, count - stored)
            stored = count
            _wait_for_index(server.database)
            results[str(count)] = pairs.measure()
    return results


def in_groups(options: argparse.Namespace) -> Figures:
    """By the number of members; what one delivery costs."""
    with own_server([f"--max-group-members={max(options.members)}"], None) as server:
        return group.measure(
            server, options.members, options.rounds, options.seconds, 32, quiet=options.quiet
        )


def _wait_for_index(database: Path) -> None:
    """Making the index of the search is not what is measured."""
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection:
        while connection.execute("SELECT SUM(last_seq - indexed_seq) FROM chats").fetchone()[0]:
            time.sleep(0.2)


SWEEPS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "idle connections": beside_idle,
    "stored messages": beside_stored,
    "members of a group": in_groups,
}


def report(results: dict[str, Figures]) -> str:
    lines = []
    for what, figures in results.items():
        names = list(next(iter(figures.values())))
        lines += [f"| {what} | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        lines += [
            f"| {count} | {' | '.join(f'{values[name]:.2f}' for name in names)} |"
            for count, values in figures.items()
        ]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    options = _options()
    allow_files(max(*options.idle, *options.members) + _SPARE_FILES)
    results: dict[str, Any] = {what: sweep(options) for what, sweep in SWEEPS.items()}
    if options.plot is not None:
        plot.growth(results, options.plot)
    print(msgspec.json.encode(results).decode() if options.json else report(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench-growth", description=__doc__)
    for name, default in (("idle", IDLE), ("stored", STORED), ("members", MEMBERS)):
        parser.add_argument(
            f"--{name}", type=int, nargs="+", default=list(default), metavar="N",
            help=f"[{' '.join(map(str, default))}]",
        )  # fmt: skip
    parser.add_argument("--pairs", type=int, default=50, help="who send privately [50]")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts [3]")
    parser.add_argument("--seconds", type=float, default=3, help="of each round [3]")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw it, as SVG or PNG")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    for name in ("idle", "stored", "members"):
        if getattr(options, name) != sorted(getattr(options, name)):
            parser.error(f"--{name} are from few to many")
    if min(options.members) < 2 or max(options.members) > 5000:
        parser.error("--members are from 2 to 5000")
    if min(options.pairs, options.rounds, options.seconds) <= 0:
        parser.error("--pairs, --rounds and --seconds must be more than 0")
    return options


if __name__ == "__main__":
    main()
