"""Choosing several people of many."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection, Iterable
from tkinter import ttk

from client_tk.model import Person
from client_tk.texts import _
from client_tk.ui.dialog import nothing
from client_tk.ui.field import Sentence
from client_tk.ui.finding import ranked
from client_tk.ui.table import Column, Table

_NAMED = 8


def presence(online: bool) -> str:
    """By shape, never by colour alone: a full disc is online, a ring is not."""
    return "●" if online else "○"


class WatchedEntry(ttk.Entry):
    """Calls `changed` at each change of its text, by whatever means it is changed."""

    def __init__(self, parent: tk.Misc, changed: Callable[[], None], width: int = 20) -> None:
        self._text = tk.StringVar(parent)
        super().__init__(parent, textvariable=self._text, width=width)
        self._text.trace_add("write", lambda *_: changed())

    def get(self) -> str:
        """The variable is ahead of the entry while `changed` runs."""
        return self._text.get()


def filter_box(
    parent: tk.Misc, hint: str, changed: Callable[[], None]
) -> tuple[ttk.Frame, ttk.Entry]:
    """An entry with its label beside it; `changed` is called at each change."""
    frame = ttk.Frame(parent)
    ttk.Label(frame, text=hint, style="Muted.TLabel").pack(side="left", padx=(0, 8))
    entry = WatchedEntry(frame, changed)
    entry.pack(side="left", fill="x", expand=True)
    return frame, entry


class Picker(ttk.Frame):
    """A list with a tick at each name: Space, Enter or a click puts it there. Friends come first.

    What is ticked stays so while the filter shows others.
    """

    def __init__(self, parent: tk.Misc, *, on_change: Callable[[], None] = nothing) -> None:
        super().__init__(parent)
        self._on_change = on_change
        self._people: list[Person] = []
        self._friends: Collection[str] = ()
        self._ticked: dict[str, None] = {}
        box, self.entry = filter_box(self, _("Find"), self._draw)
        box.pack(fill="x", pady=(0, 6))
        columns = [Column(_("Name"), 30), Column("", 12)]
        self.table: Table[str] = Table(
            self, columns, height=8, headings=False, on_enter=self._toggle,
            empty=_("Nobody has such a name."),
        )  # fmt: skip
        self._sentence = Sentence(self, style="Muted.TLabel")
        self._sentence.pack(side="bottom", fill="x", pady=(6, 0))
        self.table.pack(fill="both", expand=True)
        self._bind_keys()
        self._draw()

    def _bind_keys(self) -> None:
        self.entry.bind("<Down>", lambda _event: self.table.take_focus())
        self.entry.bind("<Return>", self._on_entry_return)
        self.table.tree.bind("<space>", lambda _event: self._toggle())
        self.table.tree.bind("<ButtonRelease-1>", self._clicked)

    def _on_entry_return(self, _event: object) -> str | None:
        """With a filter, Enter ticks the first name found; without one it is the dialog's."""
        if not self.entry.get().strip() or not self.table.listed:
            return None
        self.table.choose(self.table.listed[0])
        self._toggle()
        self.entry.delete(0, "end")
        self._draw()
        return "break"

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self.table.tree.identify_row(event.y):
            self._toggle()

    @property
    def chosen(self) -> list[str]:
        """The user ids, in the order in which they were ticked."""
        return list(self._ticked)

    def offer(self, people: Iterable[Person], friends: Collection[str]) -> None:
        """From now on these can be chosen."""
        self._friends = friends
        self._people = sorted(people, key=lambda p: (p.id not in friends, p.name.lower()))
        self._draw()

    def untick(self, user_id: str) -> None:
        self._ticked.pop(user_id, None)
        self._draw()

    def _toggle(self) -> None:
        user_id = self.table.key
        if user_id is None:
            return
        if user_id in self._ticked:
            del self._ticked[user_id]
        else:
            self._ticked[user_id] = None
        self._draw()
        self._on_change()

    def _draw(self) -> None:
        found = ranked(self.entry.get(), self._people, lambda person: person.name)
        self.table.fill([(person.id, self._cells(person)) for person in found])
        self._sentence.say(self._say_chosen(), "Muted.TLabel")

    def _cells(self, person: Person) -> tuple[str, str]:
        tick = "☑" if person.id in self._ticked else "☐"
        friend = _("friend") if person.id in self._friends else ""
        return f"{tick}  {presence(person.online)}  {person.name}", friend

    def _say_chosen(self) -> str:
        if not self._ticked:
            return _("Nobody is chosen yet. Space or a click chooses.")
        known = {person.id: person.name for person in self._people}
        names = ", ".join(known.get(who, who) for who in list(self._ticked)[:_NAMED])
        more = len(self._ticked) - _NAMED
        if more > 0:
            return _("Chosen: {names} and {count} more").format(names=names, count=more)
        return _("Chosen: {names}").format(names=names)
