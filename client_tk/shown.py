"""The chat that is shown, and the pages of its history that are on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from client_tk import rows
from client_tk.asking import Then
from client_tk.model import ChatKey, Page, Row
from client_tk.store import Store, StoredChat, Waiting
from client_tk.transcript import Transcript
from ruggine.wire import requests, results


class Shown:
    """Tk thread only. Nothing is shown before `show`, and then all of this does nothing.

    `ask` makes a request, `changed` is told "page" when there is something to be drawn again.
    """

    def __init__(
        self, store: Store, me: str, waiting: Callable[[StoredChat], list[Waiting]],
        ask: Callable[[requests.Request, Then], None], changed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._me = me
        self._waiting = waiting
        self._ask = ask
        self._changed = changed
        self.transcript: Transcript | None = None
        self._reads: dict[str, int] = {}
        self._page: Page | None = None
        self._pages_asked = 0
        self._late_changes: list[tuple[StoredChat, Any]] = []

    @property
    def key(self) -> ChatKey | None:
        return self.transcript.chat.key if self.transcript is not None else None

    @property
    def page(self) -> Page | None:
        transcript = self.transcript
        if self._page is None and transcript is not None:
            self._page = transcript.page(self._waiting(transcript.chat), self._reads)
        return self._page

    def forget_page(self) -> None:
        """What it is made of has changed."""
        self._page = None

    # Where it is

    def show(self, chat: StoredChat) -> None:
        """At its first new message, or at its end."""
        self.transcript = Transcript(self._store, chat, self._me)
        self._reads = self._store.reads(chat.id)
        self.need_rows()
        self._changed("page")

    def need_rows(self) -> None:
        """Where nothing is cached, ask the daemon."""
        if self.transcript is not None and not self.transcript.rows:
            self.load_older()

    def open_at(self, seq: int) -> None:
        if self.transcript is not None:
            self._ask_page(self.transcript.open_at(seq))
            self._changed("page")

    def open_at_end(self) -> None:
        if self.transcript is not None:
            self.transcript.open_at_end()
            self._changed("page")

    def follow(self) -> None:
        """The person writes here: all of it was seen, and the end is what they look at."""
        if self.transcript is not None:
            self.transcript.new_from = None
            if self.transcript.has_newer:
                self.transcript.open_at_end()
            self._changed("page")

    def load_older(self) -> None:
        if self.transcript is not None:
            self._ask_page(self.transcript.older())
            self._changed("page")

    def load_newer(self) -> None:
        if self.transcript is not None:
            self._ask_page(self.transcript.newer())
            self._changed("page")

    def clear_new(self) -> None:
        """Take the "new messages" rule away."""
        if self.transcript is not None:
            self.transcript.new_from = None
            self._changed("page")

    def forget_reads(self) -> None:
        """The daemon has another database than before: who has read what is not known."""
        self._reads = {}

    # What happens in it

    def add(self, chat: StoredChat, row: Row) -> None:
        """A new entry of any chat."""
        if self.transcript is not None and self.transcript.chat is chat:
            self.transcript.add(row)
            self._changed("page")

    def change(self, chat: StoredChat, frame: Any) -> None:
        """An edit, a deletion or a reaction, in any chat."""
        if self._pages_asked:
            self._late_changes.append((chat, frame))
        if self.transcript is not None and self.transcript.chat is chat:
            self.transcript.change(frame.ref, frame)
            self._changed("page")

    def read_by(self, chat: StoredChat, username: str, seq: int) -> None:
        """Somebody has read any chat up to `seq`."""
        if self.transcript is not None and self.transcript.chat is chat:
            self._reads[username] = max(seq, self._reads.get(username, 0))
            self._changed("page")

    # Pages

    def _ask_page(self, request: requests.GetMessages | None) -> None:
        transcript = self.transcript
        if request is None or transcript is None:
            return
        self._pages_asked += 1

        def arrived(reply: Any) -> None:
            self._pages_asked = max(self._pages_asked - 1, 0)
            if isinstance(reply, results.GetMessagesResult):
                transcript.take_page(request, reply)
                self._change_late(transcript)
            else:
                transcript.loading = False
            if not self._pages_asked:
                self._late_changes.clear()
            self._changed("page")

        self._ask(request, arrived)

    def _change_late(self, transcript: Transcript) -> None:
        """A page may have been read before a change that was heard before the page came."""
        for chat, frame in self._late_changes:
            if chat is not transcript.chat:
                continue
            row = self._store.row(chat.id, frame.ref)
            if row is not None:
                self._store.put(chat.id, [rows.changed(row, frame)])
            transcript.change(frame.ref, frame)

    def pages_lost(self) -> None:
        """The connection is gone, and the pages with it."""
        self._pages_asked = 0
        self._late_changes.clear()
        if self.transcript is not None:
            self.transcript.loading = False
