"""Somebody who has very much of everything, put straight into a daemon's database."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

WIDE = "\U0001f40b"
"""Four bytes."""


def seed(database: Path, victim: str, count: int, length: int) -> None:
    """`count` of everything for the user named `victim`, with messages of `length` characters.

    The rows are those that the daemon writes.
    """
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        _Crowd(connection, victim, count).come(length)


class _Crowd:
    def __init__(self, connection: sqlite3.Connection, victim: str, count: int) -> None:
        self._connection = connection
        self._id, self._number = connection.execute(
            "SELECT id, number FROM users WHERE name = ?", (victim,)
        ).fetchone()
        self._count = count
        self._now = time.time() - 60
        self._first = connection.execute("SELECT MAX(number) + 1 FROM users").fetchone()[0]
        self._others = [str(uuid.uuid4()) for _ in range(count)]

    def come(self, length: int) -> None:
        others, now = self._others, self._now
        names = [f"{'x' * 26}.{number:05}" for number in range(self._count)]
        self._add(
            "users (number, id, name, name_key, created_s)",
            ((self._first + n, o, names[n], names[n], now) for n, o in enumerate(others)),
        )
        self._add("friends", ((self._id, other, now) for other in others))
        self._add("blocks", ((self._id, other, now) for other in others))
        wide = WIDE * 500
        self._add("friend_requests", ((other, self._id, wide, now) for other in others))
        self._add("friend_requests", ((self._id, other, "|" * 500, now) for other in others))
        self._add(
            "sessions (token_hash, id, user_id, device, created_s, last_seen_s)",
            (
                (uuid.uuid4().bytes, uuid.uuid4().hex[:16], self._id, WIDE * 64, now, now)
                for _ in range(self._count)
            ),
        )
        self._chats(WIDE * length)
        self._group(WIDE * length)

    def _add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        rows = list(rows)
        marks = ", ".join("?" * len(rows[0]))
        self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def _chats(self, content: str) -> None:
        """A private chat with each, an invite into a group of each, and a long last message."""
        first = self._next_chat()
        pairs = [(first + n, *sorted((self._id, o))) for n, o in enumerate(self._others)]
        self._add("chats (id, kind, low_user_id, high_user_id, last_seq)",
                  ((chat, "private", low, high, 1) for chat, low, high in pairs))  # fmt: skip
        self._add("chat_members (user_id, chat_id)",
                  ((who, chat) for chat, *members in pairs for who in members))  # fmt: skip
        at_ms = int(self._now * 1000)
        self._add(
            "entries (chat_id, seq, kind, sender, content, time_ms, client_id)",
            (
                (chat, 1, "message", self._first + n, content, at_ms + n, f"{n:<8}" + '"' * 56)
                for n, (chat, _, _) in enumerate(pairs)
            ),
        )
        first = self._next_chat()
        self._add("chats (id, kind, group_id, name, last_seq)",
                  ((first + n, "group", str(uuid.uuid4()), WIDE * 64, 0)
                   for n in range(self._count)))  # fmt: skip
        self._add("group_invites (id, chat_id, user_id, invited_by, created_s)",
                  ((str(uuid.uuid4()), first + n, self._id, other, self._now)
                   for n, other in enumerate(self._others)))  # fmt: skip
        self._add("chat_members (user_id, chat_id, role)",
                  ((self._id, first + n, "member") for n in range(self._count)))  # fmt: skip

    def _group(self, content: str) -> None:
        """One with all of them and many messages, the last of which has very many reactions."""
        chat, count = self._next_chat(), self._count
        self._add("chats (id, kind, group_id, name, last_seq)",
                  [(chat, "group", str(uuid.uuid4()), "tutti", count)])  # fmt: skip
        self._add("chat_members (user_id, chat_id, role)",
                  ((who, chat, "owner") for who in (self._id, *self._others)))  # fmt: skip
        at_ms = int(self._now * 1000)
        self._add("entries (chat_id, seq, kind, sender, content, time_ms)",
                  ((chat, seq, "message", self._first, content if seq % 40 == 0 else WIDE, at_ms)
                   for seq in range(1, count + 1)))  # fmt: skip
        self._add("reactions (chat_id, seq, user_id, emoji)",
                  ((chat, count, other, f"{WIDE * 30}{n:02}")
                   for n in range(20) for other in self._others[:256]))  # fmt: skip

    def _next_chat(self) -> int:
        found = self._connection.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM chats").fetchone()
        return int(found[0])
