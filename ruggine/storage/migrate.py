"""From any older schema to the newest: numbered steps, which build a fresh database too."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from importlib import resources

from ruggine import names
from ruggine.errors import StartError

APPLICATION_ID = 0x52756767
"""Marks a SQLite file as ours: "Rugg"."""


def steps() -> list[tuple[int, str]]:
    """Every step as its number and its SQL, in order."""
    files = (resources.files("ruggine.storage") / "schema").iterdir()
    return sorted((int(f.name[:4]), f.read_text("utf-8")) for f in files if f.name.endswith(".sql"))


def migrate(connection: sqlite3.Connection, last: int | None = None) -> None:
    """Bring the schema to step `last` (the newest unless told), all in one transaction.

    Raises StartError if something refers to what is not there, and changes nothing then.
    """
    with _set_for_steps(connection):
        for function in (names.name_key, names.skeleton):
            connection.create_function(function.__name__, 1, function, deterministic=True)
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = schema_version(connection)
            due = [(n, sql) for n, sql in steps() if version < n <= (last or n)]
            if due and version:
                _check_references(connection)
            for number, sql in due:
                _run(connection, number, sql)
            if due:
                _check_references(connection)
            connection.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself where the disk is full.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _check_references(connection: sqlite3.Connection) -> None:
    """Before, because what is copied by way of a join would be left out; and after."""
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        raise StartError("is damaged (something refers to what is not there); restore a backup")


_FOR_STEPS = {"foreign_keys": "OFF", "legacy_alter_table": "ON", "temp_store": "FILE"}
"""A table that is made anew is gone for a moment, with what refers to it, an operator's own views
too (sqlite.org/lang_altertable.html, section 7); and sorting a large log takes no memory."""


@contextlib.contextmanager
def _set_for_steps(connection: sqlite3.Connection) -> Iterator[None]:
    """None of these can be set within the transaction."""
    before = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _FOR_STEPS}
    for name, value in _FOR_STEPS.items():
        connection.execute(f"PRAGMA {name} = {value}")
    try:
        yield
    finally:
        for name, value in before.items():
            connection.execute(f"PRAGMA {name} = {value}")


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of the last step that was taken; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def newest_version() -> int:
    """The number of the last step there is."""
    return steps()[-1][0]


def damage(connection: sqlite3.Connection) -> str | None:
    """What SQLite finds wrong with the file. Only reads.

    The quick check of SQLite 3.40 sees a NULL where there is none, in a table without rowids whose
    key has another order than its columns; the whole check, which takes longer, does not.
    """
    for check in ("quick_check", "integrity_check"):
        found: str = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
        if found == "ok":
            return None
    return found


def refuse_strangers(connection: sqlite3.Connection) -> None:
    """Raises StartError if the file is another program's or a newer Ruggine's. Only reads."""
    newest = newest_version()
    version = schema_version(connection)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if tables and application != APPLICATION_ID:
        raise StartError("is the database of another program; choose another file")
    if version > newest:
        raise StartError(
            f"was written by a newer Ruggine (schema {version}, this one knows {newest}); "
            "install that version again, or choose another file"
        )


def _run(connection: sqlite3.Connection, number: int, sql: str) -> None:
    for statement in _statements(sql):
        connection.execute(statement)
    if number == 1:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (str(uuid.uuid4()),))
    connection.execute(f"PRAGMA user_version = {number}")


def _statements(sql: str) -> Iterator[str]:
    """Split at the ends of statements; executescript() would commit behind our back."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
