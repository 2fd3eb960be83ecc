"""Pointing the taskbar at the window."""

from __future__ import annotations

import contextlib
import sys
import tkinter as tk


def urge(root: tk.Tk) -> None:
    """Windows flashes the button, macOS lets the icon jump. Tk has no means for that on X11: there
    the count in the title has to do."""
    if sys.platform == "win32":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.windll.user32.FlashWindow(int(root.wm_frame(), 16), True)
    elif sys.platform == "darwin":
        with contextlib.suppress(tk.TclError):
            root.wm_attributes("-notify", True)
