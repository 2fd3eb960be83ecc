"""The index behind search: every three characters in a row of each message, folded.

It grows behind the sends, in small transactions, when no send waits for a commit. The tallies of
messages are kept with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ruggine.storage import tallies
from ruggine.storage.database import Cursor
from ruggine.storage.folding import fold

TRIGRAM = 3
PADDING = "\n" * (TRIGRAM - 1)
"""Every text ends with it, so that its last characters begin a trigram too."""

SEQ_BITS = 32
SEQ_MASK = (1 << SEQ_BITS) - 1

_BATCH = 128
_MERGED_PAGES = 64


def waiting_txn(cursor: Cursor) -> list[int]:
    """Some chats with messages that are not in the index yet."""
    rows = cursor.execute("SELECT id FROM chats WHERE indexed_seq < last_seq LIMIT ?", (_BATCH,))
    return [row[0] for row in rows]


def index_txn(cursor: Cursor, chat_ids: Sequence[int]) -> None:
    """Bring the next messages of these chats into the index and the tallies, at most a batch."""
    room = _BATCH
    for chat_id in chat_ids:
        done = cursor.execute("SELECT indexed_seq FROM chats WHERE id = ?", (chat_id,)).fetchone()
        rows = cursor.execute(
            "SELECT seq, sender, content, kind = 'message' AND NOT deleted FROM entries "
            "WHERE chat_id = ? AND seq > ? ORDER BY seq LIMIT ?",
            (chat_id, done[0], room),
        ).fetchall()
        if not rows:
            continue
        messages = [row[:3] for row in rows if row[3]]
        cursor.executemany(
            "INSERT INTO search_index (rowid, content) VALUES (?, ?)",
            [(rowid(chat_id, seq), _indexed(content)) for seq, _, content in messages],
        )
        tallies.add_txn(cursor, chat_id, ((seq, sender) for seq, sender, _ in messages))
        cursor.execute("UPDATE chats SET indexed_seq = ? WHERE id = ?", (rows[-1][0], chat_id))
        room -= len(rows)
        if room <= 0:
            return


def merge_txn(cursor: Cursor) -> bool:
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
    at = rowid(chat_id, seq)
    cursor.execute(
        "INSERT INTO search_index (search_index, rowid, content) VALUES ('delete', ?, ?)",
        (at, _indexed(old)),
    )
    if new is not None:
        cursor.execute(
            "INSERT INTO search_index (rowid, content) VALUES (?, ?)", (at, _indexed(new))
        )


def rowid(chat_id: int, seq: int) -> int:
    """Of a message in the index."""
    return chat_id << SEQ_BITS | seq


def _indexed(content: str) -> str:
    return fold(content) + PADDING
