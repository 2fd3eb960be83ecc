"""People and groups put straight into the database of a daemon of our own.

A thousand accounts made by the line port would take minutes of password hashing, which is not what
is measured then. The rows are those that the daemon writes.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from ruggine.bench.people import People, Person
from ruggine.domain.sessions import TOKEN_PREFIX, token_hash


class Seeded(People):
    """Of a daemon whose database is at hand."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._database = database

    def _make(self, count: int) -> list[Person]:
        return add_people(self._database, count)

    def group(self, members: list[Person]) -> str:
        return add_group(self._database, members)


def add_people(database: Path, count: int) -> list[Person]:
    """New users with a session each; nobody can log in as one of them."""
    run, now_s = uuid.uuid4().hex[:8], time.time()
    people = [
        (f"bench.{run}.{number}", TOKEN_PREFIX + secrets.token_urlsafe(32))
        for number in range(count)
    ]
    with _writing(database) as connection:
        for name, token in people:
            user_id = str(uuid.uuid4())
            connection.execute(
                "INSERT INTO users (id, name, name_key, created_s) VALUES (?, ?, ?, ?)",
                (user_id, name, name, now_s),
            )
            connection.execute(
                "INSERT INTO sessions (token_hash, id, user_id, device, created_s, last_seen_s) "
                "VALUES (?, ?, ?, '', ?, ?)",
                (token_hash(token), uuid.uuid4().hex[:16], user_id, now_s, now_s),
            )
    return people


def add_group(database: Path, members: list[Person]) -> str:
    """A group of them, the first its owner; returns its group_id."""
    group_id, names = str(uuid.uuid4()), [name for name, _ in members]
    with _writing(database) as connection:
        chat_id = connection.execute(
            "INSERT INTO chats (kind, group_id, name) VALUES ('group', ?, 'bench')", (group_id,)
        ).lastrowid
        for name in names:
            connection.execute(
                "INSERT INTO chat_members (user_id, chat_id, role) "
                "SELECT id, ?, ? FROM users WHERE name_key = ?",
                (chat_id, "owner" if name == names[0] else "member", name),
            )
    return group_id


def add_messages(database: Path, count: int) -> None:
    """So many in all, evenly, at the ends of the private chats; for who is not connected."""
    with _writing(database) as connection:
        chats = connection.execute(
            "SELECT c.id, u.number, c.last_seq FROM chats AS c "
            "JOIN users AS u ON u.id = c.low_user_id WHERE c.kind = 'private'"
        ).fetchall()
        now_ms, run = int(time.time() * 1000), uuid.uuid4().hex[:8]
        connection.executemany(
            "INSERT INTO entries (chat_id, seq, kind, sender, content, time_ms, client_id) "
            "VALUES (?, ?, 'message', ?, ?, ?, ?)",
            (
                (chat_id, last_seq + 1 + number // len(chats), sender,
                 f"{number} was said here long ago", now_ms, f"{run}-{number}")
                for number in range(count)
                for chat_id, sender, last_seq in (chats[number % len(chats)],)
            ),
        )  # fmt: skip
        connection.execute(
            "UPDATE chats SET last_seq = (SELECT MAX(seq) FROM entries WHERE chat_id = chats.id) "
            "WHERE kind = 'private'"
        )


@contextlib.contextmanager
def _writing(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(database, timeout=60, isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
