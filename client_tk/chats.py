"""Every chat of the account: how far each has come, what is unread, and the order of the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from client_tk.attention import mentions
from client_tk.model import ChatKey, ChatLine, Person, Row
from client_tk.store import Store, StoredChat
from ruggine.wire.results import ChatItem

_PREVIEW = 120


class Chats:
    """Tk thread only. What changes here is written to the store at once."""

    def __init__(self, store: Store, me: str) -> None:
        self._store = store
        self._me = me
        self._chats = {chat.key: chat for chat in store.chats()}
        self._expected: tuple[StoredChat, int] | None = None

    def __contains__(self, key: ChatKey) -> bool:
        return key in self._chats

    def get(self, key: ChatKey) -> StoredChat | None:
        return self._chats.get(key)

    def need(self, key: ChatKey) -> StoredChat:
        """The chat; made where it is new."""
        found = self._chats.get(key)
        if found is None:
            found = self._chats[key] = self._store.add_chat(key, key.name)
        return found

    def by_id(self, chat_id: int) -> StoredChat | None:
        return next((chat for chat in self._chats.values() if chat.id == chat_id), None)

    def all(self) -> Iterable[StoredChat]:
        return self._chats.values()

    def save(self, chat: StoredChat) -> None:
        self._store.save_chat(chat)

    # How far each has come

    def cursors(self, most: int) -> list[tuple[ChatKey, int]]:
        """Of the `most` newest chats that something is known of. The others are begun anew: what
        was missed of them will not be sent."""
        known = [chat for chat in self._chats.values() if chat.cursor]
        known.sort(key=lambda chat: chat.time_s, reverse=True)
        for chat in known[most:]:
            self._store.forget_entries(chat.id)
            chat.low, chat.cursor = 1, 0
            self._store.save_chat(chat)
        return [(chat.key, chat.cursor) for chat in known[:most]]

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
        self._store.forget_entries()
        for chat in self._chats.values():
            chat.low, chat.cursor, chat.read_seq = 1, 0, 0
            chat.unread = chat.counted = 0
            self._store.save_chat(chat)
            self.forget_mentions(chat)

    def take_list(self, items: Iterable[ChatItem]) -> list[StoredChat]:
        """What the daemon says of all chats; a group that is not among them was left. Returns
        those that are read further than it knows."""
        listed, further = set(), []
        for item in items:
            chat = self.need(_key_of_item(item))
            listed.add(chat.key)
            self._take_item(chat, item)
            self._store.save_chat(chat)
            if chat.read_seq > item.read_seq:
                further.append(chat)
        for chat in self._chats.values():
            if chat.key.kind == "group" and chat.key not in listed and not chat.left:
                chat.left = True
                self._store.save_chat(chat)
        return further

    def _take_item(self, chat: StoredChat, item: ChatItem) -> None:
        if item.chat_type == "group":
            chat.title, chat.role, chat.open = item.name or "", item.role or "", bool(item.open)
        chat.left, chat.muted = False, item.muted
        if chat.cursor == 0 and item.seq > 0:
            chat.cursor, chat.low = item.seq, item.seq + 1
            if item.last_message is not None:
                self._show(chat, item.last_message.sender, item.last_message.content,
                           item.last_message.timestamp)  # fmt: skip
        if item.read_seq > chat.read_seq:
            self._keep_mentions(chat, lambda seq: seq > item.read_seq)
        if item.read_seq >= chat.read_seq:
            chat.read_seq = item.read_seq
            chat.counted = max(item.seq, chat.cursor)
            newer = self._store.unread(chat.id, item.seq, self._me) if chat.cursor > item.seq else 0
            chat.unread = max(item.unread, 0) + newer

    # What is unread

    def count(self, chat: StoredChat, row: Row, mention: bool) -> None:
        """A new entry: it is unread if it is somebody else's message."""
        seq = row.seq or 0
        is_said = row.kind == "message" and not row.deleted
        if is_said:
            self._show(chat, row.sender, row.content, row.time_s)
        if not is_said or row.sender == self._me or seq <= chat.read_seq:
            return
        if seq > chat.counted:
            chat.counted = seq
            chat.unread += 1
        if mention:
            chat.mentions = (*chat.mentions, seq)
            self._store.save_mentions(chat)

    def reword(self, chat: StoredChat, before: Row, now: Row) -> None:
        """A message of the cache says something else now, or nothing any more."""
        unread = before.sender != self._me and (before.seq or 0) > chat.read_seq
        if unread and now.deleted and not before.deleted:
            chat.unread = max(chat.unread - 1, 0)
        if not mentions(now.content, self._me):
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
            return self._store.unread(chat.id, chat.read_seq, self._me)
        return min(chat.unread, max(chat.cursor - chat.read_seq, 0))

    def _show(self, chat: StoredChat, sender: str, content: str, time_s: float) -> None:
        text = " ".join(content[: 2 * _PREVIEW].split())[:_PREVIEW]
        chat.preview = f"{sender}: {text}" if chat.key.kind == "group" else text
        chat.time_s = max(time_s, chat.time_s)

    # The list

    def lines(self, people: dict[str, Person]) -> list[ChatLine]:
        """Unread with mentions first, then unread, then recent."""
        lines = [self._line(chat, people) for chat in self._chats.values() if not chat.left]
        return sorted(lines, key=_rank)

    def _line(self, chat: StoredChat, people: dict[str, Person]) -> ChatLine:
        person = people.get(chat.key.name) if chat.key.kind == "private" else None
        return ChatLine(
            key=chat.key, title=chat.title or chat.key.name, unread=self._shown_unread(chat),
            mentions=self._shown_mentions(chat), online=person is not None and person.online,
            muted=chat.muted, preview=chat.preview, draft=chat.draft, time_s=chat.time_s,
        )  # fmt: skip


def _rank(line: ChatLine) -> tuple[bool, bool, float, str]:
    unread = line.unread > 0 and not line.muted
    return line.mentions == 0, not unread, -line.time_s, line.title.lower()


def _key_of_item(item: ChatItem) -> ChatKey:
    return ChatKey(item.chat_type, (item.to_user or item.group_id) or "")
