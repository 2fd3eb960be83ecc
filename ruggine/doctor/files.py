"""The database as it lies on the disk. Nothing here writes, and a daemon may be running."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ruggine.doctor.finding import Finding, fault, ok, warning
from ruggine.errors import StartError
from ruggine.storage.migrate import damage, refuse_strangers, schema_version, steps

LEAST_SPACE = 100 << 20
LITTLE_SPACE = 1 << 30
LARGE_LOG = 64 << 20
_CLOCK_SLACK_S = 60

_HOLES = """
SELECT c.id, c.last_seq, COUNT(e.seq), COALESCE(MAX(e.seq), 0)
FROM chats AS c LEFT JOIN entries AS e ON e.chat_id = c.id
GROUP BY c.id HAVING c.last_seq <> COUNT(e.seq) OR c.last_seq <> COALESCE(MAX(e.seq), 0)
LIMIT 1
"""


def check_files(database: Path) -> Iterator[Finding]:
    """Modes, integrity, schema, holes, space and clock."""
    yield _space(database)
    if not database.exists():
        yield from _missing(database)
        return
    yield _modes(database)
    if not os.access(database, os.R_OK):
        yield fault("database", f"{database} cannot be read; run this as the daemon's user")
        return
    if not database.stat().st_size:
        yield fault("database", f"{database} is empty; restore a backup, or delete it")
        return
    try:
        with closing(open_read_only(database)) as connection:
            yield from _contents(database, connection)
    except sqlite3.Error as error:
        yield fault("database", f"{database}: {error}; restore a backup (docs/operating.md)")


def open_read_only(database: Path) -> sqlite3.Connection:
    """Raises sqlite3.Error.

    Where no log lies beside it, no daemon runs and all is in the file itself; SQLite would make a
    log even to read (https://www.sqlite.org/wal.html#read_only_databases).
    """
    how = "mode=ro" if database.with_name(database.name + "-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{database.absolute().as_uri()}?{how}", uri=True, timeout=5)


def _missing(database: Path) -> Iterator[Finding]:
    log = database.with_name(database.name + "-wal")
    if log.exists() and log.stat().st_size:
        yield fault("database", f"{database} is gone, and {log.name} has messages of it; restore")
    else:
        yield ok("database", f"{database} will be made at the first start")


def _modes(database: Path) -> Finding:
    """What is in there is for the daemon's user only."""
    paths = [
        database.parent,
        *(database.with_name(database.name + s) for s in ("", "-wal", "-shm")),
    ]
    for path in paths:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = "700" if path.is_dir() else "600"
            return warning("file modes", f"others may read {path}: chmod {mode} {path}")
    return ok("file modes", "for their owner only")


def _contents(database: Path, connection: sqlite3.Connection) -> Iterator[Finding]:
    try:
        refuse_strangers(connection)
    except StartError as error:
        yield fault("schema", f"{database} {error}")
        return
    version, newest = schema_version(connection), steps()[-1][0]
    if version < newest:
        text = f"{version} of {newest}: the next start upgrades it; make a backup before"
        yield warning("schema", text)
    else:
        yield ok("schema", str(version))
    yield _integrity(database, connection)
    yield _holes(connection)
    yield _clock(connection)


def _integrity(database: Path, connection: sqlite3.Connection) -> Finding:
    found = damage(connection)
    if found is not None:
        return fault("integrity", f"{database} is damaged ({found}); restore a backup")
    megabytes = database.stat().st_size / 1e6
    log = database.with_name(database.name + "-wal")
    if log.exists() and log.stat().st_size > LARGE_LOG:
        return warning("integrity", f"{log.name} is large: some program reads for a very long time")
    return ok("integrity", f"{megabytes:.1f} MB")


def _holes(connection: sqlite3.Connection) -> Finding:
    hole = connection.execute(_HOLES).fetchone()
    if hole is None:
        entries = connection.execute("SELECT COALESCE(SUM(last_seq), 0) FROM chats").fetchone()[0]
        return ok("logs", f"{entries} entries, none missing")
    chat_id, last_seq, count, greatest = hole
    text = f"chat {chat_id} has {count} entries up to {greatest} and should have {last_seq}"
    return fault("logs", f"{text}; restore a backup, and please report this")


def _clock(connection: sqlite3.Connection) -> Finding:
    newest_ms = connection.execute("SELECT MAX(time_ms) FROM entries").fetchone()[0] or 0
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    if newest_ms / 1000 > time.time() + _CLOCK_SLACK_S:
        return warning("clock", f"{shown} is before the newest message; set the clock")
    if time.gmtime().tm_year < 2026:
        return warning("clock", f"{shown} cannot be right; set the clock")
    return ok("clock", shown)


def _space(database: Path) -> Finding:
    folder = database.parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free at {folder}"
    if free < LEAST_SPACE:
        return fault("disk space", f"{text}; make room: soon no message can be stored")
    if free < LITTLE_SPACE:
        return warning("disk space", f"{text}; make room")
    return ok("disk space", text)
