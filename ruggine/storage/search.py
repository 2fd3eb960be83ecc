"""Search: messages that hold a text, in what one user may read, newest first.

A trigram index (SQLite FTS5) names the messages that hold every three characters in a row of the
query; each is then looked at, so the index may name too many and never too few. For one or two
characters it is asked for every trigram that begins with them, which is how two Chinese characters
are found; every text ends with padding, so that its last characters begin a trigram too. What is
too common for that is looked for in the newest messages, one by one, and so are messages that are
not in the index yet.

The index grows behind the sends, in small transactions, when no send waits for a commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ruggine.model import Found, Hit, SearchQuery, User
from ruggine.storage import chats, entries
from ruggine.storage.database import Cursor, Database
from ruggine.storage.folding import fold

_TRIGRAM = 3
_PADDING = "\n" * (_TRIGRAM - 1)
_SEQ_BITS = 32
_SEQ_MASK = (1 << _SEQ_BITS) - 1
_MAX_TERMS = 2000
_MAX_NAMED = 20_000
"""Trigrams that begin with a short query, and messages that hold them. What is more common is
found sooner by looking through the newest messages."""

_MAX_TRIGRAMS = 32
"""Of an AND; so many leave hardly a message that does not hold the whole query."""

_BATCH = 128
_MERGED_PAGES = 64
_MERGES = 4


class SearchStore:
    """Implements `ruggine.domain.ports.SearchStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user: User, query: SearchQuery) -> Found:
        return await self._database.read(_find_txn, user, query)

    async def index_some(self) -> bool:
        waiting = await self._database.read(_waiting_txn)
        if not waiting:
            return False
        await self._database.write(_index_txn, waiting)
        for _ in range(_MERGES):
            if not await self._database.write(_merge_txn):
                break
        return True


# Keeping the index


def _waiting_txn(cursor: Cursor) -> list[int]:
    rows = cursor.execute("SELECT id FROM chats WHERE indexed_seq < last_seq LIMIT ?", (_BATCH,))
    return [row[0] for row in rows]


def _index_txn(cursor: Cursor, chat_ids: Sequence[int]) -> None:
    room = _BATCH
    for chat_id in chat_ids:
        done = cursor.execute("SELECT indexed_seq FROM chats WHERE id = ?", (chat_id,)).fetchone()
        rows = cursor.execute(
            "SELECT seq, kind, deleted, content FROM entries WHERE chat_id = ? AND seq > ? "
            "ORDER BY seq LIMIT ?",
            (chat_id, done[0], room),
        ).fetchall()
        if not rows:
            continue
        cursor.executemany(
            "INSERT INTO search_index (rowid, content) VALUES (?, ?)",
            [
                (_rowid(chat_id, seq), _indexed(content))
                for seq, kind, deleted, content in rows
                if kind == "message" and not deleted
            ],
        )
        cursor.execute("UPDATE chats SET indexed_seq = ? WHERE id = ?", (rows[-1][0], chat_id))
        room -= len(rows)
        if room <= 0:
            return


def _merge_txn(cursor: Cursor) -> bool:
    """One small step of merging; whether there was something to do (SQLite, FTS5, 6.8)."""
    before = cursor.connection.total_changes
    cursor.execute(
        "INSERT INTO search_index (search_index, rank) VALUES ('merge', ?)", (_MERGED_PAGES,)
    )
    return cursor.connection.total_changes - before > 1


def reindex_txn(cursor: Cursor, chat_id: int, seq: int, old: str, new: str | None) -> None:
    """A message has another text now, or none: the old one leaves no trace in the index."""
    done = cursor.execute("SELECT indexed_seq FROM chats WHERE id = ?", (chat_id,)).fetchone()
    if seq > done[0]:
        return
    rowid = _rowid(chat_id, seq)
    cursor.execute(
        "INSERT INTO search_index (search_index, rowid, content) VALUES ('delete', ?, ?)",
        (rowid, _indexed(old)),
    )
    if new is not None:
        cursor.execute(
            "INSERT INTO search_index (rowid, content) VALUES (?, ?)", (rowid, _indexed(new))
        )


def _rowid(chat_id: int, seq: int) -> int:
    return chat_id << _SEQ_BITS | seq


def _indexed(content: str) -> str:
    return fold(content) + _PADDING


# Finding


def _place_in_time(hit: Hit) -> tuple[int, int, int]:
    return hit.entry.time_ms, hit.chat.id, hit.entry.seq


class _Page:
    """The newest hits so far, one more than are asked for."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.hits: list[Hit] = []

    def add(self, hits: list[Hit]) -> None:
        self.hits += hits
        self.hits.sort(key=_place_in_time, reverse=True)
        del self.hits[self.size :]

    def can_use(self, newest_ms: int) -> bool:
        """Whether something as old as this might still belong to it."""
        return len(self.hits) < self.size or newest_ms >= self.hits[-1].entry.time_ms


@dataclass(frozen=True, slots=True)
class _Way:
    """How the index is asked, if at all: chat by chat with `match`, or it has named `places`."""

    match: str | None = None
    places: dict[int, list[int]] | None = None

    @property
    def by_index(self) -> bool:
        return self.match is not None or self.places is not None


def _find_txn(cursor: Cursor, user: User, query: SearchQuery) -> Found:
    text = fold(query.text)
    way = _way_txn(cursor, text)
    page = _Page(query.skip + query.limit + 1)
    for row in cursor.execute(_READABLE, {"user": user.id, "chat": query.chat_id}).fetchall():
        *where, newest_ms = row[:4]
        if not page.can_use(newest_ms):
            break
        page.add(_find_in_chat_txn(cursor, query, text, way, where, row[4:], page.size))
    hits = page.hits[query.skip :]
    places = ((hit.chat.id, hit.entry.seq) for hit in hits[: query.limit])
    reactions = entries.reactions_txn(cursor, places)
    shown = [Hit(h.chat, h.entry, given) for h, given in zip(hits, reactions, strict=False)]
    return Found(tuple(shown), len(hits) > len(shown))


def _way_txn(cursor: Cursor, text: str) -> _Way:
    if len(text) >= _TRIGRAM:
        trigrams = {text[i : i + _TRIGRAM] for i in range(len(text) - _TRIGRAM + 1)}
        return _Way(match=" AND ".join(_quoted(t) for t in sorted(trigrams)[:_MAX_TRIGRAMS]))
    terms = cursor.execute(
        "SELECT term, doc FROM search_terms WHERE term >= ? AND term < ? LIMIT ?",
        (text, text + "\U0010ffff", _MAX_TERMS + 1),
    ).fetchall()
    if len(terms) > _MAX_TERMS or sum(named for _, named in terms) > _MAX_NAMED:
        return _Way()
    match = " OR ".join(_quoted(term) for term, _ in terms)
    places: dict[int, list[int]] = {}
    for (rowid,) in cursor.execute(_NAMED, (match,)) if match else ():
        places.setdefault(rowid >> _SEQ_BITS, []).append(rowid & _SEQ_MASK)
    return _Way(places=places)


_NAMED = "SELECT rowid FROM search_index WHERE search_index MATCH ? ORDER BY rowid DESC"


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


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
ORDER BY newest.time_ms DESC
"""

_HOLDS = (
    "AND e.kind = 'message' AND e.deleted = 0 AND instr(fold(e.content), :text) "
    "AND (:sender IS NULL OR u.id = :sender) "
    "AND e.time_ms < :before_ms AND e.time_ms > :after_ms "
)
_BY_LOOKING = (
    entries.SELECT + "WHERE e.chat_id = :chat AND e.seq > :above AND e.seq <= :upto "
    + _HOLDS + "ORDER BY e.seq DESC LIMIT :limit"
)  # fmt: skip
_BY_INDEX = (
    entries.SELECT.replace("FROM entries AS e", "FROM search_index AS i CROSS JOIN entries AS e")
    + "WHERE i.search_index MATCH :match AND i.rowid > :first AND i.rowid <= :last "
    f"AND e.chat_id = :chat AND e.seq = i.rowid & {_SEQ_MASK} "
    + _HOLDS + "ORDER BY i.rowid DESC LIMIT :limit"
)  # fmt: skip
_AT_PLACE = entries.SELECT + "WHERE e.chat_id = :chat AND e.seq = :seq " + _HOLDS


def _find_in_chat_txn(
    cursor: Cursor,
    query: SearchQuery,
    text: str,
    way: _Way,
    where: Sequence[int],
    chat_row: Sequence[Any],
    limit: int,
) -> list[Hit]:
    """What is not in the index yet is newer than what is."""
    chat = chats.chat(chat_row)
    above, upto, indexed = where
    indexed = max(min(indexed, upto), above) if way.by_index else above
    values = {
        "chat": chat.id, "text": text, "match": way.match, "limit": limit, "upto": upto,
        "above": indexed, "first": _rowid(chat.id, above), "last": _rowid(chat.id, indexed),
        "sender": query.sender.id if query.sender else None,
        "before_ms": query.before_ms, "after_ms": query.after_ms,
    }  # fmt: skip
    rows = cursor.execute(_BY_LOOKING, values).fetchall()
    values["limit"] = limit - len(rows)
    if values["limit"] and way.match is not None:
        rows += cursor.execute(_BY_INDEX, values).fetchall()
    elif values["limit"] and way.places is not None:
        seqs = [seq for seq in way.places.get(chat.id, ()) if above < seq <= indexed]
        rows += _at_places_txn(cursor, values, seqs)
    return [Hit(chat, entries.entry(row)) for row in rows]


def _at_places_txn(
    cursor: Cursor, values: dict[str, Any], seqs: Sequence[int]
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for seq in seqs:
        rows += cursor.execute(_AT_PLACE, values | {"seq": seq}).fetchall()
        if len(rows) == values["limit"]:
            break
    return rows
