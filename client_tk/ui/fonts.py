"""The fonts of the program: named ones, so that a zoom reaches every widget at once."""

from __future__ import annotations

import tkinter as tk
from tkinter import font
from typing import Any

SMALLEST, LARGEST = 80, 250
"""Zoom, in per cent."""

_SIZES = {"Body": 1.0, "Bold": 1.0, "Italic": 1.0, "Small": 0.86, "Title": 1.25, "Mono": 1.0}
_MOST_WIDTHS = 5000
_STANDARD = ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkTooltipFont")


class Fonts:
    """Named fonts `Body`, `Bold`, `Italic`, `Small`, `Title` and `Mono`, derived from Tk's own.

    Tk's named fonts follow the zoom too, for the menus and dialogs that use them.
    """

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        standard = font.nametofont("TkDefaultFont", root)
        self._family = str(standard.actual("family"))
        self._base = _points(root, int(standard.actual("size")))
        self._mono = str(font.nametofont("TkFixedFont", root).actual("family"))
        self._fonts = {name: self._create(name) for name in _SIZES}
        self._widths: dict[tuple[str, str], int] = {}
        self.zoom(100)

    def _create(self, name: str) -> font.Font:
        options: dict[str, Any] = {"family": self._mono if name == "Mono" else self._family}
        if name in ("Bold", "Title"):
            options["weight"] = "bold"
        if name == "Italic":
            options["slant"] = "italic"
        exists = name in font.names(self._root)
        made = font.Font(self._root, name=name, exists=exists, **options)
        made.delete_font = False  # the name lives as long as the program does
        return made

    def zoom(self, percent: int) -> None:
        """To so many per cent of the desktop's size, within `SMALLEST` and `LARGEST`."""
        self.percent = min(max(percent, SMALLEST), LARGEST)
        size = self._base * self.percent / 100
        for name, factor in _SIZES.items():
            self._fonts[name].configure(size=max(round(size * factor), 6))
        self._widths.clear()
        for standard in _STANDARD:
            font.nametofont(standard, self._root).configure(size=max(round(size), 6))

    def linespace(self, name: str = "Body") -> int:
        """Pixels from one line to the next."""
        return int(self._fonts[name].metrics("linespace"))

    def measure(self, text: str, name: str = "Body") -> int:
        """The width of a line in pixels."""
        width = self._widths.get((text, name))
        if width is None:
            width = self._fonts[name].measure(text)
            if len(self._widths) >= _MOST_WIDTHS:
                self._widths.clear()
            self._widths[text, name] = width
        return width

    def fit(self, text: str, room: int, name: str = "Body") -> str:
        """The text, cut with an ellipsis where it is wider than so many pixels."""
        if room <= 0:
            return ""
        if self.measure(text, name) <= room:
            return text
        measure = self._fonts[name].measure
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if measure(text[:middle] + "…") <= room:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…"


def _points(root: tk.Misc, size: int) -> float:
    """Tk gives sizes in points, or in pixels below zero."""
    if size > 0:
        return float(size)
    return abs(size) / float(root.tk.call("tk", "scaling")) if size else 10.0
