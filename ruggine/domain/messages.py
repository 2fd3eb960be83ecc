"""Private messages: sending, reading, marks. The way of a message begins in `Messages.submit`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.hub import Hub
from ruggine.domain.recent import Recent
from ruggine.model import Appended, Chat, ChatSummary, Draft, Entry, Page, User

Answer = Callable[[Chat, ports.Outcome], None]

MAX_PAGE_BYTES = 48 * 1024
"""Of contents in one page of a history, so that its frame stays far below what clients accept."""

_CACHED_USERS = 20_000
_CACHED_CHATS = 50_000


class Messages:
    """What a user can do with messages. `peer` is a username, in any case."""

    def __init__(
        self,
        *,
        log: ports.MessageLog,
        chats: ports.ChatStore,
        accounts: ports.AccountStore,
        hub: Hub,
        clock: ports.Clock,
        max_message_length: int,
    ) -> None:
        self._log = log
        self._chats = chats
        self._accounts = accounts
        self._hub = hub
        self._clock = clock
        self._max_message_length = max_message_length
        self._user_named: Recent[str, User] = Recent(_CACHED_USERS)
        self._chat_of: Recent[tuple[str, str], Chat] = Recent(_CACHED_CHATS)

    # Sending

    async def submit(
        self,
        sender: User,
        peer: str,
        content: str,
        client_id: str | None,
        reply_to: int | None,
        answer: Answer,
    ) -> None:
        """Give a message its place in the log and return; messages are stored in this order.

        `answer` is called once with the chat and what became of the message: after its commit,
        and before the entry goes to the connections of both users. It is not called if this
        raises: MessageTooLong, NotFound, Unavailable.
        """
        if len(content) > self._max_message_length:
            raise errors.MessageTooLong(
                f"A message has at most {self._max_message_length} characters."
            )
        chat = await self._private_chat(sender, peer)
        if reply_to is not None and not await self._log.exists(chat.id, reply_to):
            raise errors.NotFound("There is no message to reply to.")
        draft = Draft(chat.id, sender, content, int(self._clock() * 1000), client_id, reply_to)
        self._log.append(draft, partial(self._stored, chat, answer))

    def _stored(self, chat: Chat, answer: Answer, outcome: ports.Outcome) -> None:
        answer(chat, outcome)
        if isinstance(outcome, Appended):
            # A duplicate too: its first sending may have died between commit and delivery on
            # another node, and who has the entry already drops it.
            self._hub.publish(chat, outcome.entry)
        elif isinstance(outcome, errors.NotFound):
            self._forget(chat)

    async def _private_chat(self, user: User, peer: str) -> Chat:
        """The chat of two users, made if there is none. Raises NotFound."""
        other = await self._user(peer)
        key = (user.id, other.id)
        chat = self._chat_of.get(key)
        if chat is None:
            try:
                chat, made = await self._chats.private(user, other)
            except errors.NotFound:
                self.forget_user(other)
                raise
            self._chat_of.put(key, chat)
            if made:
                self._hub.chat_opened(chat)
        return chat

    async def _user(self, name: str) -> User:
        key = name.lower()
        user = self._user_named.get(key)
        if user is None:
            user = await self._stored_user(name)
            self._user_named.put(key, user)
        return user

    async def _stored_user(self, name: str) -> User:
        user = await self._accounts.named(name)
        if user is None:
            raise errors.NotFound("There is no such user.")
        return user

    def _forget(self, chat: Chat) -> None:
        """The chat is closed: a name may belong to somebody else by now."""
        for member in chat.members:
            self.forget_user(member)
            self._chat_of.forget((member.id, chat.peer_of(member.id).id))

    def forget_user(self, user: User) -> None:
        """The account behind a name has changed."""
        self._user_named.forget(user.name.lower())

    # Reading

    async def history(
        self, user: User, peer: str, before: int | None, after: int | None, limit: int
    ) -> Page:
        """What both users wrote and the reader has not discarded. Raises NotFound."""
        chat = await self.find_chat(user, peer)
        if chat is None:
            return Page((), has_more=False)
        above = await self._chats.discarded(user.id, chat.id)
        page = await self._log.page(chat.id, above=above, before=before, after=after, limit=limit)
        return _within_bytes(page, keep_oldest=after is not None)

    async def summaries(self, user: User) -> list[ChatSummary]:
        """The user's chats, newest first."""
        return await self._chats.summaries(user.id)

    async def mark_read(self, user: User, peer: str, seq: int) -> None:
        """Move the user's read mark forward, at most to the last entry. Raises NotFound."""
        chat = await self.find_chat(user, peer)
        if chat is not None:
            await self._chats.mark_read(user.id, chat.id, seq)

    async def discard(self, user: User, peer: str) -> None:
        """Discard what there is now, for this user only; what comes later is seen."""
        chat = await self.find_chat(user, peer)
        if chat is not None:
            await self._chats.discard(user.id, chat.id)

    async def find_chat(self, user: User, peer: str) -> Chat | None:
        """The chat with `peer`, or None if nobody has written yet. Raises NotFound.

        Asks the database: on another node the name may have come to belong to somebody else.
        """
        other = await self._stored_user(peer)
        return await self._chats.find_private(user, other)


def _within_bytes(page: Page, *, keep_oldest: bool) -> Page:
    """As much of a page as fits, from the side that was asked for; one entry at least."""
    kept: list[Entry] = []
    size = 0
    for entry in page.entries if keep_oldest else reversed(page.entries):
        size += len(entry.content.encode())
        if kept and size > MAX_PAGE_BYTES:
            break
        kept.append(entry)
    if not keep_oldest:
        kept.reverse()
    return Page(tuple(kept), page.has_more or len(kept) < len(page.entries))
