"""From any older schema to the newest."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

import pytest

from ruggine import names
from ruggine.errors import StartError
from ruggine.storage import migrate as migrating
from ruggine.storage.migrate import (
    damage,
    migrate,
    newest_version,
    refuse_strangers,
    schema_version,
    steps,
)

LAST = newest_version()

_SAID = """
INSERT INTO users VALUES ('z', 'luigi', 'luigi', NULL, 1.0, NULL);
INSERT INTO users VALUES ('y', '(deleted)', '(deleted y)', NULL, 2.0, 3.0);
INSERT INTO chats (kind, group_id, name, last_seq) VALUES ('group', 'g', 'crew', 5);
INSERT INTO chats (kind, low_user_id, high_user_id, last_seq) VALUES ('private', 'y', 'z', 1);
INSERT INTO entries VALUES (1, 1, 'member_joined', 'z', '', 1, NULL, NULL, 'y', NULL, NULL, 0, 0);
INSERT INTO entries VALUES (1, 2, 'message', 'y', 'oh', 2, 'one-id', NULL, NULL, NULL, NULL, 1, 0);
INSERT INTO entries VALUES (1, 3, 'message', 'z', 'eh?', 3, 'one-id', 2, NULL, NULL, NULL, 0, 0);
INSERT INTO entries VALUES (1, 4, 'message_edited', 'y', 'oh', 4, NULL, NULL, NULL, 2, NULL, 0, 0);
INSERT INTO entries VALUES (1, 5, 'reaction', 'z', '👍', 5, NULL, NULL, NULL, 2, 1, 0, 0);
INSERT INTO entries VALUES (2, 1, 'message', 'z', 'a te', 6, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO reactions VALUES (1, 2, 'z', '👍');
"""
"""In a database of step 4."""

_LOG = """
SELECT e.chat_id, e.seq, e.kind, u.id, e.content, e.time_ms, e.client_id, e.reply_to, s.id, e.ref,
    e.active, e.edited, e.deleted
FROM entries AS e JOIN users AS u ON u.{key} = e.sender{id}
LEFT JOIN users AS s ON s.{key} = e.subject{id} ORDER BY e.chat_id, e.seq
"""
_GIVEN = "SELECT chat_id, seq, user_id, emoji FROM reactions"
_CHATS = "SELECT id, kind, group_id, low_user_id, high_user_id, name, last_seq FROM chats"
_USERS = "SELECT id, name, name_key, password_hash, created_s, deleted_s FROM users ORDER BY id"


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def schema(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Everything that makes up the schema, without the data."""
    return connection.execute(
        "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    ).fetchall()


def test_the_steps_are_numbered_without_a_hole() -> None:
    assert [number for number, _ in steps()] == list(range(1, LAST + 1))


@pytest.mark.parametrize("first", range(LAST))
def test_an_upgraded_database_is_a_fresh_one(first: int, tmp_path: Path) -> None:
    """Whatever step a database is at, it ends with the schema that a new one has."""
    fresh, upgraded = connect(tmp_path / "fresh.db"), connect(tmp_path / "upgraded.db")
    migrate(fresh)
    if first:
        migrate(upgraded, last=first)
        assert schema_version(upgraded) == first
    migrate(upgraded)
    assert schema(upgraded) == schema(fresh)
    assert schema_version(upgraded) == schema_version(fresh) == LAST


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    connection = connect(tmp_path / "it.db")
    migrate(connection)
    before = connection.total_changes, schema(connection)
    migrate(connection)
    assert (connection.total_changes, schema(connection)) == before


def test_a_step_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one transaction."""
    connection = connect(tmp_path / "it.db")
    broken = [*steps(), (LAST + 1, "CREATE TABLE new (x);\nINSERT INTO nowhere VALUES (1)")]
    monkeypatch.setattr(migrating, "steps", lambda: broken)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection)
    assert schema(connection) == []
    assert schema_version(connection) == 0


def test_every_database_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    epochs = set()
    for name in ("one.db", "two.db"):
        connection = connect(tmp_path / name)
        migrate(connection)
        epochs.add(connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone())
    assert len(epochs) == 2


def test_strangers_are_refused(tmp_path: Path) -> None:
    connection = connect(tmp_path / "it.db")
    refuse_strangers(connection)
    migrate(connection)
    refuse_strangers(connection)
    connection.execute(f"PRAGMA user_version = {LAST + 1}")
    with pytest.raises(StartError, match="newer Ruggine"):
        refuse_strangers(connection)
    connection.execute("PRAGMA application_id = 7")
    with pytest.raises(StartError, match="another program"):
        refuse_strangers(connection)


@pytest.fixture
def old(tmp_path: Path) -> sqlite3.Connection:
    """A database of step 4 in which something was said."""
    connection = connect(tmp_path / "old.db")
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection, last=4)
    for statement in _SAID.strip().splitlines():
        connection.execute(statement)
    return connection


def everything(connection: sqlite3.Connection, log: str) -> list[list[tuple[object, ...]]]:
    return [
        connection.execute(query).fetchall()
        for query in (
            log, _USERS, _GIVEN, _CHATS,
            "SELECT * FROM private_messages", "SELECT * FROM group_messages",
        )
    ]  # fmt: skip


def test_every_chat_gets_an_id_that_no_other_has(old: sqlite3.Connection) -> None:
    """Those that were there, and those that are made by whatever makes them."""
    migrate(old)
    new = "INSERT INTO chats (kind, group_id, low_user_id, high_user_id) VALUES (?, ?, ?, ?)"
    for values in (("group", "h", None, None), ("private", None, "z", "z")):
        old.execute(new, values)
    chats = old.execute("SELECT group_id, public_id FROM chats ORDER BY id").fetchall()
    assert [chats[0], chats[2]] == [("g", "g"), ("h", "h")]
    private = [chats[1][1], chats[3][1]]
    assert len(set(private)) == 2
    for public_id in private:
        assert uuid.UUID(public_id).version == 4
        assert str(uuid.UUID(public_id)) == public_id


def test_what_was_said_is_still_there_when_the_log_gets_numbers(old: sqlite3.Connection) -> None:
    before = everything(old, _LOG.format(key="id", id="_id"))
    assert [len(rows) for rows in before] == [6, 2, 1, 2, 1, 2]
    migrate(old)
    assert everything(old, _LOG.format(key="number", id="")) == before
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        old.execute("UPDATE entries SET client_id = 'one-id' WHERE chat_id = 2")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        old.execute("UPDATE entries SET sender = 99 WHERE chat_id = 2")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reactions SET user_id = 'nobody'",
        "UPDATE entries SET sender_id = 'nobody' WHERE seq = 3",
        "UPDATE entries SET subject_id = 'nobody' WHERE seq = 1 AND chat_id = 1",
    ],
)
def test_a_log_that_refers_to_nobody_is_left_as_it_is(old: sqlite3.Connection, change: str) -> None:
    """Whose words would be lost otherwise."""
    old.execute("PRAGMA foreign_keys = OFF")
    old.execute(change)
    before = schema(old)
    with pytest.raises(StartError, match="damaged"):
        migrate(old)
    assert (schema(old), schema_version(old)) == (before, 4)


def test_what_an_operator_has_added_stays(old: sqlite3.Connection) -> None:
    old.execute("CREATE VIEW mine AS SELECT name FROM users")
    old.execute("CREATE VIEW my_words AS SELECT content FROM private_messages")
    migrate(old)
    assert old.execute("SELECT * FROM mine ORDER BY name").fetchall()[1] == ("luigi",)
    assert old.execute("SELECT * FROM my_words").fetchall() == [("a te",)]


def test_a_full_disk_is_said_and_changes_nothing(old: sqlite3.Connection) -> None:
    pages = old.execute("PRAGMA page_count").fetchone()[0]
    old.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        migrate(old)
    assert not old.in_transaction
    assert schema_version(old) == 4
    assert old.execute("SELECT COUNT(*) FROM entries").fetchone() == (6,)


def test_what_sqlite_has_rolled_back_itself_is_said_as_it_is(
    old: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does where the disk is full; a second ROLLBACK would hide why."""
    step = """
    CREATE TABLE new (x);
    CREATE TRIGGER full BEFORE INSERT ON new BEGIN SELECT RAISE(ROLLBACK, 'no room'); END;
    INSERT INTO new VALUES (1);
    """
    monkeypatch.setattr(migrating, "steps", lambda: [*steps()[:4], (5, step)])
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        migrate(old)
    assert schema_version(old) == 4


def test_the_settings_of_a_connection_are_as_before(old: sqlite3.Connection) -> None:
    names = ("foreign_keys", "legacy_alter_table", "temp_store")
    before = [old.execute(f"PRAGMA {name}").fetchone() for name in names]
    migrate(old)
    assert [old.execute(f"PRAGMA {name}").fetchone() for name in names] == before


def test_a_database_with_a_reaction_is_not_damaged(old: sqlite3.Connection) -> None:
    """SQLite 3.40 says so of one that is older."""
    assert damage(old) is None
    migrate(old)
    assert old.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def test_a_damaged_database_is_found_out(old: sqlite3.Connection) -> None:
    old.execute("PRAGMA writable_schema = ON")
    old.execute("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'sessions'")
    old.execute("PRAGMA writable_schema = RESET")
    assert damage(old) is not None


def test_names_from_before_have_their_keys(tmp_path: Path) -> None:
    """Those that nobody could give today too."""
    connection = connect(tmp_path / "it.db")
    migrate(connection, 6)
    given = ["Crew", "\u2800", "СREW", "a  b"]
    connection.executemany(
        "INSERT INTO chats (kind, group_id, name) VALUES ('group', ?, ?)",
        [(str(number), name) for number, name in enumerate(given)],
    )
    migrate(connection)
    kept = connection.execute("SELECT name, name_key, skeleton FROM chats ORDER BY id").fetchall()
    assert kept == [(name, names.name_key(name), names.skeleton(name)) for name in given]
    assert kept[0][1] != kept[2][1]
    assert kept[0][2] == kept[2][2]
