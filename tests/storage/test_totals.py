"""What there is in all is right, and nobody has to count it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest_twisted
from twisted.internet.defer import Deferred

from ruggine.model import Draft
from ruggine.storage import totals
from ruggine.storage.database import Cursor, Database
from ruggine.storage.groups import GroupStore
from ruggine.storage.message_log import MessageLog, Outcome
from ruggine.storage.migrate import migrate
from ruggine.storage.totals import read_totals
from tests.storage.conftest import Town


@pytest_twisted.ensureDeferred
async def test_messages_and_groups_are_counted_as_they_come_and_go(
    database: Database, town: Town
) -> None:
    luigi, dory = await town.user("luigi"), await town.user("dory")
    chat, groups, log = await town.chat(luigi, dory), GroupStore(database, 10), MessageLog(database)
    assert await read_totals(database) == {"messages": 0, "groups": 0}
    for client_id in ("a", "b", "b"):
        outcome: Deferred[Outcome] = Deferred()
        log.append(Draft(chat.id, luigi, "hello", 1500, client_id), outcome.callback)
        await outcome
    first, _ = await groups.create(luigi, "first", [], 2.0)
    await groups.create(luigi, "second", [], 2.0)
    assert await read_totals(database) == {"messages": 2, "groups": 2}
    await groups.leave(luigi, str(first.chat.group_id), 3.0)
    assert await read_totals(database) == {"messages": 2, "groups": 1}


@pytest_twisted.ensureDeferred
async def test_no_table_is_looked_through(database: Database) -> None:
    asked: list[str] = []

    class Recorder:
        def execute(self, sql: str) -> list[tuple[str, int]]:
            asked.append(sql)
            return []

    totals._totals_txn(Recorder())

    def plan_txn(cursor: Cursor) -> list[str]:
        return [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]

    plan = await database.read(plan_txn)
    assert plan
    assert all(step.startswith("SEARCH") for step in plan), plan


def test_an_older_database_is_counted_when_it_is_brought_up_to_date(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "it.db", isolation_level=None)
    migrate(connection, last=3)
    connection.execute("INSERT INTO users VALUES ('1', 'luigi', 'luigi', NULL, 1.0, NULL)")
    connection.execute("INSERT INTO chats (kind, group_id, name) VALUES ('group', 'g', 'crew')")
    connection.execute(
        "INSERT INTO chats (kind, group_id, name, closed) VALUES ('group', 'h', 'c', 1)"
    )
    connection.executemany(
        "INSERT INTO entries (chat_id, seq, kind, sender_id, content, time_ms) "
        "VALUES (1, ?, ?, '1', '', 1)",
        [(1, "member_joined"), (2, "message"), (3, "message")],
    )
    migrate(connection)
    counted = dict(connection.execute("SELECT * FROM totals"))
    assert counted == {"messages": 2, "groups": 1, "commits": 0}
