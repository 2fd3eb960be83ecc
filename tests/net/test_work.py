"""One connection's requests, one after the other, and a bound to how many wait."""

from __future__ import annotations

from functools import partial

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent

from ruggine.net.intake import Intake
from ruggine.net.work import OrderedWork
from tests.net.desk import Transport, World

MANY = 64
SPENT_S = 1.0
"""More work than anybody has at once."""


class Desk:
    """Jobs that the test finishes by hand."""

    def __init__(self, max_waiting: int = 4) -> None:
        world = World()
        self.clock = world.clock
        self.transport = Transport()
        self.visit = world.door.enter(self.transport.abortConnection)
        intake = Intake(world.pace, self.transport, self.visit, lambda data: None)
        self.work = OrderedWork(intake, max_waiting)
        self.begun: list[int] = []
        self._open: dict[int, Deferred[None]] = {}

    @property
    def paused(self) -> bool:
        return self.transport.producerState == "paused"

    def add(self, number: int) -> None:
        self.work.add(partial(self._job, number))

    def finish(self, number: int) -> None:
        self._open.pop(number).callback(None)

    async def _job(self, number: int) -> None:
        self.begun.append(number)
        self._open[number] = Deferred()
        await self._open[number]


def happened(awaitable: Deferred[None]) -> bool:
    return bool(awaitable.called)


def test_each_job_ends_before_the_next_begins() -> None:
    desk = Desk()
    for number in range(3):
        desk.add(number)
    assert desk.begun == [0]
    desk.finish(0)
    assert desk.begun == [0, 1]
    desk.finish(1)
    desk.finish(2)
    assert desk.begun == [0, 1, 2]


def test_too_many_that_wait_pause_the_transport_until_half_are_done() -> None:
    desk = Desk(max_waiting=4)
    for number in range(5):
        desk.add(number)
    assert not desk.paused
    desk.add(5)
    assert desk.paused
    for number in range(4):
        assert desk.paused
        desk.finish(number)
    assert not desk.paused


def test_open_answers_count_as_waiting() -> None:
    desk = Desk(max_waiting=4)
    for _ in range(5):
        desk.work.opened()
    assert desk.paused
    for _ in range(3):
        desk.work.answered()
    assert not desk.paused


def test_settled_waits_for_every_open_answer() -> None:
    desk = Desk()
    desk.work.opened()
    desk.work.opened()
    settled = Deferred.fromCoroutine(desk.work.settled())
    desk.work.answered()
    assert not happened(settled)
    desk.work.answered()
    assert happened(settled)
    assert happened(Deferred.fromCoroutine(desk.work.settled()))


def test_finished_waits_for_jobs_and_answers() -> None:
    desk = Desk()
    desk.add(0)
    desk.work.opened()
    finished = Deferred.fromCoroutine(desk.work.finished())
    desk.finish(0)
    assert not happened(finished)
    desk.work.answered()
    assert happened(finished)


def test_stopping_drops_what_has_not_begun() -> None:
    desk = Desk()
    desk.add(0)
    desk.add(1)
    desk.work.stop()
    desk.add(2)
    desk.finish(0)
    assert desk.begun == [0]


def test_a_job_that_fails_is_logged_and_the_next_one_runs(logged_errors: list[LogEvent]) -> None:
    desk = Desk()

    async def failing() -> None:
        raise ZeroDivisionError

    desk.work.add(failing)
    desk.add(1)
    assert desk.begun == [1]
    assert len(logged_errors) == 1
    logged_errors.clear()


@pytest.mark.parametrize("jobs", [0, 1])
def test_nothing_is_finished_at_once(jobs: int) -> None:
    desk = Desk()
    for number in range(jobs):
        desk.add(number)
    assert happened(Deferred.fromCoroutine(desk.work.finished())) == (jobs == 0)


def test_a_job_that_waits_for_nothing_is_over_at_once_and_in_its_turn() -> None:
    desk = Desk()
    done: list[int] = []

    async def note(number: int) -> None:
        done.append(number)
        if number == 1:
            desk.work.add(partial(note, 2))  # from within: after this one
            done.append(-1)

    desk.work.add(partial(note, 1))
    assert done == [1, -1, 2]
    desk.add(0)
    desk.work.add(partial(note, 3))
    assert done == [1, -1, 2]
    desk.finish(0)
    assert done == [1, -1, 2, 3]


def test_what_a_job_waits_for_more_than_once_reaches_it() -> None:
    desk = Desk()
    first: Deferred[str] = Deferred()
    second: Deferred[str] = Deferred()
    came: list[object] = []

    async def job() -> None:
        came.append(await first)
        try:
            await second
        except ValueError as error:
            came.append(str(error))

    desk.work.add(job)
    first.callback("one")
    assert came == ["one"]
    second.errback(ValueError("two"))
    assert came == ["one", "two"]
    assert happened(Deferred.fromCoroutine(desk.work.finished()))


def refuse_many(desk: Desk) -> list[int]:
    """Many requests that are refused, and the numbers of those that were begun."""
    begun: list[int] = []

    def refused(number: int) -> None:
        begun.append(number)
        desk.work.refused()

    for number in range(MANY):
        desk.work.add(partial(refused, number))
    return begun


def test_after_a_refusal_the_next_waits_for_its_turn() -> None:
    """In order, none left out, and with the transport paused meanwhile."""
    desk = Desk()
    begun = refuse_many(desk)
    assert begun == [0]
    assert desk.paused
    desk.clock.advance(0)
    assert begun == list(range(MANY))
    assert not desk.paused
    desk.add(0)
    assert desk.begun == []
    desk.clock.advance(0)
    assert desk.begun == [0]


def test_who_was_refused_too_often_waits_until_there_is_budget_again() -> None:
    desk = Desk()
    desk.visit.budget.charge(desk.clock.seconds(), SPENT_S)
    begun = refuse_many(desk)
    desk.clock.advance(0)
    assert begun == [0]
    desk.clock.pump([SPENT_S] * 1000)
    assert begun == list(range(MANY))


def test_nobody_is_finished_who_has_to_wait() -> None:
    desk = Desk()
    begun = refuse_many(desk)
    finished = Deferred.fromCoroutine(desk.work.finished())
    assert not happened(finished)
    desk.clock.advance(0)
    assert happened(finished)
    assert len(begun) == MANY


def test_who_is_gone_while_waiting_begins_nothing() -> None:
    desk = Desk()
    begun = refuse_many(desk)
    desk.work.stop()
    desk.clock.advance(0)
    assert begun == [0]
