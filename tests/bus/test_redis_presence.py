"""Who is said to be online by what stands in Redis."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ruggine.bus.redis_presence import PRESENCE_TTL_S, RedisPresence
from ruggine.bus.seals import Seals
from ruggine.bus.signing import Signing, key_of
from ruggine.bus.stamps import TOLERANCE_S


class Shelf:
    """A Redis in a dict, which keeps everything for ever."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.nodes: set[bytes] = set()

    def send(self, command: str, key: Any, *rest: Any) -> None:
        if command == "SET":
            self.values[_bytes(key)] = rest[0]
        elif command == "SADD":
            self.nodes.add(_bytes(rest[0]))
        elif command == "SREM":
            self.nodes -= set(map(_bytes, rest))

    async def ask(self, command: str, *keys: Any) -> Any:
        if command == "SMEMBERS":
            return sorted(self.nodes)
        return [self.values.get(_bytes(key)) for key in keys]


def _bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


class Place:
    """Two nodes of one database, and whoever can write to their Redis."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.shelf = Shelf()
        self.here, self.there = self.node(), self.node()

    def node(self, key: bytes = b"k" * 32) -> RedisPresence:
        seals = Seals(self.clock.seconds, lambda: key)
        seals.begin()
        link: Any = self.shelf
        return RedisPresence(link, seals)

    def seen(self) -> list[str]:
        shown: list[Any] = []
        Deferred.fromCoroutine(self.here.elsewhere()).addCallback(shown.append)
        return [user for users in shown[0].values() for user in users]


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_node_sees_whom_the_others_show(place: Place) -> None:
    place.here.show(["luigi"])
    place.there.show(["dory"])
    assert place.seen() == ["dory"]
    assert place.seen() == ["dory"]


def test_what_no_node_has_written_shows_nobody(place: Place) -> None:
    place.node(b"x" * 32).show(["mallory"])
    place.shelf.nodes.add(b"forged")
    for forged in (b'["dory"]', b'{"users":["dory"]}', b"", b"\xff"):
        place.shelf.values[b"presence:forged"] = forged
        assert place.seen() == []


def test_what_a_node_has_shown_before_is_not_believed_again(place: Place) -> None:
    """While it lives at once, and when it is gone after its time to live and the tolerance."""
    place.there.show(["dory"])
    captured = dict(place.shelf.values)
    assert place.seen() == ["dory"]
    place.there.show([])
    assert place.seen() == []
    place.shelf.values = captured
    assert place.seen() == []
    place.there.show(["dory"])
    place.clock.advance(PRESENCE_TTL_S + TOLERANCE_S)
    assert place.seen() == ["dory"]
    place.clock.advance(0.1)
    assert place.seen() == []


def test_nor_under_another_name(place: Place) -> None:
    place.there.show(["dory"])
    [node] = place.shelf.nodes
    place.shelf.nodes = {b"other"}
    place.shelf.values[b"presence:other"] = place.shelf.values[b"presence:" + node]
    assert place.seen() == []


def test_a_restored_database_signs_with_another_key() -> None:
    """What was captured of the history that is gone is nothing to its nodes."""
    before, after = (Signing(key_of(b"s" * 32, epoch)) for epoch in ("one", "two"))
    sealed = before.sign("chat_messages:1", b'{"event":"entry"}')
    assert before.signed("chat_messages:1", sealed)
    assert not after.signed("chat_messages:1", sealed)
