"""Sharp text on screens with many pixels."""

from __future__ import annotations

import contextlib
import os
import sys
import tkinter as tk

_PER_POINT = 1 / 72


def aware() -> None:
    """Tell Windows that we scale ourselves, or it stretches the window. Before `tk.Tk()`."""
    if sys.platform == "win32":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.windll.shcore.SetProcessDpiAwareness(1)


def scale(root: tk.Misc) -> None:
    """RUGGINE_SCALE=1.5 draws everything half as large again, where the desktop says nothing."""
    with contextlib.suppress(ValueError):
        wanted = float(os.environ.get("RUGGINE_SCALE", ""))
        if 0.5 <= wanted <= 4:
            root.tk.call("tk", "scaling", 96 * _PER_POINT * wanted)
