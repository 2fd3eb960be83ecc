"""Finds out whose the private chats are that an older client kept by names.

A name may have come to belong to somebody else since. So a chat is taken for one that the daemon
lists only if they agree in the newest message that is kept. What agrees with none stays as it is,
and nothing that waits in it is sent to anybody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from client_tk.asking import Ask
from client_tk.model import Row, Trouble
from client_tk.names import is_deleted
from client_tk.paging import ask_all
from client_tk.store import Store, StoredChat
from ruggine.wire import requests
from ruggine.wire.results import ChatItem, MessageItem

_SAME_MS = 1e-3
_END = 2**63 - 1


class Matching:
    """Tk thread only.

    `adopt` is told of each chat whose it is, `give_up` of each that is nobody's; `done` is called
    when all are known. It ends without a word where the connection does: the next one begins anew.
    """

    def __init__(
        self, store: Store, chats: list[StoredChat], ask: Ask, *,
        adopt: Callable[[StoredChat, ChatItem], None], give_up: Callable[[StoredChat], None],
        done: Callable[[], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._left = deque(chats)
        self._ask = ask
        self._adopt, self._give_up, self._done = adopt, give_up, done
        self._items: list[ChatItem] = []
        self._tries: deque[ChatItem] = deque()

    def begin(self) -> None:
        ask_all(self._ask, requests.ListChats(), self._take)

    def _take(self, reply: Any, is_last: bool) -> None:
        if isinstance(reply, Trouble):
            return
        names = {chat.key.id.lower() for chat in self._left}
        self._items += [item for item in reply.chats if _may_be(item, names)]
        if is_last:
            self._begin_next()

    def _begin_next(self) -> None:
        if not self._left:
            self._done()
            return
        name = self._left[0].key.id.lower()
        named = [item for item in self._items if (item.to_user or "").lower() == name]
        self._tries = deque(named + [item for item in self._items if is_deleted(item.to_user)])
        self._try_next()

    def _try_next(self) -> None:
        chat = self._left[0]
        if not self._tries:
            self._give_up(self._left.popleft())
            self._begin_next()
            return
        item = self._tries[0]
        if item.seq < chat.cursor or not chat.cursor:
            self._disagree()
        elif item.last_message is not None and item.seq == chat.cursor:
            self._compare(item.last_message)
        else:
            self._fetch(item)

    def _fetch(self, item: ChatItem) -> None:
        """The newest message of theirs that would be kept here."""
        before = self._left[0].cursor + 1
        self._ask(requests.GetMessages(chat_id=item.chat_id, before=before, limit=1), self._got)

    def _got(self, reply: Any) -> None:
        if not isinstance(reply, Trouble):
            self._compare(reply.messages[-1] if reply.messages else None)
        elif reply.code != "unavailable":
            self._disagree()

    def _compare(self, theirs: MessageItem | None) -> None:
        chat = self._left[0]
        if theirs is not None and _agree(chat, self._newest(chat), theirs):
            item = self._tries[0]
            self._items.remove(item)
            self._adopt(self._left.popleft(), item)
            self._begin_next()
        else:
            self._disagree()

    def _disagree(self) -> None:
        self._tries.popleft()
        self._try_next()

    def _newest(self, chat: StoredChat) -> Row | None:
        return next(iter(self._store.before(chat.id, _END, 1)), None)


def _may_be(item: ChatItem, names: set[str]) -> bool:
    other = item.to_user or ""
    return item.chat_type == "private" and (other.lower() in names or is_deleted(other))


def _agree(chat: StoredChat, kept: Row | None, theirs: MessageItem) -> bool:
    """Whether the newest message is the same; where none is kept, whether it came at that time."""
    if kept is not None and kept.seq != theirs.seq:
        return False
    time_s = chat.time_s if kept is None else kept.time_s
    return abs(time_s - theirs.timestamp) < _SAME_MS
