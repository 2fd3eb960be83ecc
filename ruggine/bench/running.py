"""`ruggine bench`: all parts on a daemon that runs, as far as they can be measured there."""

from __future__ import annotations

import argparse
import contextlib

from ruggine.bench import plot, report
from ruggine.bench.connections import allow_files
from ruggine.bench.figures import Results
from ruggine.bench.people import Registered
from ruggine.bench.plan import DESCRIPTION, RUNNING, add_options, plan_of, whole
from ruggine.bench.private import Load
from ruggine.bench.progress import Progress, progress_bar
from ruggine.bench.server import Server
from ruggine.bench.suite import Measure, measures, run_all

ABOUT = (
    "Load a daemon that runs, and measure what it does. The accounts, groups and messages stay: \
measure a daemon of your own that is for nothing else."
)
EPILOG = rf"""{DESCRIPTION}
The rate limits would be what is measured: start the daemon with --rate-limits=off, except for the
flood, which is past them.

examples:
  twistd ruggine --rate-limits=off --max-connections-per-address=2000 \
      --max-strangers-per-address=2000 --max-strangers=2000 --database=sqlite:/tmp/bench.db
  ruggine bench --pid=$(cat twistd.pid)
  ruggine bench throughput latency --seconds=10 --json before.json
  ruggine bench throughput latency --seconds=10 --compare before.json --plot now.svg
"""
_LONGEST_S = 15
_PROBES = 100


def add_running_options(parser: argparse.ArgumentParser) -> None:
    for name, port, what in (("tcp", 8080, "line"), ("websocket", 5001, "WebSocket")):
        parser.add_argument(
            f"--{name}", type=_address, default=("127.0.0.1", port), metavar="HOST:PORT",
            help=f"its {what} port [127.0.0.1:{port}]",
        )  # fmt: skip
    parser.add_argument("--pid", type=whole, help="its process on this machine, for its memory")
    add_options(parser, RUNNING)


def run(options: argparse.Namespace) -> str:
    """What to print. Raises SystemExit with what is wrong, or cannot be measured."""
    plan = plan_of(options)
    if plan.seconds > _LONGEST_S:
        raise SystemExit(f"bench: --seconds is at most {_LONGEST_S}: pings would come between")
    plot.check(options.plot)
    before = report.earlier(options.compare) if options.compare else None
    allow_files(plan.most_connections)
    with progress_bar(quiet=options.quiet) as progress:
        server = Server(options.websocket, Registered(options.tcp, progress), options.pid)
        can, cannot = _sorted(measures(plan), _is_limited(server), server.memory_mb())
        results = _measure(can, server, plan.runs, progress)
    if not results:
        raise SystemExit("\n".join(f"bench: {sentence}" for sentence in cannot))
    if options.plot is not None:
        plot.draw({"the daemon": results}, options.plot)
    described = report.described(results, plan) | {"not measured": cannot}
    return report.told(described, options, before)


def _measure(can: list[Measure], server: Server, runs: int, progress: Progress) -> Results:
    results: Results = {}
    for measure in can:
        # What one run has used of the memory serves the next.
        count = 1 if measure.fresh else runs
        results |= run_all([measure], lambda _: contextlib.nullcontext(server), count, progress)
    return results


def _sorted(
    chosen: list[Measure], limited: bool, memory_mb: float | None
) -> tuple[list[Measure], list[str]]:
    """What can be measured, the memory first, which nothing has used yet; and sentences about the
    rest."""
    limits = "on" if limited else "off"
    can, cannot = [], []
    for measure in sorted(chosen, key=lambda measure: not measure.fresh):
        if measure.limits != limits:
            cannot.append(
                f"not measured: {measure.name}. This daemon has its rate limits {limits}; start "
                f"it with --rate-limits={measure.limits} for that"
            )
        elif measure.fresh and memory_mb is None:
            cannot.append(
                f"not measured: {measure.name}. Give the daemon's process with --pid, on the "
                "machine where it runs, so that its memory can be read"
            )
        else:
            can.append(measure)
    return can, cannot


def _is_limited(server: Server) -> bool:
    """Whether somebody who sends many messages at once is refused."""
    try:
        people = server.people.first(2)
        with contextlib.closing(Load(server.websocket, people, limited=True)) as load:
            [pair] = load.pairs
            pair.send(_PROBES)
            load.finish()
    except OSError as error:
        raise SystemExit(
            f"bench: no daemon answers ({error.strerror or error}); start one with "
            "`twistd -n ruggine --rate-limits=off`, or name it with --tcp and --websocket"
        ) from error
    return bool(pair.book.refused)


def _address(text: str) -> tuple[str, int]:
    """HOST:PORT, or a port of this machine. Raises ValueError."""
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", int(port)
