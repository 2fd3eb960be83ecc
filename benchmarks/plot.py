"""What was measured, drawn: SVG or PNG, by the name of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot  # after the choice of what draws

_LINE = "#b7410e"


def growth(results: Mapping[str, Mapping[str, Mapping[str, float]]], file: Path) -> None:
    """One panel for each sweep: the processor time of a message by how many there are."""
    figure, panels = pyplot.subplots(1, len(results), figsize=(4 * len(results), 3.2))
    for panel, (what, figures) in zip(panels, results.items(), strict=True):
        counts = [int(count) for count in figures]
        costs = [values["processor_us_each"] for values in figures.values()]
        panel.plot(counts, costs, marker="o", color=_LINE)
        panel.set_xscale("symlog" if 0 in counts else "log")
        panel.set_ylim(0, 1.4 * max(costs))
        panel.set_xlabel(what)
        panel.set_ylabel("µs of processor a " + ("delivery" if "group" in what else "message"))
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    pyplot.close(figure)
