"""From any older schema to the newest: numbered steps, which build a fresh database too."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from importlib import resources

from ruggine.errors import StartError

APPLICATION_ID = 0x52756767
"""Marks a SQLite file as ours: "Rugg"."""


def steps() -> list[tuple[int, str]]:
    """Every step as its number and its SQL, in order."""
    files = (resources.files("ruggine.storage") / "schema").iterdir()
    return sorted((int(f.name[:4]), f.read_text()) for f in files if f.name.endswith(".sql"))


def migrate(connection: sqlite3.Connection, last: int | None = None) -> None:
    """Bring the schema to step `last` (the newest unless told), all in one transaction.

    Raises StartError if something would refer to what is not there, and changes nothing then.
    """
    with _unchecked_keys(connection):
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = schema_version(connection)
            due = [(n, sql) for n, sql in steps() if version < n <= (last or n)]
            for number, sql in due:
                _run(connection, number, sql)
            if due and connection.execute("PRAGMA foreign_key_check").fetchone():
                raise StartError("is damaged (something is missing in it); restore a backup")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def _unchecked_keys(connection: sqlite3.Connection) -> Iterator[None]:
    """A table that is made anew is gone for a moment (sqlite.org/lang_altertable.html, section 7);
    foreign keys can only be switched off before the transaction."""
    checked = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA foreign_keys = {checked}")


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of the last step that was taken; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def newest_version() -> int:
    """The number of the last step there is."""
    return steps()[-1][0]


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
