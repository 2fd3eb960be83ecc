"""Private messages through a daemon, several runs of them: measured, reported, compared."""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruggine.bench.private import Figures, Load, register
from ruggine.bench.progress import Bar, Progress, no_progress
from ruggine.bench.server import Server

Person = tuple[str, str]
"""A name and a token."""

_BUSY = 0.9
"""Of a processor: past this the load may have been the limit, and not the daemon."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How to measure, and how to tell of it."""
    parser.add_argument("--pairs", type=_count, default=50, help="pairs of users [50]")
    parser.add_argument("--window", type=_count, default=8, help="messages in flight per pair [8]")
    parser.add_argument("--seconds", type=_positive, default=10, help="length of each part [10]")
    parser.add_argument(
        "--rate", type=_positive, default=500, help="messages/s of the second part [500]"
    )
    parser.add_argument("--runs", type=_count, default=3, help="of which the medians count [3]")
    parser.add_argument("--pid", type=_count, help="the daemon's process, to read its memory")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="ratios to an earlier --json")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, or a port of this machine. Raises ValueError."""
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", int(port)


@contextlib.contextmanager
def progress_bar(options: argparse.Namespace) -> Iterator[Progress]:
    """For who waits at a terminal."""
    if options.quiet or not sys.stderr.isatty():
        yield no_progress
        return
    bar = Bar()
    yield bar
    bar.clear()


def measure(server: Server, options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """All that is measured, as plain values. Raises SystemExit if a message went astray."""
    people = register(server, 2 * options.pairs, progress)
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}",
        "pairs": options.pairs,
        "window": options.window,
        "runs": options.runs,
        **measure_pairs(server, people, options, progress),
    }


def measure_pairs(
    server: Server, people: list[Person], options: argparse.Namespace, progress: Progress
) -> dict[str, Any]:
    """The medians of some runs, with people who are known there."""
    idle = server.memory_mb()
    most, paced = [], []
    for _ in range(options.runs):
        with contextlib.closing(Load(server, people)) as load:
            before_s, own_s = server.processor_s(), time.process_time()
            figures = load.windowed(options.seconds, options.window, progress)
            most.append(
                _values(figures)
                | {
                    "processor_us_each": (server.processor_s() - before_s) / figures.messages * 1e6,
                    "load_processor_share": (time.process_time() - own_s) / figures.seconds,
                }
            )
        with contextlib.closing(Load(server, people)) as load:
            paced.append(_values(load.at_rate(options.seconds, options.rate, progress)))
    return {
        "all it takes": _medians(most),
        f"at {options.rate:g} a second": _medians(paced),
        "memory_mb": {"connected": idle["now"], **server.memory_mb()} if idle else {},
    }


def _medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _values(figures: Figures) -> dict[str, float]:
    return {
        "messages": figures.messages,
        "per_second": figures.per_second,
        "p50_ms": figures.delay_ms(0.5),
        "p99_ms": figures.delay_ms(0.99),
        "longest_ms": figures.delay_ms(1),
    }


def told(results: dict[str, Any], options: argparse.Namespace) -> str:
    """As it was asked for."""
    if options.json:
        return json.dumps(results, indent=2)
    if options.compare is None:
        return report(results)
    return f"{report(results)}\n{_compared(results, json.loads(options.compare.read_text()))}"


def report(results: dict[str, Any]) -> str:
    lines = [
        f"{results['pairs']} pairs, {results['window']} in flight each, "
        f"medians of runs: {results['runs']}; {results['machine']}",
        "every message acknowledged after its commit, and verified: once, in order, none missing",
    ]
    for name, values in results.items():
        if isinstance(values, dict) and "per_second" in values:
            lines += _report_part(name, values)
    if memory := results["memory_mb"]:
        lines.append(
            "memory of the daemon (RSS): "
            + ", ".join(f"{value} MB {when}" for when, value in memory.items())
        )
    for name, theirs in results.get("peers", {}).items():
        lines.append(_report_peer(name, results, theirs))
    return "\n".join(lines)


def _report_part(name: str, values: dict[str, float]) -> Iterator[str]:
    yield (
        f"{name}: {values['per_second']:.0f} acknowledged and delivered messages/s, "
        f"p50 {values['p50_ms']:.2f} ms, p99 {values['p99_ms']:.2f} ms, "
        f"longest {values['longest_ms']:.1f} ms"
    )
    if values.get("processor_us_each"):
        yield f"    {values['processor_us_each']:.0f} µs of processor a message"
    if values.get("load_processor_share", 0) > _BUSY:
        yield "    the load itself was the limit: the daemon can do more"


def _report_peer(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    most, paced = theirs["all it takes"], next(v for k, v in theirs.items() if k.startswith("at "))
    ratio = ours["all it takes"]["per_second"] / most["per_second"]
    return (
        f"{name}: {most['per_second']:.0f} messages/s, p50 {paced['p50_ms']:.2f} ms, "
        f"p99 {paced['p99_ms']:.2f} ms at the same rate; the daemon has {ratio:.2f} times as many"
    )


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


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("give a whole number from 1")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("give a number over 0")
    return value
