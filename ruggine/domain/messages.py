"""Messages: sending, reading, marks. The way of a message begins in `Messages.submit`."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from msgspec.structs import replace

from ruggine import errors
from ruggine.domain import paging, ports
from ruggine.domain.directory import Directory
from ruggine.domain.hub import Hub
from ruggine.events import ReadReceipt, Typing
from ruggine.meters import Histogram
from ruggine.model import (
    Appended,
    Asked,
    Change,
    Chat,
    ChatSummary,
    Draft,
    Page,
    Part,
    Place,
    Span,
    User,
)

Answer = Callable[[Chat, ports.Outcome], None]

LISTED_S = 600
"""Seconds for which a list of chats can be gone on with."""

_BEGINNING = (paging.NEVER_MS, paging.NEVER_MS, "")

_UNKNOWN = 0
"""The id of a chat that has to be looked up first."""


class Messages:
    """What a user can do with messages."""

    def __init__(
        self,
        *,
        log: ports.MessageLog,
        chats: ports.ChatStore,
        edits: ports.EditStore,
        directory: Directory,
        hub: Hub,
        clock: ports.Clock,
        max_message_length: int,
    ) -> None:
        self._log = log
        self._chats = chats
        self._edits = edits
        self._directory = directory
        self._hub = hub
        self._clock = clock
        self._max_message_length = max_message_length
        self.received = 0
        self.delivery_s = Histogram()

    # Sending

    def submit(
        self,
        sender: User,
        place: Place,
        content: str,
        client_id: str | None,
        reply_to: int | None,
        answer: Answer,
    ) -> Coroutine[Any, Any, None] | None:
        """Give a message its place in the log; messages are stored in this order.

        Nearly always that is done when this returns; where something has to be looked up first,
        the rest is returned, to be awaited. `answer` is called once with the chat and what became
        of the message: after its commit, and before the entry goes to the connections of the
        members. It is not called if this or the rest raises: MessageTooLong, NotFound, NotAMember,
        Unavailable.
        """
        received_s = time.perf_counter()
        self.received += 1
        self._check_length(content)
        time_ms = int(self._clock() * 1000)
        chat = self._directory.known_chat(sender, place)
        chat_id = chat.id if chat is not None else _UNKNOWN
        draft = Draft(chat_id, sender, content, time_ms, client_id, reply_to)
        if chat is None or reply_to is not None:
            return self._look_up(place, draft, answer, received_s)
        self._log.append(draft, partial(self._stored, chat, answer, received_s))
        return None

    async def _look_up(self, place: Place, draft: Draft, answer: Answer, received_s: float) -> None:
        chat = await self._chat_for(place, draft)
        if draft.reply_to is not None:
            await self._check_reply(draft.sender, chat, draft.reply_to)
        self._log.append(
            replace(draft, chat_id=chat.id), partial(self._stored, chat, answer, received_s)
        )

    async def _chat_for(self, place: Place, draft: Draft) -> Chat:
        """What is stored already is not refused, whatever has become of who had the name."""
        try:
            return await self._directory.chat_to_send_to(draft.sender, place)
        except errors.NoSuchUser:
            if draft.client_id is None:
                raise
            chat = await self._chats.of_message(draft.sender.id, draft.client_id)
            if chat is None:
                raise
            return chat

    def _stored(
        self, chat: Chat, answer: Answer, received_s: float, outcome: ports.Outcome
    ) -> None:
        answer(chat, outcome)
        if isinstance(outcome, Appended):
            # A duplicate too: its first sending may have died between commit and delivery on
            # another node, and who has the entry already drops it.
            self._hub.publish(chat, outcome.entry)
            self.delivery_s.observe(time.perf_counter() - received_s)
        elif isinstance(outcome, errors.NotFound):
            self._directory.forget_chat(chat)

    def _check_length(self, content: str) -> None:
        if len(content) > self._max_message_length:
            raise errors.MessageTooLong(
                f"A message has at most {self._max_message_length} characters."
            )

    async def _check_reply(self, sender: User, chat: Chat, seq: int) -> None:
        span = await self._belonging(sender, chat)
        if seq <= span.above or not await self._log.exists(chat.id, seq):
            raise errors.NotFound("There is no message to reply to.")

    # Changing what was sent

    async def edit(self, user: User, place: Place, seq: int, content: str) -> None:
        """One's own. Raises MessageTooLong, NotFound, NotAMember, Forbidden, AlreadyDone."""
        self._check_length(content)
        chat = await self._existing(user, place)
        self._publish(await self._edits.edit(user, chat, seq, content, self._clock()))

    async def delete(self, user: User, place: Place, seq: int) -> None:
        """One's own; in a group an owner or admin any. Raises as `edit`."""
        chat = await self._existing(user, place)
        self._publish(await self._edits.delete(user, chat, seq, self._clock()))

    async def react(self, user: User, place: Place, seq: int, emoji: str, active: bool) -> None:
        """Give a reaction or take it back. Raises as `edit`."""
        chat = await self._existing(user, place)
        self._publish(await self._edits.react(user, chat, seq, emoji, active, self._clock()))

    def _publish(self, change: Change) -> None:
        self._hub.publish(change.chat, *change.entries)

    # Reading

    async def history(
        self, user: User, place: Place, before: int | None, after: int | None, limit: int
    ) -> tuple[Chat | None, Page]:
        """The chat, if anybody has written yet, and what the user may read and has not discarded.

        Raises NotFound, NotAMember.
        """
        chat = await self._directory.find_chat(user, place)
        if chat is None:
            return None, Page((), has_more=False)
        page = await self._log.page(user.id, chat.id, before=before, after=after, limit=limit)
        if page is None:
            raise errors.NotAMember
        return chat, page

    async def reactions(
        self, user: User, place: Place, seq: int, asked: Asked
    ) -> Part[tuple[str, User]]:
        """What was put on a message that the user may read, and by whom, by emoji and name.

        Raises NotFound, NotAMember.
        """
        chat = await self._existing(user, place)
        span = await self._span(user, chat)
        if not span.above < seq <= span.upto or not await self._log.exists(chat.id, seq):
            raise errors.NotFound("There is no such message.")
        after = paging.read(asked.cursor, ("", ""))
        found = await self._log.reactions(chat.id, seq, after, asked.limit + 1)
        return paging.part(found, asked, lambda given: (given[0], paging.key(given[1])))

    async def summaries(self, user: User, asked: Asked) -> Part[ChatSummary]:
        """The user's chats, newest first.

        All parts of the list are in the order of its beginning: a chat that moves up meanwhile
        stays in its place. Raises InvalidRequest for a cursor that is older than `LISTED_S`.
        """
        now_ms = int(self._clock() * 1000)
        at_ms, moved_ms, public_id = paging.read(asked.cursor, _BEGINNING)
        if at_ms < now_ms - LISTED_S * 1000:
            raise errors.InvalidRequest("This list is too old. Begin it anew.")
        after = moved_ms, public_id
        found = await self._chats.summaries(user.id, at_ms, after, asked.limit + 1)
        if asked.cursor is None:
            at_ms = max(now_ms, found[0].moved_ms if found else 0)
        return paging.part(found, asked, lambda s: (at_ms, s.moved_ms, s.chat.public_id))

    async def discard(self, user: User, place: Place) -> None:
        """Discard what there is now, for this user only; what comes later is seen."""
        chat = await self._directory.find_chat(user, place)
        if chat is not None:
            await self._span(user, chat)
            await self._chats.discard(user.id, chat.id)

    async def whereabouts(self, user: User, place: Place) -> tuple[Chat | None, User | None]:
        """The chat at a place, if anybody has written yet, and the other member of a private one.

        Raises NotFound, or NotAMember where the user does not belong now.
        """
        chat = await self._directory.find_chat(user, place)
        if chat is None:
            return None, await self._directory.peer(place)
        await self._belonging(user, chat)
        return chat, chat.peer_of(user.id) if chat.members else None

    # Marks and signs

    async def mark_read(self, user: User, place: Place, seq: int) -> None:
        """Move the user's mark forward, and tell the members. Raises NotFound, NotAMember."""
        chat = await self._directory.find_chat(user, place)
        if chat is None:
            return
        span = await self._belonging(user, chat)
        marked = await self._chats.mark_read(user.id, chat.id, seq)
        if marked is not None:
            receipt = ReadReceipt(chat, user, marked)
            if span.barred or await self._bars(user, chat):
                self._hub.tell(user.id, receipt)
            else:
                self._hub.tell_chat(chat, receipt)

    async def _bars(self, user: User, chat: Chat) -> bool:
        """Whether the user has blocked the other member of a private chat."""
        if not chat.members:
            return False
        theirs = await self._chats.span(chat.peer_of(user.id).id, chat.id)
        return theirs is not None and theirs.barred

    async def mute(self, user: User, place: Place, muted: bool) -> None:
        """Raises NotFound, NotAMember."""
        chat = await self._existing(user, place)
        if not await self._chats.mute(user.id, chat.id, muted):
            raise errors.NotAMember

    async def typing(self, user: User, place: Place, active: bool) -> None:
        """Tell the other members. Raises NotFound, NotAMember, Forbidden."""
        chat = await self._directory.find_chat(user, place)
        if chat is None:
            return
        span = await self._belonging(user, chat)
        if span.barred:
            raise errors.Forbidden("This user does not want to hear from you.")
        self._hub.tell_chat(chat, Typing(chat, user, active), but=user.id)

    async def _existing(self, user: User, place: Place) -> Chat:
        chat = await self._directory.find_chat(user, place)
        if chat is None:
            raise errors.NotFound("There is no such chat yet.")
        return chat

    async def _span(self, user: User, chat: Chat) -> Span:
        span = await self._chats.span(user.id, chat.id)
        if span is None:
            raise errors.NotAMember
        return span

    async def _belonging(self, user: User, chat: Chat) -> Span:
        span = await self._span(user, chat)
        if span.ended:
            raise errors.NotAMember
        return span
