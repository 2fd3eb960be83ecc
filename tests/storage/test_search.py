"""Search finds what a look at every message finds, wherever the index has come to."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from ruggine.model import Appended, Chat, Draft, SearchQuery, User
from ruggine.storage import edits, search, search_index, tallies
from ruggine.storage.database import Database
from ruggine.storage.folding import fold
from ruggine.storage.message_log import MessageLog, _append_txn
from ruggine.storage.migrate import migrate
from ruggine.storage.search import SearchStore
from tests.storage.conftest import Town

LUIGI, DORY, UGO = User("1", "luigi"), User("2", "dory"), User("3", "ugo")
CHATS = {
    1: Chat(1, "private", "c1", members=(LUIGI, DORY)),
    2: Chat(2, "group", "g"),
    3: Chat(3, "private", "c3", members=(DORY, UGO)),
}
TEXTS = st.text(alphabet='abAB éÉ電影ß"%_*\n-', min_size=1, max_size=12)


@pytest.fixture(scope="module")
def schema() -> Iterator[Path]:
    """An empty database with the newest schema, three people and their chats."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        connection = sqlite3.connect(path, isolation_level=None)
        migrate(connection)
        for user in (LUIGI, DORY, UGO):
            connection.execute(
                "INSERT INTO users (id, name, name_key, created_s) VALUES (?, ?, ?, 0)",
                (user.id, user.name, user.name),
            )
        connection.execute(
            "INSERT INTO chats (id, kind, group_id, low_user_id, high_user_id) VALUES "
            "(1, 'private', NULL, '1', '2'), (2, 'group', 'g', NULL, NULL), "
            "(3, 'private', NULL, '2', '3')"
        )
        connection.execute(
            "INSERT INTO chat_members (user_id, chat_id, role, joined_seq, left_seq) VALUES "
            "('1', 1, NULL, 0, NULL), ('2', 1, NULL, 0, NULL), ('2', 3, NULL, 0, NULL), "
            "('3', 3, NULL, 0, NULL), ('1', 2, 'owner', 1, NULL), ('2', 2, 'member', 3, 6)"
        )
        connection.close()
        yield path


def fresh(schema: Path) -> sqlite3.Cursor:
    source = sqlite3.connect(schema)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    source.backup(connection)
    source.close()
    connection.create_function("fold", 1, fold, deterministic=True)
    return connection.cursor()


def find(cursor: sqlite3.Cursor, user: User, text: str, **more: Any) -> list[tuple[int, int]]:
    return pages(cursor, user, text, limit_s=60, **more)[0]


def pages(
    cursor: sqlite3.Cursor, user: User, text: str, *, limit_s: float, **more: Any
) -> list[list[tuple[int, int]]]:
    """All of them."""
    values = {
        "chat_id": None, "sender": None, "before_ms": 2**53, "after_ms": -(2**53),
        "before": (2**53, "", 0), "limit": 100, **more,
    }  # fmt: skip
    found = []
    while values["before"] is not None:
        page = search._find_txn(cursor, user, SearchQuery(text=text, **values), limit_s)
        found.append([(hit.chat.id, hit.entry.seq) for hit in page.hits])
        values["before"] = page.rest
    return found


def _unread(cursor: sqlite3.Cursor, chat_id: int, number: int, above: int) -> int:
    [indexed] = cursor.execute("SELECT indexed_seq FROM chats WHERE id = ?", (chat_id,)).fetchone()
    return tallies.unread_txn(cursor, chat_id, number, above, indexed)


def _newest(cursor: sqlite3.Cursor, chat_id: int, above: int) -> int | None:
    row = cursor.execute("SELECT indexed_seq, last_seq FROM chats WHERE id = ?", (chat_id,))
    newest = tallies.newest_txn(cursor, chat_id, above, *row.fetchone())
    return newest[1] if newest else None


Action = st.one_of(
    st.tuples(st.just("say"), st.sampled_from([1, 2, 2, 3]), TEXTS),
    st.tuples(st.just("say"), st.just(2), TEXTS),
    st.tuples(st.just("edit"), st.integers(0, 20), TEXTS),
    st.tuples(st.just("delete"), st.integers(0, 20), st.just("")),
    st.tuples(st.just("index"), st.integers(1, 9), st.just("")),
)


@settings(max_examples=200, deadline=None)
@given(actions=st.lists(Action, min_size=8, max_size=30), data=st.data())
def test_it_finds_what_a_look_at_every_message_finds(
    schema: Path, actions: list[tuple[str, int, str]], data: st.DataObject
) -> None:
    cursor = fresh(schema)
    said: dict[tuple[int, int], str] = {}
    senders = {1: LUIGI, 2: LUIGI, 3: DORY}
    for now_ms, (what, number, text) in enumerate(actions, 1000):
        places = list(said)
        if what == "say":
            draft = Draft(number, senders[number], text, now_ms)
            [appended] = _append_txn(cursor, [draft])
            assert isinstance(appended, Appended)
            said[number, appended.entry.seq] = text
        elif what == "index":
            search_index._BATCH, before = number, search_index._BATCH
            search_index.index_txn(cursor, search_index.waiting_txn(cursor))
            search_index.merge_txn(cursor)
            search_index._BATCH = before
        elif places:
            chat_id, seq = places[number % len(places)]
            place = CHATS[chat_id], seq
            if what == "edit":
                edits._edit_txn(cursor, senders[chat_id], *place, text, now_ms / 1000)
                said[chat_id, seq] = text
            else:
                edits._delete_txn(cursor, senders[chat_id], *place, now_ms / 1000)
                del said[chat_id, seq]
    asked = data.draw(st.sampled_from([*said.values(), "é"]))
    start = data.draw(st.integers(0, len(asked) - 1))
    query = asked[start : start + data.draw(st.integers(1, 6))].swapcase()
    for user, readable in (
        (LUIGI, lambda chat_id, seq: chat_id in (1, 2)),
        (DORY, lambda chat_id, seq: chat_id != 2 or 3 <= seq <= 6),
        (UGO, lambda chat_id, seq: chat_id == 3),
    ):
        expected = {p for p, text in said.items() if fold(query) in fold(text) and readable(*p)}
        found = find(cursor, user, query)
        assert set(found) == expected
        assert len(found) == len(expected)
        stretch = data.draw(st.sampled_from([1, 2, 256]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search, "_FIRST_STRETCH", stretch)
            # Each page has no more time than for one stretch.
            in_pages = pages(cursor, user, query, limit_s=0, limit=data.draw(st.integers(1, 3)))
        assert [place for page in in_pages for place in page] == found
    above = data.draw(st.integers(0, 30))
    for number, user in enumerate((LUIGI, DORY, UGO), 1):
        for chat_id in CHATS:
            counted = _unread(cursor, chat_id, number, above)
            assert counted == sum(
                senders[chat] != user and chat == chat_id and seq > above for chat, seq in said
            )
            newest = _newest(cursor, chat_id, above)
            assert newest == max((q for c, q in said if c == chat_id and q > above), default=None)
    integrity = "INSERT INTO search_index (search_index) VALUES ('integrity-check')"
    cursor.execute(integrity)


def test_what_was_deleted_leaves_nothing_in_the_index(schema: Path) -> None:
    cursor = fresh(schema)
    for text in ("segretissimo", "altro"):
        _append_txn(cursor, [Draft(1, LUIGI, text, 1000)])
    search_index.index_txn(cursor, search_index.waiting_txn(cursor))
    edits._edit_txn(cursor, LUIGI, CHATS[1], 1, "innocuo", 2.0)
    edits._delete_txn(cursor, LUIGI, CHATS[1], 1, 2.0)
    terms = {term for (term,) in cursor.execute("SELECT term FROM search_terms")}
    assert not any(part in term for term in terms for part in ("seg", "inn"))
    assert any("alt" in term for term in terms)


def test_pages_go_by_time_over_all_chats(schema: Path) -> None:
    cursor = fresh(schema)
    for time_ms in range(1000, 1012):
        _append_txn(cursor, [Draft(1 + time_ms % 2, LUIGI, "x", time_ms)])
        if time_ms == 1006:
            search_index.index_txn(cursor, [1, 2])
    everything = find(cursor, LUIGI, "x")
    assert everything == [(1 + n % 2, n // 2 + 1) for n in range(11, -1, -1)]
    in_pages = pages(cursor, LUIGI, "x", limit_s=60, limit=5)
    assert in_pages == [everything[:5], everything[5:10], everything[10:]]
    assert find(cursor, LUIGI, "x", before_ms=1005, after_ms=1002) == everything[7:9]
    assert find(cursor, LUIGI, "x", sender=DORY) == []
    assert find(cursor, LUIGI, "x", chat_id=2) == [p for p in everything if p[0] == 2]


@pytest.mark.parametrize("seed", range(10))
def test_pages_come_to_an_end_whatever_the_clock_has_done(schema: Path, seed: int) -> None:
    cursor, chance = fresh(schema), random.Random(seed)
    for _ in range(20):
        draft = Draft(chance.choice([1, 2]), LUIGI, "x", chance.randrange(1000, 1010))
        _append_txn(cursor, [draft])
    pages(cursor, LUIGI, "x", limit_s=0, limit=2)
    one = pages(cursor, LUIGI, "x", limit_s=0, limit=2, chat_id=1)
    assert [place for page in one for place in page] == find(cursor, LUIGI, "x", chat_id=1)


@pytest.mark.parametrize("limit", ["_MAX_TERMS", "_MAX_NAMED"])
def test_one_common_character_is_looked_for_from_the_newest_on(
    schema: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(search, limit, 1)
    cursor = fresh(schema)
    for text in ("abc", "bcd", "acd"):
        _append_txn(cursor, [Draft(1, LUIGI, text, 1000)])
    search_index.index_txn(cursor, [1])
    assert not search._way_txn(cursor, "a").by_index
    assert find(cursor, LUIGI, "a") == [(1, 3), (1, 1)]


@pytest_twisted.ensureDeferred
async def test_the_store_indexes_in_small_steps(database: Database, town: Town) -> None:
    luigi, dory = await town.user("luigi"), await town.user("dory")
    chat = await town.chat(luigi, dory)
    log, store = MessageLog(database), SearchStore(database)
    for number in range(300):
        stored: Deferred[object] = Deferred()
        log.append(Draft(chat.id, luigi, f"numero {number}", number), stored.callback)
        await stored
    steps = 0
    while await store.index_some():
        steps += 1
    assert steps == 3
    query = SearchQuery("numero 29", None, None, 2**53, -1, (2**53, "", 0), 20)
    found = await store.find(dory, query)
    assert [hit.entry.seq for hit in found.hits] == [300, 299, 298, 297, 296, 295, 294, 293, 292,
        291, 30]  # fmt: skip
