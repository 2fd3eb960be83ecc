"""What the daemon says of all chats, which comes in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from client_tk.account import Account
from client_tk.asking import Ask
from client_tk.model import Trouble
from client_tk.paging import ask_all
from client_tk.store import StoredChat
from ruggine.wire import requests
from ruggine.wire.results import ChatItem

_PAGE = 200
"""A page is taken in one turn of Tk, in which nothing else is drawn."""


class ChatList:
    """Asks for the list once, and applies it page by page. Tk thread only.

    `read_further` is told of each chat that was read further here than the daemon knows; `listed`
    is called when all is known of the shown chat, and at the end; `changed` after each page.
    """

    def __init__(
        self, account: Account, read_further: Callable[[StoredChat], None],
        listed: Callable[[], None], changed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._account = account
        self._read_further = read_further
        self._listed = listed
        self._changed = changed
        self._cursors = {chat.id: chat.cursor for chat in account.chats.all()}
        self._seen: set[int] = set()

    def ask(self, ask: Ask) -> None:
        ask_all(ask, requests.ListChats(limit=_PAGE), self._take)

    def _take(self, reply: Any, is_last: bool) -> None:
        if isinstance(reply, Trouble):
            return
        here = [self._take_item(item) for item in reply.chats]
        if is_last:
            self._account.chats.forget_unlisted(self._seen, self._cursors)
        shown = self._account.shown.transcript
        if is_last or (shown is not None and shown.chat in here):
            self._listed()
        self._changed("chats")

    def _take_item(self, item: ChatItem) -> StoredChat:
        chat = self._account.chats.take_item(item, self._cursors)
        self._seen.add(chat.id)
        if chat.read_seq > item.read_seq:
            self._read_further(chat)
        return chat
