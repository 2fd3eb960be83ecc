"""Where the window was, brought back onto the screens that there are now."""

from __future__ import annotations

import re
import tkinter as tk

_GEOMETRY = re.compile(r"(\d+)x(\d+)([+-])(-?\d+)([+-])(-?\d+)")


def place(window: tk.Tk, geometry: str) -> None:
    """Put the window where `geometry` (WxH+X+Y, as Tk writes it) says, as far as that is on a
    screen."""
    left, top = window.winfo_vrootx(), window.winfo_vrooty()
    width = window.winfo_vrootwidth() or window.winfo_screenwidth()
    height = window.winfo_vrootheight() or window.winfo_screenheight()
    window.geometry(on_screen(geometry, left, top, width, height))


def on_screen(geometry: str, left: int, top: int, width: int, height: int) -> str:
    """The geometry within these pixels: moved where it can be, made smaller where it must be."""
    found = _GEOMETRY.fullmatch(geometry)
    if found is None:
        return geometry
    wide, high = min(int(found[1]), width), min(int(found[2]), height)
    x = int(found[4]) if found[3] == "+" else left + width - wide - int(found[4])
    y = int(found[6]) if found[5] == "+" else top + height - high - int(found[6])
    x = min(max(x, left), left + width - wide)
    y = min(max(y, top), top + height - high)
    return f"{wide}x{high}+{x}+{y}"
