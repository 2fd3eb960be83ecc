"""The tables of chats and of their members' marks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ruggine import errors
from ruggine.model import MESSAGE, Chat, ChatSummary, Entry, User
from ruggine.storage.database import Cursor, Database


class ChatStore:
    """Chats and read marks. Implements `ruggine.domain.ports.ChatStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def private(self, one: User, other: User) -> tuple[Chat, bool]:
        return await self._database.write(_private_txn, one, other)

    async def find_private(self, one: User, other: User) -> Chat | None:
        return await self._database.read(_find_private_txn, one, other)

    async def of_users(self, user_ids: Collection[str]) -> list[tuple[str, Chat]]:
        return await self._database.read(_of_users_txn, list(user_ids))

    async def heads(self, chat_ids: Collection[int]) -> dict[int, int]:
        return await self._database.read(_heads_txn, list(chat_ids))

    async def summaries(self, user_id: str) -> list[ChatSummary]:
        return await self._database.read(_summaries_txn, user_id)

    async def discarded(self, user_id: str, chat_id: int) -> int:
        return await self._database.read(_discarded_txn, user_id, chat_id)

    async def mark_read(self, user_id: str, chat_id: int, seq: int) -> None:
        await self._database.write(_mark_read_txn, user_id, chat_id, seq)

    async def discard(self, user_id: str, chat_id: int) -> None:
        await self._database.write(_discard_txn, user_id, chat_id)


_SELECT = (
    "SELECT c.id, c.kind, c.group_id, low.id, low.name, high.id, high.name FROM chats AS c "
    "LEFT JOIN users AS low ON low.id = c.low_user_id "
    "LEFT JOIN users AS high ON high.id = c.high_user_id "
)


def _chat(row: Iterable[Any]) -> Chat:
    id_, kind, group_id, low_id, low_name, high_id, high_name = row
    if kind == "group":
        return Chat(id_, kind, group_id=group_id)
    low, high = User(low_id, low_name), User(high_id, high_name)
    return Chat(id_, kind, members=(low,) if low_id == high_id else (low, high))


def _find_private_txn(cursor: Cursor, one: User, other: User) -> Chat | None:
    low, high = sorted((one.id, other.id))
    row = cursor.execute(
        _SELECT + "WHERE c.low_user_id = ? AND c.high_user_id = ?", (low, high)
    ).fetchone()
    return _chat(row) if row else None


def _private_txn(cursor: Cursor, one: User, other: User) -> tuple[Chat, bool]:
    """The chat of two users, and whether it was made just now."""
    found = _find_private_txn(cursor, one, other)
    if found is not None:
        return found, False
    low, high = sorted((one.id, other.id))
    existing = cursor.execute(
        "SELECT COUNT(*) FROM users WHERE id IN (?, ?) AND deleted_s IS NULL", (low, high)
    ).fetchone()[0]
    if existing < len({low, high}):
        raise errors.NotFound("There is no such user.")
    cursor.execute(
        "INSERT INTO chats (kind, low_user_id, high_user_id) VALUES ('private', ?, ?)", (low, high)
    )
    chat_id = cursor.lastrowid
    cursor.executemany(
        "INSERT INTO chat_members (user_id, chat_id) VALUES (?, ?)",
        [(user_id, chat_id) for user_id in {low, high}],
    )
    made = _find_private_txn(cursor, one, other)
    assert made is not None
    return made, True


def _of_users_txn(cursor: Cursor, user_ids: list[str]) -> list[tuple[str, Chat]]:
    return [
        (user_id, _chat(row))
        for user_id in user_ids
        for row in cursor.execute(
            _SELECT + "JOIN chat_members AS m ON m.chat_id = c.id WHERE m.user_id = ?", (user_id,)
        ).fetchall()
    ]


def _heads_txn(cursor: Cursor, chat_ids: list[int]) -> dict[int, int]:
    found = (
        cursor.execute("SELECT id, last_seq FROM chats WHERE id = ?", (chat_id,)).fetchone()
        for chat_id in chat_ids
    )
    return {row[0]: row[1] for row in found if row}


_SUMMARIES = """
SELECT
    c.last_seq, m.read_seq, m.discarded_seq, m.muted,
    (SELECT COUNT(*) FROM entries AS e
     WHERE e.chat_id = c.id AND e.seq > MAX(m.read_seq, m.discarded_seq)
       AND e.sender_id <> m.user_id AND e.kind = 'message'),
    last.kind, sender.id, sender.name, last.content, last.time_ms, last.client_id, last.reply_to,
    c.id, c.kind, c.group_id, low.id, low.name, high.id, high.name
FROM chat_members AS m
JOIN chats AS c ON c.id = m.chat_id
JOIN entries AS last ON last.chat_id = c.id AND last.seq = c.last_seq
JOIN users AS sender ON sender.id = last.sender_id
LEFT JOIN users AS low ON low.id = c.low_user_id
LEFT JOIN users AS high ON high.id = c.high_user_id
WHERE m.user_id = ?
ORDER BY last.time_ms DESC, c.id DESC
"""


def _summaries_txn(cursor: Cursor, user_id: str) -> list[ChatSummary]:
    return [_summary(row) for row in cursor.execute(_SUMMARIES, (user_id,))]


def _summary(row: tuple[Any, ...]) -> ChatSummary:
    seq, read_seq, discarded_seq, muted, unread = row[:5]
    kind, sender_id, sender_name, content, time_ms, client_id, reply_to = row[5:12]
    chat = _chat(row[12:])
    last = Entry(
        chat.id, seq, kind, User(sender_id, sender_name), content, time_ms, client_id, reply_to
    )
    visible = kind == MESSAGE and seq > discarded_seq
    return ChatSummary(chat, seq, read_seq, unread, bool(muted), last if visible else None)


def _discarded_txn(cursor: Cursor, user_id: str, chat_id: int) -> int:
    row = cursor.execute(
        "SELECT discarded_seq FROM chat_members WHERE user_id = ? AND chat_id = ?",
        (user_id, chat_id),
    ).fetchone()
    return int(row[0]) if row else 0


def _mark_read_txn(cursor: Cursor, user_id: str, chat_id: int, seq: int) -> None:
    """A read mark only moves forward, and not past the chat's last entry."""
    cursor.execute(
        "UPDATE chat_members SET read_seq = MAX(read_seq, MIN(?, "
        "(SELECT last_seq FROM chats WHERE id = chat_id))) WHERE user_id = ? AND chat_id = ?",
        (seq, user_id, chat_id),
    )


def _discard_txn(cursor: Cursor, user_id: str, chat_id: int) -> None:
    cursor.execute(
        "UPDATE chat_members SET discarded_seq = (SELECT last_seq FROM chats WHERE id = chat_id) "
        "WHERE user_id = ? AND chat_id = ?",
        (user_id, chat_id),
    )
