"""The tab of friend requests: those that were received, and one's own."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from client_tk.model import Request
from client_tk.texts import _
from client_tk.ui.dialog import AskingDialog
from client_tk.ui.field import Sentence
from client_tk.ui.plain import one_line
from client_tk.ui.tab import Choice, Tab
from client_tk.ui.table import Column
from ruggine.wire import requests

if TYPE_CHECKING:
    from client_tk.state import State

_LONGEST = 500


class FriendRequests(Tab):
    """What somebody wrote with a request stands in full under the list."""

    def __init__(self, parent: tk.Misc, dialog: AskingDialog, state: State) -> None:
        super().__init__(parent, dialog, state)
        columns = [Column(_("Name"), 18), Column(_("Message"), 32)]
        ttk.Label(self, text=_("Who asks you")).grid(sticky="w", pady=(0, 4))
        self.received = Choice(
            self, columns, height=5, empty=_("Nobody waits for an answer of yours.")
        )
        self._message = Sentence(self.received, style="Muted.TLabel")
        self.received.add(_("Accept"), self._accept, style="Accent.TButton")
        self.received.add(_("Decline"), self._reject)
        self._message.pack(side="bottom", fill="x", pady=(6, 0), after=self.received.bar)
        self.received.table.tree.bind("<<TreeviewSelect>>", lambda _e: self._tell(), add="+")
        self._label = ttk.Label(self, text=_("Whom you have asked"))
        self.sent = Choice(self, columns, height=4, empty=_("You wait for nobody's answer."))
        self.sent.add(_("Take back"), self._take_back)
        self._lay_out()

    def _lay_out(self) -> None:
        """Both lists give way where there is little room, so that both can be used."""
        self.received.grid(row=1, sticky="nsew")
        self._label.grid(row=2, sticky="w", pady=(12, 4))
        self.sent.grid(row=3, sticky="nsew")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.rowconfigure(3, weight=1)

    @property
    def first(self) -> tk.Misc:
        return self.received.table.tree

    def draw(self) -> None:
        roster = self._state.roster
        self.received.fill(_rows(roster.requests_in))
        self.sent.fill(_rows(roster.requests_out))
        self._tell()

    def _tell(self) -> None:
        chosen = self.received.table.key
        messages = {r.id: r.message for r in self._state.roster.requests_in}
        self._message.say(one_line(messages.get(chosen or "", ""), _LONGEST), "Muted.TLabel")

    def _accept(self, user_id: str) -> None:
        name = self._state.name_of(user_id)
        sentence = _("You and {name} are friends now.").format(name=name)
        request = requests.AcceptFriendRequest(user_id=user_id)
        self._dialog.ask(request, lambda _reply: self._dialog.say(sentence))

    def _reject(self, user_id: str) -> None:
        self._dialog.ask(requests.RejectFriendRequest(user_id=user_id))

    def _take_back(self, user_id: str) -> None:
        self._dialog.ask(requests.RemoveFriend(user_id=user_id))


def _rows(asked: list[Request]) -> list[tuple[str, tuple[str, str]]]:
    return [(request.id, (request.name, request.message)) for request in asked]
