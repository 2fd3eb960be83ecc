"""What an operator sees with plain SQL, and what the files hold."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest_twisted
from twisted.internet.defer import Deferred

from ruggine.model import Draft
from ruggine.storage.database import Database
from ruggine.storage.message_log import MessageLog
from tests.storage.conftest import Town


@pytest_twisted.ensureDeferred
async def test_private_messages_as_the_reference_describes_them(
    database: Database, town: Town, tmp_path: Path
) -> None:
    """Sender, receiver, content and Unix seconds; notes to oneself too."""
    luigi, dory = await town.user("luigi"), await town.user("dory")
    log = MessageLog(database)
    for sender, peer, content in (
        (luigi, dory, "ciao"), (dory, luigi, "ciao, Luigi"), (luigi, luigi, "latte"),
    ):  # fmt: skip
        stored: Deferred[object] = Deferred()
        chat = await town.chat(sender, peer)
        log.append(Draft(chat.id, sender, content, 1500), stored.callback)
        await stored
    looking = sqlite3.connect(f"file:{tmp_path}/it.db?mode=ro", uri=True)
    rows = looking.execute(
        "SELECT sender_id, receiver_id, content, timestamp FROM private_messages"
    ).fetchall()
    assert rows == [
        (luigi.id, dory.id, "ciao", 1.5),
        (dory.id, luigi.id, "ciao, Luigi", 1.5),
        (luigi.id, luigi.id, "latte", 1.5),
    ]
    assert looking.execute("SELECT * FROM group_messages").fetchall() == []
    assert looking.execute("SELECT COUNT(*) FROM private_messages").fetchone() == (3,)


@pytest_twisted.ensureDeferred
async def test_the_database_is_durable_by_default(database: Database, tmp_path: Path) -> None:
    """WAL with synchronous=FULL (2), foreign keys on, and readers that cannot write."""

    def settings(cursor: sqlite3.Cursor) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only")
        return [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.write(settings) == ["wal", 2, 1, 0]
    assert await database.read(settings) == ["wal", 2, 1, 1]
    for file in tmp_path.glob("it.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest_twisted.ensureDeferred
async def test_relaxed_durability_is_a_choice(tmp_path: Path) -> None:
    from twisted.internet import reactor

    database = Database(reactor, tmp_path / "relaxed.db", "relaxed")
    database.open()
    level = await database.write(lambda c: c.execute("PRAGMA synchronous").fetchone()[0])
    database.close()
    assert level == 1
