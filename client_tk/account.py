"""What is kept of one account, what waits to be sent from it, and which chat of it is shown."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from client_tk import rows, wording
from client_tk.asking import Ask
from client_tk.attention import mentions
from client_tk.chats import Chats
from client_tk.keys import key_of
from client_tk.model import ChatKey, Me, Row
from client_tk.names import Names, is_deleted
from client_tk.outbox import Outbox
from client_tk.shown import Shown
from client_tk.store import Store, StoredChat
from ruggine.wire import frames
from ruggine.wire.results import ChatItem


class Account:
    """Tk thread only. It is there from signing in to signing out."""

    def __init__(
        self, store: Store, username: str, say: Callable[[bytes], None],
        ask: Ask, list_chats: Callable[[], None], changed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.store = store
        self.me = Me(username, store.meta("user_id") or username)
        self._changed = changed
        self.names = Names(store)
        self.chats = Chats(store, self.me, self.names, self._begin_anew)
        self.outbox = Outbox(store, self.chats, say)
        self.shown = Shown(store, self.me, self.chats, self.outbox.of, ask, list_chats, changed)

    # Who is who

    def is_of(self, user_id: str) -> bool:
        """Whether this is the account that everything here was kept for, as far as that is known:
        its name may be somebody else's by now."""
        return self.store.meta("user_id") in (None, user_id)

    def identify(self, user_id: str) -> None:
        """The daemon says whose account this is."""
        self.names.learn(user_id, self.me.name)
        if self.me.id == user_id:
            return
        self.me.id = user_id
        with self.store.writing():
            self.store.identify(self.me.name, user_id)
            self.store.set_meta("user_id", user_id)
        self.shown.begin_anew()

    def learn(self, frame: Any) -> None:
        """What those are called who are named in a frame."""
        if self.chats.learn_from(frame):
            self._show_names()

    def rename(self, user_id: str, name: str) -> None:
        """Somebody is called otherwise from now on."""
        if user_id in self.names.all and self.chats.learn(user_id, name):
            self._show_names()

    def _show_names(self) -> None:
        for what in ("chats", "page", "draft"):
            self._changed(what)

    def adopt(self, chat: StoredChat, item: ChatItem) -> None:
        """A chat that was kept by a name is the one that the daemon lists."""
        old_key = chat.key
        found = self.chats.adopt(chat, item)
        self.outbox.take_again()
        if self.shown.transcript is not None and self.shown.transcript.chat is chat:
            self.select(found.key)
        elif self.store.meta("selected") == _encoded(old_key):
            self.store.set_meta("selected", _encoded(found.key))
        self._changed("chats")

    def give_up(self, chat: StoredChat) -> None:
        """Whose a chat was that was kept by a name cannot be told."""
        self.chats.give_up(chat)
        self.outbox.refuse(chat, wording.not_known_whom())
        self._changed("chats")
        self._changed("page")

    def nobody_there(self, client_id: str) -> None:
        """The daemon does not know whom a message is for. Where it has a chat with them, it says
        what they are called; where there is none, nobody does."""
        chat = self.outbox.chat_of(client_id)
        if chat is None or chat.public_id or chat.key.kind == "group":
            return
        if not is_deleted(chat.title):
            self.chats.give_up(chat)
            self._show_names()

    # The shown chat

    def select(self, key: ChatKey) -> None:
        """Show a chat, now and after a restart."""
        chat = self.chats.need(key)
        with contextlib.suppress(sqlite3.Error):  # a full disk is no reason not to read
            self.store.set_meta("selected", _encoded(key))
        self.shown.show(chat)

    def select_last(self) -> None:
        """Show the chat that was shown at last, if it is still there."""
        last = self.store.meta("selected")
        if last is not None:
            key = msgspec.json.decode(last, type=ChatKey)
            if key in self.chats:
                self.select(key)

    # What the daemon pushes

    def enter(self, frame: Any) -> tuple[StoredChat, Row | None] | None:
        """An entry of a log: kept, counted and shown. None for what was there before; no Row for
        what changes an earlier entry."""
        chat = self._chat_of(frame)
        broken = frame.seq > chat.cursor + 1
        if not self.chats.advance(chat, frame.seq):
            return None
        if broken:
            self._begin_anew(chat)
        row = rows.of_entry(frame)
        if row is None:
            self._change_row(chat, frame)
        else:
            self._add_row(chat, row)
        self._change_chat(chat, frame)
        self.chats.save(chat)
        self._changed("chats")
        return chat, row

    def _chat_of(self, frame: Any) -> StoredChat:
        self.learn(frame)
        return self.chats.need(key_of(frame, self.me.id), frame.chat_id)

    def _add_row(self, chat: StoredChat, row: Row) -> None:
        self.store.put(chat.id, [row])
        self.chats.count(chat, row, mentions(row.content, self.me.name))
        self.shown.add(chat, row)

    def _change_row(self, chat: StoredChat, frame: Any) -> None:
        row = self.store.row(chat.id, frame.ref)
        if row is not None:
            changed = rows.changed(row, frame)
            self.store.put(chat.id, [changed])
            self.chats.reword(chat, row, changed)
        self.shown.change(chat, frame)

    def _change_chat(self, chat: StoredChat, frame: Any) -> None:
        match frame:
            case frames.GroupRenamed():
                chat.title = frame.name
            case frames.MemberJoined() | frames.MemberLeft() if frame.user_id == self.me.id:
                chat.left = isinstance(frame, frames.MemberLeft)
            case frames.RoleChanged() if frame.user_id == self.me.id:
                chat.role = frame.role

    def pass_over(self, gap: frames.Gap) -> None:
        """More was missed than is sent."""
        chat = self._chat_of(gap)
        self.chats.pass_over(chat, gap.last)
        self.chats.save(chat)
        self._begin_anew(chat)

    def take_receipt(self, receipt: frames.ReadReceipt) -> None:
        """Of somebody, or of oneself on another device."""
        chat = self.chats.get(key_of(receipt, self.me.id))
        if chat is None:
            return
        if receipt.user_id != self.me.id:
            self.store.save_read(chat.id, receipt.user_id, receipt.seq)
            self.shown.read_by(chat, receipt.user_id, receipt.seq)
        elif self.chats.read_elsewhere(chat, receipt.seq):
            self._changed("chats")
            self._changed("page")

    # What is forgotten

    def forget_progress(self) -> None:
        """The daemon has another database than before."""
        self.store.forget_entries()
        self.chats.forget_progress()
        self.shown.forget_reads()

    def forget_entries(self, key: ChatKey) -> None:
        """The person has discarded what a chat has up to now. What came meanwhile is asked for
        again."""
        chat = self.chats.need(key)
        self.store.forget_entries(chat.id)
        chat.low, chat.preview, chat.unread = chat.cursor + 1, "", 0
        self.chats.save(chat)
        self.chats.forget_mentions(chat)
        if chat.key == self.shown.key:
            self.shown.show(chat)
        self._changed("chats")

    def _begin_anew(self, chat: StoredChat) -> None:
        if chat.key == self.shown.key:
            self.shown.begin_anew()


def _encoded(key: ChatKey) -> str:
    return msgspec.json.encode(key).decode()
