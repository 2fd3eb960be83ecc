"""What was measured, for people and for programs."""

from __future__ import annotations

import argparse
import json
import platform
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruggine.bench.figures import BUSY, KEPT, Results, Spread
from ruggine.bench.plan import Plan

_OF_THE_LOAD = ("load_us_each", "load_processor_share", "load_per_second", "rate_kept")
"""Figures that say nothing of the daemon."""

_HEAD = 2
"""Lines of a table before its rows."""


def described(results: Results, plan: Plan) -> dict[str, Any]:
    """Everything that a later --compare needs."""
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}",
        "runs": plan.runs,
        "figures": results,
    }


def earlier(file: Path) -> Results:
    """The figures of an earlier --json. Raises SystemExit where there are none."""
    try:
        figures: Results = json.loads(file.read_text("utf-8"))["figures"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SystemExit(f"bench: --compare {file}: not a result of --json: {error}") from None
    return figures


def told(results: dict[str, Any], options: argparse.Namespace, before: Results | None) -> str:
    """As it was asked for; also writes the file of --json."""
    text = json.dumps(results, indent=2, ensure_ascii=False)
    if options.json == Path("-"):
        return text
    if options.json is not None:
        options.json.write_text(f"{text}\n", "utf-8")
    return "\n".join(_lines(results, before))


def _lines(results: dict[str, Any], before: Results | None) -> Iterator[str]:
    figures: Results = results["figures"]
    yield f"medians (lowest to highest) of runs: {results['runs']}; {results['machine']}"
    yield "every message acknowledged after its commit, and verified: once, in order, none missing"
    for name, values in figures.items():
        yield f"\n{name}"
        yield from (f"    {what:<26}{_spread(spread)}" for what, spread in values.items())
        yield from (f"    {sentence}" for sentence in _limits_of_the_load(values))
    yield from (f"\n{sentence}" for sentence in results.get("not measured", []))
    if peers := results.get("peers"):
        yield "\nthe daemon and the relays, and how many times as much the daemon has"
        yield from _beside(figures, peers)
    if before is not None:
        rows = list(_beside(figures, {"then": before}, load=True))
        yield "\nnow and then" + ("" if len(rows) > _HEAD else ": there is nothing that both have")
        yield from rows if len(rows) > _HEAD else []


def _spread(spread: Spread) -> str:
    median, lowest, highest = (_number(spread[at]) for at in ("median", "lowest", "highest"))
    return f"{median:>10}" if lowest == highest else f"{median:>10}  ({lowest} to {highest})"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _limits_of_the_load(values: dict[str, Spread]) -> Iterator[str]:
    if values.get("load_processor_share", {}).get("highest", 0) > BUSY:
        yield "the load itself was the limit: the daemon can do more"
    if values.get("rate_kept", {}).get("lowest", 1) < KEPT:
        yield "the load could not keep its rate: the delays are of fewer messages than was asked"


def _beside(ours: Results, theirs: dict[str, Results], *, load: bool = False) -> Iterator[str]:
    """A table with a row for each figure that somebody else has too."""
    yield f"| | | the daemon |{''.join(f' {name} | ratio |' for name in theirs)}"
    yield "|---" * (3 + 2 * len(theirs)) + "|"
    for name, values in ours.items():
        for what, spread in values.items():
            others = [other.get(name, {}).get(what) for other in theirs.values()]
            if any(others) and (load or what not in _OF_THE_LOAD):
                cells = "".join(_cells(spread, other) for other in others)
                yield f"| {name} | {what} | {_number(spread['median'])} |{cells}"


def _cells(spread: Spread, other: Spread | None) -> str:
    if other is None:
        return " | |"
    ratio = f"{spread['median'] / other['median']:.2f}" if other["median"] else ""
    return f" {_number(other['median'])} | {ratio} |"
