"""Search finds what a look at every message finds, wherever the index has come to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from ruggine.model import Appended, Chat, Draft, SearchQuery, User
from ruggine.storage import edits, search
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


def find(cursor: sqlite3.Cursor, user: User, text: str, **more: object) -> list[tuple[int, int]]:
    values = {
        "chat_id": None, "sender": None, "before_ms": 2**53, "after_ms": -(2**53), "skip": 0,
        "limit": 100, **more,
    }  # fmt: skip
    found = search._find_txn(cursor, user, SearchQuery(text=text, **values))
    return [(hit.chat.id, hit.entry.seq) for hit in found.hits]


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
    for what, number, text in actions:
        places = list(said)
        if what == "say":
            draft = Draft(number, senders[number], text, 1000 + len(said))
            [appended] = _append_txn(cursor, [draft])
            assert isinstance(appended, Appended)
            said[number, appended.entry.seq] = text
        elif what == "index":
            search._BATCH, before = number, search._BATCH
            search._index_txn(cursor, search._waiting_txn(cursor))
            search._merge_txn(cursor)
            search._BATCH = before
        elif places:
            chat_id, seq = places[number % len(places)]
            place = CHATS[chat_id], seq
            if what == "edit":
                edits._edit_txn(cursor, senders[chat_id], *place, text, 2.0)
                said[chat_id, seq] = text
            else:
                edits._delete_txn(cursor, senders[chat_id], *place, 2.0)
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
    integrity = "INSERT INTO search_index (search_index) VALUES ('integrity-check')"
    cursor.execute(integrity)


def test_what_was_deleted_leaves_nothing_in_the_index(schema: Path) -> None:
    cursor = fresh(schema)
    for text in ("segretissimo", "altro"):
        _append_txn(cursor, [Draft(1, LUIGI, text, 1000)])
    search._index_txn(cursor, search._waiting_txn(cursor))
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
            search._index_txn(cursor, [1, 2])
    everything = find(cursor, LUIGI, "x")
    assert everything == [(1 + n % 2, n // 2 + 1) for n in range(11, -1, -1)]
    assert find(cursor, LUIGI, "x", limit=5) == everything[:5]
    assert find(cursor, LUIGI, "x", limit=5, skip=5) == everything[5:10]
    assert find(cursor, LUIGI, "x", before_ms=1005, after_ms=1002) == everything[7:9]
    assert find(cursor, LUIGI, "x", sender=DORY) == []
    assert find(cursor, LUIGI, "x", chat_id=2) == [p for p in everything if p[0] == 2]


@pytest.mark.parametrize("limit", ["_MAX_TERMS", "_MAX_NAMED"])
def test_one_common_character_is_looked_for_from_the_newest_on(
    schema: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(search, limit, 1)
    cursor = fresh(schema)
    for text in ("abc", "bcd", "acd"):
        _append_txn(cursor, [Draft(1, LUIGI, text, 1000)])
    search._index_txn(cursor, [1])
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
    query = SearchQuery("numero 29", None, None, 2**53, -1, 0, 20)
    found = await store.find(dory, query)
    assert [hit.entry.seq for hit in found.hits] == [300, 299, 298, 297, 296, 295, 294, 293, 292,
        291, 30]  # fmt: skip
