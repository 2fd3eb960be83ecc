"""The client's own file."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from client_tk.model import ChatKey, Row
from client_tk.schema import STEPS
from client_tk.store import Store, StoreError, Waiting

LUIGI = ChatKey("private", "luigi")


def row(seq: int, sender: str = "luigi", **fields: object) -> Row:
    return Row(seq=seq, sender=sender, content=f"n. {seq}", time_s=1.5, **fields)


def test_everything_is_there_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "it.db")
    chat = store.add_chat(LUIGI, "luigi")
    chat.low, chat.cursor, chat.unread, chat.muted, chat.preview = 3, 9, 2, True, "ciao"
    chat.draft, chat.mentions = "bozza\ndue", (4, 7)
    rows = [
        row(3, reactions=(("👍", ("dory", "ugo")),), edited=True, reply_to=1),
        row(9, kind="member_joined", subject="pia"),
    ]
    with store.writing():
        store.put(chat.id, rows)
        store.save_chat(chat)
        store.save_mentions(chat)
        store.save_read(chat.id, "luigi", 5)
        store.save_read(chat.id, "luigi", 4)
        store.set_meta("epoch", "e1")
    store.post(Waiting(chat.id, "c" * 32, "in attesa", None, 2.5))
    store.save_draft(chat)
    store.close()
    again = Store(tmp_path / "it.db")
    assert again.chats() == [chat]
    assert again.before(chat.id, 100, 10) == rows
    assert again.after(chat.id, 3, 10) == rows[1:]
    assert again.reads(chat.id) == {"luigi": 5}
    assert again.meta("epoch") == "e1"
    assert again.waiting() == [Waiting(chat.id, "c" * 32, "in attesa", None, 2.5)]
    again.close()


def test_it_is_the_owners_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "mine" / "it.db")
    store.set_meta("a", "b")
    for path in (tmp_path / "mine").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o700
    store.close()


def test_what_was_begun_and_failed_is_not_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "it.db")

    def fail() -> None:
        with store.writing(), store.writing():
            store.set_meta("a", "b")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.meta("a") is None
    with store.writing():
        store.set_meta("a", "c")
    assert store.meta("a") == "c"


def test_a_damaged_file_is_set_aside_and_the_program_starts(tmp_path: Path) -> None:
    path = tmp_path / "it.db"
    path.write_bytes(b"this is no database, but it is longer than a header" * 100)
    store = Store(path)
    assert store.chats() == []
    assert (tmp_path / "it.db.damaged").read_bytes().startswith(b"this is no database")
    store.close()


@pytest.mark.parametrize("page", [1, 2, 4, 5, 20])
def test_a_file_with_a_damaged_page_is_set_aside_and_the_program_starts(
    tmp_path: Path, page: int
) -> None:
    path = tmp_path / "it.db"
    store = Store(path)
    store.put(1, [row(seq) for seq in range(1, 2000)])
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: page * 4096] + b"\xff" * 4096 + whole[(page + 1) * 4096 :])
    store = Store(path)
    assert store.chats() == []
    assert store.before(1, 2**62, 5000) == []
    store.close()
    assert (tmp_path / "it.db.damaged").exists()


def test_the_file_of_an_older_program_is_brought_up_to_date(tmp_path: Path) -> None:
    """It counted the mentions that were not seen, and did not say which they are."""
    path = tmp_path / "it.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(f"{STEPS[0]} PRAGMA user_version = 1;")
        old.execute("INSERT INTO chats (kind, name, title, read_seq, unread, mentions) "
                    "VALUES ('private', 'luigi', 'luigi', 5, 3, 1)")  # fmt: skip
        for seq, content in ((4, "@dory prima"), (6, "ciao"), (7, "@dory?")):
            old.execute(
                "INSERT INTO entries VALUES (1, ?, 'message', 'luigi', ?, 0, NULL, NULL, 0, 0, "
                "'', '')", (seq, content),
            )  # fmt: skip
        old.commit()
    store = Store(path)
    [chat] = store.chats()
    assert (chat.read_seq, chat.unread, chat.mentions) == (5, 3, (7,))
    store.close()
    fresh, upgraded = (_tables(p) for p in (tmp_path / "fresh.db", path))
    assert upgraded == fresh


def _tables(path: Path) -> set[tuple[str, str, str]]:
    Store(path).close()
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema")]
        return {
            (table, column[1], column[2])
            for table in tables for column in database.execute(f"PRAGMA table_info({table})")
        }  # fmt: skip


def test_the_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "it.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreError, match="newer"):
        Store(path)


def test_a_place_where_nothing_can_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("", "utf-8")
    (tmp_path / "no file").mkdir()
    for place in (tmp_path / "no folder" / "it.db", tmp_path / "no file"):
        with pytest.raises(StoreError, match="cannot be opened"):
            Store(place)


def test_unread_are_the_messages_of_others(tmp_path: Path) -> None:
    store = Store(tmp_path / "it.db")
    rows = [row(1), row(2, "dory"), row(3, kind="member_joined"), row(4), row(5, deleted=True)]
    store.put(1, rows)
    assert store.unread(1, 0, "dory") == 2
    assert store.unread(1, 1, "dory") == 1
    last = store.last_own(1, "dory")
    assert last is not None
    assert last.seq == 2
