"""The tables of chats and of their members' marks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ruggine import errors
from ruggine.model import Belonging, Chat, ChatSummary, Entry, Group, Span, User
from ruggine.storage import entries, tallies
from ruggine.storage.database import Cursor, Database


class ChatStore:
    """Chats and read marks. Implements `ruggine.domain.ports.ChatStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def private(self, one: User, other: User) -> tuple[Chat, bool]:
        return await self._database.write(_private_txn, one, other)

    async def find_private(self, user_id: str, other_id: str) -> Chat | None:
        return await self._database.read(_find_private_txn, user_id, other_id)

    async def of_member(self, user_id: str, public_id: str) -> Chat | None:
        return await self._database.read(_of_member_txn, user_id, public_id)

    async def of_message(self, user_id: str, client_id: str) -> Chat | None:
        return await self._database.read(_of_message_txn, user_id, client_id)

    async def of_users(self, user_ids: Collection[str]) -> list[Belonging]:
        return await self._database.read(_of_users_txn, list(user_ids))

    async def heads(self, chat_ids: Collection[int]) -> dict[int, int]:
        return await self._database.read(_heads_txn, list(chat_ids))

    async def summaries(
        self, user_id: str, at_ms: int, after: tuple[int, str], limit: int
    ) -> list[ChatSummary]:
        return await self._database.read(_summaries_txn, user_id, at_ms, after, limit)

    async def span(self, user_id: str, chat_id: int) -> Span | None:
        return await self._database.read(span_txn, user_id, chat_id)

    async def mark_read(self, user_id: str, chat_id: int, seq: int) -> int | None:
        return await self._database.write(_mark_read_txn, user_id, chat_id, seq)

    async def mute(self, user_id: str, chat_id: int, muted: bool) -> bool:
        return await self._database.write(_mute_txn, user_id, chat_id, muted)

    async def discard(self, user_id: str, chat_id: int) -> None:
        await self._database.write(_discard_txn, user_id, chat_id)


_NO_END = 2**63 - 1

_SELECT = (
    "SELECT c.id, c.kind, c.public_id, low.id, low.name, high.id, high.name FROM chats AS c "
    "LEFT JOIN users AS low ON low.id = c.low_user_id "
    "LEFT JOIN users AS high ON high.id = c.high_user_id "
)


def chat(row: Iterable[Any]) -> Chat:
    """The chat in seven columns: its own three and its two members'."""
    id_, kind, public_id, low_id, low_name, high_id, high_name = row
    if kind == "group":
        return Chat(id_, kind, public_id)
    low, high = User(low_id, low_name), User(high_id, high_name)
    return Chat(id_, kind, public_id, members=(low,) if low_id == high_id else (low, high))


def _find_private_txn(cursor: Cursor, user_id: str, other_id: str) -> Chat | None:
    low, high = sorted((user_id, other_id))
    row = cursor.execute(
        _SELECT + "WHERE c.low_user_id = ? AND c.high_user_id = ?", (low, high)
    ).fetchone()
    return chat(row) if row else None


def _of_member_txn(cursor: Cursor, user_id: str, public_id: str) -> Chat | None:
    row = cursor.execute(
        _SELECT + "JOIN chat_members AS m ON m.chat_id = c.id AND m.user_id = ? "
        "WHERE c.public_id = ?",
        (user_id, public_id),
    ).fetchone()
    return chat(row) if row else None


def _of_message_txn(cursor: Cursor, user_id: str, client_id: str) -> Chat | None:
    row = cursor.execute(
        _SELECT + "JOIN entries AS e ON e.chat_id = c.id JOIN users AS u ON u.number = e.sender "
        "WHERE u.id = ? AND e.client_id = ?",
        (user_id, client_id),
    ).fetchone()
    return chat(row) if row else None


def _private_txn(cursor: Cursor, one: User, other: User) -> tuple[Chat, bool]:
    """The chat of two users, and whether it was made just now."""
    found = _find_private_txn(cursor, one.id, other.id)
    if found is not None:
        return found, False
    low, high = sorted((one.id, other.id))
    existing = cursor.execute(
        "SELECT COUNT(*) FROM users WHERE id IN (?, ?) AND deleted_s IS NULL", (low, high)
    ).fetchone()[0]
    if existing < len({low, high}):
        raise errors.NoSuchUser
    cursor.execute(
        "INSERT INTO chats (kind, low_user_id, high_user_id) VALUES ('private', ?, ?)", (low, high)
    )
    chat_id = cursor.lastrowid
    cursor.executemany(
        "INSERT INTO chat_members (user_id, chat_id, barred) VALUES (?, ?, "
        "EXISTS (SELECT 1 FROM blocks WHERE user_id = ? AND blocked_id = ?))",
        [(low, chat_id, high, low), (high, chat_id, low, high)][: len({low, high})],
    )
    made = _find_private_txn(cursor, one.id, other.id)
    assert made is not None
    return made, True


def _of_users_txn(cursor: Cursor, user_ids: list[str]) -> list[Belonging]:
    return [
        Belonging(user_id, chat(row[:-3]), *row[-3:])
        for user_id in user_ids
        for row in cursor.execute(
            _SELECT.replace(" FROM ", ", m.joined_seq, c.last_seq, m.left_seq FROM ", 1)
            + "JOIN chat_members AS m ON m.chat_id = c.id "
            "WHERE m.user_id = ?",
            (user_id,),
        ).fetchall()
    ]


def _heads_txn(cursor: Cursor, chat_ids: list[int]) -> dict[int, int]:
    found = (
        cursor.execute("SELECT id, last_seq FROM chats WHERE id = ?", (chat_id,)).fetchone()
        for chat_id in chat_ids
    )
    return {row[0]: row[1] for row in found if row}


_ORDER = """
SELECT chat_id, moved_ms FROM (
    SELECT m.chat_id, c.public_id, (
        SELECT e.time_ms FROM entries AS e WHERE e.chat_id = m.chat_id AND e.time_ms <= :at_ms
        ORDER BY e.seq DESC LIMIT 1
    ) AS moved_ms
    FROM chat_members AS m
    JOIN chats AS c ON c.id = m.chat_id
    WHERE m.user_id = :user AND m.left_seq IS NULL
)
WHERE (moved_ms, public_id) < (:moved_ms, :public_id)
ORDER BY moved_ms DESC, public_id DESC
LIMIT :limit
"""

_SUMMARY = """
SELECT
    c.last_seq, m.read_seq, MAX(m.discarded_seq, m.joined_seq), m.muted, c.name, m.role, c.open,
    me.number, c.indexed_seq,
    c.id, c.kind, c.public_id, low.id, low.name, high.id, high.name
FROM chat_members AS m
JOIN users AS me ON me.id = m.user_id
JOIN chats AS c ON c.id = m.chat_id
LEFT JOIN users AS low ON low.id = c.low_user_id
LEFT JOIN users AS high ON high.id = c.high_user_id
WHERE m.user_id = ? AND m.chat_id = ?
"""


def _summaries_txn(
    cursor: Cursor, user_id: str, at_ms: int, after: tuple[int, str], limit: int
) -> list[ChatSummary]:
    """First the order, of which each page sees all; then only what is on this page."""
    values = {"user": user_id, "at_ms": at_ms, "moved_ms": after[0], "public_id": after[1]}
    rows = cursor.execute(_ORDER, values | {"limit": limit}).fetchall()
    return [_summary_txn(cursor, user_id, *row) for row in rows]


def _summary_txn(cursor: Cursor, user_id: str, chat_id: int, moved_ms: int) -> ChatSummary:
    row = cursor.execute(_SUMMARY, (user_id, chat_id)).fetchone()
    seq, read_seq, above, muted, name, role, opened, number, indexed = row[:9]
    own = chat(row[9:])
    group = Group(own.group_id, name, role, bool(opened)) if own.group_id else None
    unread = tallies.unread_txn(cursor, own.id, number, max(read_seq, above), indexed)
    last = tallies.newest_txn(cursor, own.id, above, indexed, seq)
    return ChatSummary(own, moved_ms, seq, read_seq, unread, bool(muted), _visible(last), group)


def _visible(row: tuple[Any, ...] | None) -> Entry | None:
    return entries.entry(row) if row else None


def span_txn(cursor: Cursor, user_id: str, chat_id: int) -> Span | None:
    """From the member's own joining, or what was discarded, to their leaving."""
    row = cursor.execute(
        "SELECT MAX(discarded_seq, joined_seq - 1), left_seq, barred FROM chat_members "
        "WHERE user_id = ? AND chat_id = ?",
        (user_id, chat_id),
    ).fetchone()
    if row is None:
        return None
    return Span(max(row[0], 0), row[1] or _NO_END, row[1] is not None, bool(row[2]))


def _mark_read_txn(cursor: Cursor, user_id: str, chat_id: int, seq: int) -> int | None:
    row = cursor.execute(
        "UPDATE chat_members SET read_seq = MIN(?1, "
        "(SELECT last_seq FROM chats WHERE id = chat_id)) "
        "WHERE user_id = ?2 AND chat_id = ?3 AND left_seq IS NULL AND read_seq < MIN(?1, "
        "(SELECT last_seq FROM chats WHERE id = chat_id)) RETURNING read_seq",
        (seq, user_id, chat_id),
    ).fetchone()
    return row[0] if row else None


def _mute_txn(cursor: Cursor, user_id: str, chat_id: int, muted: bool) -> bool:
    """Whether the user belongs to the chat."""
    cursor.execute(
        "UPDATE chat_members SET muted = ? WHERE user_id = ? AND chat_id = ? AND left_seq IS NULL",
        (muted, user_id, chat_id),
    )
    return cursor.rowcount == 1


def _discard_txn(cursor: Cursor, user_id: str, chat_id: int) -> None:
    cursor.execute(
        "UPDATE chat_members SET discarded_seq = (SELECT last_seq FROM chats WHERE id = chat_id) "
        "WHERE user_id = ? AND chat_id = ?",
        (user_id, chat_id),
    )
