"""Whether a database is the one that was used last, or an older copy of it: a restored backup.

A client that resumes in a restored database from where it was in the lost one would never hear of
what takes the place of what is lost. So a restored database gets a new epoch. It is known by what
the lock file beside the database remembers, whenever the copy was made:

- Each transaction raises the count of commits in the database. The count is noted in the lock file
  after the commit and before anything of it is acknowledged. The note outlives the process at
  once, a power cut a second later. A database with fewer commits than were noted is an older copy.
- Each start changes a word, the generation, in the database and in the lock file. A database of
  another generation has a history of its own: a copy that was used elsewhere meanwhile, whatever
  its count, or a database that came here without its lock file, or a lock file from elsewhere.
- A process that did not end well leaves SQLite's log (`-wal`) behind. Where the lock file says that
  it did not and there is no log, somebody has put the database there. This is the second after
  which a power cut may have taken the note: a backup of that very second is known all the same.

A database that is ahead of the note is the last one: the process died between the commit and the
note. A copy of the database and the lock file together cannot be told from them: who puts such a
copy in their place removes the lock file (docs/operating.md).
"""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from ruggine.storage.lock_file import LockFile, Noted


def count_commit_txn(cursor: Any) -> int:
    """Raise the count of commits, and return it. Part of every transaction that writes."""
    counted = cursor.execute(
        "UPDATE totals SET count = count + 1 WHERE what = 'commits' RETURNING count"
    ).fetchone()
    return int(counted[0])


def begin(
    connection: sqlite3.Connection, lock_file: LockFile, *, log_there: bool
) -> dict[str, str]:
    """Begin a generation; returns what `meta` holds then, with the epoch that clients are told.

    `log_there` says whether there was a log beside the database before it was opened. Dying in
    here changes nothing.
    """
    connection.execute("BEGIN IMMEDIATE")
    meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    before, commits = meta["generation"], count_commit_txn(connection) - 1
    meta["generation"] = uuid.uuid4().hex
    if not _is_the_last(before, commits, lock_file.noted, log_there=log_there):
        meta["epoch"], before = str(uuid.uuid4()), ""
    connection.executemany("UPDATE meta SET value = ?2 WHERE key = ?1", meta.items())
    kept = lock_file.noted if before else Noted()
    lock_file.note(Noted(meta["generation"], before, commits, kept.in_use, kept.checkpointed))
    connection.execute("COMMIT")
    return meta


def _is_the_last(generation: str, commits: int, noted: Noted, *, log_there: bool) -> bool:
    return (
        (generation == noted.generation or generation == (noted.before or None))
        and commits >= noted.commits
        and (log_there or not noted.in_use)
    )


def end(lock_file: LockFile) -> None:
    """The database is closed. Only the last daemon to leave it can say so."""
    if lock_file.alone():
        noted = lock_file.noted
        lock_file.note(Noted(noted.generation, "", noted.commits, checkpointed=noted.checkpointed))
