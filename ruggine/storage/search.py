"""Search: messages that hold a text, in what one user may read, newest first.

A trigram index (SQLite FTS5) names the messages that hold every three characters in a row of the
query; each is then looked at, so the index may name too many and never too few. For one or two
characters it is asked for every trigram that begins with them, which is how two Chinese characters
are found. What is too common for that is looked for in the newest messages, one by one, and so are
messages that are not in the index yet.

The logs of a user's chats are gone through together, from the newest message of them all on, a
stretch at a time. When the time is up, all that is newer than what comes next has been looked at:
there the next page goes on.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import DeferredLock

from ruggine.model import Chat, Found, Hit, SearchPlace, SearchQuery, User
from ruggine.storage import chats, entries
from ruggine.storage.database import Cursor, Database
from ruggine.storage.folding import fold
from ruggine.storage.search_index import (
    SEQ_BITS,
    SEQ_MASK,
    TRIGRAM,
    index_txn,
    merge_txn,
    rowid,
    waiting_txn,
)

LIMIT_S = 0.5
"""For one page; then it holds what was found."""

_MAX_TERMS = 2000
_MAX_NAMED = 20_000
"""Trigrams that begin with a short query, and messages that hold them. What is more common is
found sooner by looking through the newest messages."""

_MAX_TRIGRAMS = 32
"""Of an AND; so many leave hardly a message that does not hold the whole query."""

_MERGES = 4
_FIRST_STRETCH = 256
_STRETCH_S = 0.01
"""A stretch that took less is followed by a longer one, so that no query takes long by itself."""


class SearchStore:
    """Implements `ruggine.domain.ports.SearchStore`."""

    def __init__(self, database: Database, limit_s: float = LIMIT_S) -> None:
        self._database = database
        self._limit_s = limit_s
        self._turns: dict[str, DeferredLock] = {}

    async def find(self, user: User, query: SearchQuery) -> Found:
        """One search of a user at a time: others have their turn in between."""
        turn = self._turns.setdefault(user.id, DeferredLock())
        await turn.acquire()
        try:
            return await self._database.search(_find_txn, user, query, self._limit_s)
        finally:
            turn.release()
            if not turn.locked:
                del self._turns[user.id]

    async def index_some(self) -> bool:
        waiting = await self._database.read(waiting_txn)
        if not waiting:
            return False
        await self._database.write(index_txn, waiting)
        for _ in range(_MERGES):
            if not await self._database.write(merge_txn):
                break
        return True


def _find_txn(cursor: Cursor, user: User, query: SearchQuery, limit_s: float) -> Found:
    until_s = time.monotonic() + limit_s
    search = _Search(query, fold(query.text), _way_txn(cursor, fold(query.text)), sender=None)
    if query.sender is not None:
        search.sender = cursor.execute(
            "SELECT number FROM users WHERE id = ?", (query.sender.id,)
        ).fetchone()[0]
    waiting = _stretches_txn(cursor, user, query)
    heapq.heapify(waiting)
    hits: list[Hit] = []
    while waiting and not _are_enough(hits, query.limit, waiting[0]):
        hits += search.look_txn(cursor, waiting[0])
        hits.sort(key=Hit.place, reverse=True)
        del hits[query.limit + 1 :]
        if waiting[0].above < waiting[0].at:
            waiting[0].place_txn(cursor)
            heapq.heapreplace(waiting, waiting[0])
        else:
            heapq.heappop(waiting)
        if time.monotonic() > until_s:
            break
    return _page_txn(cursor, hits, query.limit, waiting[0] if waiting else None)


def _are_enough(hits: Sequence[Hit], limit: int, following: _Stretch) -> bool:
    """Whether all on the page, and one more, are newer than what comes next."""
    return len(hits) > limit and following.is_older(hits[limit])


def _page_txn(cursor: Cursor, hits: Sequence[Hit], limit: int, following: _Stretch | None) -> Found:
    """Only what is newer than all that was not looked at: the rest is found again."""
    sure = [hit for hit in hits if following is None or following.is_older(hit)]
    reactions = entries.reactions_txn(cursor, ((h.chat.id, h.entry.seq) for h in sure[:limit]))
    shown = [replace(hit, reactions=r) for hit, r in zip(sure, reactions, strict=False)]
    if len(shown) < len(sure):
        return Found(tuple(shown), shown[-1].place())
    return Found(tuple(shown), following.before() if following is not None else None)


# The logs, from the newest message on


@dataclass(slots=True)
class _Stretch:
    """What is left to look through of one chat: above one `seq` and up to another, `at`.

    `indexed` is how far the index has come, `span` how much is looked through at once.
    """

    row: Sequence[Any]
    above: int
    at: int
    indexed: int
    time_ms: int
    span: int = _FIRST_STRETCH
    chat: Chat = field(init=False)

    def __post_init__(self) -> None:
        self.chat = chats.chat(self.row)

    def place(self) -> SearchPlace:
        return self.time_ms, self.chat.public_id, self.at

    def before(self) -> SearchPlace:
        """Where to go on so that this comes first."""
        return self.time_ms, self.chat.public_id, self.at + 1

    def __lt__(self, other: _Stretch) -> bool:
        """The newest first."""
        return self.place() > other.place()

    def is_older(self, hit: Hit) -> bool:
        """Than a hit."""
        return hit.place() > self.place()

    def place_txn(self, cursor: Cursor) -> None:
        """Note the time of what comes next: no later one, so that pages come to an end, whatever
        the clock has done."""
        self.time_ms = min(self.time_ms, _time_txn(cursor, self.chat.id, self.at))

    def begin_txn(self, cursor: Cursor, before: SearchPlace) -> None:
        """Leave out what is not before a place."""
        time_ms, public_id, seq = before
        if self.chat.public_id == public_id:
            self.at = min(self.at, seq - 1)
            self.time_ms = min(self.time_ms, time_ms)
        elif self.place() >= before:
            self._go_back_txn(cursor, time_ms - (self.chat.public_id > public_id))
        if self.above < self.at:
            self.place_txn(cursor)

    def _go_back_txn(self, cursor: Cursor, latest_ms: int) -> None:
        low, high = self.above, self.at
        while low < high:
            middle = (low + high + 1) // 2
            if _time_txn(cursor, self.chat.id, middle) <= latest_ms:
                low = middle
            else:
                high = middle - 1
        self.at = low


def _time_txn(cursor: Cursor, chat_id: int, seq: int) -> int:
    row = cursor.execute(
        "SELECT time_ms FROM entries WHERE chat_id = ? AND seq = ?", (chat_id, seq)
    ).fetchone()
    return int(row[0])


_READABLE = """
SELECT
    MAX(m.discarded_seq, m.joined_seq - 1, 0),
    MIN(COALESCE(m.left_seq, c.last_seq), c.last_seq),
    c.indexed_seq,
    newest.time_ms,
    c.id, c.kind, c.public_id, low.id, low.name, high.id, high.name
FROM chat_members AS m
JOIN chats AS c ON c.id = m.chat_id
JOIN entries AS newest ON newest.chat_id = c.id
    AND newest.seq = MIN(COALESCE(m.left_seq, c.last_seq), c.last_seq)
LEFT JOIN users AS low ON low.id = c.low_user_id
LEFT JOIN users AS high ON high.id = c.high_user_id
WHERE m.user_id = :user AND (:chat IS NULL OR c.id = :chat)
"""


def _stretches_txn(cursor: Cursor, user: User, query: SearchQuery) -> list[_Stretch]:
    rows = cursor.execute(_READABLE, {"user": user.id, "chat": query.chat_id}).fetchall()
    found = [_Stretch(row[4:], *row[:4]) for row in rows]
    for stretch in found:
        stretch.begin_txn(cursor, query.before)
    return [stretch for stretch in found if stretch.above < stretch.at]


# One stretch


@dataclass(frozen=True, slots=True)
class _Way:
    """How the index is asked, if at all: by stretches with `match`, or it has named `places`."""

    match: str | None = None
    places: dict[int, list[int]] | None = None

    @property
    def by_index(self) -> bool:
        return self.match is not None or self.places is not None


def _way_txn(cursor: Cursor, text: str) -> _Way:
    if len(text) >= TRIGRAM:
        trigrams = {text[i : i + TRIGRAM] for i in range(len(text) - TRIGRAM + 1)}
        return _Way(match=" AND ".join(_quoted(t) for t in sorted(trigrams)[:_MAX_TRIGRAMS]))
    terms = cursor.execute(
        "SELECT term, doc FROM search_terms WHERE term >= ? AND term < ? LIMIT ?",
        (text, text + "\U0010ffff", _MAX_TERMS + 1),
    ).fetchall()
    if len(terms) > _MAX_TERMS or sum(named for _, named in terms) > _MAX_NAMED:
        return _Way()
    match = " OR ".join(_quoted(term) for term, _ in terms)
    places: dict[int, list[int]] = {}
    for (at,) in cursor.execute(_NAMED, (match,)) if match else ():
        places.setdefault(at >> SEQ_BITS, []).append(at & SEQ_MASK)
    return _Way(places=places)


_NAMED = "SELECT rowid FROM search_index WHERE search_index MATCH ? ORDER BY rowid DESC"


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


# The text comes last: looking into it costs most.
_HOLDS = (
    "AND e.kind = 'message' AND e.deleted = 0 AND (:sender IS NULL OR e.sender = :sender) "
    "AND e.time_ms < :before_ms AND e.time_ms > :after_ms AND instr(fold(e.content), :text) "
)
_BY_LOOKING = (
    entries.SELECT + "WHERE e.chat_id = :chat AND e.seq > :above AND e.seq <= :at "
    + _HOLDS + "ORDER BY e.seq DESC LIMIT :limit"
)  # fmt: skip
_BY_INDEX = (
    entries.SELECT.replace("FROM entries AS e", "FROM search_index AS i CROSS JOIN entries AS e")
    + "WHERE i.search_index MATCH :match AND i.rowid > :first AND i.rowid <= :last "
    f"AND e.chat_id = :chat AND e.seq = i.rowid & {SEQ_MASK} "
    + _HOLDS + "ORDER BY i.rowid DESC LIMIT :limit"
)  # fmt: skip
_AT_PLACE = entries.SELECT + "WHERE e.chat_id = :chat AND e.seq = :seq " + _HOLDS


def _hits(stretch: _Stretch, rows: Iterable[tuple[Any, ...]]) -> Iterator[Hit]:
    """In one chat `seq` is the order, whatever the clock has done."""
    for row in rows:
        entry = entries.entry(row)
        stretch.time_ms = min(stretch.time_ms, entry.time_ms)
        yield Hit(stretch.chat, entry, stretch.time_ms)


@dataclass(slots=True)
class _Search:
    """What is looked for."""

    query: SearchQuery
    text: str
    way: _Way
    sender: int | None

    def look_txn(self, cursor: Cursor, stretch: _Stretch) -> list[Hit]:
        """The next hits of a chat, as many as a page has, and on with the stretch to behind them.

        What is not in the index yet is newer than what is.
        """
        began_s = time.monotonic()
        above = max(stretch.above, stretch.at - stretch.span)
        by_index = self.way.by_index and stretch.at <= stretch.indexed
        if self.way.by_index and not by_index:
            above = max(above, stretch.indexed)
        rows = self._rows_txn(cursor, stretch, above, by_index)
        stretch.at = rows[-1][1] - 1 if len(rows) > self.query.limit else above
        quick = time.monotonic() - began_s < _STRETCH_S
        stretch.span = stretch.span * 2 if quick else max(stretch.span // 2, 1)
        return list(_hits(stretch, rows))

    def _rows_txn(
        self, cursor: Cursor, stretch: _Stretch, above: int, by_index: bool
    ) -> list[tuple[Any, ...]]:
        chat, at, query = stretch.chat.id, stretch.at, self.query
        values = {
            "chat": chat, "above": above, "at": at, "first": rowid(chat, above),
            "last": rowid(chat, at), "match": self.way.match, "text": self.text,
            "sender": self.sender, "before_ms": query.before_ms, "after_ms": query.after_ms,
            "limit": query.limit + 1,
        }  # fmt: skip
        if not by_index:
            return cursor.execute(_BY_LOOKING, values).fetchall()
        if self.way.places is None:
            return cursor.execute(_BY_INDEX, values).fetchall()
        rows: list[tuple[Any, ...]] = []
        for seq in self.way.places.get(chat, ()):
            if above < seq <= at and len(rows) <= query.limit:
                rows += cursor.execute(_AT_PLACE, values | {"seq": seq}).fetchall()
        return rows
