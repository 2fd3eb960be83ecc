"""`./dev faults`: play faults against real daemons, and have the checker say what came of it.

Each experiment prints one line and writes a JSON summary with its seed; the same seed plays the
same schedule. The exit status is not 0 if a promise was broken, or if anything was skipped in a
release run.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm
from twisted.internet import reactor, task
from twisted.internet.defer import Deferred

from ruggine import __version__, terminal
from ruggine.clock import keep_timers_steady
from tests.faults.experiments import EXPERIMENTS, NEEDS, fresh
from tests.faults.sizes import PER_ROUND, SIZES
from tests.faults.stage import Stage, Verdict

CANARY = "power-cut-relaxed"
"""The one experiment that must lose something, or the others prove nothing."""


@terminal.output()
def main() -> None:
    arguments = _arguments()
    keep_timers_steady(reactor)
    task.react(lambda _: Deferred.fromCoroutine(_run(reactor, arguments)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__.split("\n\n")[0])
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help=", ".join(EXPERIMENTS))
    parser.add_argument("--size", choices=SIZES, default="ci", help="how many faults [ci]")
    parser.add_argument("--seed", type=int, help="play the schedule of an earlier run")
    parser.add_argument("--count", type=int, help="so many faults, whatever the size says")
    parser.add_argument("--sabotage", default="", help="with one of the bugs of saboteur.py")
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="where summaries go [results]"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.experiments) - set(EXPERIMENTS)
    if unknown:
        parser.error(f"there is no experiment {', '.join(sorted(unknown))}")
    arguments.experiments = arguments.experiments or list(EXPERIMENTS)
    arguments.seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    return arguments


async def _run(reactor: Any, arguments: argparse.Namespace) -> None:
    failed = False
    for name in arguments.experiments:
        summary = await _experiment(reactor, name, arguments)
        arguments.results.mkdir(parents=True, exist_ok=True)
        path = arguments.results / f"{name}-{arguments.size}-{arguments.seed}.json"
        path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(_line(name, summary), flush=True)
        failed = failed or summary["verdict"] == "broken"
        failed = failed or (summary["verdict"] == "skipped" and arguments.size == "release")
    if failed:
        raise SystemExit(1)


async def _experiment(reactor: Any, name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "experiment": name,
        "size": arguments.size,
        "seed": arguments.seed,
        "ruggine": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    reason = NEEDS[name]()
    if reason:
        return {**summary, "verdict": "skipped", "reason": reason}
    count = arguments.count or SIZES[arguments.size][name]
    begun = time.monotonic()
    verdict = Verdict()
    with _bar(name, count) as progress:
        for number, faults in enumerate(_rounds(count)):
            verdict.add(
                await _round(reactor, name, arguments, arguments.seed + number, faults, progress)
            )
    return {
        **summary,
        "verdict": _word(name, verdict),
        "seconds": round(time.monotonic() - begun, 1),
        "counts": dict(sorted(verdict.counts.items())),
        "p99_ms": verdict.p99_ms,
        "latest_s": verdict.latest_s,
        "violations": verdict.violations,
        "schedule": verdict.schedule,
    }


async def _round(
    reactor: Any, name: str, arguments: argparse.Namespace, seed: int, faults: int, progress: Any
) -> Verdict:
    """A round that goes wrong leaves its folder behind, to be looked at."""
    folder = fresh(Path(tempfile.mkdtemp(prefix=f"ruggine-{name}-")))
    stage = Stage(reactor, folder, seed, faults, progress, arguments.sabotage)
    try:
        verdict = await EXPERIMENTS[name](stage)
    except Exception as error:
        verdict = stage.verdict
        verdict.violations.append({"name": "stopped", "text": f"{error!r} in {folder}"})
        for node in stage.nodes:
            await node.kill()
    if not verdict.violations:
        fresh(folder).rmdir()
    return verdict


def _rounds(count: int) -> Iterator[int]:
    """So that neither a history nor a database outgrows the machine."""
    while count > 0:
        yield min(count, PER_ROUND)
        count -= PER_ROUND


def _word(name: str, verdict: Verdict) -> str:
    if name != CANARY:
        return "broken" if verdict.violations else "kept"
    lost = [v for v in verdict.violations if v["name"] in ("lost", "acknowledged elsewhere")]
    return "lost, as it must" if lost else "broken"


def _line(name: str, summary: dict[str, Any]) -> str:
    if summary["verdict"] == "skipped":
        return f"{name}: SKIPPED, {summary['reason']}"
    counts = summary["counts"]
    faults = sum(n for kind, n in counts.items() if kind.startswith("fault: "))
    names = sorted({violation["name"] for violation in summary["violations"]})
    said = f" ({', '.join(names)}: {summary['violations'][0]['text']})" if names else ""
    return (
        f"{name}: {summary['verdict']}{said}; seed {summary['seed']}, {faults} faults, "
        f"{counts.get('Acknowledged', 0)} acknowledged, {counts.get('Received', 0)} delivered, "
        f"p99 {summary['p99_ms']} ms, {summary['seconds']} s"
    )


@contextmanager
def _bar(name: str, count: int) -> Iterator[Any]:
    with tqdm(total=count, desc=name, unit="fault", leave=False, disable=None) as bar:
        yield lambda done: bar.update()


if __name__ == "__main__":
    sys.exit(main())
