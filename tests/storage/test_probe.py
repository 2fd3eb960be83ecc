"""The word on whether messages can be stored is never older than a few seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from ruggine.storage.database import Database
from ruggine.storage.probe import PATIENCE_S, TRY_EVERY_S, Probe
from tests.delivery.workers import Workers


class Desk:
    """A real database whose writer works when it is told to, and a clock."""

    def __init__(self, path: Path) -> None:
        self.clock, self.workers = Clock(), Workers()
        self.database = Database(self.workers, path)
        self.database.open()
        self.workers.take_over(self.database)
        self.probe = Probe(self.clock, self.database)

    def ask(self) -> list[bool]:
        answers: list[bool] = []
        Deferred.fromCoroutine(self.probe.stores()).addCallback(answers.append)
        return answers

    def work(self) -> int:
        done = 0
        while self.workers.write():
            done += 1
            self.workers.report()
        return done


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "it.db")


def test_it_says_yes_after_a_commit_and_not_before(desk: Desk) -> None:
    first, second = desk.ask(), desk.ask()
    assert first == second == []
    assert desk.work() == 1
    assert first == second == [True]


def test_it_tries_at_most_every_few_seconds(desk: Desk) -> None:
    """However many ask: whoever reaches the port could have the disk filled."""
    desk.ask()
    desk.work()
    desk.clock.advance(TRY_EVERY_S - 0.1)
    assert [desk.ask() for _ in range(100)] == [[True]] * 100
    assert desk.work() == 0
    desk.clock.advance(0.1)
    desk.ask()
    assert desk.work() == 1


def test_a_failure_and_its_end_are_told_by_the_next_try(
    desk: Desk, logged_errors: list[LogEvent]
) -> None:
    desk.ask()
    desk.work()
    desk.clock.advance(TRY_EVERY_S)
    desk.workers.fails["write"] = True
    answers = desk.ask()
    desk.work()
    assert answers == [False]
    desk.clock.advance(TRY_EVERY_S)
    answers = desk.ask()
    desk.work()
    assert answers == [True]
    logged_errors.clear()


def test_nobody_waits_for_long(desk: Desk) -> None:
    """Behind another program's lock; when it is gone the same try says so."""
    answers = desk.ask()
    desk.clock.advance(PATIENCE_S)
    assert answers == [False]
    desk.clock.advance(60)
    later = desk.ask()
    assert desk.work() == 1
    assert later == [True]


def test_what_it_writes_does_not_grow(desk: Desk) -> None:
    for _ in range(3):
        desk.ask()
        desk.work()
        desk.clock.advance(TRY_EVERY_S)
    kept = desk.database._anchor.execute("SELECT length(value) FROM meta WHERE key = 'probe'")
    assert kept.fetchall() == [(16384,)]
