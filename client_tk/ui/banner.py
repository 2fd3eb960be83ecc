"""A thin bar that says what is the matter with the connection, and what can be done."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from client_tk.ui.theme import Theme


class Banner(ttk.Frame):
    """Packs itself below the first widget of its parent while it has something to say."""

    def __init__(self, parent: tk.Misc, theme: Theme, on_retry: Callable[[], object]) -> None:
        super().__init__(parent, style="Notice.TFrame", padding=(16, 5))
        self._text = ttk.Label(self, style="Notice.TLabel", anchor="w")
        self._button = ttk.Button(self, style="Notice.TButton", command=on_retry)
        self._button.pack(side="right", padx=(12, 0))
        self._text.pack(side="left", fill="x", expand=True)
        self._text.bind("<Configure>", lambda e: self._text.configure(wraplength=max(e.width, 80)))

    def show(self, text: str, button: str | None = None) -> None:
        """The button is there only if it has a text."""
        self._text.configure(text=text)
        if button:
            self._button.configure(text=button)
            self._button.pack(side="right", padx=(12, 0), before=self._text)
        else:
            self._button.pack_forget()
        if not self.winfo_manager():
            self._appear()

    def _appear(self) -> None:
        above = self.master.pack_slaves()
        if above:
            self.pack(fill="x", after=above[0])
        else:
            self.pack(fill="x")

    def hide(self) -> None:
        self.pack_forget()
