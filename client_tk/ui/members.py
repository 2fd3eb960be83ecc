"""The pane with the members of a group."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from client_tk.model import Person
from client_tk.texts import _
from client_tk.ui.theme import Theme
from client_tk.ui.tooltip import Tooltip

_MARGIN_PX = 24
"""What the list takes of its width before a text begins."""


class Members(ttk.Frame):
    """Who is online comes first; a double click or Enter opens the private chat: it
    calls `start_chat` with the user id."""

    def __init__(self, parent: tk.Misc, theme: Theme, start_chat: Callable[[str], None]) -> None:
        super().__init__(parent, style="Surface.TFrame", padding=(8, 10))
        self._theme = theme
        self._start_chat = start_chat
        ttk.Label(self, text=_("Members"), style="Title.Surface.TLabel").pack(
            anchor="w", padx=8, pady=(0, 8)
        )
        self._list = ttk.Treeview(
            self, show="tree", selectmode="browse", height=4, style="Bare.Treeview"
        )
        self._list.column("#0", minwidth=0, width=_MARGIN_PX)
        self._list.pack(fill="both", expand=True)
        self._list.bind("<Double-Button-1>", self._open)
        self._list.bind("<Return>", self._open)
        self._list.bind("<Configure>", lambda _event: self._fit())
        Tooltip(self._list, self._cut_off_at)
        self._shown: list[Person] = []
        theme.follow(self, self._fit)

    def focus_set(self) -> None:
        self._list.focus_set()

    def show(self, people: list[Person]) -> None:
        ordered = sorted(people, key=lambda p: (not p.online, p.name.lower()))
        if ordered == self._shown:
            return
        self._shown = ordered
        self._list.delete(*self._list.get_children())
        for person in ordered:
            self._list.insert("", "end", iid=person.id, text=self._line(person))

    def _fit(self) -> None:
        for person in self._shown:
            self._list.item(person.id, text=self._line(person))

    def _line(self, person: Person) -> str:
        """A long name is cut, the role after it is not."""
        before, after = _presence(person), _role(person)
        room = self._list.winfo_width() - self._theme.px(_MARGIN_PX)
        room -= self._theme.fonts.measure(before + after)
        return f"{before}{self._theme.fonts.fit(person.name, room)}{after}"

    def _cut_off_at(self, _x: int, y: int) -> str:
        """The whole name, where it is cut."""
        row = self._list.identify_row(y)
        name = next((person.name for person in self._shown if person.id == row), "")
        return name if name and name not in self._list.item(row, "text") else ""

    def _open(self, _event: object) -> None:
        for user_id in self._list.selection():
            self._start_chat(user_id)


def _presence(person: Person) -> str:
    """By shape: a full disc is online, a ring is not."""
    return "●  " if person.online else "○  "


def _role(person: Person) -> str:
    role = {"owner": _("owner"), "admin": _("admin")}.get(person.role, "")
    return f"   {role}" if role else ""
