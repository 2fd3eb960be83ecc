"""Who waits for a processor, and who is served next."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruggine.model import Origin
from ruggine.turns import AT_ONCE, KNOWN_AT_ONCE, STRANGERS_AT_ONCE, Turns

OWNER = Origin("192.0.2.7", known=True)
_names = count()


def stranger(number: int) -> Origin:
    return Origin(f"198.51.100.{number}", known=False)


def served(turns: Turns[Origin]) -> list[Origin]:
    """All that wait, in their order, one at a time."""
    order = []
    while (job := turns.begin()) is not None:
        order.append(job)
        turns.end(job)
    return order


def test_addresses_take_turns() -> None:
    turns: Turns[tuple[int, int]] = Turns(100)
    for address, jobs in enumerate((5, 1, 2)):
        for number in range(jobs):
            turns.add(stranger(address), (address, number))
    order = []
    while (job := turns.begin()) is not None:
        order.append(job)
        turns.end(stranger(job[0]))
    assert order == [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (0, 3), (0, 4)]


def test_who_is_known_goes_ahead() -> None:
    turns: Turns[Origin] = Turns(100)
    for number in range(20):
        turns.add(stranger(number), stranger(number))
    turns.add(OWNER, OWNER)
    assert served(turns)[0] == OWNER


@pytest.mark.parametrize("known", [True, False])
def test_neither_takes_every_place(known: bool) -> None:
    """However many are being served, one of the others has a place at once."""
    turns: Turns[Origin] = Turns(100)
    crowd, other = Origin("203.0.113.1", known=known), Origin("203.0.113.2", known=not known)
    for _ in range(10):
        turns.add(crowd, crowd)
    begun = 0
    while turns.begin() is not None:
        begun += 1
    assert begun == (KNOWN_AT_ONCE if known else STRANGERS_AT_ONCE)
    turns.add(other, other)
    assert turns.begin() == other
    turns.add(other, other)
    assert turns.begin() is None


def test_when_it_is_full_the_newest_of_the_largest_crowd_goes() -> None:
    turns: Turns[tuple[Origin, int]] = Turns(4)
    for number in range(3):
        assert turns.add(stranger(0), (stranger(0), number)) is None
    assert turns.add(stranger(1), (stranger(1), 0)) is None
    assert turns.add(stranger(2), (stranger(2), 0)) == (stranger(0), 2)
    assert turns.add(OWNER, (OWNER, 0)) == (stranger(0), 1)
    assert turns.add(stranger(3), (stranger(3), 0)) == (stranger(3), 0)
    assert turns.add(OWNER, (OWNER, 1)) == (stranger(2), 0)


def test_strangers_keep_half_of_the_places() -> None:
    """Also from people who are known: they may have accounts for nothing but that."""
    turns: Turns[tuple[Origin, int]] = Turns(4)
    for number in range(4):
        turns.add(OWNER, (OWNER, number))
    assert turns.add(stranger(0), (stranger(0), 0)) == (OWNER, 3)
    assert turns.add(stranger(0), (stranger(0), 1)) == (OWNER, 2)
    assert turns.add(stranger(0), (stranger(0), 2)) == (stranger(0), 2)


@given(
    st.integers(1, 8),
    st.lists(st.tuples(st.sampled_from("ABEx"), st.integers(0, 3), st.booleans()), max_size=100),
)
def test_nothing_is_lost_and_nothing_grows(size: int, steps: list[tuple[str, int, bool]]) -> None:
    """Each job is waiting, running, done or dropped; what waits and runs is bounded."""
    turns: Turns[tuple[Origin, int]] = Turns(size)
    waiting: set[tuple[Origin, int]] = set()
    running: list[tuple[Origin, int]] = []
    for step, number, known in steps:
        if step == "B":
            job = turns.begin()
            if job is not None:
                waiting.remove(job)
                running.append(job)
        elif step == "E" and running:
            turns.end(running.pop(number % len(running))[0])
        else:
            job = (Origin(str(number), known), next(_names))
            dropped = turns.add(job[0], job)
            waiting.add(job)
            if dropped is not None:
                waiting.remove(dropped)
        assert len(waiting) <= size
        assert len(running) <= AT_ONCE
        assert turns.strangers_wait() == any(not origin.known for origin, _ in waiting)
    for origin, _ in running:
        turns.end(origin)
    while (job := turns.begin()) is not None:
        waiting.remove(job)
        turns.end(job[0])
    assert not waiting
