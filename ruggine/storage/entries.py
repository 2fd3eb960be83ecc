"""Rows of the log as entries, and the one way that changes other than messages are added."""

from __future__ import annotations

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


def reactions_txn(cursor: Cursor, chat_id: int, seq: int) -> tuple[Reaction, ...]:
    """What a message was given: each emoji once, with who gave it, by name."""
    rows = cursor.execute(
        "SELECT r.emoji, u.id, u.name FROM reactions AS r JOIN users AS u ON u.id = r.user_id "
        "WHERE r.chat_id = ? AND r.seq = ? ORDER BY r.emoji, u.name_key",
        (chat_id, seq),
    )
    given: dict[str, list[User]] = {}
    for emoji, *who in rows:
        given.setdefault(emoji, []).append(User(*who))
    return tuple(Reaction(emoji, tuple(users)) for emoji, users in given.items())


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
