"""One tab of the window of people."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from client_tk.ui.dialog import PAD, AskingDialog
from client_tk.ui.table import Column, Table

if TYPE_CHECKING:
    from client_tk.state import State


class Tab(ttk.Frame):
    """A subclass draws its lists from the state whenever it is told to."""

    def __init__(self, parent: tk.Misc, dialog: AskingDialog, state: State) -> None:
        super().__init__(parent, padding=PAD)
        self._dialog = dialog
        self._state = state

    @property
    def first(self) -> tk.Misc:
        """What gets the focus when the tab is shown."""
        raise NotImplementedError

    def draw(self) -> None:
        raise NotImplementedError


class Choice(ttk.Frame):
    """A list of names, and buttons for what can be done with the chosen one.

    The first button is also what Enter and a double click do.
    """

    def __init__(
        self, parent: tk.Misc, columns: Sequence[Column], *, empty: str, height: int = 12
    ) -> None:
        super().__init__(parent)
        self._buttons: list[tuple[ttk.Button, Callable[[str], bool]]] = []
        self.table: Table[str] = Table(
            self, columns, empty=empty, height=height, on_enter=self._enter,
            on_choice=self.show_buttons,
        )  # fmt: skip
        self.bar = ttk.Frame(self)
        self.bar.pack(side="bottom", fill="x", pady=(8, 0))
        self.table.pack(fill="both", expand=True)

    def add(
        self, text: str, do: Callable[[str], object], *, style: str = "TButton",
        fits: Callable[[str], bool] = bool,
    ) -> ttk.Button:  # fmt: skip
        """A button that calls `do` with the chosen key; it is dull where that does not fit."""

        def pressed() -> None:
            key = self.table.key
            if key is not None:
                do(key)

        button = ttk.Button(self.bar, text=text, style=style, command=pressed)
        button.pack(side="left", padx=(0, 8))
        self._buttons.append((button, fits))
        button.state(["disabled"])
        return button

    def add_always(self, text: str, do: Callable[[], object]) -> ttk.Button:
        """A button that needs nothing to be chosen."""
        button = ttk.Button(self.bar, text=text, command=do)
        button.pack(side="right", padx=(8, 0))
        return button

    def _enter(self) -> None:
        if self._buttons:
            self._buttons[0][0].invoke()

    def fill(self, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        self.table.fill(rows)
        self.show_buttons()

    def show_buttons(self) -> None:
        """Which of them fit the chosen row."""
        key = self.table.key
        for button, fits in self._buttons:
            button.state(["!disabled" if key is not None and fits(key) else "disabled"])
