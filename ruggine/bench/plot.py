"""What was measured, drawn: SVG or PNG, by the name of the file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruggine.bench.figures import Results

COLOURS = ("#b7410e", "#4b6b8a", "#8a8a4b")
_DRAWN = (
    ("messages_per_second", "messages/s"),
    ("deliveries_per_second", "deliveries/s"),
    ("p50_ms", "delay, p50, ms"),
    ("p99_ms", "delay, p99, ms"),
    ("kib_each", "KiB a connection"),
)
_BESIDE = 0.8
"""Of the room of a row, for the bars of all who were measured."""


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
    drawn = [(figure, label) for figure, label in _DRAWN if _rows(who, figure)]
    with panels(len(drawn), file) as axes:
        for panel, (figure, label) in zip(axes, drawn, strict=True):
            _panel(panel, who, figure)
            panel.set_xlabel(label)
        if len(who) > 1:
            axes[0].legend()


@contextlib.contextmanager
def panels(count: int, file: Path) -> Iterator[list[Any]]:
    """So many, beside each other, which are written to the file in the end."""
    import matplotlib as mpl

    mpl.use(file.suffix[1:].replace("png", "agg"))
    from matplotlib import pyplot  # after the choice of what draws

    figure, axes = pyplot.subplots(1, count, figsize=(4 * count, 3.2), squeeze=False)
    for panel in axes[0]:
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    yield list(axes[0])
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    pyplot.close(figure)


def _rows(who: dict[str, Results], figure: str) -> list[str]:
    """What was measured that has this figure."""
    ours = next(iter(who.values()))
    return [name for name, values in ours.items() if figure in values]


def _panel(panel: Any, who: dict[str, Results], figure: str) -> None:
    rows, height = _rows(who, figure), _BESIDE / len(who)
    for number, (name, results) in enumerate(who.items()):
        there = [row for row in rows if figure in results.get(row, {})]
        spreads = [results[row][figure] for row in there]
        panel.barh(
            [rows.index(row) + number * height for row in there],
            [spread["median"] for spread in spreads],
            height,
            xerr=[
                [spread["median"] - spread["lowest"] for spread in spreads],
                [spread["highest"] - spread["median"] for spread in spreads],
            ],
            color=COLOURS[number],
            label=name,
        )
    panel.set_yticks([i + _BESIDE / 2 - height / 2 for i in range(len(rows))], rows)
    panel.invert_yaxis()
