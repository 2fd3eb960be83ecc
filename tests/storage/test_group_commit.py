"""What waits for the writer is committed together, and each write for itself where one fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ruggine import errors
from ruggine.storage.database import Cursor, Database
from ruggine.storage.group_commit import FATAL, MAX_WRITES
from tests.delivery.workers import Workers


class Desk:
    """A real database whose threads stand still until they are told to work."""

    def __init__(self, path: Path) -> None:
        self.workers = Workers()
        self.failed: list[str] = []
        self.database = Database(self.workers, path, fail=self.failed.append)
        self.database.open()
        self.workers.take_over(self.database)
        self.answers: list[tuple[str, Any]] = []
        self.runs: list[str] = []
        self.on_answer: Callable[[], None] | None = None
        """Called once, at the next answer."""

    def write(self, name: str, error: BaseException | None = None) -> None:
        """Store `name`, and raise afterwards what there is to raise."""

        def write_txn(cursor: Cursor) -> str:
            self.runs.append(name)
            cursor.execute("INSERT INTO meta VALUES (?, '')", (name,))
            if error is not None:
                raise error
            return name.upper()

        def answered(result: Any) -> None:
            self.answers.append((name, result.type if isinstance(result, Failure) else result))
            following, self.on_answer = self.on_answer, None
            if following is not None:
                following()

        Deferred.fromCoroutine(self.database.write(write_txn)).addBoth(answered)

    def commit(self) -> int:
        """Let everything be written; returns how many transactions that took."""
        commits = 0
        while self.workers.write():
            commits += 1
            assert commits < 100, "it tries the same again and again"
            while self.workers.report():
                pass
        return commits

    def stored(self) -> list[str]:
        with closing(sqlite3.connect(self.database._path)) as other:
            found = other.execute("SELECT key FROM meta WHERE key LIKE 'it-%'").fetchall()
        return sorted((name for [name] in found), key=lambda name: int(name[3:]))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "it.db")
    yield desk
    desk.database.close()


def names(count: int) -> list[str]:
    return [f"it-{number}" for number in range(count)]


def test_an_idle_writer_begins_at_once(desk: Desk) -> None:
    desk.write("it-0")
    assert len(desk.workers.writes.jobs) == 1


def test_what_comes_during_a_commit_is_the_next_one(desk: Desk) -> None:
    """Answered in the order in which it came, each with what is its own, and only then."""
    for name in names(50):
        desk.write(name)
    assert desk.workers.write()
    assert not desk.answers
    assert desk.stored() == names(1)
    assert desk.workers.report()
    assert desk.answers == [("it-0", "IT-0")]
    assert desk.commit() == 1
    assert desk.answers == [(name, name.upper()) for name in names(50)]
    assert desk.stored() == names(50)


def test_a_transaction_holds_so_many_and_the_next_goes_on(desk: Desk) -> None:
    for name in names(1 + 2 * MAX_WRITES + 1):
        desk.write(name)
    assert desk.commit() == 4
    assert desk.stored() == names(1 + 2 * MAX_WRITES + 1)


def test_who_writes_again_when_answered_is_in_the_next_transaction(desk: Desk) -> None:
    """With all that has waited since: as when the messages of one batch follow another's."""
    for name in names(2):
        desk.write(name)
    desk.on_answer = lambda: desk.write("it-2")
    assert desk.workers.write()
    assert desk.workers.report()
    assert desk.commit() == 1
    assert desk.stored() == names(3)


REFUSED = [errors.NotAMember(), sqlite3.IntegrityError("a name that is taken")]


@pytest.mark.parametrize("error", REFUSED)
def test_who_is_refused_leaves_nothing_behind_and_disturbs_nobody(
    error: Exception, desk: Desk
) -> None:
    """Nor does who breaks a constraint: anybody can who registers a name twice at once."""
    for name in names(4):
        desk.write(name, error if name == "it-2" else None)
    assert desk.commit() == 2
    assert desk.runs == names(4)
    assert desk.answers[1:] == [("it-1", "IT-1"), ("it-2", type(error)), ("it-3", "IT-3")]
    assert desk.stored() == ["it-0", "it-1", "it-3"]


@pytest.mark.parametrize("error", [KeyError("a mistake"), sqlite3.OperationalError("a full disk")])
def test_what_fails_in_another_way_fails_alone(
    error: Exception, desk: Desk, logged_errors: list[Any]
) -> None:
    """Nothing tells what it has left of the transaction: each is done again, for itself, and
    answered when it is done."""
    for name in names(4):
        desk.write(name, error if name == "it-2" else None)
    desk.on_answer = lambda: desk.write("it-4")
    assert desk.commit() == 1 + 1 + 3 + 1
    told = KeyError if isinstance(error, KeyError) else errors.Unavailable
    assert desk.answers[1:] == [
        ("it-1", "IT-1"), ("it-2", told), ("it-3", "IT-3"), ("it-4", "IT-4"),
    ]  # fmt: skip
    assert desk.stored() == ["it-0", "it-1", "it-3", "it-4"]
    logged_errors.clear()


def test_who_is_tried_alone_does_not_wait_for_the_last(desk: Desk) -> None:
    for name in names(9):
        desk.write(name, KeyError("a mistake") if name == "it-8" else None)
    for _ in range(3):
        assert desk.workers.write()
        desk.workers.report()
    assert desk.answers == [("it-0", "IT-0"), ("it-1", "IT-1")]
    desk.commit()


def test_a_transaction_that_has_ended_by_itself_is_not_a_success(
    desk: Desk, logged_errors: list[Any]
) -> None:
    """What SQLite has taken back, and somebody overlooked."""
    told: list[Any] = []
    careless = Deferred.fromCoroutine(
        desk.database.write(lambda cursor: cursor.execute("ROLLBACK"))
    )
    careless.addErrback(lambda failure: told.append(failure.type))
    desk.commit()
    assert told == [errors.Unavailable]
    logged_errors.clear()


def busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = "SQLITE_BUSY"
    return error


def test_behind_the_lock_of_another_program_nobody_waits_longer_than_they_have(
    desk: Desk, logged_errors: list[Any]
) -> None:
    """Nor less: who came later goes on waiting, with who comes after them."""
    for name in names(4):
        desk.write(name, busy() if name == "it-3" else None)
    for write in desk.database._commits._waiting[1:]:
        write.until_s = 0
    desk.write("it-4")
    desk.workers.write()
    desk.workers.report()
    assert desk.commit() == 2
    assert desk.answers == [
        ("it-0", "IT-0"), ("it-2", errors.Unavailable), ("it-3", errors.Unavailable),
        ("it-1", "IT-1"), ("it-4", "IT-4"),
    ]  # fmt: skip
    logged_errors.clear()


@pytest.mark.parametrize("name", FATAL)
def test_after_a_fatal_error_nothing_is_tried_again(
    name: str, desk: Desk, logged_errors: list[Any]
) -> None:
    """Least of all after a failed fsync: it would seem to succeed."""
    error = sqlite3.OperationalError("of all")
    error.sqlite_errorname = name
    for each in names(4):
        desk.write(each, error if each == "it-2" else None)
    assert desk.workers.write()
    desk.workers.report()
    assert desk.workers.write()
    desk.write("it-4")
    assert desk.workers.report()
    assert desk.commit() == 0
    assert desk.runs == names(3)
    assert desk.answers[1:] == [(each, errors.Unavailable) for each in names(4)[1:]]
    assert desk.stored() == ["it-0"]
    assert desk.failed
    logged_errors.clear()
