"""The pane with the members of a group."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from client_tk.model import Person
from client_tk.texts import _


class Members(ttk.Frame):
    """Who is online comes first; a double click or Enter opens the private chat."""

    def __init__(self, parent: tk.Misc, start_chat: Callable[[str], None]) -> None:
        super().__init__(parent, style="Surface.TFrame", padding=(8, 10))
        self._start_chat = start_chat
        ttk.Label(self, text=_("Members"), style="Title.Surface.TLabel").pack(
            anchor="w", padx=8, pady=(0, 8)
        )
        self._list = ttk.Treeview(self, show="tree", selectmode="browse", height=4)
        self._list.pack(fill="both", expand=True)
        self._list.bind("<Double-Button-1>", self._open)
        self._list.bind("<Return>", self._open)
        self._shown: list[Person] = []

    def focus_set(self) -> None:
        self._list.focus_set()

    def show(self, people: list[Person]) -> None:
        ordered = sorted(people, key=lambda p: (not p.online, p.name.lower()))
        if ordered == self._shown:
            return
        self._shown = ordered
        self._list.delete(*self._list.get_children())
        for person in ordered:
            self._list.insert("", "end", iid=person.name, text=_member_line(person))

    def _open(self, _event: object) -> None:
        for name in self._list.selection():
            self._start_chat(name)


def _member_line(person: Person) -> str:
    """Presence by shape: a full disc is online, a ring is not."""
    dot = "●" if person.online else "○"
    role = {"owner": _("owner"), "admin": _("admin")}.get(person.role, "")
    return f"{dot}  {person.name}   {role}".rstrip()
