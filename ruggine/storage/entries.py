"""Rows of the log as entries, and the one way that changes other than messages are added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ruggine import errors
from ruggine.model import Entry, EntryKind, Reaction, User
from ruggine.storage.database import Cursor

SELECT = (
    "SELECT e.chat_id, e.seq, e.kind, u.id, u.name, e.content, e.time_ms, e.client_id, e.reply_to, "
    "s.id, s.name, e.ref, e.active, e.edited, e.deleted FROM entries AS e "
    "JOIN users AS u ON u.number = e.sender LEFT JOIN users AS s ON s.number = e.subject "
)
"""Reads rows for `entry`; a WHERE follows."""


def entry(row: tuple[Any, ...]) -> Entry:
    """The entry in a row of SELECT."""
    chat_id, seq, kind, sender_id, sender_name, content, time_ms, client_id, reply_to = row[:9]
    subject_id, subject_name, ref, active, edited, deleted = row[9:]
    return Entry(
        chat_id, seq, kind, User(sender_id, sender_name), content, time_ms, client_id, reply_to,
        User(subject_id, subject_name) if subject_id else None, ref,
        None if active is None else bool(active), bool(edited), bool(deleted),
    )  # fmt: skip


def entry_txn(cursor: Cursor, chat_id: int, seq: int) -> Entry | None:
    row = cursor.execute(SELECT + "WHERE e.chat_id = ? AND e.seq = ?", (chat_id, seq)).fetchone()
    return entry(row) if row else None


MAX_REACTIONS = 1200
"""That are read for one page: with a name and an id each they fill it."""


def reactions_txn(cursor: Cursor, places: Iterable[tuple[int, int]]) -> list[tuple[Reaction, ...]]:
    """What messages were given, each emoji once, with who gave it, by name. Of the first messages,
    as many as a page has room for; of each the first MAX_REACTIONS."""
    found: list[tuple[Reaction, ...]] = []
    room = MAX_REACTIONS
    for chat_id, seq in places:
        if room <= 0:
            break
        given: dict[str, list[User]] = {}
        for emoji, user in some_reactions_txn(cursor, chat_id, seq):
            given.setdefault(emoji, []).append(user)
            room -= 1
        found.append(tuple(Reaction(emoji, tuple(users)) for emoji, users in given.items()))
    return found


def some_reactions_txn(
    cursor: Cursor,
    chat_id: int,
    seq: int,
    after: tuple[str, str] = ("", ""),
    limit: int = MAX_REACTIONS,
) -> list[tuple[str, User]]:
    """What a message was given, by emoji and name, after an emoji and a name."""
    rows = cursor.execute(
        "SELECT r.emoji, u.id, u.name FROM reactions AS r JOIN users AS u ON u.id = r.user_id "
        "WHERE r.chat_id = ? AND r.seq = ? AND r.emoji >= ? AND (r.emoji, u.name_key) > (?, ?) "
        "ORDER BY r.emoji, u.name_key LIMIT ?",
        (chat_id, seq, after[0], *after, limit),
    )
    return [(emoji, User(*who)) for emoji, *who in rows]


def append_txn(
    cursor: Cursor,
    chat_id: int,
    kind: EntryKind,
    sender: User,
    now_s: float,
    *,
    content: str = "",
    subject: User | None = None,
    ref: int | None = None,
    active: bool | None = None,
) -> Entry:
    """Add an entry that is no message; the caller has checked that `sender` may."""
    row = cursor.execute(
        "UPDATE chats SET last_seq = last_seq + 1 WHERE id = ? AND closed = 0 RETURNING last_seq",
        (chat_id,),
    ).fetchone()
    if row is None:
        raise errors.NotFound("This chat is closed.")
    time_ms = int(now_s * 1000)
    cursor.execute(
        "INSERT INTO entries "
        "(chat_id, seq, kind, sender, content, time_ms, subject, ref, active) "
        "VALUES (?, ?, ?, (SELECT number FROM users WHERE id = ?), ?, ?, "
        "(SELECT number FROM users WHERE id = ?), ?, ?)",
        (
            chat_id, row[0], kind, sender.id, content, time_ms, subject.id if subject else None,
            ref, active,
        ),
    )  # fmt: skip
    return Entry(
        chat_id, row[0], kind, sender, content, time_ms, subject=subject, ref=ref, active=active
    )
