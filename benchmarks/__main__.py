"""`./dev bench`: what a daemon does in a second, how long a message takes, what memory it holds."""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, peer
from benchmarks.private import Figures, Load, register
from benchmarks.progress import Bar, Progress, no_progress
from benchmarks.seed import Person
from benchmarks.server import Server, own_server


def main() -> None:
    """Measure and print; with a daemon of its own unless the options name one."""
    options = _options()
    bar = None if options.quiet or not sys.stderr.isatty() else Bar()
    with _server(options) as server:
        results = measure(server, options, bar or no_progress)
    if options.peers:
        results["peers"] = _measure_peers(options, bar or no_progress)
    if bar is not None:
        bar.clear()
    print(json.dumps(results, indent=2) if options.json else _report(results))
    if options.compare is not None and not options.json:
        print(_compared(results, json.loads(options.compare.read_text())))


def measure(server: Server, options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """All that is measured, as plain values."""
    people = register(server, 2 * options.pairs, progress)
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}",
        "pairs": options.pairs,
        "window": options.window,
        **_measure_pairs(server, people, options, progress),
    }


def _measure_peers(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """The same load on each of the relays, in the same run."""
    people = [(f"bench.{number}", f"bench.{number}") for number in range(2 * options.pairs)]
    results = {}
    for name in options.peers:
        with peer(PEERS[name](), options.folder) as server:
            results[name] = _measure_pairs(server, people, options, progress)
    return results


def _measure_pairs(
    server: Server, people: list[Person], options: argparse.Namespace, progress: Progress
) -> dict[str, Any]:
    idle = server.memory_mb()
    with contextlib.closing(Load(server, people)) as load:
        before = server.processor_s()
        most = load.windowed(options.seconds, options.window, progress)
        processor_s = server.processor_s() - before
    with contextlib.closing(Load(server, people)) as load:
        paced = load.at_rate(options.seconds, options.rate, progress)
    return {
        "all it takes": _values(most) | {"processor_us_each": processor_s / most.messages * 1e6},
        f"at {options.rate:g} a second": _values(paced),
        "memory_mb": {"connected": idle.get("now"), **server.memory_mb()},
    }


def _values(figures: Figures) -> dict[str, float]:
    return {
        "messages": figures.messages,
        "per_second": figures.per_second,
        "p50_ms": figures.delay_ms(0.5),
        "p99_ms": figures.delay_ms(0.99),
        "longest_ms": figures.delay_ms(1),
    }


def _report(results: dict[str, Any]) -> str:
    lines = [
        f"{results['pairs']} pairs, {results['window']} in flight each; {results['machine']}",
        "every message acknowledged after its commit, and verified: once, in order, none missing",
    ]
    for name, values in results.items():
        if isinstance(values, dict) and "per_second" in values:
            lines.append(
                f"{name}: {values['per_second']:.0f} acknowledged and delivered messages/s, "
                f"p50 {values['p50_ms']:.2f} ms, p99 {values['p99_ms']:.2f} ms, "
                f"longest {values['longest_ms']:.1f} ms"
            )
            if values.get("processor_us_each"):
                lines.append(f"    {values['processor_us_each']:.0f} µs of processor a message")
    if memory := results["memory_mb"]:
        lines.append(
            "memory of the daemon (RSS): "
            + ", ".join(f"{value} MB {when}" for when, value in memory.items())
        )
    for name, peer_results in results.get("peers", {}).items():
        lines.append(_report_peer(name, results, peer_results))
    return "\n".join(lines)


def _compared(results: dict[str, Any], earlier: dict[str, Any]) -> str:
    """Each figure that both have, as a ratio to the earlier one."""
    lines = []
    for name, values in results.items():
        if isinstance(values, dict) and isinstance(earlier.get(name), dict):
            ratios = [
                f"{what} × {value / earlier[name][what]:.2f}"
                for what, value in values.items()
                if isinstance(value, int | float) and earlier[name].get(what)
            ]
            lines.append(f"{name}, now to then: {', '.join(ratios)}")
    return "\n".join(lines)


def _report_peer(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    most, paced = theirs["all it takes"], next(v for k, v in theirs.items() if k.startswith("at "))
    ratio = ours["all it takes"]["per_second"] / most["per_second"]
    return (
        f"{name}: {most['per_second']:.0f} messages/s, p50 {paced['p50_ms']:.2f} ms, "
        f"p99 {paced['p99_ms']:.2f} ms at the same rate; the daemon has {ratio:.2f} times as many"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Pairs of users send privately; prints messages a second, delays and memory. "
        "Starts a daemon of its own with an empty database, unless --tcp and --websocket name one.",
        epilog="Options after -- go to the daemon: ./dev bench -- --durability=relaxed",
    )
    parser.add_argument("--pairs", type=int, default=50, help="pairs of users [50]")
    parser.add_argument("--window", type=int, default=8, help="messages in flight per pair [8]")
    parser.add_argument("--seconds", type=float, default=10, help="length of each part [10]")
    parser.add_argument("--rate", type=float, default=500, help="messages/s of the 2nd part [500]")
    parser.add_argument("--folder", type=Path, help="where the daemon's database is put")
    parser.add_argument("--tcp", type=_address, help="HOST:PORT of a running daemon's line port")
    parser.add_argument("--websocket", type=_address, help="HOST:PORT of its WebSocket port")
    parser.add_argument("--pid", type=int, help="its process, to read its memory")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, metavar="NAME",
        help="also small relays that only store and pass on, in the same run: "
        f"{', '.join(PEERS)} [all]",
    )  # fmt: skip
    parser.add_argument("--compare", type=Path, metavar="FILE", help="ratios to an earlier --json")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument("daemon", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.peers = list(PEERS) if options.peers == [] else options.peers or []
    if (options.tcp is None) != (options.websocket is None):
        parser.error("--tcp and --websocket belong together")
    if min(options.pairs, options.window, options.seconds, options.rate) <= 0:
        parser.error("--pairs, --window, --seconds and --rate must be more than 0")
    return options


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", int(port)


@contextlib.contextmanager
def _server(options: argparse.Namespace) -> Iterator[Server]:
    if options.tcp is not None:
        yield Server(options.tcp, options.websocket, options.pid)
        return
    with own_server(options.daemon, options.folder) as server:
        yield server


if __name__ == "__main__":
    main()
