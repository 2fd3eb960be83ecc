"""Sessions: until when they are valid, and that sweeping ends the rest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain.sessions import Sessions, token_hash
from ruggine.model import EndedSession, Session, User

LUIGI = User("1", "luigi")
IDLE_S, MAX_S = 100.0, 1000.0


class Store:
    """Sessions in a dict."""

    def __init__(self) -> None:
        self.sessions: dict[bytes, Session] = {}
        self.touched: list[tuple[set[str], float]] = []

    async def add(
        self,
        session: Session,
        hash_: bytes,
        address: str,
        in_use: Collection[str],
        *,
        replace: bool,
    ) -> list[EndedSession]:
        self.sessions[hash_] = session
        self.in_use = set(in_use)
        return []

    async def find(self, hash_: bytes) -> Session | None:
        return self.sessions.get(hash_)

    async def touch(self, ids: Collection[str], now_s: float) -> None:
        self.touched.append((set(ids), now_s))

    async def expire(self, now_s: float, idle_s: float, begun_s: float) -> list[EndedSession]:
        return [
            EndedSession(session.id, session.user.id, hash_)
            for hash_, session in self.sessions.items()
            if session.last_seen_s < idle_s or session.created_s < begun_s
        ]


class Hub:
    """Knows one connection, and what was ended."""

    def __init__(self) -> None:
        self.live: list[Any] = []
        self.ended: list[tuple[str, list[str]]] = []

    def connections_of(self, user_id: str) -> list[Any]:
        return [connection for connection in self.live if connection.session.user.id == user_id]

    def connections(self) -> list[Any]:
        return self.live

    def sessions_ended(self, user_id: str, session_ids: list[str]) -> None:
        self.ended.append((user_id, session_ids))


class Cache:
    """Remembers everything."""

    def __init__(self) -> None:
        self.known: dict[bytes, Session] = {}

    async def get(self, hash_: bytes) -> Session | None:
        return self.known.get(hash_)

    def put(self, hash_: bytes, session: Session) -> None:
        self.known[hash_] = session

    async def forget(self, ended: Collection[EndedSession]) -> None:
        for session in ended:
            self.known.pop(session.token_hash, None)


class Office:
    """Sessions with a clock of ours."""

    def __init__(self) -> None:
        self.now_s = 5000.0
        self.store, self.hub, self.cache = Store(), Hub(), Cache()
        store: Any = self.store
        hub: Any = self.hub
        self.sessions = Sessions(
            store=store, cache=self.cache, hub=hub, clock=lambda: self.now_s, idle_s=IDLE_S,
            max_s=MAX_S,
        )  # fmt: skip

    def begin(self) -> str:
        return result(self.sessions.begin(LUIGI, "", "192.0.2.1"))

    def valid(self, token: str) -> bool:
        try:
            return bool(result(self.sessions.find(token)))
        except errors.InvalidSession:
            return False


def result(work: Any) -> Any:
    """What a coroutine that never waits returns or raises."""
    results: list[Any] = []
    failures: list[Any] = []
    Deferred.fromCoroutine(work).addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    return results[0]


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_token_is_never_stored(office: Office) -> None:
    token = office.begin()
    assert list(office.store.sessions) == [token_hash(token)]
    assert token not in repr(office.store.sessions)


def test_an_unknown_token_is_no_session(office: Office) -> None:
    office.begin()
    assert not office.valid("rg1_other")
    assert not office.valid("\ud800")


@pytest.mark.parametrize("cached", [False, True])
def test_a_session_is_valid_until_it_was_idle_for_too_long(office: Office, cached: bool) -> None:
    token = office.begin()
    if cached:
        assert office.valid(token)
    office.now_s += IDLE_S
    assert office.valid(token)
    office.now_s += 0.1
    assert not office.valid(token)


def test_no_use_makes_a_session_older_than_its_maximum(office: Office) -> None:
    token = office.begin()
    hash_, session = next(iter(office.store.sessions.items()))
    office.now_s += MAX_S + 0.1
    office.store.sessions[hash_] = Session(session.id, LUIGI, "", session.created_s, office.now_s)
    assert not office.valid(token)


def test_sweeping_notes_what_is_used_and_ends_what_expired(office: Office) -> None:
    token = office.begin()
    assert office.valid(token)
    [session] = office.store.sessions.values()
    result(office.sessions.sweep())
    assert office.store.touched == [({session.id}, 5000.0)]
    assert office.hub.ended == []
    office.now_s += IDLE_S + 1
    result(office.sessions.sweep())
    assert office.hub.ended == [(LUIGI.id, [session.id])]
    assert office.cache.known == {}


def test_a_connection_keeps_its_session_in_use(office: Office) -> None:
    office.begin()
    [session] = office.store.sessions.values()
    connection: Any = type("Connection", (), {"session": session})
    office.hub.live.append(connection)
    result(office.sessions.sweep())
    assert office.store.touched == [({session.id}, 5000.0)]


def test_a_login_names_the_sessions_in_use(office: Office) -> None:
    """Those that were used since the last sweep, and those of connections; the user's own only."""
    for user in (LUIGI, User("2", "dory")):
        used = result(office.sessions.begin(user, "", ""))
        assert office.valid(used)
        result(office.sessions.begin(user, "", ""))
    ids = [session.id for session in office.store.sessions.values()]
    connection: Any = type("Connection", (), {"session": [*office.store.sessions.values()][1]})
    office.hub.live.append(connection)
    office.begin()
    assert office.store.in_use == {ids[0], ids[1]}
