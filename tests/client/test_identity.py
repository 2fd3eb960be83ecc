"""A name is not an identity: what the client keeps belongs to people and chats, whatever they are
called."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from client_tk import reports
from client_tk.model import ChatKey
from client_tk.schema import STEPS
from ruggine.wire import frames
from tests.client.identities import chat_id, user_id
from tests.client.world import LUIGI, World

OLD, NEW = "deleted~0123456789ab", ChatKey("private", "id-of-the-next-luigi")
NEW_CHAT = "the chat with the next luigi"
EPOCH = 1_763_870_400.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Dory is connected, and has read what Luigi wrote."""
    world = World(tmp_path)
    world.signs_in()
    world.opens()
    world.answer("list_chats", chats=[])
    for number in range(1, 9):
        world.message("luigi", f"old {number}")
    return world


def deleted(world: World) -> None:
    world.hear("account_deleted", username="luigi", new_username=OLD)


def from_the_next(world: World, content: str, seq: int) -> None:
    """Somebody else has registered the name."""
    world.hear(
        "incoming_message", chat_type="private", chat_id=NEW_CHAT, to_user="dory", seq=seq,
        **{"from": "luigi", "from_id": NEW.id}, content=content, timestamp=EPOCH + 100 + seq,
    )  # fmt: skip


def old_item(**fields: Any) -> dict[str, Any]:
    """The chat with who was Luigi, as `list_chats` has it."""
    return private(OLD, user_id("luigi"), chat_id("dory", "luigi"), seq=8, **fields)


def new_item(**fields: Any) -> dict[str, Any]:
    return private("luigi", NEW.id, NEW_CHAT, **fields)


def private(name: str, id_: str, chat: str, **fields: Any) -> dict[str, Any]:
    return {
        "chat_type": "private", "chat_id": chat, "to_user": name, "to_user_id": id_,
        "seq": 0, "read_seq": 0, "unread": 0, "last_message": None, "muted": False, **fields,
    }  # fmt: skip


def titles(world: World) -> dict[str, str]:
    return {line.key.id: line.title for line in world.state.chats()}


def comes_back(world: World, resume: str = "ok") -> Any:
    world.take(reports.Closed(1006))
    world.state.retry_now()
    return world.opens(resume)


# An account is deleted, and its name taken


def test_who_takes_a_name_opens_a_chat_of_their_own(world: World) -> None:
    world.state.select(LUIGI)
    deleted(world)
    from_the_next(world, "hello, I am new", 1)
    assert titles(world) == {LUIGI.id: OLD, NEW.id: "luigi"}
    assert world.shown() == [f"old {number}" for number in range(1, 9)]
    assert world.notices[-1] == ("luigi", "hello, I am new", NEW)
    world.state.select(NEW)
    assert world.shown() == ["hello, I am new"]


def test_everybody_is_called_what_they_are_called_now(world: World) -> None:
    world.state.select(LUIGI)
    deleted(world)
    page = world.state.page
    assert page is not None
    assert page.name_of(page.rows[0].sender) == OLD
    assert world.state.title(LUIGI) == OLD
    world.restart()
    page = world.state.page
    assert page is not None
    assert page.name_of(page.rows[0].sender) == OLD
    assert titles(world) == {LUIGI.id: OLD}


def test_a_frame_that_was_made_before_does_not_bring_a_name_back(world: World) -> None:
    deleted(world)
    world.message("luigi", "late")
    assert titles(world) == {LUIGI.id: OLD}


def test_nobody_is_left_in_the_lists_of_people(world: World) -> None:
    world.state.roster.refresh()
    luigi = {"username": "luigi", "user_id": user_id("luigi"), "online": True}
    world.answer("all_users", users=[luigi])
    world.answer("list_friends", friends=[luigi])
    world.answer("blocked_users", users=[luigi])
    deleted(world)
    roster = world.state.roster
    assert (roster.people, roster.friends, roster.blocked) == ({}, [], [])


def test_a_draft_a_mute_and_the_open_chat_stay_with_whom_they_were_meant_for(world: World) -> None:
    world.state.select(LUIGI)
    world.state.set_draft(LUIGI, "only for you")
    world.state.mute(LUIGI, True)
    deleted(world)
    from_the_next(world, "hello", 1)
    assert world.state.selected == LUIGI
    assert (world.state.draft(LUIGI), world.state.draft(NEW)) == ("only for you", "")
    muted = {line.key: line.muted for line in world.state.chats()}
    assert muted == {LUIGI: True, NEW: False}


def test_what_was_meant_for_the_one_is_not_sent_to_the_other(world: World) -> None:
    world.take(reports.Closed(1006))
    world.state.send(LUIGI, "a secret")
    world.state.retry_now()
    world.opens("ok")
    world.answer("list_chats", chats=[old_item(), new_item(seq=1)])
    world.hear("caught_up")
    [sent] = world.said("send_message")
    assert sent["chat_id"] == chat_id("dory", "luigi")
    assert "to_user" not in sent
    world.hear("error", code="not_found", error="…", client_id=sent["client_id"])
    world.restart()
    world.state.select(LUIGI)
    assert world.state.page is not None
    row = world.state.page.rows[-1]
    assert (row.content, row.progress) == ("a secret", "refused")
    assert "has been deleted" in row.refusal
    world.state.select(NEW)
    assert "a secret" not in world.shown()


def test_who_was_chosen_from_the_list_is_written_to_by_id(world: World) -> None:
    key = world.state.start_chat(NEW.id)
    world.state.send(key, "ciao")
    assert world.said("send_message")[0]["to_user_id"] == NEW.id


def test_a_chat_that_was_never_begun_is_not_taken_for_the_next_ones(world: World) -> None:
    """Nobody tells what they are called now, for there is no chat with them."""
    ugo = ChatKey("private", user_id("ugo"))
    world.state.roster.refresh("people")
    world.answer("all_users", users=[{"username": "ugo", "online": True}])
    world.said("all_users")
    world.state.select(ugo)
    world.state.roster.people.clear()
    world.state.send(ugo, "ciao")
    [sent] = world.said("send_message")
    for _twice in "ab":
        world.hear("error", code="not_found", error="…", client_id=sent["client_id"])
    assert titles(world)[ugo.id] == "ugo (earlier)"


def test_the_first_message_names_the_chat(world: World) -> None:
    world.state.send(NEW, "ciao")
    world.state.discard("x")
    sent = world.said("send_message")[0]
    where = {"chat_type": "private", "chat_id": NEW_CHAT, "to_user": "luigi",
             "to_user_id": NEW.id}  # fmt: skip
    world.hear("message_sent", **where, seq=1, timestamp=EPOCH, duplicate=False,
               client_id=sent["client_id"])  # fmt: skip
    world.hear("incoming_message", **where, **{"from": "dory"}, content="ciao", seq=1,
               timestamp=EPOCH, client_id=sent["client_id"])  # fmt: skip
    world.state.send(NEW, "e ancora")
    assert world.said("send_message")[0]["chat_id"] == NEW_CHAT


def test_what_happened_while_one_was_away_is_learnt_from_the_list(world: World) -> None:
    asked = comes_back(world)
    assert [(c.chat_id, c.seq) for c in asked.cursors] == [(chat_id("dory", "luigi"), 8)]
    message = {"seq": 1, "from": "luigi", "from_id": NEW.id, "content": "hello", "edited": False,
               "deleted": False, "reactions": [], "timestamp": EPOCH + 200}  # fmt: skip
    world.answer("list_chats", chats=[new_item(seq=1, unread=1, last_message=message), old_item()])
    world.hear("caught_up")
    assert titles(world) == {LUIGI.id: OLD, NEW.id: "luigi"}
    assert {line.key: line.unread for line in world.state.chats()}[NEW] == 1
    world.state.select(LUIGI)
    assert world.shown()[0] == "old 1"


def test_in_a_group_two_people_of_one_name_are_two(world: World) -> None:
    group = {"chat_type": "group", "group_id": "g"}
    world.hear("incoming_message", **group, **{"from": "luigi"}, content="a", seq=1, timestamp=1.0)
    deleted(world)
    world.hear("incoming_message", **group, **{"from": "luigi", "from_id": NEW.id}, content="b",
               seq=2, timestamp=2.0)  # fmt: skip
    world.state.select(ChatKey("group", "g"))
    page = world.state.page
    assert page is not None
    assert [page.name_of(row.sender) for row in page.rows] == [OLD, "luigi"]


def test_whoever_is_met_on_a_page_or_in_a_list_has_a_name(world: World) -> None:
    group = ChatKey("group", "g")
    world.state._list_chats()
    said = last(3, **{"from": "ugo", "reactions": [{"emoji": "x", "users": ["pia"]}]})
    item = {"chat_type": "group", "group_id": "g", "name": "gita", "role": "member", "open": False,
            "seq": 3, "read_seq": 3, "unread": 0, "last_message": said, "muted": False}  # fmt: skip
    world.answer("list_chats", chats=[item])
    assert {line.key: line.preview for line in world.state.chats()}[group] == "ugo: old 3"
    world.state.select(group)
    world.answer("get_messages", messages=[{**last(2), "from": "anna"}, said], has_more=False)
    page = world.state.page
    assert page is not None
    assert [page.name_of(row.sender) for row in page.rows] == ["anna", "ugo"]
    assert page.name_of(page.rows[1].reactions[0][1][0]) == "pia"


def test_typing_and_reading_are_of_a_person(world: World) -> None:
    where = {"chat_type": "private", "chat_id": NEW_CHAT, "to_user": "dory"}
    from_the_next(world, "hello", 1)
    world.hear("typing", **where, **{"from": "luigi", "from_id": NEW.id}, active=True)
    assert (world.state.typing(NEW), world.state.typing(LUIGI)) == (["luigi"], [])
    world.hear("read_receipt", **where, username="luigi", user_id=NEW.id, seq=1)
    world.state.select(LUIGI)
    assert world.state.page is not None
    assert world.state.page.read_by == ()


def test_the_history_with_somebody_who_is_gone_can_be_discarded(world: World) -> None:
    """Their id names nobody any more, and nobody else can have their new name."""
    world.state.discard_chat(LUIGI, lambda _reply: None)
    assert world.said("delete_private_messages")[0]["user_id"] == LUIGI.id
    deleted(world)
    world.state.discard_chat(LUIGI, lambda _reply: None)
    asked = world.said("delete_private_messages")[0]
    assert (asked["username"], "user_id" in asked) == (OLD, False)


# One's own name is taken


def test_another_account_of_ones_own_name_does_not_get_what_was_kept(world: World) -> None:
    world.take(reports.Closed(1006))
    world.state.send(LUIGI, "from the first dory")
    world.user_id = "id-of-the-next-dory"
    world.state.retry_now()
    world.opens("ok")
    asked = world.opens()
    assert (asked.epoch, asked.cursors) == (None, ())
    assert world.state.chats() == []
    assert world.said("send_message") == []
    assert world.state.my_id == "id-of-the-next-dory"
    [aside] = world.folder.glob("dory.db.id-of-dory")
    with sqlite3.connect(aside) as database:
        assert database.execute("SELECT content FROM outbox").fetchone() == ("from the first dory",)
    database.close()


# A log that is shorter than was read


def test_a_chat_whose_head_is_below_its_cursor_is_read_anew(world: World) -> None:
    world.state.select(LUIGI)
    world.state.set_draft(LUIGI, "bozza")
    comes_back(world)
    world.answer("list_chats", chats=[private("luigi", LUIGI.id, chat_id("dory", "luigi"), seq=3)])
    world.hear("caught_up")
    assert world.shown() == []
    world.answer("get_messages", messages=[last(1), last(2), last(3)], has_more=False)
    assert world.state.draft(LUIGI) == "bozza"
    world.message("luigi", "after the restore", seq=4)
    assert world.shown() == ["old 1", "old 2", "old 3", "after the restore"]


def test_a_list_that_was_read_before_a_message_came_is_no_shorter_log(world: World) -> None:
    world.state.select(LUIGI)
    comes_back(world)
    world.hear("caught_up")
    world.message("luigi", "meanwhile", seq=9)
    world.answer("list_chats", chats=[private("luigi", LUIGI.id, chat_id("dory", "luigi"), seq=8)])
    assert world.shown()[-1] == "meanwhile"
    assert len(world.shown()) == 9


def test_another_chat_with_the_same_person_begins_anew(world: World) -> None:
    """Their first chat was made after the copy that was restored."""
    world.state.select(LUIGI)
    comes_back(world)
    world.answer("list_chats", chats=[private("luigi", LUIGI.id, "another", seq=2)])
    world.hear("incoming_message", chat_type="private", chat_id="another", to_user="dory",
               **{"from": "luigi"}, content="new 3", seq=3, timestamp=EPOCH)  # fmt: skip
    world.answer("get_messages", messages=[last(1), last(2)], has_more=False)
    assert world.shown() == ["old 1", "old 2", "new 3"]


def test_a_chat_that_is_not_in_the_list_any_more_is_not_asked_for_by_its_id(world: World) -> None:
    comes_back(world)
    world.answer("list_chats", chats=[])
    world.hear("caught_up")
    world.state.send(LUIGI, "ciao")
    assert world.said("send_message")[0]["to_user_id"] == LUIGI.id
    assert comes_back(world).cursors == ()


# What an older client kept


def old_cache(folder: Path, texts: list[str], *, waits: str = "", draft: str = "") -> None:
    """Dory's, with a private chat with Luigi, as the first version kept it."""
    with sqlite3.connect(folder / "dory.db") as database:
        database.executescript(f"{STEPS[0]} PRAGMA user_version = 1;")
        database.execute(
            "INSERT INTO chats (kind, name, title, low, cursor, read_seq, time_s, draft, unread) "
            "VALUES ('private', 'luigi', 'luigi', 1, ?, 0, ?, ?, 0)",
            (len(texts), EPOCH + len(texts), draft),
        )
        for seq, text in enumerate(texts, 1):
            sender = "dory" if seq % 2 else "luigi"
            liked = '[["x",["dory","luigi"]]]'
            database.execute(
                "INSERT INTO entries VALUES (1, ?, 'message', ?, ?, ?, NULL, NULL, 0, 0, ?, '')",
                (seq, sender, text, EPOCH + seq, liked),
            )
        if waits:
            database.execute(
                "INSERT INTO outbox (chat_id, client_id, content, time_s) VALUES (1, ?, ?, 1)",
                ("c" * 32, waits),
            )
        database.execute("INSERT INTO meta VALUES ('epoch', 'e1')")
        database.execute("INSERT INTO meta VALUES ('selected', '[\"private\",\"luigi\"]')")
    database.close()


def last(seq: int, **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "from": "luigi", "content": f"old {seq}", "timestamp": EPOCH + seq,
            "edited": False, "deleted": False, "reactions": [], **fields}  # fmt: skip


def upgraded(tmp_path: Path, *chats: dict[str, Any]) -> World:
    """The new client's first connection, and what the daemon lists."""
    world = World(tmp_path)
    world.signs_in()
    world.opens("ok")
    world.hear("caught_up")
    world.answer("list_chats", chats=list(chats))
    return world


TEXTS = ["old 1", "old 2", "old 3", "old 4"]
SAME_CHAT = chat_id("dory", "luigi")


def test_a_chat_that_was_kept_by_a_name_is_theirs_whose_history_it_is(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS, waits="waiting", draft="bozza")
    world = upgraded(tmp_path, private("luigi", LUIGI.id, SAME_CHAT, seq=4, last_message=last(4)))
    assert world.state.selected == LUIGI
    assert world.shown() == [*TEXTS, "waiting"]
    assert world.state.draft(LUIGI) == "bozza"
    assert world.state.page is not None
    assert [row.sender for row in world.state.page.rows[:2]] == [user_id("dory"), LUIGI.id]
    assert world.state.page.rows[0].reactions == (("x", (user_id("dory"), LUIGI.id)),)
    asked = world.opens("ok")
    assert [(c.chat_id, c.seq) for c in asked.cursors] == [(SAME_CHAT, 4)]
    assert world.said("send_message") == []
    world.answer("list_chats", chats=[private("luigi", LUIGI.id, SAME_CHAT, seq=4)])
    world.hear("caught_up")
    assert [sent["chat_id"] for sent in world.said("send_message")] == [SAME_CHAT]


def test_what_is_being_written_meanwhile_goes_with_the_chat(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS)
    world = World(tmp_path)
    world.signs_in()
    world.written = (ChatKey("private", "luigi"), "not told yet")
    world.opens("ok")
    world.state.changes.clear()
    listed = private("luigi", LUIGI.id, SAME_CHAT, seq=4, last_message=last(4))
    world.answer("list_chats", chats=[listed])
    assert titles(world) == {LUIGI.id: "luigi"}
    assert world.state.draft(LUIGI) == "not told yet"
    assert "draft" in world.state.changes


def test_what_has_come_since_is_no_reason_not_to_know_a_chat(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS)
    world = upgraded(tmp_path, private("luigi", LUIGI.id, SAME_CHAT, seq=7, last_message=last(7)))
    [asked] = world.said("get_messages")
    assert (asked["chat_id"], asked["before"], asked["limit"]) == (SAME_CHAT, 5, 1)
    world.hear("get_messages_result", request_id=asked["request_id"], messages=[last(4)],
               has_more=True)  # fmt: skip
    assert world.shown() == TEXTS
    assert [(c.chat_id, c.seq) for c in world.opens("ok").cursors] == [(SAME_CHAT, 4)]


def test_the_chat_of_somebody_who_is_gone_is_found_under_their_new_name(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS, waits="for the old one")
    gone = private(OLD, LUIGI.id, SAME_CHAT, seq=4, last_message=last(4))
    world = upgraded(tmp_path, new_item(seq=2, last_message=last(2)), gone)
    assert world.state.selected == LUIGI
    assert titles(world) == {LUIGI.id: OLD}
    world.opens("ok")
    world.answer("list_chats", chats=[new_item(seq=2), gone])
    world.hear("caught_up")
    assert [sent["chat_id"] for sent in world.said("send_message")] == [SAME_CHAT]
    assert titles(world) == {LUIGI.id: OLD, NEW.id: "luigi"}


def test_a_longer_chat_of_the_same_name_is_not_taken_for_it(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS, waits="a secret")
    other = new_item(seq=4, last_message=last(4, timestamp=EPOCH + 999))
    world = upgraded(tmp_path, other)
    world.opens("ok")
    world.answer("list_chats", chats=[other])
    world.hear("caught_up")
    assert world.said("send_message") == []
    assert world.shown() == [*TEXTS, "a secret"]
    assert world.state.page is not None
    assert world.state.page.rows[-1].progress == "refused"
    assert titles(world) == {"luigi": "luigi (earlier)", NEW.id: "luigi"}
    world.state.retry("c" * 32)
    assert world.said("send_message")[0]["to_user_id"] == "luigi"


def test_what_waits_in_a_chat_without_a_history_is_sent_to_nobody(tmp_path: Path) -> None:
    old_cache(tmp_path, [], waits="a secret")
    world = upgraded(tmp_path, new_item(seq=1, last_message=last(1)))
    world.opens("ok")
    world.answer("list_chats", chats=[new_item(seq=1)])
    world.hear("caught_up")
    assert world.said("send_message") == []


def test_nothing_waits_for_ever_where_the_daemon_cannot_keep_up(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS)
    world = upgraded(tmp_path, private("luigi", LUIGI.id, SAME_CHAT, seq=7))
    [asked] = world.said("get_messages")
    world.take(reports.Heard(frames.Error(request_id=asked["request_id"], code="rate_limited",
                                          error="…", retry_after=2.0)))  # fmt: skip
    assert world.said("get_messages") == []
    world.passes(2.1)
    [asked] = world.said("get_messages")
    world.hear("get_messages_result", request_id=asked["request_id"], messages=[last(4)],
               has_more=True)  # fmt: skip
    assert world.state.selected == LUIGI


def test_a_connection_that_ends_meanwhile_loses_nothing(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS, waits="waiting")
    world = upgraded(tmp_path, private("luigi", LUIGI.id, SAME_CHAT, seq=7))
    comes_back(world)
    world.hear("caught_up")
    assert world.said("send_message") == []
    listed = private("luigi", LUIGI.id, SAME_CHAT, seq=4, last_message=last(4))
    world.said("list_chats")[0]
    world.state._list_chats()
    assert world.shown() == [*TEXTS, "waiting"]
    comes_back(world)
    world.answer("list_chats", chats=[listed])
    assert world.state.selected == LUIGI


def test_a_message_that_comes_meanwhile_joins_what_was_typed(tmp_path: Path) -> None:
    old_cache(tmp_path, TEXTS, waits="waiting", draft="bozza")
    world = World(tmp_path)
    world.signs_in()
    world.opens("ok")
    world.hear("caught_up")
    world.message("luigi", "a new one", seq=5)
    listed = private("luigi", LUIGI.id, SAME_CHAT, seq=4, last_message=last(4))
    world.answer("list_chats", chats=[listed])
    assert titles(world) == {LUIGI.id: "luigi"}
    world.said("get_messages")
    world.restart()
    assert world.shown() == ["a new one", "waiting"]
    assert world.state.draft(LUIGI) == "bozza"


def test_of_two_people_of_one_name_each_keeps_their_own(tmp_path: Path) -> None:
    """Upgraded or not: the whole story once more, by what stands on the disk."""
    old_cache(tmp_path, TEXTS)
    world = upgraded(tmp_path, private("luigi", LUIGI.id, SAME_CHAT, seq=4, last_message=last(4)))
    world.opens("ok")
    world.answer("list_chats", chats=[private("luigi", LUIGI.id, SAME_CHAT, seq=4)])
    world.hear("caught_up")
    deleted(world)
    from_the_next(world, "hello", 1)
    world.restart()
    assert titles(world) == {LUIGI.id: OLD, NEW.id: "luigi"}
    world.state.select(LUIGI)
    assert world.shown() == TEXTS
