"""A search holds up nobody but those who search, and one user's do not come before others'."""

from __future__ import annotations

import threading
from typing import Any

import pytest_twisted
from twisted.internet.defer import Deferred

from ruggine.model import Found, SearchQuery, User
from ruggine.storage.database import Cursor, Database
from ruggine.storage.search import SearchStore

LUIGI, DORY = User("1", "luigi"), User("2", "dory")
QUERY = SearchQuery("e", None, None, 2**53, 0, (2**53, "", 0), 50)


@pytest_twisted.ensureDeferred
async def test_reads_go_on_while_searches_take_long(database: Database) -> None:
    go_on = threading.Event()

    def long_txn(cursor: Cursor) -> str:
        assert go_on.wait(60)
        return "found"

    searches = [Deferred.fromCoroutine(database.search(long_txn)) for _ in range(32)]
    assert await database.read(lambda cursor: cursor.execute("SELECT 1").fetchone()) == (1,)
    assert not any(search.called for search in searches)
    go_on.set()
    assert [await search for search in searches] == ["found"] * 32


class OneAtATime:
    """In place of a database: says whose search is running, until it is told to go on."""

    def __init__(self) -> None:
        self.running: list[tuple[str, Deferred[Found]]] = []

    async def search(self, function: Any, user: User, *_: Any) -> Found:
        answer: Deferred[Found] = Deferred()
        self.running.append((user.name, answer))
        return await answer


def test_a_user_has_one_search_at_a_time() -> None:
    database: Any = OneAtATime()
    store = SearchStore(database)
    found = [
        Deferred.fromCoroutine(store.find(user, QUERY)) for user in (LUIGI, LUIGI, LUIGI, DORY)
    ]
    for expected in (["luigi", "dory"], ["dory", "luigi"], ["luigi"], ["luigi"]):
        assert [name for name, _ in database.running] == expected
        database.running.pop(0)[1].callback(Found((), None))
    assert all(search.called for search in found)
    assert store._turns == {}
