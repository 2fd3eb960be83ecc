"""What waits for the writer is committed together, and each write for itself where one fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
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
        self.begun: list[int] = []
        """Transactions that were on their way, at each answer."""

    def write(self, name: str, error: BaseException | None = None) -> None:
        """Store `name`, and raise afterwards what there is to raise."""

        def write_txn(cursor: Cursor) -> str:
            self.runs.append(name)
            cursor.execute("INSERT INTO meta VALUES (?, '')", (name,))
            if error is not None:
                raise error
            return name.upper()

        def answered(result: Any) -> None:
            self.begun.append(len(self.workers.writes.jobs))
            self.answers.append((name, result.type if isinstance(result, Failure) else result))

        Deferred.fromCoroutine(self.database.write(write_txn)).addBoth(answered)

    def commit(self) -> int:
        """Let everything be written; returns how many transactions that took."""
        commits = 0
        while self.workers.write():
            commits += 1
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


def test_the_next_is_on_its_way_before_the_last_is_answered(desk: Desk) -> None:
    for name in names(2):
        desk.write(name)
    desk.commit()
    assert desk.begun == [1, 0]


def test_who_is_refused_leaves_nothing_behind_and_disturbs_nobody(desk: Desk) -> None:
    desk.write("it-0")
    desk.write("it-1")
    desk.write("it-2", errors.NotAMember())
    desk.write("it-3")
    assert desk.commit() == 2
    assert desk.answers[1:] == [
        ("it-1", "IT-1"), ("it-2", errors.NotAMember), ("it-3", "IT-3"),
    ]  # fmt: skip
    assert desk.stored() == ["it-0", "it-1", "it-3"]


@pytest.mark.parametrize("error", [KeyError("a mistake"), sqlite3.OperationalError("a full disk")])
def test_what_fails_in_another_way_fails_alone(
    error: Exception, desk: Desk, logged_errors: list[Any]
) -> None:
    """Nothing tells what it has left of the transaction: each is done again, for itself."""
    for name in names(4):
        desk.write(name, error if name == "it-2" else None)
    assert desk.commit() == 1 + 1 + 3
    told = KeyError if isinstance(error, KeyError) else errors.Unavailable
    assert desk.answers[1:] == [("it-1", "IT-1"), ("it-2", told), ("it-3", "IT-3")]
    assert desk.stored() == ["it-0", "it-1", "it-3"]
    logged_errors.clear()


@pytest.mark.parametrize("name", ["SQLITE_BUSY", *FATAL])
def test_what_would_meet_the_others_too_is_not_tried_again(
    name: str, desk: Desk, logged_errors: list[Any]
) -> None:
    """Least of all after a failed fsync: it would seem to succeed."""
    error = sqlite3.OperationalError("of all")
    error.sqlite_errorname = name
    for each in names(4):
        desk.write(each, error if each == "it-2" else None)
    assert desk.commit() == 2
    assert desk.runs == names(3)
    assert desk.answers[1:] == [(each, errors.Unavailable) for each in names(4)[1:]]
    assert desk.stored() == ["it-0"]
    assert bool(desk.failed) == (name in FATAL)
    logged_errors.clear()
