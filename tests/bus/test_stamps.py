"""What a node says on the bus is told once, and not long after it was said."""

from __future__ import annotations

import json

import pytest
from twisted.internet.task import Clock

from ruggine.bus import stamps
from ruggine.bus.stamps import TOLERANCE_S, Stamps, read


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.advance(1_700_000_000)
    return clock


def test_a_stamped_object_is_still_one(clock: Clock) -> None:
    node = Stamps(clock.seconds)
    stamped = node.put(b'{"event":"entry"}')
    assert json.loads(stamped) == {
        "node": node.node, "number": 1, "time": 1_700_000_000_000, "event": "entry",
    }  # fmt: skip
    stamp = read(stamped)
    assert stamp is not None
    assert (stamp.node.decode(), stamp.number, stamp.time_s) == (node.node, 1, 1_700_000_000.0)
    assert read(b'{"event":"entry"}') is None


def test_a_node_knows_its_own_by_how_it_begins(clock: Clock) -> None:
    """And no node has the id of another, or its own of before."""
    one, other = Stamps(clock.seconds), Stamps(clock.seconds)
    assert one.own(one.put(b'{"a":1}'))
    assert not one.own(other.put(b'{"a":1}'))
    assert not one.own(b'{"a":1}')


def test_nothing_is_heard_twice(clock: Clock) -> None:
    """Neither the last, nor an older one that was never heard here."""
    speaker, hearer = Stamps(clock.seconds), Stamps(clock.seconds)
    first, missed, last = (speaker.put(b'{"a":1}') for _ in range(3))
    assert hearer.fresh(first)
    assert hearer.fresh(last)
    for again in (first, missed, last):
        assert not hearer.fresh(again)
    assert hearer.fresh(speaker.put(b'{"a":1}'))
    assert hearer.fresh(Stamps(clock.seconds).put(b'{"a":1}'))


def test_what_was_said_long_ago_is_not_heard(clock: Clock) -> None:
    """Or by a clock that is as far ahead."""
    speaker, hearer = Stamps(clock.seconds), Stamps(clock.seconds)
    old, older = speaker.put(b'{"a":1}'), speaker.put(b'{"a":1}')
    clock.advance(TOLERANCE_S)
    assert hearer.fresh(old)
    clock.advance(0.1)
    assert not hearer.fresh(older)
    ahead, far_ahead = (
        Stamps(lambda ahead_s=ahead_s: clock.seconds() + ahead_s).put(b'{"a":1}')  # type: ignore[misc]
        for ahead_s in (TOLERANCE_S, TOLERANCE_S + 0.1)
    )
    assert hearer.fresh(ahead)
    assert not hearer.fresh(far_ahead)


def test_a_node_that_has_just_started_hears_nothing_from_before(clock: Clock) -> None:
    """It does not know what it has heard in its life before."""
    captured = Stamps(clock.seconds).put(b'{"a":1}')
    clock.advance(0.1)
    assert not Stamps(clock.seconds).fresh(captured)


def test_what_is_remembered_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "_NODES", 10)
    hearer = Stamps(clock.seconds)
    for _ in range(100):
        assert hearer.fresh(Stamps(clock.seconds).put(b'{"a":1}'))
    assert len(hearer._heard._items) == 10
