"""Connections that come through a proxy count by the address of who is behind it."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address

from ruggine.net.door import DEBT_S
from ruggine.net.entrance import SETTLE_S, Entrance
from ruggine.net.intake import Intake
from tests.net.desk import Transport, World

CLIENT, PROXY = "203.0.113.7", "192.0.2.1"
HEAD = {"host": "chat.example.org", "x-forwarded-for": CLIENT}


class Guest:
    """One connection, whose transport may learn later where it comes from."""

    def __init__(self, entrance: Entrance, peer: str) -> None:
        self.transport: Any = Transport(peerAddress=IPv4Address("TCP", peer, 1))
        self.transport.protocol = self
        self.entrance = entrance
        self.intake: Intake = entrance.enter(self.transport, lambda data: None)

    def hears_head(self) -> None:
        self.entrance.settle(self.intake.visit, self.transport, HEAD)

    def hears_proxy_header(self) -> None:
        self.transport.peerAddr = IPv4Address("TCP", CLIENT, 1)

    def connectionLost(self, reason: object) -> None:
        self.intake.visit.leave()

    @property
    def address(self) -> str:
        return self.intake.visit.address


@pytest.fixture
def world() -> World:
    return World()


def test_a_direct_peer_is_known_at_once_and_not_believed_about_others(world: World) -> None:
    guest = Guest(world.entrance(), PROXY)
    assert guest.address == PROXY
    guest.hears_head()
    assert guest.address == PROXY


def test_behind_a_trusted_proxy_the_head_says_who_it_is(world: World) -> None:
    guest = Guest(world.entrance(PROXY), PROXY)
    assert guest.address == ""
    guest.hears_head()
    assert guest.address == CLIENT


def test_behind_the_proxy_protocol_the_address_is_read_when_data_comes(world: World) -> None:
    guest = Guest(world.entrance(proxied=True), PROXY)
    guest.hears_proxy_header()
    guest.entrance.settle(guest.intake.visit, guest.transport)
    assert guest.address == CLIENT


def test_who_says_nothing_behind_the_proxy_protocol_counts_as_well(world: World) -> None:
    guest = Guest(world.entrance(proxied=True), PROXY)
    guest.hears_proxy_header()
    world.clock.advance(SETTLE_S)
    assert guest.address == CLIENT


def test_a_head_that_comes_late_still_counts(world: World) -> None:
    guest = Guest(world.entrance(PROXY), PROXY)
    world.clock.advance(SETTLE_S)
    assert guest.address == PROXY
    guest.hears_head()
    assert guest.address == CLIENT


def test_who_left_before_it_was_known_takes_no_place(world: World) -> None:
    entrance = world.entrance(PROXY)
    for _ in range(world.limits.max_strangers_per_address + 1):
        guest = Guest(entrance, PROXY)
        guest.intake.visit.leave()
        guest.hears_head()
    world.clock.advance(SETTLE_S)
    assert not world.door.cut["address"]


def test_a_proxy_is_not_turned_away_for_what_others_have_done(world: World) -> None:
    guest = Guest(world.entrance(), PROXY)
    world.pace.charge(guest.intake.visit.budget, DEBT_S)
    peer = IPv4Address("TCP", PROXY, 1)
    assert world.entrance().turns_away(peer)
    assert not world.entrance(PROXY).turns_away(peer)
    assert not world.entrance(proxied=True).turns_away(peer)


def test_places_behind_a_proxy_are_counted_by_who_is_behind_it(world: World) -> None:
    guests = [Guest(world.entrance(PROXY), PROXY) for _ in range(100)]
    assert not any(guest.transport.gone for guest in guests)
    for guest in guests:
        guest.hears_head()
    most = world.limits.max_strangers_per_address
    assert [guest.transport.gone for guest in guests] == [True] * (100 - most) + [False] * most
