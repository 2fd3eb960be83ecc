"""The window of people: friends, requests, everybody, invites into groups, and who is blocked."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from client_tk.model import ChatKey
from client_tk.texts import _
from client_tk.ui.dialog import AskingDialog, RootActions
from client_tk.ui.everybody import Everybody
from client_tk.ui.friend_requests import FriendRequests
from client_tk.ui.invites import Invites
from client_tk.ui.picker import presence
from client_tk.ui.tab import Choice, Tab
from client_tk.ui.table import Column
from ruggine.wire import requests

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.theme import Theme


class People(AskingDialog):
    """Opens at the tab "friends", "requests", "people", "invites" or "blocked"."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions,
        tab: str = "friends",
    ) -> None:  # fmt: skip
        super().__init__(parent, theme, state, actions, _("People"))
        self.book = ttk.Notebook(self.body)
        self.book.pack(fill="both", expand=True)
        self.book.enable_traversal()
        self.tabs: dict[str, Tab] = {
            "friends": Friends(self.book, self, state),
            "requests": FriendRequests(self.book, self, state),
            "people": Everybody(self.book, self, state),
            "invites": Invites(self.book, self, state),
            "blocked": Blocked(self.book, self, state),
        }
        for page in self.tabs.values():
            self.book.add(page)
        self._name_tabs()
        self.add_button(_("Close"), self.close)
        self.book.bind("<<NotebookTabChanged>>", lambda _event: self._turned())
        self.show_tab(tab)
        self.show(self.tabs[tab].first)

    def show_tab(self, tab: str) -> None:
        self.book.select(self.tabs[tab])
        self.tabs[tab].draw()

    def _turned(self) -> None:
        self.say("")
        self._page().draw()

    def _page(self) -> Tab:
        return list(self.tabs.values())[int(self.book.index("current"))]

    def draw(self, changes: set[str]) -> None:
        if "people" in changes:
            self._name_tabs()
            self._page().draw()

    def _name_tabs(self) -> None:
        roster = self._state.roster
        texts = {
            "friends": _("Friends"),
            "requests": _with_count(_("Requests"), len(roster.requests_in)),
            "people": _("Everybody"),
            "invites": _with_count(_("Invites"), len(roster.invites)),
            "blocked": _("Blocked"),
        }
        for tab, text in texts.items():
            self.book.tab(self.tabs[tab], text=text)

    def start_chat(self, user_id: str) -> None:
        self.visit(ChatKey("private", user_id))

    def block(self, user_id: str) -> None:
        name = self._state.name_of(user_id)
        self.confirm(
            _("Block {name}? Neither hears anything private of the other any more; a friendship "
              "ends.").format(name=name),
            _("Block"),
            lambda: self.ask(requests.BlockUser(user_id=user_id)),
        )  # fmt: skip


def _with_count(name: str, count: int) -> str:
    return _("{name} ({count})").format(name=name, count=count) if count else name


class Friends(Tab):
    """Who is online comes first."""

    def __init__(self, parent: tk.Misc, dialog: People, state: State) -> None:
        super().__init__(parent, dialog, state)
        self._people = dialog
        self.choice = Choice(
            self, [Column(_("Name"), 34), Column(_("Presence"), 16)],
            empty=_("No friends yet. Under “Everybody” you can ask somebody."),
        )  # fmt: skip
        self.choice.pack(fill="both", expand=True)
        self.choice.add(_("Chat"), dialog.start_chat, style="Accent.TButton")
        self.choice.add(_("Remove"), self._remove)
        self.choice.add(_("Block"), dialog.block)

    @property
    def first(self) -> tk.Misc:
        return self.choice.table.tree

    def draw(self) -> None:
        people = self._state.people
        friends = [
            (who.id in people and people[who.id].online, who) for who in self._state.roster.friends
        ]
        self.choice.fill([
            (who.id, (f"{presence(on)}  {who.name}", _("online") if on else _("offline")))
            for on, who in sorted(friends, key=lambda one: (not one[0], one[1].name.lower()))
        ])  # fmt: skip

    def _remove(self, user_id: str) -> None:
        self._dialog.confirm(
            _("Remove {name} from your friends? Your chat stays.").format(
                name=self._dialog.line(self._state.name_of(user_id))
            ),
            _("Remove"),
            lambda: self._dialog.ask(requests.RemoveFriend(user_id=user_id)),
        )


class Blocked(Tab):
    """Who is blocked."""

    def __init__(self, parent: tk.Misc, dialog: People, state: State) -> None:
        super().__init__(parent, dialog, state)
        self.choice = Choice(self, [Column(_("Name"), 50)], empty=_("You have blocked nobody."))
        self.choice.pack(fill="both", expand=True)
        self.choice.add(_("Unblock"), self._unblock)

    @property
    def first(self) -> tk.Misc:
        return self.choice.table.tree

    def draw(self) -> None:
        self.choice.fill([(who.id, (who.name,)) for who in self._state.roster.blocked])

    def _unblock(self, user_id: str) -> None:
        self._dialog.ask(requests.UnblockUser(user_id=user_id))
