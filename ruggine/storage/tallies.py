"""How many messages there are in each block of a log, so that nobody has to count them.

Kept behind the sends, with the search index: a tally covers what is up to `chats.indexed_seq`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ruggine.storage import entries
from ruggine.storage.database import Cursor

_BLOCK_BITS = 6  # of a seq, in the SQL below too: 64 messages to a block
_ALL = 0
"""No user has this number: it stands for all senders, in the SQL below too."""


def add_txn(cursor: Cursor, chat_id: int, messages: Iterable[tuple[int, int]]) -> None:
    """Count messages, each with its `seq` and its sender's number."""
    counts: Counter[tuple[int, int]] = Counter()
    for seq, sender in messages:
        counts[sender, seq >> _BLOCK_BITS] += 1
        counts[_ALL, seq >> _BLOCK_BITS] += 1
    cursor.executemany(
        "INSERT INTO tallies (chat_id, sender, block, messages) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (chat_id, sender, block) DO UPDATE "
        "SET messages = messages + excluded.messages",
        [(chat_id, *where, count) for where, count in counts.items()],
    )


def take_txn(cursor: Cursor, chat_id: int, seq: int, sender_id: str) -> None:
    """A message is deleted."""
    cursor.execute(
        "UPDATE tallies SET messages = messages - 1 "
        "WHERE chat_id = ?1 AND block = ?2 >> 6 "
        "AND sender IN (0, (SELECT number FROM users WHERE id = ?3)) "
        "AND ?2 <= (SELECT indexed_seq FROM chats WHERE id = ?1)",
        (chat_id, seq, sender_id),
    )


_UNREAD = """
SELECT (
    SELECT COALESCE(SUM(CASE sender WHEN :own THEN -messages ELSE messages END), 0)
    FROM tallies WHERE chat_id = :chat AND sender IN (0, :own) AND block > :above >> 6
) + (
    SELECT COUNT(*) FROM entries
    WHERE chat_id = :chat AND seq > :above AND seq <= MIN(:indexed, :above | 63)
        AND kind = 'message' AND deleted = 0 AND sender <> :own
) + (
    SELECT COUNT(*) FROM entries
    WHERE chat_id = :chat AND seq > MAX(:above, :indexed)
        AND kind = 'message' AND deleted = 0 AND sender <> :own
)
"""


def unread_txn(cursor: Cursor, chat_id: int, own: int, above: int, indexed: int) -> int:
    """How many messages of others than `own`, not deleted, stand above a `seq`.

    Of the log itself at most one block is read, and what is not counted yet.
    """
    values = {"chat": chat_id, "own": own, "above": above, "indexed": indexed}
    count: int = cursor.execute(_UNREAD, values).fetchone()[0]
    return count


_NEWEST = (
    entries.SELECT + "WHERE e.chat_id = ? AND e.seq > ? AND e.seq <= ? AND e.kind = 'message' "
    "AND e.deleted = 0 ORDER BY e.seq DESC LIMIT 1"
)
_BLOCK = (
    "SELECT block FROM tallies WHERE chat_id = ? AND sender = 0 AND messages > 0 "
    "AND block >= ? >> 6 ORDER BY block DESC LIMIT 1"
)


def newest_txn(
    cursor: Cursor, chat_id: int, above: int, indexed: int, last: int
) -> tuple[Any, ...] | None:
    """The newest message above a `seq` that is not deleted, as a row for `entries.entry`."""
    row: tuple[Any, ...] | None = cursor.execute(
        _NEWEST, (chat_id, max(above, indexed), last)
    ).fetchone()
    block = None if row else cursor.execute(_BLOCK, (chat_id, above)).fetchone()
    if block is not None:
        first = block[0] << _BLOCK_BITS
        values = chat_id, max(above, first - 1), min(indexed, first | 63)
        row = cursor.execute(_NEWEST, values).fetchone()
    return row
