"""What a node makes of what it hears from Redis."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from twisted.internet.task import Clock

from ruggine.bus.redis import RedisBus
from ruggine.events import (
    ALL_NODES,
    AnyEvent,
    ChatsChanged,
    FriendRemoved,
    GroupTold,
    HintsLost,
    SessionsEnded,
    UsersTold,
    UserTold,
)
from ruggine.model import User
from ruggine.redis_address import parse

NOTICE = FriendRemoved(User("1", "luigi"))
CHANNEL = "user_events:2"


class Node:
    """One bus that is connected to nothing, and what its listener is told."""

    def __init__(self, clock: Clock) -> None:
        self.told: list[AnyEvent] = []
        self.reads = 0
        self.bus = RedisBus(
            clock, parse("redis://127.0.0.1"), self.spawn, clock.seconds, lambda: b"k"
        )
        self.bus._seals.begin()
        self.bus.listen(self)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        work.close()
        self.reads += 1

    def on_event(self, event: AnyEvent) -> None:
        self.told.append(event)

    async def on_missed(self) -> None: ...

    def online_here(self) -> list[str]:
        return []

    def says(self, event: AnyEvent, channel: str = CHANNEL) -> bytes:
        return self.bus._seals.seal(channel, event)

    def hears(self, payload: bytes, channel: str = CHANNEL) -> None:
        self.bus.received(channel, payload)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_node_does_not_listen_to_itself(clock: Clock) -> None:
    """It does not even look whether what begins as its own words do is one."""
    node = Node(clock)
    said = node.says(UserTold("2", NOTICE))
    for payload in (said, said[:40], said[:-9] + b'forged"}'):
        node.hears(payload)
    assert node.told == []
    assert node.bus._seals.dropped == 0


@pytest.mark.parametrize(
    "event", [UserTold("2", NOTICE), UsersTold(("2",), NOTICE), GroupTold(1, NOTICE, None)]
)
def test_a_notice_is_told_once(clock: Clock, event: AnyEvent) -> None:
    speaker, hearer = Node(clock), Node(clock)
    said = speaker.says(event)
    for _ in range(3):
        hearer.hears(said)
    assert hearer.told == [event]
    assert hearer.bus._seals.dropped == 2


@pytest.mark.parametrize("event", [ChatsChanged("2"), SessionsEnded("2", ("a",))])
def test_what_the_database_answers_for_may_come_twice(clock: Clock, event: AnyEvent) -> None:
    """And as late as it likes: nothing that was said may get lost by a clock that is wrong."""
    speaker, hearer = Node(clock), Node(clock)
    said = speaker.says(event)
    clock.advance(3600)
    hearer.hears(said)
    hearer.hears(said)
    assert hearer.told == [event, event]


def test_who_asks_again_and_again_to_read_the_database_gains_nothing(clock: Clock) -> None:
    speaker, hearer = Node(clock), Node(clock)
    said = speaker.says(HintsLost(), ALL_NODES)
    hearer.bus._present = True
    for _ in range(100):
        hearer.hears(said, ALL_NODES)
    assert hearer.reads == 0
    hearer.bus._on_tick()
    assert hearer.reads == 1
