"""Edits, deletions and reactions: entries of the log that change what a message looks like now."""

from __future__ import annotations

from ruggine import errors
from ruggine.model import Change, Chat, Entry, User
from ruggine.storage import entries, search_index, tallies
from ruggine.storage.database import Cursor, Database

MAX_REACTIONS = 20
"""Different emoji of one user on one message."""


class EditStore:
    """Implements `ruggine.domain.ports.EditStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def edit(self, user: User, chat: Chat, seq: int, content: str, now_s: float) -> Change:
        return await self._database.write(_edit_txn, user, chat, seq, content, now_s)

    async def delete(self, user: User, chat: Chat, seq: int, now_s: float) -> Change:
        return await self._database.write(_delete_txn, user, chat, seq, now_s)

    async def react(
        self, user: User, chat: Chat, seq: int, emoji: str, active: bool, now_s: float
    ) -> Change:
        return await self._database.write(_react_txn, user, chat, seq, emoji, active, now_s)


def _message_txn(cursor: Cursor, user: User, chat: Chat, seq: int) -> tuple[Entry, str | None]:
    """The message, and the user's role in its chat.

    Raises NotAMember; NotFound for what they may not read, or what was deleted.
    """
    row = cursor.execute(
        "SELECT role, MAX(discarded_seq, joined_seq - 1) FROM chat_members "
        "WHERE user_id = ? AND chat_id = ? AND left_seq IS NULL",
        (user.id, chat.id),
    ).fetchone()
    if row is None:
        raise errors.NotAMember
    message = entries.entry_txn(cursor, chat.id, seq) if seq > row[1] else None
    if message is None or message.kind != "message":
        raise errors.NotFound("There is no such message.")
    if message.deleted:
        raise errors.AlreadyDone("This message was deleted.")
    return message, row[0]


def _check_welcome_txn(cursor: Cursor, user: User, chat: Chat) -> None:
    """Who is blocked can say nothing new, in no way."""
    row = cursor.execute(
        "SELECT barred FROM chat_members WHERE user_id = ? AND chat_id = ?", (user.id, chat.id)
    ).fetchone()
    if row[0]:
        raise errors.Forbidden("This user does not want to hear from you.")


def _edit_txn(
    cursor: Cursor, user: User, chat: Chat, seq: int, content: str, now_s: float
) -> Change:
    message, _ = _message_txn(cursor, user, chat, seq)
    _check_welcome_txn(cursor, user, chat)
    if message.sender.id != user.id:
        raise errors.Forbidden("Only its sender may edit a message.")
    cursor.execute(
        "UPDATE entries SET content = ?, edited = 1 WHERE chat_id = ? AND seq = ?",
        (content, chat.id, seq),
    )
    search_index.reindex_txn(cursor, chat.id, seq, message.content, content)
    entry = entries.append_txn(
        cursor, chat.id, "message_edited", user, now_s, content=content, ref=seq
    )
    return Change(chat, (entry,))


def _delete_txn(cursor: Cursor, user: User, chat: Chat, seq: int, now_s: float) -> Change:
    """What it said is gone from the log, also where it was edited."""
    message, role = _message_txn(cursor, user, chat, seq)
    if message.sender.id != user.id and role not in ("owner", "admin"):
        raise errors.Forbidden("Only its sender may delete a message.")
    cursor.execute(
        "UPDATE entries SET content = '', deleted = 1 WHERE chat_id = ? AND seq = ?",
        (chat.id, seq),
    )
    cursor.execute(
        "UPDATE entries SET content = '' WHERE chat_id = ? AND ref = ? AND kind = 'message_edited'",
        (chat.id, seq),
    )
    cursor.execute("DELETE FROM reactions WHERE chat_id = ? AND seq = ?", (chat.id, seq))
    search_index.reindex_txn(cursor, chat.id, seq, message.content, None)
    tallies.take_txn(cursor, chat.id, seq, message.sender.id)
    return Change(
        chat, (entries.append_txn(cursor, chat.id, "message_deleted", user, now_s, ref=seq),)
    )


def _react_txn(
    cursor: Cursor, user: User, chat: Chat, seq: int, emoji: str, active: bool, now_s: float
) -> Change:
    _message_txn(cursor, user, chat, seq)
    _check_welcome_txn(cursor, user, chat)
    given = cursor.execute(
        "SELECT COUNT(*) FROM reactions WHERE chat_id = ? AND seq = ? AND user_id = ?",
        (chat.id, seq, user.id),
    ).fetchone()[0]
    if active and given >= MAX_REACTIONS:
        raise errors.Forbidden(f"At most {MAX_REACTIONS} reactions to one message.")
    cursor.execute(
        "INSERT OR IGNORE INTO reactions (chat_id, seq, user_id, emoji) VALUES (?, ?, ?, ?)"
        if active
        else "DELETE FROM reactions WHERE chat_id = ? AND seq = ? AND user_id = ? AND emoji = ?",
        (chat.id, seq, user.id, emoji),
    )
    if not cursor.rowcount:
        raise errors.AlreadyDone
    entry = entries.append_txn(
        cursor, chat.id, "reaction", user, now_s, content=emoji, ref=seq, active=active
    )
    return Change(chat, (entry,))
