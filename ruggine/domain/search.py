"""Search in what a user may read."""

from __future__ import annotations

from ruggine import errors
from ruggine.domain import paging, ports
from ruggine.domain.directory import Directory
from ruggine.model import Asked, Hit, Part, Place, SearchQuery, User, Who

_NEWEST = (paging.NEVER_MS, "", 0)


class Search:
    """Finds messages by a part of their text."""

    def __init__(
        self, *, store: ports.SearchStore, chats: ports.ChatStore, directory: Directory
    ) -> None:
        self._store = store
        self._chats = chats
        self._directory = directory

    async def find(
        self,
        user: User,
        text: str,
        *,
        place: Place | None,
        sender: Who | None,
        before_s: float | None,
        after_s: float | None,
        asked: Asked,
    ) -> Part[Hit]:
        """The newest messages that hold `text`, as many as were found in time.

        Raises NotFound for no such user, NotAMember, InvalidRequest for a made-up cursor.
        """
        chat = await self._directory.find_chat(user, place) if place is not None else None
        if place is not None and chat is None:
            return Part((), Hit.place, None)
        query = SearchQuery(
            text=text,
            chat_id=chat.id if chat is not None else None,
            sender=await self._directory.user(sender) if sender is not None else None,
            before_ms=_ms(before_s, paging.NEVER_MS),
            after_ms=_ms(after_s, -paging.NEVER_MS),
            before=paging.read(asked.cursor, _NEWEST),
            limit=asked.limit,
        )
        if chat is not None and await self._chats.span(user.id, chat.id) is None:
            raise errors.NotAMember
        found = await self._store.find(user, query)
        return Part(found.hits, Hit.place, found.rest)


def _ms(at_s: float | None, otherwise: int) -> int:
    return otherwise if at_s is None else round(max(min(at_s, 1e12), -1e12) * 1000)
