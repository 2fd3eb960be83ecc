"""Search in what a user may read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ruggine import errors
from ruggine.domain import paging, ports
from ruggine.domain.directory import Directory
from ruggine.model import Asked, Hit, Part, Place, SearchQuery, User, Who

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
        asked: Asked,
    ) -> Part[Hit]:
        """The newest messages that hold `text`.

        Raises NotFound for no such user, NotAMember, InvalidRequest for a made-up cursor.
        """
        chat = await self._directory.find_chat(user, place) if place is not None else None
        if place is not None and chat is None:
            return paging.part((), asked, _nowhere)
        from_ms, skip = paging.read(asked.cursor, (paging.NEVER_MS, 0))
        before_ms = _ms(before_s, _ALWAYS_MS)
        query = SearchQuery(
            text=text,
            chat_id=chat.id if chat is not None else None,
            sender=await self._directory.user(sender) if sender is not None else None,
            before_ms=min(before_ms, from_ms + 1),
            after_ms=_ms(after_s, -_ALWAYS_MS),
            skip=skip,
            limit=asked.limit,
        )
        if chat is not None and await self._chats.span(user.id, chat.id) is None:
            raise errors.NotAMember
        found = await self._store.find(user, query)
        at = partial(_place, found.hits, from_ms, skip)
        return Part(found.hits, at, at(found.hits[-1]) if found.has_more else None)


def _ms(at_s: float | None, otherwise: int) -> int:
    return otherwise if at_s is None else round(max(min(at_s, 1e12), -1e12) * 1000)


def _nowhere(hit: Hit) -> tuple[int, int]:
    raise AssertionError("nothing was found")


def _place(hits: Sequence[Hit], from_ms: int, skipped: int, last: Hit) -> tuple[int, int]:
    """A time, and how many of that time were shown already."""
    last_ms = last.entry.time_ms
    shown = sum(hit.entry.time_ms == last_ms for hit in hits[: hits.index(last) + 1])
    return last_ms, shown + (skipped if last_ms == from_ms else 0)
