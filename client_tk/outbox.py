"""Messages that were typed and are not yet seen in their chat: each is sent until it is stored,
once, in the order of typing, also after a restart."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from client_tk import wording
from client_tk.chats import Chats
from client_tk.store import Store, StoredChat, Waiting
from ruggine import errors
from ruggine.wire.requests import SendMessage

_TEMPORARY = frozenset({"unavailable", "rate_limited"})
_AGAIN_S = 2.0
_MOST_AGAIN_S = 60.0
_LEAST_ASKED_S, _MOST_ASKED_S = 0.5, 3600.0
"""Whatever the daemon says: it is not asked in a circle, and nobody waits for ever."""


class Outbox:
    """Tk thread only. One message of a chat is on the way at a time, so that their order stands."""

    def __init__(self, store: Store, chats: Chats, say: Callable[[bytes], None]) -> None:
        self._store = store
        self._chats = chats
        self._say = say
        self._messages = store.waiting()
        self._on_way: dict[int, str] = {}
        self._live = False
        self._not_before_s = 0.0
        self._failures = 0
        self.max_frame_size = 0
        """Of the daemon, in bytes; 0 while it is not known."""

    def __len__(self) -> int:
        """How many are not stored yet."""
        return sum(m.seq is None and not m.refusal for m in self._messages)

    def of(self, chat: StoredChat) -> list[Waiting]:
        return [m for m in self._messages if m.chat_id == chat.id]

    def post(
        self, chat: StoredChat, content: str, reply_to: int | None, time_s: float, now_s: float
    ) -> str:
        """Returns the client_id. The message is on the disk when this returns, and no draft."""
        message = Waiting(chat.id, uuid.uuid4().hex, content, reply_to, time_s)
        self._store.post(message)
        chat.draft = ""
        self._messages.append(message)
        self.send_more(now_s)
        return message.client_id

    # The connection

    def live(self, now_s: float) -> None:
        """The connection stands and is caught up.

        What was stored and has not been seen since is sent again, and found again by its
        client_id: its entry was in a gap, or in a database that is no more.
        """
        self._live, self._failures, self._not_before_s = True, 0, 0.0
        self._on_way.clear()
        self._messages = [replace(m, seq=None) for m in self._messages]
        self.send_more(now_s)

    def lost(self) -> None:
        """What was on the way may have arrived or not: it will be sent again."""
        self._live = False
        self._on_way.clear()

    def due_s(self) -> float | None:
        """When to call `send_more` again; None if there is nothing to wait for."""
        return self._not_before_s if self._live and self._failures and len(self) else None

    def send_more(self, now_s: float) -> None:
        if not self._live or now_s < self._not_before_s:
            return
        for message in tuple(self._messages):
            if message.seq is None and not message.refusal and message.chat_id not in self._on_way:
                self._send(message)

    def _send(self, message: Waiting) -> None:
        chat = self._chats.by_id(message.chat_id)
        if chat is None or chat.by_name:
            return
        try:
            request = SendMessage(
                **self._chats.where(chat.key), content=message.content, client_id=message.client_id,
                reply_to=message.reply_to,
            )  # fmt: skip
            frame = self._encoded(request)
        except errors.Refusal as refusal:
            sentence = wording.trouble(refusal.code, refusal.sentence)
            self._change(message, replace(message, refusal=sentence))
            return
        self._on_way[message.chat_id] = message.client_id
        self._say(frame)

    def _encoded(self, request: SendMessage) -> bytes:
        """Raises MessageTooLong for what the daemon would not answer, but hang up for."""
        frame = msgspec.json.encode(request)
        if 0 < self.max_frame_size < len(frame):
            raise errors.MessageTooLong
        return frame

    # What became of it

    def stored(self, client_id: str, seq: int, now_s: float) -> None:
        """The daemon has it. It is kept until its entry comes."""
        message = self._find(client_id)
        if message is None:
            return
        chat = self._chats.by_id(message.chat_id)
        if chat is not None and seq <= chat.cursor:
            self._remove(message)
        else:
            self._change(message, replace(message, seq=seq))
        self._failures = 0
        self._answered(message, now_s)

    def seen(self, client_id: str, now_s: float) -> None:
        """Its entry has come."""
        message = self._find(client_id)
        if message is not None:
            self._remove(message)
            self._answered(message, now_s)

    def failed(
        self, client_id: str, code: str, sentence: str, retry_after_s: float | None, now_s: float
    ) -> None:
        """The daemon has refused it: for now, or for good."""
        message = self._find(client_id)
        if message is None:
            return
        if code in _TEMPORARY:
            self._failures += 1
            wait_s = min(_AGAIN_S * 2 ** (self._failures - 1), _MOST_AGAIN_S)
            asked_s = max(retry_after_s or wait_s, _LEAST_ASKED_S)
            self._not_before_s = now_s + min(asked_s, _MOST_ASKED_S)
        else:
            self._change(message, replace(message, refusal=sentence))
        self._answered(message, now_s)

    def refuse(self, chat: StoredChat, sentence: str) -> None:
        """Nothing of what waits in a chat can be sent."""
        for message in self.of(chat):
            self._change(message, replace(message, refusal=sentence))

    def take_again(self) -> None:
        """What waits has come to other chats."""
        self._messages = self._store.waiting()

    def retry(self, client_id: str, now_s: float) -> None:
        message = self._find(client_id)
        if message is not None:
            self._change(message, replace(message, refusal=""))
            self.send_more(now_s)

    def discard(self, client_id: str) -> None:
        """Only what was refused: anything else may be stored already."""
        message = self._find(client_id)
        if message is not None and message.refusal:
            self._remove(message)

    def _answered(self, message: Waiting, now_s: float) -> None:
        if self._on_way.get(message.chat_id) == message.client_id:
            del self._on_way[message.chat_id]
        self.send_more(now_s)

    def chat_of(self, client_id: str) -> StoredChat | None:
        """The chat of a message that waits."""
        message = self._find(client_id)
        return self._chats.by_id(message.chat_id) if message is not None else None

    def _find(self, client_id: str) -> Waiting | None:
        return next((m for m in self._messages if m.client_id == client_id), None)

    def _change(self, message: Waiting, new: Waiting) -> None:
        self._messages[self._messages.index(message)] = new
        self._store.save_waiting(new)

    def _remove(self, message: Waiting) -> None:
        self._messages.remove(message)
        self._store.unpost(message.client_id)


def unified(text: str) -> str:
    """With line breaks as the contract has them, wherever they were pasted from."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
