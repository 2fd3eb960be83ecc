"""What a returning client has missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.directory import Directory
from ruggine.domain.limits import RateLimits
from ruggine.model import Cursor, Missed, User


class Resume:
    """Reads cursors: how far a client has come in each chat, in the database named by `epoch`."""

    def __init__(
        self,
        *,
        chats: ports.ChatStore,
        directory: Directory,
        limits: RateLimits,
        epoch: Callable[[], str],
    ) -> None:
        self._chats = chats
        self._directory = directory
        self._limits = limits
        self._epoch = epoch

    async def missed(
        self, user: User, epoch: str, cursors: Iterable[Cursor]
    ) -> dict[int, Missed] | None:
        """By chat, what stands after each cursor and may be read. None for another database.

        A chat that the user never belonged to, or that is not there, has nothing for them. Raises
        RateLimited: it costs as much as pages of history.
        """
        self._limits.charge("history", user.id)
        if epoch != self._epoch():
            return None
        missed = {}
        for cursor in cursors:
            try:
                chat = await self._directory.find_chat(user, cursor.place)
            except (errors.NotFound, errors.NotAMember):
                continue
            span = await self._chats.span(user.id, chat.id) if chat is not None else None
            if chat is not None and span is not None:
                last = (await self._chats.heads([chat.id]))[chat.id]
                upto = span.upto if span.ended else None
                missed[chat.id] = Missed(chat, max(min(cursor.seq, last), span.above), upto)
        return missed
