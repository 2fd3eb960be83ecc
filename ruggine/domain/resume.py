"""What a returning client has missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.directory import Directory
from ruggine.domain.limits import RateLimits
from ruggine.model import Absence, Cursor, Missed, User


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

    async def missed(self, user: User, epoch: str, cursors: Iterable[Cursor]) -> Absence | None:
        """What stands after each cursor and may be read. None for another database.

        A chat that the user never belonged to, or that is not there, has nothing for them. Raises
        RateLimited: it costs as much as pages of history.
        """
        self._limits.charge("history", user.id)
        if epoch != self._epoch():
            return None
        absence = Absence()
        for cursor in cursors:
            missed = await self._missed(user, cursor)
            if missed is None:
                absence.unknown.append(cursor.place)
            else:
                absence.missed[missed.chat.id] = missed
        return absence

    async def _missed(self, user: User, cursor: Cursor) -> Missed | None:
        try:
            chat = await self._directory.find_chat(user, cursor.place)
        except (errors.NotFound, errors.NotAMember):
            return None
        span = await self._chats.span(user.id, chat.id) if chat is not None else None
        if chat is None or span is None:
            return None
        last = (await self._chats.heads([chat.id]))[chat.id]
        upto = span.upto if span.ended else None
        return Missed(chat, max(min(cursor.seq, last), span.above), upto)
