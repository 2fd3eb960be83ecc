"""`./dev bench-growth`: what a message costs the daemon as more clients are idle beside it, as more
messages are stored, and as its group is larger.

Nothing may grow faster than it must: a delivery costs the same whatever there is beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from tqdm import tqdm

from benchmarks.seed import add_messages
from benchmarks.server import own_server
from ruggine import terminal
from ruggine.bench import latency, private
from ruggine.bench.connections import AT_ONCE, allow_files, connected
from ruggine.bench.figures import Figures, medians
from ruggine.bench.people import Person
from ruggine.bench.plot import COLOURS, check, panels
from ruggine.bench.progress import no_progress
from ruggine.bench.server import Server
from ruggine.bench.suite import group_measure

IDLE = (0, 10, 100, 1000, 10_000)
STORED = (10, 100, 1000, 10_000, 100_000, 1_000_000)
MEMBERS = (10, 50, 100, 500, 1000, 5000)
_RATE = 500.0
_WINDOW = 8
_GROUP_WINDOW = 32
_IDLE_USERS = 100
_WARM_S = 1.0

Sweep = dict[str, Figures]
"""By how many there were, as text: "processor_us_each" and others."""


class Pairs:
    """Pairs who send privately to each other, again and again."""

    def __init__(self, server: Server, people: list[Person], options: argparse.Namespace) -> None:
        self._server = server
        self._people = people
        self._seconds: float = options.seconds
        self._rounds: int = options.rounds
        self._round(min(_WARM_S, self._seconds))

    def measure(self) -> Figures:
        """The medians of some rounds."""
        return medians([self._round(self._seconds) for _ in range(self._rounds)])

    def _round(self, seconds: float) -> Figures:
        server, people = self._server, self._people
        most = private.as_many_as_go(server, people, seconds, _WINDOW, no_progress)
        paced = latency.at_rate(server, people, seconds, _RATE, no_progress)
        return {
            "processor_us_each": most["processor_us_each"],
            "messages_per_second": most["messages_per_second"],
            "p50_ms": paced["p50_ms"],
        }


def beside_idle(options: argparse.Namespace) -> Sweep:
    """By how many connections are idle beside the pairs."""
    results: Sweep = {}
    each = 10 + 2 * max(options.idle) // _IDLE_USERS
    with own_server([f"--max-connections-per-user={each}"], None) as server:
        people = server.people.first(_IDLE_USERS + 2 * options.pairs)
        idle_people = people[:_IDLE_USERS]
        pairs = Pairs(server, people[_IDLE_USERS:], options)
        with contextlib.ExitStack() as stack:
            here = 0
            for count in tqdm(options.idle, desc="idle connections", disable=options.quiet):
                more = connected(server.websocket, idle_people, count - here, AT_ONCE, no_progress)
                stack.enter_context(more)
                here = count
                results[str(count)] = pairs.measure()
    return results


def beside_stored(options: argparse.Namespace) -> Sweep:
    """By how many messages were put into the chats of the pairs before."""
    results: Sweep = {}
    with own_server([], None) as server:
        assert server.database is not None
        pairs = Pairs(server, server.people.first(2 * options.pairs), options)
        stored = 0
        for count in tqdm(options.stored, desc="stored messages", disable=options.quiet):
            add_messages(server.database, count - stored)
            stored = count
            _wait_for_index(server.database)
            results[str(count)] = pairs.measure()
    return results


def in_groups(options: argparse.Namespace) -> Sweep:
    """By the number of members; what one delivery costs."""
    results: Sweep = {}
    largest = group_measure(max(options.members), options.seconds, _GROUP_WINDOW)
    with own_server(list(largest.options), None) as server:
        for size in tqdm(options.members, desc="members of a group", disable=options.quiet):
            once = group_measure(size, options.seconds, _GROUP_WINDOW).run
            runs = [once(server, no_progress) for _ in range(options.rounds)]
            results[str(size)] = medians(runs)
    return results


def _wait_for_index(database: Path) -> None:
    """Making the index of the search is not what is measured."""
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection:
        while connection.execute("SELECT SUM(last_seq - indexed_seq) FROM chats").fetchone()[0]:
            time.sleep(0.2)


SWEEPS: dict[str, Callable[[argparse.Namespace], Sweep]] = {
    "idle connections": beside_idle,
    "stored messages": beside_stored,
    "members of a group": in_groups,
}


def report(results: dict[str, Sweep]) -> str:
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


def draw(results: dict[str, Sweep], file: Path) -> None:
    """A panel for each sweep: the processor time of a message by how many there are."""
    with panels(len(results), file) as axes:
        for panel, (what, figures) in zip(axes, results.items(), strict=True):
            counts = [int(count) for count in figures]
            costs = [values["processor_us_each"] for values in figures.values()]
            panel.plot(counts, costs, marker="o", color=COLOURS[0])
            panel.set_xscale("symlog" if 0 in counts else "log")
            panel.set_ylim(0, 1.4 * max(costs))
            panel.set_xlabel(what)
            panel.set_ylabel("µs of processor a " + ("delivery" if "group" in what else "message"))


@terminal.output()
def main() -> None:
    options = _options()
    check(options.plot)
    allow_files(max(*options.idle, *options.members))
    results: dict[str, Any] = {what: sweep(options) for what, sweep in SWEEPS.items()}
    if options.plot is not None:
        draw(results, options.plot)
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
