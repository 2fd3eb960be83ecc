"""The colours: everything that is written can be read."""

from __future__ import annotations

import pytest

from client_tk.ui.palette import (
    BEHIND_SHAPES,
    BEHIND_TEXT,
    LIGHT,
    PALETTES,
    Palette,
    contrast_ratio,
    pairs,
)
from client_tk.ui.transcript_text import SENDERS


def test_contrast_of_black_on_white_is_21() -> None:
    """The two ends of the scale, and a value from the definition."""
    assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast_ratio("#123456", "#123456") == pytest.approx(1)
    assert contrast_ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", PALETTES)
def test_text_can_be_read(name: str) -> None:
    """Each colour of text has a contrast of 4.5 with all that it is written on."""
    faint = [
        (what, round(contrast_ratio(front, ground), 2))
        for what, front, ground in pairs(PALETTES[name], BEHIND_TEXT)
        if contrast_ratio(front, ground) < 4.5
    ]
    assert not faint


@pytest.mark.parametrize("name", PALETTES)
def test_rings_and_marks_can_be_seen(name: str) -> None:
    """Focus, presence and the edges of fields have a contrast of 3."""
    faint = [
        what
        for what, front, ground in pairs(PALETTES[name], BEHIND_SHAPES)
        if contrast_ratio(front, ground) < 3
    ]
    assert not faint


def test_high_contrast_is_higher() -> None:
    """Its text has at least 7."""
    p = PALETTES["contrast"]
    assert min(contrast_ratio(p.text, g) for g in (p.background, p.own, p.surface, p.current)) >= 7


def test_there_is_a_colour_for_each_number() -> None:
    """As many as the transcript deals out."""
    for palette in PALETTES.values():
        assert len(set(palette.senders)) == SENDERS


def test_colours_are_written_in_full() -> None:
    """As "#rrggbb": the icons take them apart."""
    for palette in PALETTES.values():
        for field in Palette.__struct_fields__:
            value = getattr(palette, field)
            for colour in value if isinstance(value, tuple) else (value,):
                assert len(colour) == 7
                assert int(colour[1:], 16) >= 0
    assert LIGHT.background == "#ffffff"
