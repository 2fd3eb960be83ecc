"""Every chat of the account: how far each has come, what is unread, and the order of the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from client_tk.attention import mentions
from client_tk.keys import fields_of, key_of_item, people_in
from client_tk.model import ChatKey, ChatLine, Me, Person, Row
from client_tk.names import Names
from client_tk.store import Store, StoredChat
from client_tk.texts import _
from ruggine.wire.requests import Cursor
from ruggine.wire.results import ChatItem

_PREVIEW = 120


class Chats:
    """Tk thread only. What changes here is written to the store at once."""

    def __init__(
        self, store: Store, me: Me, names: Names, begun_anew: Callable[[StoredChat], None]
    ) -> None:
        """`begun_anew` is told of a chat of which nothing that was known holds any more."""
        self._store = store
        self._begun_anew = begun_anew
        self._me = me
        self.names = names
        self._chats = {chat.key: chat for chat in store.chats()}
        self._expected: tuple[StoredChat, int] | None = None

    def __contains__(self, key: ChatKey) -> bool:
        return key in self._chats

    def get(self, key: ChatKey) -> StoredChat | None:
        return self._chats.get(key)

    def need(self, key: ChatKey, public_id: str = "") -> StoredChat:
        """The chat; made where it is new, and begun anew where the daemon has another one with the
        same person: its database is not the one that was read before."""
        found = self._chats.get(key)
        if found is None:
            title = self.names.of(key.id) if key.kind == "private" else key.id
            found = self._chats[key] = self._store.add_chat(key, title)
        if public_id and found.public_id != public_id:
            if found.public_id:
                self.begin_anew(found)
            found.public_id = public_id
            self._store.save_chat(found)
        return found

    def where(self, key: ChatKey) -> dict[str, Any]:
        """How a request names the chat."""
        chat = self._chats.get(key)
        return fields_of(key, chat.public_id if chat is not None else "")

    def learn(self, user_id: str, name: str) -> bool:
        """What somebody is called now. Whether that is news."""
        if not self.names.learn(user_id, name):
            return False
        self._rename(user_id, name)
        return True

    def learn_from(self, frame: Any) -> bool:
        """What those are called who are named in a frame, or an item of a list. Whether any of it
        is news."""
        return sum(self.learn(user_id, name) for user_id, name in people_in(frame)) > 0

    def _rename(self, user_id: str, name: str) -> None:
        chat = self._chats.get(ChatKey("private", user_id))
        if chat is not None:
            chat.title = name
            self._store.save_chat(chat)

    def by_id(self, chat_id: int) -> StoredChat | None:
        return next((chat for chat in self._chats.values() if chat.id == chat_id), None)

    @property
    def by_name(self) -> list[StoredChat]:
        """Those of which has yet to be found out whose they are."""
        return [chat for chat in self._chats.values() if chat.by_name]

    def adopt(self, chat: StoredChat, item: ChatItem) -> StoredChat:
        """It is the one that the daemon lists. Returns what it has become; where something has come
        from there meanwhile, what was typed joins that."""
        user_id, name = item.to_user_id or "", item.to_user or ""
        self.learn(user_id, name)
        key = ChatKey("private", user_id)
        del self._chats[chat.key]
        found = self._chats.get(key)
        if found is not None:
            return self._join(chat, found)
        self._store.identify(chat.key.id, user_id, chat.id)
        chat.key, chat.title, chat.public_id, chat.by_name = key, name, item.chat_id, False
        self._chats[key] = chat
        self._store.save_chat(chat)
        return chat

    def _join(self, chat: StoredChat, found: StoredChat) -> StoredChat:
        if not found.draft:
            found.draft = chat.draft
            self._store.save_draft(found)
        self._store.join_chats(chat.id, found.id)
        return found

    def give_up(self, chat: StoredChat) -> None:
        """Whose it was cannot be told, or they are gone and nobody has told what they are called
        now: it stays as it is, and is not confused with that of somebody else of this name."""
        chat.by_name = False
        chat.title = _("{name} (earlier)").format(name=self.names.of(chat.key.id))
        self._store.save_chat(chat)

    def all(self) -> Iterable[StoredChat]:
        return self._chats.values()

    def save(self, chat: StoredChat) -> None:
        self._store.save_chat(chat)

    # How far each has come

    def cursors(self, most: int) -> list[Cursor]:
        """Of the `most` newest chats that something is known of. The others are begun anew: what
        was missed of them will not be sent."""
        known = [c for c in self._chats.values() if c.cursor and c.public_id]
        known.sort(key=lambda chat: chat.time_s, reverse=True)
        if len(known) > most:
            self._forget(known[most:])
        return [Cursor(chat_id=chat.public_id, seq=chat.cursor) for chat in known[:most]]

    def _forget(self, chats: Iterable[StoredChat]) -> None:
        with self._store.writing():
            for chat in chats:
                self._store.forget_entries(chat.id)
                chat.low, chat.cursor = 1, 0
                self._store.save_chat(chat)

    def advance(self, chat: StoredChat, seq: int) -> bool:
        """Whether the entry `seq` is new. Where the run is broken, it begins anew with it."""
        if seq <= chat.cursor:
            return False
        if seq > chat.cursor + 1:
            self._store.forget_entries(chat.id)
            chat.low = seq
        chat.cursor = seq
        return True

    def pass_over(self, chat: StoredChat, last: int) -> None:
        """Entries up to `last` are not sent: what changed earlier messages in them is not known,
        so these are asked for again when they are wanted. Nothing happens where they are known."""
        if last <= chat.cursor:
            return
        self._store.forget_entries(chat.id)
        chat.low, chat.cursor = last + 1, last

    def forget_progress(self) -> None:
        """The daemon has another database than before: nothing that was cached holds."""
        for chat in self._chats.values():
            self.begin_anew(chat)
            if chat.key.kind == "private":
                chat.public_id = ""
            self._store.save_chat(chat)

    def begin_anew(self, chat: StoredChat) -> None:
        """Nothing that is known of its log holds; the draft and the outbox do."""
        self._store.forget_entries(chat.id)
        chat.low, chat.cursor, chat.read_seq = 1, 0, 0
        chat.unread = chat.counted = 0
        self.forget_mentions(chat)
        self._begun_anew(chat)

    def take_item(self, item: ChatItem, asked_at: dict[int, int]) -> StoredChat:
        """What the daemon says of a chat; how far each had come when it was asked stands in
        `asked_at`. A log that is shorter than it was then is another one than was read."""
        self.learn_from(item)
        self.learn_from(item.last_message)
        chat = self.need(key_of_item(item), item.chat_id)
        if item.seq < min(asked_at.get(chat.id, 0), chat.cursor):
            self.begin_anew(chat)
        self._take_item(chat, item)
        self._store.save_chat(chat)
        return chat

    def forget_unlisted(self, listed: set[int], asked_at: dict[int, int]) -> None:
        """The list is complete. A group that is not in it was left; a private chat that is not in
        it, and was known before, is not in this database. One that has moved meanwhile went past
        the pages."""
        for chat in self._chats.values():
            unmoved = asked_at.get(chat.id) == chat.cursor
            if chat.id in listed or not unmoved or chat.left or not chat.public_id:
                continue
            if chat.key.kind == "group":
                chat.left = True
            else:
                self.begin_anew(chat)
                chat.public_id = ""
            self._store.save_chat(chat)

    def _take_item(self, chat: StoredChat, item: ChatItem) -> None:
        if item.chat_type == "group":
            chat.title, chat.role, chat.open = item.name or "", item.role or "", bool(item.open)
        chat.left, chat.muted = False, item.muted
        if chat.cursor == 0 and item.seq > 0:
            self._begin_at(chat, item)
        if item.read_seq > chat.read_seq:
            self._keep_mentions(chat, lambda seq: seq > item.read_seq)
        if item.read_seq >= chat.read_seq:
            chat.read_seq = item.read_seq
            chat.counted = max(item.seq, chat.cursor)
            chat.unread = max(item.unread, 0)
            if chat.cursor > item.seq:
                chat.unread += self._store.unread(chat.id, item.seq, self._me.id)

    def _begin_at(self, chat: StoredChat, item: ChatItem) -> None:
        chat.cursor, chat.low = item.seq, item.seq + 1
        said = item.last_message
        if said is not None:
            self._show(chat, said.sender_id, said.content, said.timestamp)

    # What is unread

    def count(self, chat: StoredChat, row: Row, mention: bool) -> None:
        """A new entry: it is unread if it is somebody else's message."""
        seq = row.seq or 0
        is_said = row.kind == "message" and not row.deleted
        if is_said:
            self._show(chat, row.sender, row.content, row.time_s)
        if not is_said or row.sender == self._me.id or seq <= chat.read_seq:
            return
        if seq > chat.counted:
            chat.counted = seq
            chat.unread += 1
        if mention:
            chat.mentions = (*chat.mentions, seq)
            self._store.save_mentions(chat)

    def reword(self, chat: StoredChat, before: Row, now: Row) -> None:
        """A message of the cache says something else now, or nothing any more."""
        unread = before.sender != self._me.id and (before.seq or 0) > chat.read_seq
        if unread and now.deleted and not before.deleted:
            chat.unread = max(chat.unread - 1, 0)
        if not mentions(now.content, self._me.name):
            self._keep_mentions(chat, lambda seq: seq != now.seq)
        last = self._store.last_said(chat.id)
        chat.preview = ""
        if last is not None:
            self._show(chat, last.sender, last.content, last.time_s)

    def read(self, chat: StoredChat, seq: int) -> bool:
        """The read mark has come to `seq`. Whether that is news. A mention is kept until it was
        `see`n: somebody may have gone past it."""
        before = chat.read_seq, chat.unread
        chat.read_seq = max(seq, chat.read_seq)
        chat.unread = self._unread(chat)
        if (chat.read_seq, chat.unread) == before:
            return False
        self._store.save_chat(chat)
        return True

    def read_elsewhere(self, chat: StoredChat, seq: int) -> bool:
        """The same, on another device: what was seen there is not known better than that."""
        if seq > chat.read_seq:
            self._keep_mentions(chat, lambda mention: mention > seq)
        return self.read(chat, seq)

    def see(self, chat: StoredChat, first: int, last: int) -> bool:
        """The rows from `first` to `last` were seen. Whether a mention was among them."""
        return self._keep_mentions(chat, lambda seq: not first <= seq <= last)

    def forget_mentions(self, chat: StoredChat) -> None:
        self._keep_mentions(chat, lambda _seq: False)

    def _keep_mentions(self, chat: StoredChat, wanted: Callable[[int], bool]) -> bool:
        kept = tuple(filter(wanted, chat.mentions))
        if kept == chat.mentions:
            return False
        chat.mentions = kept
        self._store.save_mentions(chat)
        return True

    def expect(self, chat: StoredChat, seq: int) -> None:
        """The new message `seq` came before the eyes of the person: it is not shown as unread
        while they look, for it will be read in a moment."""
        if chat.unread <= 1:
            self._expected = (chat, seq)

    def expect_nothing(self) -> bool:
        """The person does not look there any more. Whether they did."""
        was, self._expected = self._expected, None
        return was is not None

    @property
    def unread(self) -> int:
        """Of all chats that are not muted, as it is shown."""
        chats = self._chats.values()
        return sum(self._shown_unread(chat) for chat in chats if not chat.muted and not chat.left)

    def _shown_unread(self, chat: StoredChat) -> int:
        return 0 if self._expects(chat) else chat.unread

    def _shown_mentions(self, chat: StoredChat) -> int:
        since = self._expected[1] if self._expected and self._expects(chat) else None
        return sum(since is None or seq < since for seq in chat.mentions)

    def _expects(self, chat: StoredChat) -> bool:
        return self._expected is not None and self._expected[0] is chat

    def _unread(self, chat: StoredChat) -> int:
        """As far as it can be known, where the cache begins behind the read mark."""
        if chat.low <= chat.read_seq + 1:
            return self._store.unread(chat.id, chat.read_seq, self._me.id)
        return min(chat.unread, max(chat.cursor - chat.read_seq, 0))

    def _show(self, chat: StoredChat, sender: str, content: str, time_s: float) -> None:
        text = " ".join(content[: 2 * _PREVIEW].split())[:_PREVIEW]
        chat.preview = f"{self.names.of(sender)}: {text}" if chat.key.kind == "group" else text
        chat.time_s = max(time_s, chat.time_s)

    # The list

    def lines(self, people: dict[str, Person]) -> list[ChatLine]:
        """Unread with mentions first, then unread, then recent."""
        lines = [self._line(chat, people) for chat in self._chats.values() if not chat.left]
        return sorted(lines, key=_rank)

    def _line(self, chat: StoredChat, people: dict[str, Person]) -> ChatLine:
        person = people.get(chat.key.id) if chat.key.kind == "private" else None
        return ChatLine(
            key=chat.key, title=chat.title or chat.key.id, unread=self._shown_unread(chat),
            mentions=self._shown_mentions(chat), online=person is not None and person.online,
            muted=chat.muted, preview=chat.preview, draft=chat.draft, time_s=chat.time_s,
        )  # fmt: skip


def _rank(line: ChatLine) -> tuple[bool, bool, float, str]:
    unread = line.unread > 0 and not line.muted
    return line.mentions == 0, not unread, -line.time_s, line.title.lower()
