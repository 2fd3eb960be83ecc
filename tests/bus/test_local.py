"""The session cache of a lone node."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ruggine.bus.local import SESSION_TTL_S, LocalSessionCache
from ruggine.model import EndedSession, Session, User

SESSION = Session("s", User("1", "luigi"), "", 0.0, 0.0)
ENDED = EndedSession("s", "1", b"hash")


class Cache:
    """A cache with a clock of ours."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.cache = LocalSessionCache(self.clock.seconds)

    def get(self) -> Session | None:
        found: list[Session | None] = []
        Deferred.fromCoroutine(self.cache.get(b"hash")).addCallback(found.append)
        return found[0]

    def forget(self) -> None:
        Deferred.fromCoroutine(self.cache.forget([ENDED]))


@pytest.fixture
def cache() -> Cache:
    return Cache()


def test_a_session_is_believed_for_a_minute(cache: Cache) -> None:
    assert cache.get() is None
    cache.cache.put(b"hash", SESSION)
    cache.clock.advance(SESSION_TTL_S - 1)
    assert cache.get() == SESSION
    cache.clock.advance(1)
    assert cache.get() is None


def test_an_ended_session_is_not_brought_back_by_who_read_it_before(cache: Cache) -> None:
    cache.cache.put(b"hash", SESSION)
    cache.forget()
    cache.cache.put(b"hash", SESSION)
    assert cache.get() is None


def test_the_memory_of_an_end_is_no_longer_than_a_minute(cache: Cache) -> None:
    """By then every read that began before is over."""
    cache.forget()
    cache.clock.advance(SESSION_TTL_S)
    cache.cache.put(b"hash", SESSION)
    assert cache.get() == SESSION
