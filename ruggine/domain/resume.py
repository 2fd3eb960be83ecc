"""What a returning client has missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.directory import Directory
from ruggine.domain.limits import RateLimits
from ruggine.model import Absence, Chat, Cursor, Missed, Place, User


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
        """What stands after each cursor and may be read. None for another database: one of another
        epoch, or in which a chat ends before its cursor.

        A chat that the user never belonged to, or that is not there, has nothing for them. Raises
        RateLimited: it costs as much as pages of history.
        """
        self._limits.charge("history", user.id)
        if epoch != self._epoch():
            return None
        absence = Absence()
        for cursor in cursors:
            if not await self._look_up(user, cursor, absence):
                return None
        return absence

    async def _look_up(self, user: User, cursor: Cursor, absence: Absence) -> bool:
        """False where the client has seen more of a chat than there is."""
        if cursor.place.kind in ("group", "chat"):
            chat = await self._own_chat(user, cursor.place, absence)
            return chat is None or await self._measure(user, chat, cursor.seq, absence)
        try:
            peer = await self._directory.peer(cursor.place)
        except errors.NotFound:
            return True
        chat = await self._chats.find_private(user.id, peer.id)
        if chat is not None:
            return await self._measure(user, chat, cursor.seq, absence)
        absence.unknown_peers.add(peer.id)
        return cursor.seq == 0

    async def _own_chat(self, user: User, place: Place, absence: Absence) -> Chat | None:
        try:
            return await self._directory.find_chat(user, place)
        except (errors.NotFound, errors.NotAMember):
            absence.unknown_chats.add(place.name)
            return None

    async def _measure(self, user: User, chat: Chat, seq: int, absence: Absence) -> bool:
        span = await self._chats.span(user.id, chat.id)
        if span is None:
            absence.unknown_chats.add(chat.public_id)
            return True
        upto = span.upto if span.ended else None
        absence.missed[chat.id] = Missed(chat, max(seq, span.above), upto)
        return seq <= (await self._chats.heads([chat.id]))[chat.id]
