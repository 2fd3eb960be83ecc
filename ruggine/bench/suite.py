"""All that is measured: which parts there are, what each needs of a daemon, and their runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from ruggine.bench import connections, flood, group, latency, private, slow, storm
from ruggine.bench.figures import Figures, Results, spreads
from ruggine.bench.plan import Plan
from ruggine.bench.progress import Progress, part_of
from ruggine.bench.server import Server


@dataclass(frozen=True)
class Measure:
    """One thing that is measured."""

    name: str
    run: Callable[[Server, Progress], Figures]
    """Once. Raises SystemExit if the daemon does not stay correct."""
    options: tuple[str, ...] = ()
    """That the daemon needs for it."""
    limits: Literal["on", "off"] = "off"
    """The rate limits that the daemon needs for it."""
    fresh: bool = False
    """Whether each run needs a daemon whose memory nobody has used before."""
    of_peers: bool = False
    """Whether a relay that only stores and passes on can be measured as well."""


Opening = Callable[[Measure], AbstractContextManager[Server]]
"""Gives a daemon for a measure."""


def measures(plan: Plan) -> list[Measure]:
    """In their order."""
    parts = {
        "throughput": _throughput,
        "latency": _latency,
        "memory": _memory,
        "stress": _stress,
    }
    return [measure for part in plan.parts for measure in parts[part](plan)]


def run_all(chosen: list[Measure], opening: Opening, runs: int, progress: Progress) -> Results:
    """The medians of each, with the lowest and the highest."""
    return {
        measure.name: spreads(list(_runs(measure, opening, runs, progress))) for measure in chosen
    }


def _runs(measure: Measure, opening: Opening, runs: int, progress: Progress) -> Iterator[Figures]:
    openings, each = (runs, 1) if measure.fresh else (1, runs)
    for opened in range(openings):
        with opening(measure) as server:
            for number in range(each):
                which = f"{measure.name}, run {opened + number + 1} of {runs}"
                yield _once(measure, server, part_of(progress, which))


def _once(measure: Measure, server: Server, progress: Progress) -> Figures:
    try:
        return measure.run(server, progress)
    except (SystemExit, OSError) as fault:
        what = str(fault).removeprefix("bench: ")
        raise SystemExit(f"bench: {measure.name}: {what}") from fault


def _throughput(plan: Plan) -> Iterator[Measure]:
    def pairs(server: Server, progress: Progress) -> Figures:
        people = server.people.first(2 * plan.pairs)
        return private.as_many_as_go(server, people, plan.seconds, plan.window, progress)

    yield Measure("private", pairs, of_peers=True)
    for size in plan.groups:
        yield group_measure(size, plan.seconds, plan.group_window)


def group_measure(size: int, seconds: float, window: int) -> Measure:
    """Throughput of a group of so many."""

    def run(server: Server, progress: Progress) -> Figures:
        people = server.people.first(size)
        return group.run(server, people, server.people.group(people), seconds, window, progress)

    options = (f"--max-group-members={size}", "--ping-interval=3600")
    return Measure(f"group of {size}", run, options, of_peers=True)


def _latency(plan: Plan) -> Iterator[Measure]:
    def paced(server: Server, progress: Progress) -> Figures:
        people = server.people.first(2 * plan.pairs)
        return latency.at_rate(server, people, plan.seconds, plan.rate, progress)

    def loaded(server: Server, progress: Progress) -> Figures:
        people = server.people.first(2 * plan.pairs + 2 * plan.talkers)
        senders, others = people[: 2 * plan.pairs], people[2 * plan.pairs :]
        return latency.under_load(server, senders, others, plan.seconds, progress)

    yield Measure(f"at {plan.rate:g} a second", paced, of_peers=True)
    yield Measure("under load", loaded)


def _memory(plan: Plan) -> Iterator[Measure]:
    for count in plan.connections:

        def run(server: Server, progress: Progress, count: int = count) -> Figures:
            people = server.people.first(_users(count, plan))
            return connections.memory(server, people, count, progress)

        yield Measure(
            f"{count} connections", run, (f"--max-connections-per-user={plan.per_user}",),
            fresh=True, of_peers=count == min(plan.connections),
        )  # fmt: skip


def _stress(plan: Plan) -> Iterator[Measure]:
    def storming(server: Server, progress: Progress) -> Figures:
        talkers = 2 * plan.talkers
        people = server.people.first(talkers + _users(plan.clients, plan))
        return storm.run(server, people[talkers:], people[:talkers], plan.clients, progress)

    def flooding(server: Server, progress: Progress) -> Figures:
        talkers = 2 * plan.talkers
        people = server.people.first(talkers + 2 * plan.flooders)
        return flood.run(server, people[talkers:], people[:talkers], plan.seconds, progress)

    def dawdling(server: Server, progress: Progress) -> Figures:
        people = server.people.first(slow.READERS + plan.slow)
        return slow.run(server, people, server.people.group(people), plan.megabytes, progress)

    yield Measure("connect storm", storming, (f"--max-connections-per-user={plan.per_user}",))
    yield Measure("flood", flooding, limits="on")
    yield Measure("slow readers", dawdling)


def _users(connections: int, plan: Plan) -> int:
    """As few as may have so many."""
    return -(-connections // plan.per_user)
