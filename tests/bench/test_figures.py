"""Figures of several runs, told, compared and drawn."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ruggine.bench import plot, report
from ruggine.bench.figures import Results, Stretch, spreads
from ruggine.bench.plan import Plan


def results(**figures: float) -> Results:
    return {"private": spreads([figures])}


def options(json: Path | None = None) -> argparse.Namespace:
    return argparse.Namespace(json=json)


def told(of: Results, before: Results | None = None) -> str:
    return report.told(report.described(of, Plan()), options(), before)


def test_the_median_counts_and_the_lowest_and_highest_are_kept() -> None:
    runs = [{"p50_ms": value} for value in (5.0, 1.0, 3.0)]
    assert spreads(runs) == {"p50_ms": {"median": 3, "lowest": 1, "highest": 5}}


def test_delays_of_a_time_are_those_of_messages_sent_then() -> None:
    stretch = Stretch(3, 1, 0, [(1.0, 10.0), (2.0, 20.0), (3.0, 40.0)])
    assert stretch.delay_figures(1.5, 3.5) == {"p50_ms": 40, "p99_ms": 40, "longest_ms": 40}
    assert stretch.delay_figures(until=1.5)["longest_ms"] == 10
    assert stretch.delay_figures(since=9)["p50_ms"] == 0


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ({"load_processor_share": 0.95}, "the load itself was the limit"),
        ({"rate_kept": 0.9}, "the load could not keep its rate"),
    ],
)
def test_it_says_when_the_load_was_the_limit(figures: dict[str, float], sentence: str) -> None:
    assert sentence in told(results(**figures))
    assert sentence not in told(results(load_processor_share=0.5, rate_kept=1.0))


def test_each_figure_that_both_have_is_compared() -> None:
    text = told(results(p50_ms=3.0, p99_ms=4.0), results(p50_ms=2.0, longest_ms=1.0))
    assert "| private | p50_ms | 3 | 2 | 1.50 |" in text
    assert "| private | p99_ms" not in text


def test_where_nothing_can_be_compared_it_says_so() -> None:
    assert "nothing that both have" in told(results(p50_ms=3.0), {})


def test_a_json_file_is_what_can_be_compared_with(tmp_path: Path) -> None:
    file = tmp_path / "then.json"
    described = report.described(results(p50_ms=3.0), Plan())
    assert "p50_ms" in report.told(described, options(file), None)
    assert report.earlier(file) == results(p50_ms=3.0)
    assert json.loads(report.told(described, options(Path("-")), None)) == described


@pytest.mark.parametrize("content", [None, "", "{}", "[]"])
def test_what_cannot_be_compared_with_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "then.json"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(SystemExit, match="--compare"):
        report.earlier(file)


def test_a_plot_is_svg_or_png(tmp_path: Path) -> None:
    figures = results(p50_ms=3.0, messages_per_second=5.0)
    plot.draw({"the daemon": figures, "node": figures}, tmp_path / "a.svg")
    plot.draw({"the daemon": figures}, tmp_path / "a.png")
    assert (tmp_path / "a.svg").read_text("utf-8").rstrip().endswith("</svg>")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(SystemExit, match=r"ends in \.svg or \.png"):
        plot.check(Path("a.txt"))
