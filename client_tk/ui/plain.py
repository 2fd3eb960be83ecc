"""Text that others have written, made fit for one line of a label or a list."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_TURNING = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Invisible characters: some turn the direction of what stands beside them."""


def one_line(text: str, at_most: int = 100) -> str:
    """One line without invisible characters, cut with an ellipsis where it is too long.

    X11 cannot draw what is wider than 32767 pixels, so nothing unbounded may reach a widget.
    """
    text = _TURNING.sub("", _CONTROL.sub("", text[: 8 * at_most]))
    line = " ".join(text.split())
    return line if len(line) <= at_most else line[: at_most - 1].rstrip() + "…"
