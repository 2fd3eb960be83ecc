"""A restored backup is never taken for the database that was used last, whenever it was made."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from ruggine.errors import StartError
from ruggine.storage.database import Database
from ruggine.storage.lineage import begin
from ruggine.storage.lock_file import LockFile, Noted


class Machine:
    """One daemon's database, and what an operator does with its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._crashes = 0
        self.path = folder / "0" / "it.db"
        self.backup_file = folder / "backup.db"
        self.database: Database
        self.is_open = False

    def start(self) -> str:
        """Returns the epoch."""
        self.database = Database(reactor, self.path)
        self.database.open()
        self.is_open = True
        return self.database.epoch

    def stop(self) -> None:
        if self.is_open:
            self.database.close()
        self.is_open = False

    async def write(self) -> None:
        await self.database.write(lambda cursor: None)

    def backup(self) -> None:
        """As docs/operating.md says."""
        source, target = sqlite3.connect(self.path), sqlite3.connect(self.backup_file)
        with closing(source), closing(target):
            source.backup(target)

    def crash(self) -> None:
        """What a process leaves behind that dies in this moment."""
        self._crashes += 1
        left = self._folder / str(self._crashes)
        shutil.copytree(self.path.parent, left)
        self.stop()
        self.path = left / "it.db"

    def restore(self) -> None:
        """As docs/operating.md says."""
        shutil.copy(self.backup_file, self.path)
        for left in ("it.db-wal", "it.db-shm"):
            self.path.with_name(left).unlink(missing_ok=True)

    @property
    def lock(self) -> Path:
        return self.path.with_name("it.db.lock")


@pytest_twisted.async_yield_fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.stop()


async def play(machine: Machine, steps: Sequence[str]) -> str:
    """Returns the epoch in the end."""
    epoch = machine.database.epoch if machine.is_open else machine.start()
    for step in steps:
        if step == "write":
            await machine.write()
        elif step == "backup":
            machine.backup()
        else:
            machine.crash() if step == "crash" else machine.stop()
            epoch = machine.start()
    return epoch


SINCE = [
    steps
    for length in range(3)
    for steps in itertools.product(("write", "restart", "crash"), repeat=length)
    if "write" in steps
]


@pytest.mark.parametrize("end", ["stop", "crash"])
@pytest.mark.parametrize("before", [(), ("write",), ("restart",), ("write", "crash")], ids="-".join)
@pytest_twisted.ensureDeferred
async def test_a_backup_in_which_something_is_missing_is_noticed(
    before: tuple[str, ...], end: str, machine: Machine
) -> None:
    """Whatever was before it, and since; and what is begun in it stays what it is."""
    for since in SINCE:
        epoch = await play(machine, (*before, "backup", *since))
        machine.crash() if end == "crash" else machine.stop()
        machine.restore()
        restored = machine.start()
        assert restored != epoch, since
        assert await play(machine, ("write", "restart", "write", "crash")) == restored, since


@pytest_twisted.ensureDeferred
async def test_what_nothing_is_missing_in_is_what_it_was(machine: Machine) -> None:
    """However it ended, and whether or not the last commit was noted before that."""
    steps = ["write", "restart", "crash", "write", "write", "crash", "crash", "restart", "backup"]
    epoch = machine.start()
    assert await play(machine, steps) == epoch
    machine.stop()
    machine.restore()
    assert machine.start() == epoch


@pytest.mark.parametrize("writes", [1, 5, 9])
@pytest_twisted.ensureDeferred
async def test_a_copy_that_was_used_elsewhere_is_another_one(
    writes: int, machine: Machine, tmp_path: Path
) -> None:
    """Also when it has come further there than the one it was copied from."""
    epoch = await play(machine, ["write", "backup", *["write"] * 5])
    machine.stop()
    elsewhere = Machine(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "0").mkdir(parents=True)
    elsewhere.backup_file = machine.backup_file
    elsewhere.restore()
    there = elsewhere.start()
    assert there != epoch
    await play(elsewhere, ["write"] * writes)
    elsewhere.backup()
    elsewhere.stop()
    machine.restore()
    assert machine.start() not in (epoch, there)


@pytest_twisted.ensureDeferred
async def test_a_database_without_its_lock_file_is_another_one(machine: Machine) -> None:
    """And with that of another database: so who restores both together removes the lock file."""
    epoch = await play(machine, ["write"])
    machine.stop()
    machine.lock.unlink()
    second = machine.start()
    assert second != epoch
    machine.stop()
    machine.lock.write_bytes(Noted("0" * 32, "", 1).encode())
    assert machine.start() not in (epoch, second)


@pytest_twisted.ensureDeferred
async def test_a_backup_of_the_second_before_a_power_cut_is_noticed(machine: Machine) -> None:
    """The note of what came after it is gone; but the log, which a crash leaves, is not there."""
    epoch = await play(machine, ["write", "backup"])
    kept = machine.lock.read_bytes()
    await play(machine, ["write"])
    machine.crash()
    machine.lock.write_bytes(kept)
    machine.restore()
    assert machine.start() != epoch


@pytest_twisted.ensureDeferred
async def test_a_power_cut_that_took_the_note_costs_no_epoch(machine: Machine) -> None:
    epoch = await play(machine, ["write"])
    kept = machine.lock.read_bytes()
    await play(machine, ["write"])
    machine.crash()
    machine.lock.write_bytes(kept)
    assert machine.start() == epoch


@pytest_twisted.ensureDeferred
async def test_commits_that_a_power_cut_took_are_noticed(machine: Machine) -> None:
    """As with --durability=relaxed: the lock file may have come further."""
    epoch = await play(machine, ["write"])
    names = ("it.db", "it.db-wal")
    short = [machine.path.with_name(name).read_bytes() for name in names]
    await play(machine, ["write"])
    machine.crash()
    for name, content in zip(names, short, strict=True):
        machine.path.with_name(name).write_bytes(content)
    assert machine.start() != epoch


def begin_and_die(machine: Machine, *, committed: bool) -> None:
    lock = LockFile(machine.path)
    lock.take(shared=False)
    connection = sqlite3.connect(machine.path, isolation_level=None)
    if committed:
        begin(connection, lock, log_there=False)
    else:
        connection.set_authorizer(_commit_nothing)
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            begin(connection, lock, log_there=False)
    connection.close()
    lock.release()


def _commit_nothing(action: int, what: str | None, *_: object) -> int:
    commits = (action, what) == (sqlite3.SQLITE_TRANSACTION, "COMMIT")
    return sqlite3.SQLITE_DENY if commits else sqlite3.SQLITE_OK


@pytest.mark.parametrize("committed", [False, True])
@pytest_twisted.ensureDeferred
async def test_a_start_that_dies_changes_nothing(committed: bool, machine: Machine) -> None:
    epoch = await play(machine, ["write"])
    machine.stop()
    for _ in range(2):
        begin_and_die(machine, committed=committed)
    assert machine.start() == epoch


@pytest_twisted.ensureDeferred
async def test_a_restored_database_is_noticed_when_its_first_start_dies(machine: Machine) -> None:
    epoch = await play(machine, ["backup", "write"])
    machine.stop()
    machine.restore()
    begin_and_die(machine, committed=False)
    assert machine.start() != epoch


@pytest_twisted.ensureDeferred
async def test_two_daemons_note_the_further_of_their_commits(tmp_path: Path) -> None:
    """In whichever order they come to note them; and who starts beside one that runs takes
    nothing back."""
    path = tmp_path / "it.db"
    first, second = Database(reactor, path, shared=True), Database(reactor, path, shared=True)
    first.open()
    await first.write(lambda cursor: None)
    noted = first._lock_file.noted.commits
    second.open()
    assert first._lock_file.noted.commits >= noted
    for database in (second, first, first, second):
        await database.write(lambda cursor: None)
    commits = first._lock_file.noted.commits
    first._lock_file.note_commits(commits - 1)
    assert second._lock_file.noted.commits == commits
    first.close()
    assert second._lock_file.noted.in_use
    second.close()
    third = Database(reactor, path, shared=True)
    third.open()
    assert third.epoch == first.epoch
    third.close()


@pytest_twisted.ensureDeferred
async def test_a_log_that_belongs_to_another_file_ends_the_start(machine: Machine) -> None:
    """Who restores and forgets to remove it would get a mixture, and nobody finds its holes."""
    await play(machine, ["write", "backup", "write"])
    with closing(sqlite3.connect(machine.path)) as other:
        other.execute("PRAGMA wal_checkpoint(RESTART)")
    await play(machine, ["write", "write"])
    machine.crash()
    shutil.copy(machine.backup_file, machine.path)
    log = machine.path.with_name("it.db-wal")
    before = machine.path.read_bytes(), log.read_bytes()
    with pytest.raises(StartError, match=r"remove it\.db-wal and it\.db-shm"):
        machine.start()
    assert before == (machine.path.read_bytes(), log.read_bytes())
    machine.restore()
    machine.start()


@pytest_twisted.ensureDeferred
async def test_a_log_that_goes_on_where_a_backup_ends_is_welcome(machine: Machine) -> None:
    """Nothing is missing then, whoever forgot to remove it."""
    epoch = await play(machine, ["write", "backup", "write"])
    machine.crash()
    shutil.copy(machine.backup_file, machine.path)
    assert machine.start() == epoch


def test_a_lock_file_of_an_older_version_is_understood(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "it.db")
    lock.take(shared=False)
    (tmp_path / "it.db.lock").write_bytes(b"0123456789abcdef" * 2)
    assert lock.noted == Noted("0123456789abcdef" * 2)
    for noted in (Noted(), Noted("a" * 32, "b" * 32, 7, in_use=True, checkpointed=3)):
        lock.note(noted)
        assert lock.noted == noted
    lock.note_commits(2**40)
    lock.note_checkpointed(9)
    assert lock.noted == Noted("a" * 32, "b" * 32, 2**40, in_use=True, checkpointed=9)
    lock.release()
