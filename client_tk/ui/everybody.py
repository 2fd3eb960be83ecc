"""The tab of everybody who has an account."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from client_tk.model import Person
from client_tk.texts import _
from client_tk.ui.field import Sentence
from client_tk.ui.finding import ranked
from client_tk.ui.picker import filter_box, presence
from client_tk.ui.tab import Choice, Tab
from client_tk.ui.table import Column
from client_tk.wording import trouble
from ruggine.errors import Refusal
from ruggine.wire import requests, results

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.people import People

_LONGEST_MESSAGE = 500


class Everybody(Tab):
    """Finding somebody to chat with, or to ask to be friends with an optional message."""

    def __init__(self, parent: tk.Misc, dialog: People, state: State) -> None:
        super().__init__(parent, dialog, state)
        box, self.entry = filter_box(self, _("Find"), self.draw)
        box.pack(fill="x", pady=(0, 8))
        self.choice = Choice(
            self, [Column(_("Name"), 34), Column(_("To you"), 20)], empty=_("Nobody is found."),
            height=11,
        )  # fmt: skip
        self.choice.pack(fill="both", expand=True)
        self.choice.add(_("Chat"), dialog.start_chat, style="Accent.TButton")
        self.choice.add(_("Add friend…"), self._write, fits=self._may_ask)
        self.choice.add(_("Block"), dialog.block, fits=self._may_block)
        self._asked = ""
        self._form = ttk.Frame(self)
        self._build_form()
        self.entry.bind("<Down>", lambda _event: self.choice.table.take_focus())
        self.entry.bind("<Return>", self._enter)

    def _build_form(self) -> None:
        self._about = Sentence(self._form)
        self._about.pack(fill="x", pady=(8, 2))
        self.message = ttk.Entry(self._form)
        self.message.pack(side="left", fill="x", expand=True, padx=(0, 8))
        self._send = ttk.Button(self._form, text=_("Send request"), command=self._ask)
        self._send.pack(side="left", padx=(0, 8))
        ttk.Button(self._form, text=_("Cancel"), command=self._put_away).pack(side="left")
        self.message.bind("<Return>", lambda _event: self._ask())
        self.message.bind("<Escape>", lambda _event: self._put_away())

    @property
    def first(self) -> tk.Misc:
        return self.entry

    def draw(self) -> None:
        found = ranked(self.entry.get(), self._ordered(), lambda person: person.name)
        relations = self._relations()
        self.choice.fill([
            (person.id, (f"{presence(person.online)}  {person.name}", relations.get(person.id, "")))
            for person in found
        ])  # fmt: skip

    def _ordered(self) -> list[Person]:
        people = self._state.people.values()
        return sorted(people, key=lambda person: (not person.online, person.name.lower()))

    def _relations(self) -> dict[str, str]:
        roster = self._state.roster
        return {
            **dict.fromkeys((r.id for r in roster.requests_out), _("asked by you")),
            **dict.fromkeys((r.id for r in roster.requests_in), _("asks you")),
            **dict.fromkeys((friend.id for friend in roster.friends), _("friend")),
            **dict.fromkeys((person.id for person in roster.blocked), _("blocked")),
            self._state.my_id: _("you"),
        }

    def _may_ask(self, user_id: str) -> bool:
        roster = self._state.roster
        asked = [request.id for request in roster.requests_out]
        friends = [friend.id for friend in roster.friends]
        return user_id not in (self._state.my_id, *friends, *asked)

    def _may_block(self, user_id: str) -> bool:
        blocked = {person.id for person in self._state.roster.blocked}
        return user_id not in (self._state.my_id, *blocked)

    def _enter(self, _event: object) -> str:
        """In the box, Enter goes to the best that was found."""
        if self.choice.table.listed:
            self.choice.table.choose(self.choice.table.listed[0])
            self.choice.table.take_focus()
        return "break"

    # Asking to be friends

    def _write(self, user_id: str) -> None:
        self._asked = user_id
        name = self._state.name_of(user_id)
        self._about.say(_("A few words for {name}, if you like:").format(name=name))
        self.message.delete(0, "end")
        self._form.pack(fill="x")
        self.message.focus_set()

    def _put_away(self) -> str:
        self._form.pack_forget()
        self.choice.table.take_focus()
        return "break"

    def _ask(self) -> str:
        text = self.message.get().strip()[:_LONGEST_MESSAGE]
        try:
            request = requests.SendFriendRequest(user_id=self._asked, message=text)
        except Refusal as refusal:
            self._dialog.fail(trouble(refusal.code, refusal.sentence))
            return "break"
        self._put_away()
        name = self._state.name_of(self._asked)
        self._dialog.ask(request, lambda reply: self._say_asked(reply, name))
        return "break"

    def _say_asked(self, reply: results.SendFriendRequestResult, name: str) -> None:
        done = (
            _("You and {name} are friends now.") if reply.accepted
            else _("{name} has been asked.")
        )  # fmt: skip
        self._dialog.say(done.format(name=name))
