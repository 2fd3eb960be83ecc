"""Finding messages by their words."""

from __future__ import annotations

import time
import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Any, NamedTuple

from client_tk.keys import key_of_item
from client_tk.model import ChatKey
from client_tk.texts import _, ngettext, when
from client_tk.ui.dialog import AskingDialog, RootActions
from client_tk.ui.field import Sentence
from client_tk.ui.plain import one_line
from client_tk.ui.table import Column, Table
from ruggine.errors import Refusal
from ruggine.wire import requests, results

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.theme import Theme

_LONGEST_QUERY = 256
_SNIPPET = 120


class Found(NamedTuple):
    """Where a message is."""

    key: ChatKey
    seq: int


class Search(AskingDialog):
    """`here` is the chat to search in, None for all; a `query` is asked for at once."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions,
        here: ChatKey | None = None, query: str = "",
    ) -> None:  # fmt: skip
        super().__init__(parent, theme, state, actions, _("Search"))
        self._opened_for = here
        self._here = here or state.selected
        self._everywhere = tk.BooleanVar(self, value=here is None)
        self._asked = 0
        self._query = ""
        self._next: requests.Search | None = None
        self._rows: dict[Found, tuple[str, ...]] = {}
        self._build_form(query)
        self._build_list()
        self.go_button = self.add_button(_("Go there"), self._open)
        self.more_button = self.add_button(_("Show more"), self._more, side="left")
        self.add_button(_("Close"), self.close)
        self._show_buttons()
        self.show(self.entry)
        if query:
            self._search()

    def _build_form(self, query: str) -> None:
        row = ttk.Frame(self.body)
        row.pack(fill="x")
        self.entry = ttk.Entry(row)
        self.entry.insert(0, query)
        self.entry.pack(side="left", fill="x", expand=True, padx=(0, 8))
        self.entry.bind("<Return>", lambda _event: self._search())
        self.entry.bind("<KP_Enter>", lambda _event: self._search())
        self.entry.bind("<Down>", lambda _event: self.table.take_focus())
        ttk.Button(row, text=_("Search"), style="Accent.TButton", command=self._search).pack(
            side="left"
        )
        where = ttk.Frame(self.body)
        where.pack(fill="x", pady=8)
        if self._here is not None:
            title = self.line(self._state.title(self._here), 40)
            self._add_place(where, _("In {chat}").format(chat=title), everywhere=False)
            self._add_place(where, _("In all chats"), everywhere=True)
        ttk.Label(where, text=_("From"), style="Muted.TLabel").pack(side="left", padx=(0, 6))
        self.sender = ttk.Combobox(where, width=18, postcommand=self._offer_senders)
        self.sender.pack(side="left")
        self.sender.bind("<Return>", lambda _event: self._search())

    def _add_place(self, parent: tk.Misc, text: str, *, everywhere: bool) -> None:
        ttk.Radiobutton(
            parent, text=text, variable=self._everywhere, value=everywhere, command=self._moved
        ).pack(side="left", padx=(0, 16))

    def _offer_senders(self) -> None:
        names = sorted((p.name for p in self._state.people.values()), key=str.lower)
        if self._here is not None and not self._everywhere.get() and self._here.kind == "group":
            names = sorted((p.name for p in self._state.members(self._here)), key=str.lower)
        typed = self.sender.get().lower()
        self.sender.configure(values=[name for name in names if typed in name.lower()])

    def _build_list(self) -> None:
        columns = [
            Column(_("From"), 16), Column(_("Chat"), 16), Column(_("When"), 18, stretch=False),
            Column(_("Message"), 50),
        ]  # fmt: skip
        self.table: Table[Found] = Table(
            self.body, columns, height=12, on_enter=self._open, on_choice=self._show_buttons,
            empty=_("Words are found as they stand, in upper or lower case."),
        )  # fmt: skip
        self._count = Sentence(self.body, style="Muted.TLabel")
        self._count.pack(side="bottom", fill="x", pady=(6, 0))
        self.table.pack(fill="both", expand=True)

    # Asking

    def _moved(self) -> None:
        if self.entry.get().strip():
            self._search()

    def _search(self) -> str:
        query = self.entry.get()[:_LONGEST_QUERY]
        if not query.strip():
            self.entry.focus_set()
            return "break"
        where: dict[str, Any] = {}
        if self._here is not None and not self._everywhere.get():
            where = self._state.where(self._here)
        try:
            request = requests.Search(query=query, **where, **self._from_whom())
        except Refusal:
            self.fail(_("Search for words, without line breaks or other control characters."))
            return "break"
        self._rows.clear()
        self._query = query
        self._send(request)
        return "break"

    def _from_whom(self) -> dict[str, Any]:
        """By id, where somebody has the name that was typed; who had it before is found by what
        they are called now."""
        typed = self.sender.get().strip()
        people = self._state.people.values()
        ids = [person.id for person in people if person.name.lower() == typed.lower()]
        if ids:
            return {"sender_id": ids[0]}
        return {"sender": typed} if typed else {}

    def _more(self) -> None:
        if self._next is not None:
            self._send(self._next)

    def _send(self, request: requests.Search) -> None:
        """Only the answer to what was asked last counts."""
        self._asked += 1
        number = self._asked
        self._next = None
        self._show_buttons()

        def answered(reply: results.SearchResult) -> None:
            if number == self._asked:
                self._take(request, reply)

        self.ask(request, answered)

    def _take(self, request: requests.Search, reply: results.SearchResult) -> None:
        first_page = not self._rows
        for message in reply.messages:
            key = key_of_item(message)
            self._rows[Found(key, message.seq)] = self._cells(key, message)
        self.table.say_empty(_("Nothing is found."))
        self.table.fill(list(self._rows.items()))
        if reply.has_more and reply.cursor:
            self._next = _after(request, reply.cursor)
        self._say_count()
        self._show_buttons()
        if first_page and self._rows:
            self.table.step(-(10**6))
            self.table.take_focus()

    def _cells(self, key: ChatKey, message: results.MessageItem) -> tuple[str, ...]:
        time_shown = when(message.timestamp, time.time())
        text = snippet(message.content, self._query, _SNIPPET)
        return message.sender, self._state.title(key), time_shown, text

    def _say_count(self) -> None:
        count = len(self._rows)
        text = ngettext("{count} message", "{count} messages", count).format(count=count)
        if self._next is not None:
            text = _("The newest {count} messages; there are more.").format(count=count)
        self._count.say(text if count else "", "Muted.TLabel")

    def _show_buttons(self) -> None:
        self.go_button.state(["!disabled" if self.table.key is not None else "disabled"])
        self.more_button.state(["!disabled" if self._next is not None else "disabled"])

    def _open(self) -> None:
        """Out of the way, but not closed: the next find may be the right one."""
        found = self.table.key
        if found is not None:
            self.withdraw()
            self.actions.open_at(found.key, found.seq)

    def to_front(self) -> None:
        """With what was found, and where one was in it."""
        super().to_front()
        self.entry.select_range(0, "end")
        if self._rows:
            self.table.take_focus()
        else:
            self.entry.focus_set()

    def is_about(self, here: ChatKey | None) -> bool:
        """Whether it was opened to search there."""
        return self._opened_for == here


def _after(request: requests.Search, cursor: str) -> requests.Search:
    """The request for the next page."""
    return requests.Search(
        query=request.query, chat_id=request.chat_id, to_user_id=request.to_user_id,
        group_id=request.group_id, sender=request.sender,
        sender_id=request.sender_id, cursor=cursor,
    )  # fmt: skip


def snippet(content: str, query: str, at_most: int) -> str:
    """The part of a message around the words that were searched for, in one line."""
    at = content.lower().find(query.strip().lower())
    before = at_most // 3
    if at <= before:
        return one_line(content, at_most)
    return "…" + one_line(content[at - before :], at_most - 1)
