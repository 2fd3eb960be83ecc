"""What was measured, drawn: SVG or PNG, by the name of the file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruggine.bench.figures import Results

COLOURS = ("#b7410e", "#4b6b8a", "#8a8a4b")
_COLUMNS = 3
_ROOM = 0.8
"""Of a row, for the bars of all who were measured."""


@dataclass(frozen=True)
class _Drawing:
    """A panel. `without` leaves out what has that figure too."""

    figure: str
    label: str
    without: str = ""
    scale: str = "linear"


_DRAWINGS = (
    _Drawing("messages_per_second", "messages/s", without="deliveries_per_second"),
    _Drawing("deliveries_per_second", "deliveries/s"),
    _Drawing("kib_each", "KiB a connection"),
    # Not of the throughput, whose delays are the length of the queue.
    _Drawing("p50_ms", "delay of half the messages at most, ms", "messages_per_second", "log"),
    _Drawing("p99_ms", "delay of 99 % at most, ms", "messages_per_second", "log"),
    _Drawing("connected_per_second", "connected and authenticated/s"),
)


def check(file: Path | None) -> None:
    """Before anything is measured. Raises SystemExit unless this can be drawn."""
    if file is None:
        return
    if file.suffix not in (".svg", ".png"):
        raise SystemExit(f"bench: --plot {file}: give a name that ends in .svg or .png")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise SystemExit(
            "bench: --plot needs matplotlib: pip install 'ruggine[bench]' "
            "(in a checkout .venv/bin/pip install matplotlib)"
        ) from None


def draw(who: dict[str, Results], file: Path) -> None:
    """A panel for each figure that was measured; bars beside each other for the daemon and others,
    with a line from the lowest to the highest run."""
    drawn = [drawing for drawing in _DRAWINGS if _rows(who, drawing)]
    with panels(len(drawn), file) as axes:
        for panel, drawing in zip(axes, drawn, strict=True):
            _panel(panel, who, drawing)
            panel.set_xlabel(drawing.label)
        if len(who) > 1:
            handles, names = axes[0].get_legend_handles_labels()
            axes[0].figure.legend(handles, names, loc="outside upper center", ncols=len(who))


@contextlib.contextmanager
def panels(count: int, file: Path) -> Iterator[list[Any]]:
    """So many, three beside each other, which are written to the file in the end."""
    import matplotlib as mpl

    mpl.use(file.suffix[1:].replace("png", "agg"))
    from matplotlib import pyplot  # after the choice of what draws

    columns, rows = min(count, _COLUMNS), -(-count // _COLUMNS)
    size = (4.2 * columns, 3.2 * rows)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for panel in axes.flat:
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in axes.flat[count:]:
        panel.set_visible(False)
    yield list(axes.flat[:count])
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    pyplot.close(figure)


def _rows(who: dict[str, Results], drawing: _Drawing) -> list[str]:
    """What was measured that is drawn there."""
    ours = next(iter(who.values()))
    return [
        name
        for name, values in ours.items()
        if drawing.figure in values and drawing.without not in values
    ]


def _panel(panel: Any, who: dict[str, Results], drawing: _Drawing) -> None:
    rows, height = _rows(who, drawing), _ROOM / len(who)
    of_row = [[name for name in who if drawing.figure in who[name].get(row, {})] for row in rows]
    for number, (name, results) in enumerate(who.items()):
        there = [(at, row) for at, row in enumerate(rows) if name in of_row[at]]
        spreads = [results[row][drawing.figure] for _, row in there]
        bars = panel.barh(
            [at + (of_row[at].index(name) - (len(of_row[at]) - 1) / 2) * height for at, _ in there],
            [spread["median"] for spread in spreads],
            height,
            xerr=[
                [spread["median"] - spread["lowest"] for spread in spreads],
                [spread["highest"] - spread["median"] for spread in spreads],
            ],
            color=COLOURS[number],
            label=name,
        )
        panel.bar_label(bars, [_short(spread["median"]) for spread in spreads], padding=3)
    panel.set_yticks(range(len(rows)), rows)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xscale(drawing.scale)
    panel.margins(x=0.25)
    panel.tick_params(axis="x", labelsize="small")
    panel.xaxis.set_major_formatter(lambda value, _: _short(value))
    if drawing.scale == "linear":
        panel.locator_params(axis="x", nbins=5)


def _short(value: float) -> str:
    for size, letter in ((1_000_000, "M"), (1000, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
