"""How many may be connected, and who makes room."""

from __future__ import annotations

from collections import Counter

from twisted.internet.task import Clock

from ruggine import config
from ruggine.net.door import DEBT_S, Door, Places, Visit
from ruggine.net.pace import Pace

PLACES = Places(of_address=4, strangers_of_address=2, in_all=8, strangers=5)
ONE, OTHER = "192.0.2.1", "192.0.2.2"


class Hall:
    """A door, and who had to make room, in their order."""

    def __init__(self, *, limited: bool = True) -> None:
        self.clock = Clock()
        pace = Pace(self.clock, self.clock.seconds)
        self.door = Door(pace, PLACES, config.load({}, {}).limits, limited=limited)
        self.cut: list[str] = []
        self.pace = pace

    def enter(self, name: str, address: str, *, user: str | None = None) -> Visit:
        visit = self.door.enter(lambda: self.cut.append(name))
        visit.comes_from(address)
        if user is not None:
            visit.is_of(user)
        return visit


def test_of_the_strangers_of_an_address_the_one_that_waits_longest_makes_room() -> None:
    hall = Hall()
    for name in ("a", "b", "c"):
        hall.enter(name, ONE)
    hall.enter("elsewhere", OTHER)
    assert hall.cut == ["a"]
    assert hall.door.cut == Counter({"address": 1})


def test_a_network_of_ipv6_is_one_address() -> None:
    hall = Hall()
    for number in range(3):
        hall.enter(str(number), f"2001:db8::{number}")
    assert hall.cut == ["0"]


def test_who_is_known_never_makes_room() -> None:
    hall = Hall()
    for number in range(4):
        hall.enter(str(number), ONE, user="luigi")
    hall.enter("late", ONE)
    assert hall.cut == ["late"]
    hall.enter("elsewhere", OTHER)
    assert hall.cut == ["late"]


def test_who_leaves_makes_room_once() -> None:
    hall = Hall()
    visits = [hall.enter(str(number), ONE, user="luigi") for number in range(4)]
    visits[0].leave()
    visits[0].leave()
    hall.enter("a", ONE)
    assert hall.cut == []
    hall.enter("b", ONE)
    assert hall.cut == ["a"]


def test_of_all_strangers_the_one_that_waits_longest_makes_room() -> None:
    hall = Hall()
    for number in range(6):
        hall.enter(str(number), f"192.0.2.{number}")
    assert hall.cut == ["0"]
    assert hall.door.cut == Counter({"in all": 1})


def test_where_all_places_are_taken_strangers_make_room_and_then_newcomers_go() -> None:
    hall = Hall()
    stranger = hall.enter("stranger", ONE)
    for number in range(8):
        hall.enter(str(number), f"198.51.100.{number}", user="luigi")
    assert hall.cut == ["stranger"]
    stranger.leave()  # as its connection does when it is lost
    hall.enter("late", OTHER)
    assert hall.cut == ["stranger", "late"]


def test_one_that_is_not_counted_finds_a_place_where_all_are_taken() -> None:
    hall = Hall()
    for number in range(8):
        hall.enter(str(number), f"198.51.100.{number}", user="luigi")
    hall.door.enter(lambda: hall.cut.append("probe"), counted=False).comes_from(ONE)
    assert hall.cut == []


def test_strangers_of_an_address_share_a_budget_and_who_is_known_has_their_own() -> None:
    hall = Hall()
    one, two = hall.enter("one", ONE), hall.enter("two", ONE)
    assert one.budget is two.budget
    assert hall.enter("other", OTHER).budget is not one.budget
    one.is_of("luigi")
    assert one.budget is not two.budget
    assert hall.enter("again", OTHER, user="luigi").budget is one.budget


def test_the_budget_of_an_address_outlives_its_connections() -> None:
    hall = Hall()
    first = hall.enter("first", ONE)
    first.leave()
    assert hall.enter("second", ONE).budget is first.budget


def test_an_address_that_is_deep_in_debt_is_turned_away_until_it_has_waited() -> None:
    hall = Hall()
    assert not hall.door.turns_away(ONE)
    hall.pace.charge(hall.enter("one", ONE).budget, DEBT_S)
    assert hall.door.turns_away(ONE)
    assert hall.door.cut == Counter({"debt": 1})
    assert not hall.door.turns_away(OTHER)
    hall.clock.advance(10 * DEBT_S)
    assert not hall.door.turns_away(ONE)


def test_without_limits_nobody_waits() -> None:
    hall = Hall(limited=False)
    visit = hall.enter("one", ONE)
    hall.pace.charge(visit.budget, 1e9)
    assert hall.pace.wait_s(visit.budget) == 0
