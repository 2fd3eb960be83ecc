"""The log as it is in the database, without asking the daemon."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ruggine.delivery.history import Stored

_ENTRIES = """
SELECT c.group_id, low.name, high.name, e.seq, e.kind, u.name, e.client_id, e.content, s.name,
    c.public_id
FROM entries AS e
JOIN chats AS c ON c.id = e.chat_id
JOIN users AS u ON u.number = e.sender
LEFT JOIN users AS s ON s.number = e.subject
LEFT JOIN users AS low ON low.id = c.low_user_id
LEFT JOIN users AS high ON high.id = c.high_user_id
WHERE c.id IN (
    SELECT m.chat_id FROM chat_members AS m JOIN users AS member ON member.id = m.user_id
    WHERE member.name IN (SELECT value FROM json_each(?))
)
"""


def read_log(database: Path, users: list[str]) -> list[Stored]:
    """Every entry of every chat that these users were ever in. Blocks; changes nothing."""
    connection = _read_only(database)
    try:
        encoded = "[" + ",".join(f'"{name}"' for name in users) + "]"
        return [_stored(row) for row in connection.execute(_ENTRIES, (encoded,))]
    finally:
        connection.close()


def faults_in(database: Path) -> list[str]:
    """What SQLite itself finds wrong with the file. Blocks; changes nothing."""
    connection = _read_only(database)
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
    finally:
        connection.close()
    return [] if found == ["ok"] else found


def _read_only(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)


def _stored(row: tuple[str, ...]) -> Stored:
    group_id, low, high, seq, kind, sender, client_id, content, subject, chat_id = row
    chat = group_id or f"{min(low, high)}|{max(low, high)}"
    return Stored(chat, int(seq), kind, sender, client_id or "", content, subject or "", chat_id)
