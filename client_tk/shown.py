"""The chat that is shown, and the pages of its history that are on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from client_tk import rows
from client_tk.asking import Ask
from client_tk.chats import Chats
from client_tk.model import ChatKey, Me, Page, Row
from client_tk.reading import Reading, Sight, Span
from client_tk.store import Store, StoredChat, Waiting
from client_tk.transcript import Transcript
from ruggine.wire import requests, results


class Shown:
    """Tk thread only. Nothing is shown before `show`, and then all of this does nothing.

    `ask` makes a request, `changed` is told "page" when there is something to be drawn again.
    `doubt` is called where the daemon's log ends before what was kept of it.
    """

    def __init__(
        self, store: Store, me: Me, chats: Chats, waiting: Callable[[StoredChat], list[Waiting]],
        ask: Ask, doubt: Callable[[], None], changed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._me = me
        self._chats = chats
        self._waiting = waiting
        self._ask = ask
        self._doubt = doubt
        self._changed = changed
        self.transcript: Transcript | None = None
        self._reads: dict[str, int] = {}
        self._page: Page | None = None
        self._opened = 0
        self._reading = Reading()
        self._sight: Sight | None = None
        self._pages_asked = 0
        self._late_changes: list[tuple[StoredChat, Any]] = []

    @property
    def key(self) -> ChatKey | None:
        return self.transcript.chat.key if self.transcript is not None else None

    @property
    def page(self) -> Page | None:
        transcript = self.transcript
        if self._page is None and transcript is not None:
            waiting = self._waiting(transcript.chat)
            self._page = transcript.page(
                waiting,
                self._reads,
                self._chats.names.all,
                opened=self._opened,
                reached=self._reading.reached,
            )
        return self._page

    def forget_page(self) -> None:
        """What it is made of has changed."""
        self._page = None

    # Where it is

    def show(self, chat: StoredChat) -> None:
        """At its first unread message, or where there is none at its end."""
        self.transcript = Transcript(self._store, chat, self._me, self._chats.where)
        self._reads = self._store.reads(chat.id)
        self._opened += 1
        self._reading, self._sight = Reading(), None
        self._ask_page(self.transcript.open())
        if not self.transcript.rows:
            self.load_older()
        self._changed("page")

    def caught_up(self) -> None:
        """All is known of what is unread, and where nothing is cached, the daemon can be asked."""
        transcript = self.transcript
        if transcript is None:
            return
        if transcript.is_stale or (transcript.chat.unread and not transcript.rows):
            self.show(transcript.chat)
        elif not transcript.rows:
            self.load_older()

    def begin_anew(self) -> None:
        """What is shown is not known any more: at the end, until all is known."""
        if self.transcript is not None:
            self.transcript.open_at_end()
            self.transcript.is_stale = True
            self._changed("page")

    def open_at(self, seq: int) -> None:
        if self.transcript is not None:
            self._ask_page(self.transcript.open_at(seq))
            self._changed("page")

    def go_to_end(self) -> None:
        """The person goes there, past all that is before it."""
        if self.transcript is not None:
            self._reach(self.transcript.chat.cursor)
            if self.transcript.has_newer or self.transcript.loading:
                self.transcript.open_at_end()
            self._changed("page")

    def follow(self) -> None:
        """The person writes here: the end is what they look at."""
        self.clear_new()
        self.go_to_end()

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

    def mark_new(self, chat: StoredChat) -> None:
        """Something has come to a chat that was not before the eyes of the person."""
        if self.transcript is not None and self.transcript.chat is chat:
            self.transcript.mark_new()
            self._changed("page")

    # What is read of it

    def sees(self, sight: Sight) -> None:
        """What can be seen has changed. Of another showing than this one it means nothing."""
        if self.transcript is not None and sight.opened == self._opened:
            self._sight = sight
            self.transcript.at_end = sight.at_end

    def look(self, now_s: float, *, looking: bool) -> None:
        """Whether somebody looks, or what they see, may have changed. Ask for `seen` before."""
        sight, reading, transcript = self._sight, self._reading, self.transcript
        if sight is None or transcript is None:
            return
        reading.reach(transcript.chat.read_seq)
        led = transcript.leads(reading.reached, sight.first, by_hand=sight.by_hand)
        if led and sight.by_hand:
            self._reach(sight.last)
        if looking and sight.last and led:
            reading.see(Span(sight.first, sight.last), now_s)
        else:
            reading.look_away()

    def _reach(self, seq: int) -> None:
        if seq > self._reading.reached:
            self._reading.reach(seq)
            self._changed("page")

    def seen(self, now_s: float) -> Span | None:
        """The rows that somebody has seen since the last time."""
        return self._reading.seen(now_s)

    def due_s(self) -> float | None:
        """When to ask for `seen` again."""
        return self._reading.due_s()

    # What is known besides

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

    def read_by(self, chat: StoredChat, user_id: str, seq: int) -> None:
        """Somebody has read any chat up to `seq`."""
        if self.transcript is not None and self.transcript.chat is chat:
            self._reads[user_id] = max(seq, self._reads.get(user_id, 0))
            self._changed("page")

    # Pages

    def _ask_page(self, request: requests.GetMessages | None) -> None:
        transcript = self.transcript
        if request is None or transcript is None:
            return
        self._pages_asked += 1
        kept = self._store.last_said(transcript.chat.id)

        def arrived(reply: Any) -> None:
            self._pages_asked = max(self._pages_asked - 1, 0)
            if isinstance(reply, results.GetMessagesResult):
                if kept is not None and _ends_before(kept, request, reply):
                    self._doubt()
                for message in reply.messages:
                    self._chats.learn_from(message)
                transcript.take_page(request, reply)
                self._change_late(transcript)
                if transcript is self.transcript:
                    self._ask_page(transcript.seek())
            else:
                transcript.open_cached()
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
            self.transcript.open_cached()
            self._changed("page")


def _ends_before(
    kept: Row, request: requests.GetMessages, reply: results.GetMessagesResult
) -> bool:
    """Whether the log ends before a message that was kept when this page of it was asked for."""
    if request.after is None or reply.has_more:
        return False
    last = max((message.seq for message in reply.messages), default=0)
    return max(last, request.after) < (kept.seq or 0)
