"""A line of text beside the pointer."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

DELAY_MS = 500
_APART = 14


class Tooltip:
    """Shows what `text_at` says of the place under the pointer, once it rests there.

    `text_at` gets the place in pixels of the widget; an empty text shows nothing.
    """

    def __init__(self, widget: tk.Misc, text_at: Callable[[int, int], str]) -> None:
        self._widget = widget
        self._text_at = text_at
        self._due: str | None = None
        self._window: tk.Toplevel | None = None
        widget.bind("<Motion>", self._on_motion, add="+")
        for sequence in ("<Leave>", "<ButtonPress>", "<KeyPress>", "<MouseWheel>", "<Destroy>"):
            widget.bind(sequence, self._hide, add="+")

    def _on_motion(self, event: tk.Event[tk.Misc]) -> None:
        self._hide()
        self._due = self._widget.after(
            DELAY_MS, self._show, event.x, event.y, event.x_root, event.y_root
        )

    def _hide(self, _event: object = None) -> None:
        if self._due is not None:
            self._widget.after_cancel(self._due)
            self._due = None
        if self._window is not None:
            self._window.destroy()
            self._window = None

    def _show(self, x: int, y: int, x_root: int, y_root: int) -> None:
        self._due = None
        text = self._text_at(x, y)
        if not text:
            return
        window = self._window = tk.Toplevel(self._widget)
        window.withdraw()
        window.overrideredirect(True)
        label = ttk.Label(window, text=text, style="Tooltip.TLabel", wraplength=420)
        label.pack()
        window.update_idletasks()
        x_at = min(x_root, window.winfo_screenwidth() - window.winfo_reqwidth() - 4)
        window.geometry(f"+{max(x_at, 0)}+{y_root + _APART}")
        window.deiconify()
        window.lift()
