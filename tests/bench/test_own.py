"""`./dev bench` and its sisters measure real daemons; what they find is no matter."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruggine.bench.figures import spreads

ROOT = Path(__file__).parent.parent.parent
SMALL = ("--pairs=2", "--seconds=0.3", "--runs=1", "--quiet", "--groups=5",
         "--connections=30", "--clients=40", "--flooders=2", "--talkers=1", "--slow=2",
         "--megabytes=10")  # fmt: skip


def run(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT, capture_output=True, encoding="utf-8", timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def medians(text: str) -> dict[str, dict[str, float]]:
    return {
        name: {what: spread["median"] for what, spread in values.items()}
        for name, values in json.loads(text)["figures"].items()
    }


def test_it_measures_every_part_of_a_daemon_of_its_own(tmp_path: Path) -> None:
    plot, now, then = (tmp_path / name for name in ("all.svg", "now.json", "then.json"))
    then.write_text(
        json.dumps({"figures": {"private": spreads([{"messages_per_second": 1}])}}), "utf-8"
    )
    text = run(
        "benchmarks", *SMALL, "--rate=100", f"--plot={plot}", f"--json={now}",
        f"--compare={then}", "--", "--durability=relaxed",
    )  # fmt: skip
    found = medians(now.read_text("utf-8"))
    assert list(found) == [
        "private", "group of 5", "at 100 a second", "under load", "30 connections",
        "connect storm", "flood", "slow readers",
    ]  # fmt: skip
    assert found["group of 5"]["deliveries_per_second"] > 0
    assert found["at 100 a second"]["p50_ms"] > 0
    assert found["30 connections"]["memory_mb"] > 0
    assert found["flood"]["refused_per_second"] > 0
    assert found["slow readers"]["closed_as_too_slow"] == 2
    assert re.search(r"^\| private \| messages_per_second \| \d+ \| 1 \| \d+", text, re.M)
    assert plot.read_text("utf-8").rstrip().endswith("</svg>")


def test_it_measures_a_peer_in_the_same_run() -> None:
    text = run("benchmarks", "throughput", *SMALL, "--peers", "asyncio")
    assert "| asyncio | ratio |" in text
    for name in ("private", "group of 5"):
        assert f"| {name} | messages_per_second |" in text


def test_options_of_the_daemon_come_last() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "memory", *SMALL, "--", "--durability=never"],
        cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "choose one of full, relaxed" in done.stderr


def test_it_measures_and_plots_growth(tmp_path: Path) -> None:
    text = run(
        "benchmarks.growth", "--json", "--quiet", "--idle", "0", "5", "--stored", "10", "200",
        "--members", "2", "5", "--pairs=2", "--rounds=1", "--seconds=0.3",
        "--plot", str(tmp_path / "growth.svg"),
    )  # fmt: skip
    results: dict[str, Any] = json.loads(text)
    assert [list(figures) for figures in results.values()] == [
        ["0", "5"],
        ["10", "200"],
        ["2", "5"],
    ]
    for figures in results.values():
        assert all(values["processor_us_each"] > 0 for values in figures.values())
    assert (tmp_path / "growth.svg").read_text("utf-8").rstrip().endswith("</svg>")


def test_it_measures_a_storm_of_those_who_come_back() -> None:
    text = run("benchmarks.storm", "--clients=12", "--connections=3", "--missed=2", "--json")
    results = json.loads(text)
    assert results["missed_entries"] == 48
    assert results["pair_before"]["p50_ms"] > 0


def test_it_measures_marks() -> None:
    text = run("benchmarks.marks", "--members=6", "--rate=20", "--seconds=0.5", "--json")
    results = json.loads(text)
    assert results["marks"] >= 6
    assert results["pair_during"]["p50_ms"] > 0


def test_it_measures_searching() -> None:
    results = json.loads(run("benchmarks.search", "--messages=300"))
    assert results["a rare word"]["median"] > 0
