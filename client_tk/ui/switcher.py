"""Going to a chat or a person by typing a part of the name (Ctrl+K)."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from client_tk.model import ChatKey
from client_tk.texts import _, ngettext
from client_tk.ui.dialog import AskingDialog, RootActions, focused
from client_tk.ui.finding import ranked
from client_tk.ui.picker import WatchedEntry, presence
from client_tk.ui.table import Column, Table

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.theme import Theme

_MOST = 200


class Item(NamedTuple):
    """A place to go to; `note` says why one might."""

    key: ChatKey
    name: str
    note: str = ""
    online: bool = False


class Switcher(AskingDialog):
    """What is typed finds; the arrows choose, Enter goes there, Esc leaves all as it was."""

    def __init__(self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions) -> None:
        super().__init__(parent, theme, state, actions, _("Go to"))
        self.entry = WatchedEntry(self.body, self._typed, width=44)
        self.entry.pack(fill="x", pady=(0, 8))
        self.table: Table[ChatKey] = Table(
            self.body, [Column("", 30), Column("", 14)], headings=False, height=10,
            on_enter=self._go, empty=_("No chat and nobody of this name."),
        )  # fmt: skip
        self.table.pack(fill="both", expand=True)
        self._items = items(state)
        self._query = ""
        self._bind_entry()
        self._fill()
        self.show(self.entry)
        state.roster.refresh("people")  # nobody is told of new accounts

    def _bind_entry(self) -> None:
        steps = {"Down": 1, "Up": -1, "Next": 8, "Prior": -8}
        for key, by in steps.items():
            self.entry.bind(f"<{key}>", partial(self._step, by))
        self.entry.bind("<Return>", self._enter)
        self.entry.bind("<KP_Enter>", self._enter)
        self.table.tree.bind("<ButtonRelease-1>", self._clicked)
        self.bind("<FocusOut>", lambda _event: self._parent.after_idle(self._look_where_focus_is))

    def draw(self, changes: set[str]) -> None:
        if changes & {"chats", "people"}:
            self._items = items(self._state)
            self._fill()

    def _typed(self) -> None:
        if self.entry.get() != self._query:
            self._query = self.entry.get()
            self._fill()
            self.table.step(-(10**6))

    def _fill(self) -> None:
        found = ranked(self._query, self._items, lambda item: item.name)[:_MOST]
        self.table.fill([(item.key, (_name(item), item.note)) for item in found])
        if self.table.key is None:
            self.table.step(0)

    def _step(self, by: int, _event: object) -> str:
        self.table.step(by)
        return "break"

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self.table.tree.identify_row(event.y):
            self._go()

    def _enter(self, _event: object) -> str:
        self._go()
        return "break"

    def _go(self) -> None:
        if self.table.key is not None:
            self.visit(self.table.key)

    def _look_where_focus_is(self) -> None:
        """Who goes on elsewhere in the program does not need it any more."""
        there = focused(self._parent)
        if self.winfo_exists() and there is not None and there.winfo_toplevel() is not self:
            self.destroy()


def items(state: State) -> list[Item]:
    """The chats in the order of the sidebar, the one that is shown last; then everybody else."""
    lines = state.chats()
    chats = [
        Item(line.key, line.title, _unread(line.unread, line.mentions), line.online)
        for line in sorted(lines, key=lambda line: line.key == state.selected)
    ]
    known = {line.key for line in lines}
    people = sorted(state.people.values(), key=lambda p: (not p.online, p.name.lower()))
    others = [Item(ChatKey("private", p.id), p.name, "", p.online) for p in people]
    return chats + [item for item in others if item.key not in known]


def _unread(count: int, mentions: int) -> str:
    if mentions:
        return f"@{mentions}"
    return ngettext("{count} new", "{count} new", count).format(count=count) if count else ""


def _name(item: Item) -> str:
    sign = "#" if item.key.kind == "group" else presence(item.online)
    return f"{sign}  {item.name}"
