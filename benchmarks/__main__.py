"""`./dev bench`: throughput, latency, memory and stress of a daemon of its own."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.peers import PEERS, peer
from benchmarks.server import own_server
from ruggine import terminal
from ruggine.bench import plot, report
from ruggine.bench.connections import allow_files
from ruggine.bench.figures import Results
from ruggine.bench.plan import DESCRIPTION, Plan, add_options, plan_of
from ruggine.bench.progress import Progress, part_of, progress_bar
from ruggine.bench.server import Server
from ruggine.bench.suite import Measure, measures, run_all

_EPILOG = f"""{DESCRIPTION}
Options after -- go to the daemon. `ruggine bench` measures a daemon that runs.

examples:
  ./dev bench                                  everything; about five minutes
  ./dev bench throughput --peers               beside two small relays, in the same run
  ./dev bench stress --clients 5000 --runs 1
  ./dev bench latency --json before.json       and later
  ./dev bench latency --compare before.json --plot now.svg
  ./dev bench throughput -- --durability=relaxed
"""


@terminal.output()
def main() -> None:
    """Measure, and print. Exits with 1 if the daemon did not stay correct."""
    options, daemon = _options()
    plan = plan_of(options)
    plot.check(options.plot)
    before = report.earlier(options.compare) if options.compare else None
    allow_files(plan.most_connections)
    commands = {name: PEERS[name]() for name in options.peers}
    with progress_bar(quiet=options.quiet) as progress:
        results = _measure_own(plan, options.folder, daemon, progress)
        peers = {
            name: _measure_peer(name, command, plan, options.folder, progress)
            for name, command in commands.items()
        }
    if options.plot is not None:
        plot.draw({"the daemon": results, **peers}, options.plot)
    described = report.described(results, plan) | ({"peers": peers} if peers else {})
    print(report.told(described, options, before))


def _measure_own(plan: Plan, folder: Path | None, daemon: list[str], progress: Progress) -> Results:
    def opening(measure: Measure) -> AbstractContextManager[Server]:
        limits = f"--rate-limits={measure.limits}"
        return own_server([limits, *measure.options, *daemon], folder)

    return run_all(measures(plan), opening, plan.runs, progress)


def _measure_peer(
    name: str, command: list[str], plan: Plan, folder: Path | None, progress: Progress
) -> Results:
    """What it can do of the same, in the same run."""
    chosen = [measure for measure in measures(plan) if measure.of_peers]
    return run_all(chosen, lambda _: peer(command, folder), plan.runs, part_of(progress, name))


def _options() -> tuple[argparse.Namespace, list[str]]:
    """Ours, and the daemon's."""
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Start daemons with an empty database on one processor, load them from "
        "another, and print what they do.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser, Plan())
    parser.add_argument("--folder", type=Path, help="where the daemon's database is put")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, metavar="NAME",
        help="also small relays that only store and pass on, in the same run: "
        f"{', '.join(PEERS)} [all]",
    )  # fmt: skip
    given = sys.argv[1:]
    end = given.index("--") if "--" in given else len(given)
    options = parser.parse_args(given[:end])
    options.peers = list(PEERS) if options.peers == [] else options.peers or []
    return options, given[end + 1 :]


if __name__ == "__main__":
    main()
