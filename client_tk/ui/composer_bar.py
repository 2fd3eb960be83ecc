"""The bar above the composer: what is answered or edited, and how to stop that."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from client_tk.model import Row
from client_tk.texts import _
from client_tk.ui.drawable import drawable, one_line
from client_tk.ui.theme import Theme


class Bar(ttk.Frame):
    """Packs itself at the top of its parent while there is something to say."""

    def __init__(self, parent: tk.Misc, theme: Theme, on_close: Callable[[], object]) -> None:
        super().__init__(parent, style="Surface.TFrame")
        self._theme = theme
        strip = ttk.Frame(self, style="Accent.TFrame", width=theme.px(3))
        strip.pack(side="left", fill="y", padx=(2, 10))
        close = ttk.Button(
            self, text="✕", style="Flat.TButton", command=on_close, takefocus=False, width=2
        )
        close.pack(side="right")
        self._title = ttk.Label(self, style="Accent.Surface.TLabel", anchor="w")
        self._title.pack(fill="x")
        self._text = ttk.Label(self, style="Muted.Surface.TLabel", anchor="w")
        self._text.pack(fill="x")

    def show(self, row: Row, name: str, *, editing: bool) -> None:
        """`name` is who wrote it."""
        name = one_line(name, 64)
        title = _("Edit message") if editing else _("Reply to {name}").format(name=name)
        self._title.configure(text=title)
        self._text.configure(text=drawable(one_line(row.content), emoji=self._theme.emoji))
        self.pack(fill="x", side="top", pady=(0, 6))

    def hide(self) -> None:
        self.pack_forget()
