"""The help about the keyboard: the table of `keys`, and nothing else."""

from __future__ import annotations

import tkinter as tk
from itertools import groupby
from typing import TYPE_CHECKING

from client_tk.texts import _
from client_tk.ui import keys
from client_tk.ui.dialog import Dialog
from client_tk.ui.table import Column, Table

if TYPE_CHECKING:
    from client_tk.ui.theme import Theme


class Shortcuts(Dialog):
    """Can be scrolled, and left with Esc."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, theme, _("Keyboard shortcuts"))
        self.table: Table[int] = Table(
            self.body, [Column("", 18), Column("", 42), Column("", 24)], headings=False, height=20
        )
        self.table.pack(fill="both", expand=True)
        windows = str(self.tk.call("tk", "windowingsystem"))
        self.table.fill(list(enumerate(rows(windows))))
        self.add_button(_("Close"), self.close, default=True)
        self.show(self.table.tree)


def rows(windows: str) -> list[tuple[str, str, str]]:
    """The heading beside its first row, what is done, and the keys; neighbours that do the same
    are one row."""
    found: list[tuple[str, str, str]] = []
    for scope, shortcuts in groupby(keys.table(), lambda shortcut: shortcut.scope):
        heading = scope
        for text, same in groupby(shortcuts, lambda shortcut: shortcut.text):
            found.append((heading, text, _join(list(same), windows)))
            heading = ""
    return found


def _join(same: list[keys.Shortcut], windows: str) -> str:
    if len(same) > 1:
        first, last = same[0].keys[0], same[-1].keys[0]
        return f"{keys.shown(first, windows)} … {keys.shown(last, windows)}"
    shown = [keys.shown(key, windows) for key in same[0].keys]
    return _("{keys} or {others}").format(keys=shown[0], others=shown[1]) if shown[1:] else shown[0]
