"""Search in what a user may read."""

from __future__ import annotations

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.directory import Directory
from ruggine.domain.paging import how_many_fit
from ruggine.model import Found, Place, SearchQuery, User, Who

_ALWAYS_MS = 2**53


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
        cursor: str | None,
        limit: int,
    ) -> tuple[Found, str | None]:
        """The newest messages that hold `text`, and the cursor of the next page if there is one.

        Raises NotFound for no such user, NotAMember, InvalidRequest for a made-up cursor.
        """
        chat = await self._directory.find_chat(user, place) if place is not None else None
        if place is not None and chat is None:
            return Found((), has_more=False), None
        from_ms, skip = _read_cursor(cursor) if cursor is not None else (None, 0)
        before_ms = _ms(before_s, _ALWAYS_MS)
        query = SearchQuery(
            text=text,
            chat_id=chat.id if chat is not None else None,
            sender=await self._directory.user(sender) if sender is not None else None,
            before_ms=before_ms if from_ms is None else min(before_ms, from_ms + 1),
            after_ms=_ms(after_s, -_ALWAYS_MS),
            skip=skip,
            limit=limit,
        )
        if chat is not None and await self._chats.span(user.id, chat.id) is None:
            raise errors.NotAMember
        found = await self._store.find(user, query)
        fitting = how_many_fit(hit.entry for hit in found.hits)
        found = Found(found.hits[:fitting], found.has_more or fitting < len(found.hits))
        return found, _next_cursor(found, from_ms, skip) if found.has_more else None


def _ms(at_s: float | None, otherwise: int) -> int:
    return otherwise if at_s is None else round(max(min(at_s, 1e12), -1e12) * 1000)


def _next_cursor(found: Found, from_ms: int | None, skipped: int) -> str:
    """Where the next page begins: a time, and how many of that time were shown already."""
    last_ms = found.hits[-1].entry.time_ms
    shown = sum(hit.entry.time_ms == last_ms for hit in found.hits)
    return f"{last_ms}-{shown + (skipped if last_ms == from_ms else 0)}"


def _read_cursor(cursor: str) -> tuple[int, int]:
    time_ms, _, skip = cursor.partition("-")
    if not (time_ms.isdecimal() and skip.isdecimal() and len(cursor) <= 24) or int(skip) > 10_000:
        raise errors.InvalidRequest("This cursor is not one of ours.")
    return int(time_ms), int(skip)
