"""Opening a database: which file it is, and what is done when storage fails for good."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import LogEvent
from twisted.python.failure import Failure

from ruggine import errors
from ruggine.errors import StartError
from ruggine.storage.database import _READS_AT_ONCE, Database
from ruggine.storage.lock_file import LockFile, Noted
from ruggine.storage.migrate import migrate, newest_version
from tests.daemon import wait_until
from tests.patience import stretched


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    database = Database(reactor, path)
    database.open()
    yield database
    database.close()


def epoch_of(path: Path) -> str:
    with opened(path) as database:
        return database.epoch


def test_a_database_keeps_its_epoch(tmp_path: Path) -> None:
    assert epoch_of(tmp_path / "it.db") == epoch_of(tmp_path / "it.db") != ""


def test_a_restored_backup_is_another_history(tmp_path: Path) -> None:
    """Whatever was done since the backup is lost, and its `seq` will be given again."""
    path, backup = tmp_path / "it.db", tmp_path / "backup.db"
    epoch = epoch_of(path)
    shutil.copy(path, backup)
    assert epoch_of(path) == epoch
    shutil.copy(backup, path)
    restored = epoch_of(path)
    assert restored != epoch
    assert epoch_of(path) == restored


def test_a_backup_in_another_place_is_another_history_too(tmp_path: Path) -> None:
    """Without the file beside it nobody knows whether anything came after."""
    epoch = epoch_of(tmp_path / "it.db")
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(tmp_path / "it.db", tmp_path / "elsewhere" / "it.db")
    assert epoch_of(tmp_path / "elsewhere" / "it.db") != epoch


def test_each_database_has_a_key_of_its_own(tmp_path: Path) -> None:
    with opened(tmp_path / "one.db") as one, opened(tmp_path / "two.db") as two:
        assert len(one.bus_key) == len(two.bus_key) == 32
        assert one.bus_key != two.bus_key


@pytest.mark.parametrize("used_before", [True, False])
def test_an_empty_database_is_not_begun(used_before: bool, tmp_path: Path) -> None:
    """It is named, and left as it is; deleted, it is begun anew as somebody wanted."""
    path = tmp_path / "it.db"
    if used_before:
        epoch_of(path)
    path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(StartError, match="is empty; restore a backup, or delete it"):
            Database(reactor, path).open()
        assert path.read_bytes() == b""
    path.unlink()
    assert epoch_of(path)


def test_a_start_that_was_cut_short_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it left empty is a database that was never begun."""
    path = tmp_path / "it.db"

    def die(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("ruggine.storage.opening.migrate", die)
        with pytest.raises(StartError, match="is full"):
            Database(reactor, path).open()
    path.write_bytes(b"")
    path.with_name("it.db-wal").unlink(missing_ok=True)
    assert epoch_of(path)


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_messages_in_the_log_beside_a_lost_database_are_not_deleted(
    how: str, tmp_path: Path
) -> None:
    """SQLite would take the file for new, and delete what belongs to another."""
    path, log = tmp_path / "it.db", tmp_path / "it.db-wal"
    if how == "empty":
        path.write_bytes(b"")
    log.write_bytes(b"messages")
    with pytest.raises(StartError, match=r"it\.db-wal beside it holds messages"):
        Database(reactor, path).open()
    assert log.read_bytes() == b"messages"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_truncated_database_is_found_and_left_alone(kept: float, tmp_path: Path) -> None:
    path = tmp_path / "it.db"
    epoch_of(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    before = path.read_bytes()
    with pytest.raises(StartError, match="restore a backup"):
        Database(reactor, path).open()
    assert path.read_bytes() == before


def test_damage_that_shows_later_ends_the_process(tmp_path: Path) -> Deferred[None]:
    """`fail` is called and nothing is answered as if it were well."""
    path = tmp_path / "it.db"
    failed: list[str] = []
    database = Database(reactor, path, fail=failed.append)
    database.open()

    async def damage_and_read() -> None:
        await database.read(lambda cursor: cursor.execute("SELECT * FROM users").fetchall())
        whole = path.read_bytes()
        path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
        with pytest.raises(errors.Unavailable):
            await database.read(lambda cursor: cursor.execute("SELECT * FROM chats").fetchall())
        database.close()

    def check(_: object) -> None:
        assert len(failed) == 1
        assert str(path) in failed[0]
        assert "SQLITE_CORRUPT" in failed[0]

    return Deferred.fromCoroutine(damage_and_read()).addCallback(check)


def test_writes_that_queue_behind_a_lock_are_put_off_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[LogEvent]
) -> Deferred[None]:
    """Each has waited since it was asked for, and not since the one before it gave up."""
    monkeypatch.setattr("ruggine.storage.database._BUSY_TIMEOUT_S", 1)
    path = tmp_path / "it.db"
    database = Database(reactor, path)
    database.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()

    def write(_: int) -> Deferred[None]:
        return Deferred.fromCoroutine(database.write(lambda cursor: None))

    def check(outcomes: list[tuple[bool, Failure]]) -> None:
        assert all(failure.check(errors.Unavailable) for _, failure in outcomes)
        assert time.monotonic() - begun < stretched(3)
        assert len(logged_errors) == 1  # said once, not ten times
        logged_errors.clear()
        other.execute("ROLLBACK")

    done = DeferredList(map(write, range(10)), consumeErrors=True).addCallback(check)
    done.addCallback(lambda _: Deferred.fromCoroutine(database.write(lambda cursor: None)))
    return done.addCallback(lambda _: database.close())


@pytest_twisted.ensureDeferred
async def test_of_many_reads_few_come_back_in_one_turn_of_the_reactor(tmp_path: Path) -> None:
    """It stands still here for longer than all of them take."""
    done: list[int] = []
    with opened(tmp_path / "it.db") as database:
        reads = [
            Deferred.fromCoroutine(database.read(lambda cursor, n: done.append(n), number))
            for number in range(100)
        ]
        wait_until(lambda: len(done) >= _READS_AT_ONCE)
        time.sleep(0.1)
        assert len(done) == _READS_AT_ONCE
        for read in reads:
            await read
    assert sorted(done) == list(range(100))


@pytest_twisted.ensureDeferred
async def test_reads_that_fail_keep_no_place(tmp_path: Path, logged_errors: list[LogEvent]) -> None:
    with opened(tmp_path / "it.db") as database:
        for _ in range(_READS_AT_ONCE + 1):
            with pytest.raises(errors.Unavailable):
                await database.read(lambda cursor: cursor.execute("SELECT * FROM nowhere"))
        assert await database.read(lambda cursor: cursor.execute("SELECT 1").fetchone()) == (1,)
    logged_errors.clear()


def make_old(path: Path) -> None:
    """A database as the version before the last one left it."""
    with opened(path):
        pass
    path.unlink()
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, last=newest_version() - 1)
    connection.execute("UPDATE meta SET value = '' WHERE key = 'generation'")
    connection.close()


def test_an_upgrade_waits_until_nobody_else_uses_the_database(tmp_path: Path) -> None:
    """Of several daemons: those that run would not know the new schema."""
    path = tmp_path / "it.db"
    make_old(path)
    other = LockFile(path)
    other.take(shared=True)
    database = Database(reactor, path, shared=True)
    with pytest.raises(StartError, match="stop all daemons"):
        database.open()
    other.release()
    database.open()
    other.take(shared=True)
    other.release()
    database.close()


def test_what_was_noted_stays_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = LockFile(tmp_path / "it.db")
    lock.take(shared=False)
    lock.note(Noted("before"))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(OSError, match="No space"):
        lock.note(Noted("after"))
    assert lock.noted == Noted("before")
    lock.release()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities for threads")
@pytest_twisted.ensureDeferred
async def test_searches_leave_the_processor_to_everything_else(tmp_path: Path) -> None:
    def niceness(cursor: Any) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with opened(tmp_path / "it.db") as database:
        searching = await database.search(niceness)
        for other in (await database.read(niceness), await database.write(niceness)):
            assert other < searching
