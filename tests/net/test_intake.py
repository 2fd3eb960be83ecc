"""What was received is handled in portions, in order, and the peer is held up meanwhile."""

from __future__ import annotations

import pytest
from twisted.logger import LogEvent

from ruggine.net.intake import PORTION, Intake
from tests.net.desk import Transport, World


class Inlet:
    """One connection's intake, and what it has given on."""

    def __init__(self) -> None:
        world = World()
        self.clock = world.clock
        self.taken: list[bytes] = []
        self.transport = Transport()
        self.transport.protocol = self
        self.visit = world.door.enter(self.transport.abortConnection)
        self.intake = Intake(world.pace, self.transport, self.visit, self._take)

    def connectionLost(self, reason: object) -> None:
        self.intake.stop()

    def _take(self, data: bytes) -> None:
        self.taken.append(data)
        if data == b"bad":
            raise ZeroDivisionError

    @property
    def paused(self) -> bool:
        return self.transport.producerState == "paused"


@pytest.fixture
def inlet() -> Inlet:
    return Inlet()


def test_nothing_is_handled_before_its_turn(inlet: Inlet) -> None:
    inlet.intake.receive(b"a")
    inlet.intake.receive(b"b")
    assert (inlet.taken, inlet.intake.idle, inlet.paused) == ([], False, False)
    inlet.clock.advance(0)
    assert (inlet.taken, inlet.intake.idle) == ([b"ab"], True)


def test_much_is_handled_in_portions_while_the_transport_is_paused(inlet: Inlet) -> None:
    inlet.visit.budget.charge(0, 1.0)  # more than there is at once
    data = bytes(range(256)) * (PORTION // 64)
    inlet.intake.receive(data)
    assert inlet.paused
    inlet.clock.advance(1000)
    assert b"".join(inlet.taken) == data
    assert {len(portion) for portion in inlet.taken} == {PORTION}
    assert not inlet.paused


def test_without_budget_nothing_is_handled(inlet: Inlet) -> None:
    inlet.visit.budget.charge(0, 1.0)
    inlet.intake.receive(b"a")
    inlet.clock.advance(0)
    assert inlet.taken == []
    inlet.clock.advance(100)
    assert inlet.taken == [b"a"]


def test_while_requests_wait_nothing_is_handled(inlet: Inlet) -> None:
    inlet.intake.pauseProducing()
    inlet.intake.receive(b"a")
    inlet.clock.advance(0)
    assert (inlet.taken, inlet.paused) == ([], True)
    inlet.intake.resumeProducing()
    inlet.clock.advance(0)
    assert (inlet.taken, inlet.paused) == ([b"a"], False)


def test_the_end_comes_after_everything_that_waits(inlet: Inlet) -> None:
    inlet.intake.receive(b"a" * (PORTION + 1))
    inlet.intake.at_end(lambda: inlet.taken.append(b"end"))
    inlet.clock.advance(0)
    assert inlet.taken == [b"a" * PORTION, b"a", b"end"]


def test_in_a_hurry_all_is_handled_at_once(inlet: Inlet) -> None:
    inlet.intake.receive(b"a" * (PORTION + 1))
    inlet.intake.hurry()
    assert inlet.taken == [b"a" * PORTION, b"a"]


def test_a_failure_ends_the_connection(inlet: Inlet, logged_errors: list[LogEvent]) -> None:
    inlet.intake.receive(b"bad")
    inlet.clock.advance(0)
    assert inlet.transport.gone
    inlet.intake.receive(b"more")
    inlet.clock.advance(0)
    assert inlet.taken == [b"bad"]
    assert len(logged_errors) == 1
    logged_errors.clear()
