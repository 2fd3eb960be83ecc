"""From any older schema to the newest."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ruggine.errors import StartError
from ruggine.storage import migrate as migrating
from ruggine.storage.migrate import migrate, refuse_strangers, schema_version, steps

LAST = steps()[-1][0]


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
