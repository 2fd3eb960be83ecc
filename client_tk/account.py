"""What is kept of one account, what waits to be sent from it, and which chat of it is shown."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from client_tk import rows
from client_tk.asking import Then
from client_tk.attention import mentions
from client_tk.chats import Chats
from client_tk.keys import key_of
from client_tk.model import ChatKey, Row
from client_tk.outbox import Outbox
from client_tk.shown import Shown
from client_tk.store import Store, StoredChat
from ruggine.wire import frames, requests


class Account:
    """Tk thread only. It is there from signing in to signing out."""

    def __init__(
        self, store: Store, me: str, say: Callable[[bytes], None],
        ask: Callable[[requests.Request, Then], None], changed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.store = store
        self.me = me
        self._changed = changed
        self.chats = Chats(store, me)
        self.outbox = Outbox(store, self.chats, say)
        self.shown = Shown(store, me, self.outbox.of, ask, changed)

    # The shown chat

    def select(self, key: ChatKey) -> None:
        """Show a chat, now and after a restart."""
        chat = self.chats.need(key)
        with contextlib.suppress(sqlite3.Error):  # a full disk is no reason not to read
            self.store.set_meta("selected", msgspec.json.encode(key).decode())
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
        actor = str(getattr(frame, "sender", "") or getattr(frame, "by", ""))
        chat = self.chats.need(key_of(frame, self.me, actor))
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

    def _add_row(self, chat: StoredChat, row: Row) -> None:
        self.store.put(chat.id, [row])
        self.chats.count(chat, row, mentions(row.content, self.me))
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
            case frames.MemberJoined() | frames.MemberLeft() if frame.username == self.me:
                chat.left = isinstance(frame, frames.MemberLeft)
            case frames.RoleChanged() if frame.username == self.me:
                chat.role = frame.role

    def pass_over(self, gap: frames.Gap) -> None:
        """More was missed than is sent."""
        chat = self.chats.need(key_of(gap, self.me))
        self.chats.pass_over(chat, gap.last)
        self.chats.save(chat)
        self._begin_anew(chat)

    def take_receipt(self, receipt: frames.ReadReceipt) -> None:
        """Of somebody, or of oneself on another device."""
        chat = self.chats.get(key_of(receipt, self.me, receipt.username))
        if chat is None:
            return
        if receipt.username != self.me:
            self.store.save_read(chat.id, receipt.username, receipt.seq)
            self.shown.read_by(chat, receipt.username, receipt.seq)
        elif self.chats.read_elsewhere(chat, receipt.seq):
            self._changed("chats")
            self._changed("page")

    # What is forgotten

    def forget_progress(self) -> None:
        """The daemon has another database than before."""
        self.chats.forget_progress()
        self.shown.forget_reads()
        self.shown.begin_anew()

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
