"""What the client decides, without a window and without a network."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from client_tk import intents, reports
from client_tk.model import ChatKey, Trouble
from client_tk.store import Store
from ruggine.wire import frames, requests
from tests.client.identities import chat_id, name_of, user_id
from tests.client.world import LUIGI, SERVER, World

GROUP = ChatKey("group", "0b0c0d0e-0000-4000-8000-000000000001")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Dory is signed in, connected, and has no chat yet."""
    world = World(tmp_path)
    world.signs_in()
    world.opens()
    world.answer("list_chats", chats=[])
    return world


def chat_item(key: ChatKey = LUIGI, **fields: Any) -> dict[str, Any]:
    where = (
        {"chat_type": "private", "to_user": name_of(key.id)}
        if key.kind == "private"
        else {"chat_type": "group", "group_id": key.id, "name": "gita", "role": "owner"}
    )
    values = {"seq": 0, "read_seq": 0, "unread": 0, "last_message": None, "muted": False}
    return {**where, **values, **fields}


def item(seq: int, content: str = "", sender: str = "luigi", **fields: Any) -> dict[str, Any]:
    values = {"edited": False, "deleted": False, "reactions": [], "timestamp": 1000.0 + seq}
    return {"seq": seq, "from": sender, "content": content or f"n. {seq}", **values, **fields}


# Signing in


def test_signing_in_opens_the_connection_and_keeps_the_token(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.signs_in()
    assert world.state.phase == "in"
    assert world.kept == {"dory": "rg1_x"}
    asked = world.opens()
    assert (asked.epoch, asked.cursors) == (None, ())
    assert world.state.link.status == "live"


def test_a_refusal_is_shown_in_the_form(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.state.sign_in(SERVER, "dory", "sbagliata!", register=False, stay=True)
    world.take(reports.Refused("invalid_credentials", "…"))
    assert world.state.phase == "signed_out"
    assert "password" in world.state.problem
    world.state.sign_in(SERVER, "dory", "giusta-adesso", register=False, stay=True)
    assert (world.state.phase, world.state.problem) == ("signing_in", "")
    world.take(reports.Unreachable("refused"))
    assert "chat.example" in world.state.problem


def test_who_cancels_is_not_signed_in_by_a_late_answer(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.state.sign_in(SERVER, "dory", "una-password-segreta", register=False, stay=True)
    world.state.cancel_sign_in()
    world.take(reports.SignedIn("dory", "rg1_x"))
    assert world.state.phase == "signed_out"
    assert not world.kept


def test_the_next_start_shows_what_is_kept_before_any_network(world: World) -> None:
    world.message("luigi", "ciao")
    world.state.select(LUIGI)
    world.restart()
    assert world.state.phase == "in"
    assert world.state.selected == LUIGI
    assert world.shown() == ["ciao"]
    assert world.told == []
    world.state.resume("rg1_x")
    assert isinstance(world.told[-1], intents.Validate)
    world.take(reports.SignedIn("dory", "rg1_x"))
    asked = world.opens("ok")
    assert asked.epoch == "e1"
    assert [(c.chat_id, c.seq) for c in asked.cursors] == [(chat_id("dory", "luigi"), 1)]


def test_a_token_that_has_ended_asks_for_the_password_and_loses_nothing(world: World) -> None:
    world.state.send(LUIGI, "non ancora partito")
    world.state.set_draft(LUIGI, "e questo")
    world.take(reports.Closed(4501))
    assert world.state.phase == "signed_out"
    assert "nothing is lost" in world.state.problem
    assert not world.kept
    world.signs_in()
    world.state.select(LUIGI)
    assert world.shown() == ["non ancora partito"]
    world.opens()
    assert [m["content"] for m in world.said("send_message")][-1] == "non ancora partito"


@pytest.mark.parametrize("code", ["unavailable", "rate_limited"])
def test_a_daemon_that_cannot_look_the_session_up_now_is_asked_again(
    world: World, code: str
) -> None:
    world.restart()
    world.state.resume("rg1_x")
    world.take(reports.Refused(code, "…"))
    assert world.state.phase == "in"
    assert world.kept == {"dory": "rg1_x"}
    assert world.state.link.retry_at_s is not None
    world.told.clear()
    world.passes(60)
    assert isinstance(world.told[-1], intents.Validate)
    world.take(reports.Refused("invalid_session", "…"))
    assert world.state.phase == "signed_out"
    assert not world.kept


def test_what_is_kept_and_cannot_be_opened_is_said_in_the_form(tmp_path: Path) -> None:
    (tmp_path / "dory.db").mkdir()
    world = World(tmp_path)
    world.signs_in()
    assert world.state.phase == "signed_out"
    assert "cannot be opened" in world.state.problem
    assert not world.kept
    world.state.come_back(SERVER, "dory")
    assert world.state.phase == "signed_out"
    assert "cannot be opened" in world.state.problem
    world.told.clear()
    world.state.resume("rg1_x")
    assert world.told == []
    assert world.state.due_s() is None


def test_a_keyring_that_answers_late_does_not_disturb_who_signs_in_meanwhile(world: World) -> None:
    world.restart()
    world.state.sign_out()
    assert world.state.phase == "signed_out"
    world.state.sign_in(SERVER, "ugo", "una-password-segreta", register=False, stay=True)
    world.state.resume(None)
    assert world.state.phase == "signing_in"


# Reading and writing


def test_a_message_comes_is_counted_and_read_when_it_is_looked_at(world: World) -> None:
    world.state.seen(focused=True)
    world.message("luigi", "ciao")
    [line] = world.state.chats()
    assert (line.title, line.unread, line.preview) == ("luigi", 1, "ciao")
    world.state.select(LUIGI)
    assert world.state.page is not None
    assert world.state.page.new_from == 1
    world.looks()
    assert world.state.chats()[0].unread == 0
    assert [m["seq"] for m in world.said("mark_read")] == [1]


def test_what_is_sent_shows_a_clock_then_a_tick_then_two(world: World) -> None:
    world.state.select(LUIGI)
    world.state.send(LUIGI, "ciao")

    def progress() -> list[str]:
        assert world.state.page is not None
        return [row.progress for row in world.state.page.rows]

    assert progress() == ["waiting"]
    [sent] = world.said("send_message")
    where = {"chat_type": "private", "to_user": "luigi"}
    world.hear("message_sent", **where, client_id=sent["client_id"], seq=1, timestamp=1.0,
               duplicate=False)  # fmt: skip
    assert progress() == ["stored"]
    world.message("dory", "ciao", client_id=sent["client_id"])
    assert progress() == ["stored"]
    world.hear("read_receipt", chat_type="private", username="luigi", to_user="dory", seq=1)
    assert progress() == ["read"]


@pytest.mark.parametrize("first", ["message_sent", "incoming_message"])
def test_the_answer_and_the_entry_may_come_in_any_order(world: World, first: str) -> None:
    world.state.select(LUIGI)
    world.state.send(LUIGI, "ciao")
    [sent] = world.said("send_message")

    def answer() -> None:
        world.hear("message_sent", chat_type="private", to_user="luigi", seq=1, timestamp=1.0,
                   client_id=sent["client_id"], duplicate=False)  # fmt: skip

    if first == "message_sent":
        answer()
    world.message("dory", "ciao", client_id=sent["client_id"])
    if first == "incoming_message":
        answer()
    assert world.shown() == ["ciao"]
    assert world.state.link.waiting == 0


def test_messages_of_a_chat_are_sent_one_after_the_other(world: World) -> None:
    for text in ("uno", "due"):
        world.state.send(LUIGI, text)
    world.state.send(ChatKey("private", user_id("ugo")), "altrove")
    sent = world.said("send_message")
    assert [m["content"] for m in sent] == ["uno", "altrove"]
    world.message("dory", "uno", client_id=sent[0]["client_id"])
    assert [m["content"] for m in world.said("send_message")] == ["due"]


def test_what_was_typed_offline_is_sent_once_after_a_restart(world: World) -> None:
    world.take(reports.Closed(1006, "lost"))
    world.state.send(LUIGI, "da lontano")
    assert world.state.link.waiting == 1
    assert world.said("send_message") == []
    world.restart()
    world.state.select(LUIGI)
    assert world.shown() == ["da lontano"]
    world.state.resume("rg1_x")
    world.take(reports.SignedIn("dory", "rg1_x"))
    world.opens("ok")
    assert world.said("send_message") == []
    world.hear("caught_up")
    [sent] = world.said("send_message")
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    world.opens("ok")
    world.message("dory", "da lontano", client_id=sent["client_id"])
    world.hear("caught_up")
    assert world.said("send_message") == []
    assert world.shown() == ["da lontano"]


def test_a_crash_while_sending_never_leaves_the_message_and_its_draft(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it would be sent, and stand in the composer to be sent again."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    world.state.set_draft(LUIGI, "ciao")
    for step in ("save_draft", "save_chat", "set_meta"):
        monkeypatch.setattr(Store, step, crash)
    with contextlib.suppress(KeyboardInterrupt):
        world.state.send(LUIGI, "ciao")
    monkeypatch.undo()
    world.restart()
    world.state.select(LUIGI)
    assert world.shown() == ["ciao"]
    assert world.state.draft(LUIGI) == ""


def test_a_refused_message_says_why_and_can_be_sent_again_or_discarded(world: World) -> None:
    world.state.select(LUIGI)
    world.state.send(LUIGI, "no")
    [sent] = world.said("send_message")
    world.hear("error", code="forbidden", error="…", client_id=sent["client_id"])
    assert world.state.page is not None
    [row] = world.state.page.rows
    assert (row.progress, row.content) == ("refused", "no")
    assert row.refusal
    world.state.retry(sent["client_id"])
    assert [m["client_id"] for m in world.said("send_message")] == [sent["client_id"]]
    world.state.discard(sent["client_id"])
    assert world.shown() == ["no"]  # it may be stored by now
    world.hear("error", code="forbidden", error="…", client_id=sent["client_id"])
    world.state.discard(sent["client_id"])
    assert world.shown() == []


def test_what_cannot_be_stored_now_is_sent_again_by_itself(world: World) -> None:
    world.state.send(LUIGI, "ciao")
    [sent] = world.said("send_message")
    world.hear("error", code="rate_limited", error="…", client_id=sent["client_id"], retry_after=3)
    world.passes(2.9)
    assert world.said("send_message") == []
    world.passes(0.2)
    assert [m["client_id"] for m in world.said("send_message")] == [sent["client_id"]]


def test_what_is_larger_than_a_frame_is_refused_here(world: World) -> None:
    """The daemon would hang up each time it is sent."""
    world.take(reports.Closed(1006, "lost"))
    world.state.select(LUIGI)
    world.state.send(LUIGI, "🦀" * 1100)
    world.state.send(LUIGI, "piccolo")
    world.passes(60)
    world.opens(limits=frames.Limits(4096, 4096))
    assert [m["content"] for m in world.said("send_message")] == ["piccolo"]
    assert world.state.page is not None
    assert [row.progress for row in world.state.page.rows] == ["refused", "waiting"]
    assert "too long" in world.state.page.rows[0].refusal


@pytest.mark.parametrize("retry_after", [-5, 0, 1e-9, 1e300])
def test_a_time_to_wait_that_makes_no_sense_is_bounded(world: World, retry_after: float) -> None:
    world.state.send(LUIGI, "ciao")
    [sent] = world.said("send_message")
    world.hear("error", code="rate_limited", error="…", client_id=sent["client_id"],
               retry_after=retry_after)  # fmt: skip
    assert world.said("send_message") == []
    world.passes(3600)
    assert [m["client_id"] for m in world.said("send_message")] == [sent["client_id"]]


def test_edits_deletions_and_reactions_change_the_message(world: World) -> None:
    world.state.select(LUIGI)
    where = {"chat_type": "private", "to_user": "dory", "from": "luigi", "timestamp": 1.0}
    world.message("luigi", "cioa")
    world.hear("message_edited", **where, seq=2, ref=1, content="ciao")
    world.hear("reaction", **where, seq=3, ref=1, emoji="👍", active=True)
    assert world.state.page is not None
    [row] = world.state.page.rows
    liked = (("👍", (user_id("luigi"),)),)
    assert (row.content, row.edited, row.reactions) == ("ciao", True, liked)
    world.hear("reaction", **where, seq=4, ref=1, emoji="👍", active=False)
    world.hear("message_deleted", **where, seq=5, ref=1)
    [row] = world.state.page.rows
    assert (row.content, row.deleted, row.reactions) == ("", True, ())
    world.restart()
    world.state.select(LUIGI)
    assert world.state.page is not None
    assert world.state.page.rows[0].deleted


# Coming back


def test_nothing_is_shown_twice_and_a_break_begins_the_cache_anew(world: World) -> None:
    world.state.select(LUIGI)
    world.message("luigi", "uno", seq=1)
    world.message("luigi", "uno", seq=1)
    assert world.shown() == ["uno"]
    world.message("luigi", "sette", seq=7)
    world.has_read(7)
    world.state.select(LUIGI)
    assert world.shown() == ["sette"]
    assert world.state.page is not None
    assert world.state.page.has_older


def test_who_comes_back_into_a_group_that_is_open_sees_what_was_said_since(world: World) -> None:
    where = {"chat_type": "group", "group_id": GROUP.id, "timestamp": 1.0}
    me = {"username": "dory", "by": "luigi"}
    world.state.select(GROUP)
    world.hear("member_joined", **where, **me, seq=1)
    world.message("luigi", "prima", seq=2, group_id=GROUP.id)
    world.hear("member_left", **where, **me, seq=3)
    world.hear("member_joined", **where, **me, seq=50)
    world.message("luigi", "dopo", seq=51, group_id=GROUP.id)
    assert world.shown() == ["", "dopo"]
    world.said("get_messages")
    world.state.shown.load_older()
    world.answer("get_messages", messages=[item(49)], has_more=False)
    assert world.shown() == ["n. 49", "", "dopo"]
    assert world.state.page is not None
    assert not world.state.page.loading


def test_a_gap_is_asked_for_when_somebody_scrolls_there(world: World) -> None:
    world.state.select(LUIGI)
    world.message("luigi", "prima", seq=1)
    where = {"chat_type": "private", "to_user": "luigi"}
    world.hear("gap", **where, **{"from": 2, "to": 900})
    world.message("luigi", "dopo", seq=901)
    assert world.shown() == ["dopo"]
    world.state.shown.load_older()
    assert world.state.page is not None
    assert world.state.page.loading
    world.answer("get_messages", messages=[item(n) for n in range(801, 901)], has_more=True)
    assert world.shown()[0] == "n. 801"
    assert len(world.shown()) == 101
    world.has_read(901)
    world.restart()
    world.state.select(LUIGI)
    world.state.shown.load_older()
    assert len(world.shown()) == 101  # from the disk


def test_another_database_is_read_anew_and_what_was_typed_stays(world: World) -> None:
    world.state.select(LUIGI)
    world.message("luigi", "di prima")
    world.take(reports.Closed(1006, "lost"))
    world.state.send(LUIGI, "mio")
    world.state.set_draft(LUIGI, "bozza")
    world.passes(60)
    world.opens("reset", epoch="e2")
    assert world.shown() == ["mio"]
    assert world.state.draft(LUIGI) == "bozza"
    last = item(3, "del nuovo")
    world.answer("list_chats", chats=[chat_item(seq=3, unread=1, last_message=last)])
    world.answer("get_messages", messages=[last], has_more=False)
    assert world.shown() == ["del nuovo", "mio"]


def stored_and_not_seen(world: World) -> dict[str, Any]:
    """A message that the daemon has; the connection breaks before its entry comes."""
    world.state.select(LUIGI)
    world.message("luigi", "prima")
    world.state.send(LUIGI, "mio")
    [sent] = world.said("send_message")
    stored(world, sent, 2)
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    return sent


def stored(world: World, sent: dict[str, Any], seq: int, *, duplicate: bool = False) -> None:
    world.hear("message_sent", chat_type="private", to_user="luigi", client_id=sent["client_id"],
               seq=seq, timestamp=1.0, duplicate=duplicate)  # fmt: skip


def test_a_stored_message_whose_entry_is_in_a_gap_is_shown_once(world: World) -> None:
    sent = stored_and_not_seen(world)
    world.opens("ok")
    world.hear("gap", chat_type="private", to_user="luigi", **{"from": 2, "to": 700})
    world.message("luigi", "dopo", seq=701)
    world.hear("caught_up")
    [again] = world.said("send_message")
    assert again["client_id"] == sent["client_id"]
    stored(world, again, 2, duplicate=True)
    assert world.shown() == ["dopo"]
    assert world.state.link.waiting == 0
    world.restart()
    world.state.select(LUIGI)
    assert world.shown() == ["dopo"]


def test_a_stored_message_that_a_restored_database_does_not_have_is_sent_again(
    world: World,
) -> None:
    sent = stored_and_not_seen(world)
    world.opens("reset", epoch="e2")
    [again] = world.said("send_message")
    assert again["client_id"] == sent["client_id"]
    stored(world, again, 1)
    world.message("dory", "mio", seq=1, client_id=sent["client_id"])
    assert world.shown() == ["mio"]


def test_another_database_is_one_although_the_daemon_does_not_say_so(world: World) -> None:
    world.state.select(LUIGI)
    world.message("luigi", "di prima", seq=9)
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    world.opens("none", epoch="e2")
    world.message("luigi", "del nuovo", seq=1)
    assert world.shown() == ["del nuovo"]


def test_what_was_read_in_another_database_is_not_read_in_this_one(world: World) -> None:
    world.state.select(LUIGI)
    world.hear("read_receipt", chat_type="private", username="luigi", to_user="dory", seq=9)
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    world.opens("reset", epoch="e2")
    world.message("dory", "nuovo", seq=1)
    assert world.state.page is not None
    assert [row.progress for row in world.state.page.rows] == ["stored"]


def test_the_back_off_grows_and_the_person_need_not_wait(world: World) -> None:
    for _ in range(8):
        world.take(reports.Closed(1006, "lost"))
        link = world.state.link
        assert link.status == "offline"
        assert link.retry_at_s is not None
        assert 0.5 <= link.retry_at_s - world.clock_s <= 30
        assert "chat.example" in link.reason
        world.state.retry_now()
        assert world.state.link.status == "connecting"
    assert len([i for i in world.told if isinstance(i, intents.Open)]) == 8


def test_a_daemon_that_fails_as_soon_as_it_is_there_is_asked_less_and_less(world: World) -> None:
    waits = []
    for _ in range(400):
        world.take(reports.Closed(1011))
        assert world.state.link.retry_at_s is not None
        waits.append(world.state.link.retry_at_s - world.clock_s)
        world.passes(30)
        world.opens("ok")
        world.hear("caught_up")
    assert max(waits) > 20
    world.passes(31)
    world.take(reports.Closed(1011))
    assert world.state.link.retry_at_s is not None
    assert world.state.link.retry_at_s - world.clock_s <= 1


@pytest.mark.parametrize("code", [4500, 4502, 4503, 4504])
def test_who_is_not_wanted_does_not_come_back_by_themselves(world: World, code: int) -> None:
    world.take(reports.Closed(code))
    assert world.state.link.retry_at_s is None
    assert world.state.link.reason
    world.state.retry_now()
    assert world.state.link.status == "connecting"


def test_a_request_is_answered_once_whatever_happens(world: World) -> None:
    answers: list[Any] = []
    world.state.ask(requests.Sessions(), answers.append)
    world.answer("sessions", sessions=[])
    world.state.ask(requests.Sessions(), answers.append)
    world.passes(25)
    world.state.ask(requests.Sessions(), answers.append)
    world.take(reports.Closed(1001))
    world.state.ask(requests.Sessions(), answers.append)
    assert [a.code if isinstance(a, Trouble) else "ok" for a in answers] == [
        "ok", "unavailable", "unavailable", "unavailable",
    ]  # fmt: skip


# What should not be


def test_a_frame_that_cannot_be_kept_costs_nothing_that_came_with_it(world: World) -> None:
    """Nothing of the batch is on the disk: the daemon is asked for it again."""
    world.state.select(LUIGI)
    world.message("luigi", "uno")
    world.message("luigi", "troppo", seq=2**63)
    assert world.state.link.status == "offline"
    assert world.shown() == ["uno"]
    world.passes(60)
    asked = world.opens("ok")
    assert [c.seq for c in asked.cursors] == [1]
    world.message("luigi", "due")
    assert world.shown() == ["uno", "due"]


@pytest.mark.parametrize("last", [-5, 0, 1])
def test_a_gap_of_what_is_known_changes_nothing(world: World, last: int) -> None:
    world.state.select(LUIGI)
    world.message("luigi", "uno")
    world.hear("gap", chat_type="private", to_user="luigi", **{"from": last - 3, "to": last})
    world.message("luigi", "due")
    assert world.shown() == ["uno", "due"]
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    assert [c.seq for c in world.opens("ok").cursors] == [2]


def test_a_chat_at_the_end_of_all_numbers_can_be_opened(world: World) -> None:
    where = {"chat_type": "private", "to_user": "dory", "from": "luigi", "timestamp": 1.0}
    world.hear("message_edited", **where, seq=2**63 - 1, ref=1, content="…")
    world.state.select(LUIGI)
    assert world.shown() == []
    world.restart()
    world.state.select(LUIGI)
    assert world.shown() == []


def test_a_full_disk_loses_nothing_that_was_typed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.state.select(LUIGI)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", full)
        world.message("luigi", "uno", seq=1)
        assert world.shown() == []
        patch.setattr(Store, "post", full)
        with pytest.raises(sqlite3.OperationalError):
            world.state.send(LUIGI, "mio")
    world.passes(60)
    assert world.opens("ok").cursors == ()
    world.message("luigi", "uno", seq=1)
    assert world.shown() == ["uno"]


def test_a_disk_on_which_nothing_can_be_written_is_waited_for(world: World) -> None:
    world.state.select(LUIGI)
    world.message("luigi", "uno")
    world.looks()
    assert world.state._account is not None
    world.state._account.store._database.execute("PRAGMA query_only = 1")
    for _ in range(3):
        world.message("luigi", "due", seq=2)
        assert world.state.link.status == "offline"
        assert world.shown() == ["uno"]
        world.passes(60)
        world.opens("ok")
    world.state._account.store._database.execute("PRAGMA query_only = 0")
    world.passes(60)
    world.opens("ok")
    world.message("luigi", "due", seq=2)
    world.hear("caught_up")
    world.looks()
    assert world.shown() == ["uno", "due"]
    assert world.state.unread == 0


def test_chats_are_read_although_nothing_can_be_written(world: World) -> None:
    ugo = ChatKey("private", user_id("ugo"))
    world.message("luigi", "da luigi")
    world.message("ugo", "da ugo", seq=1, to_user="dory")
    world.state.select(LUIGI)
    assert world.state._account is not None
    world.state._account.store._database.execute("PRAGMA query_only = 1")
    world.state.select(ugo)
    world.looks()
    assert world.shown() == ["da ugo"]


def test_what_was_still_on_its_way_when_something_could_not_be_kept_is_not_taken(
    world: World,
) -> None:
    """It follows something that is missing now: the daemon is asked for all of it again."""
    world.state.select(LUIGI)
    world.message("luigi", "uno", seq=1)
    world.message("luigi", "due", seq=2, reply_to=2**63)
    world.message("luigi", "tre", seq=3)
    world.passes(60)
    assert [c.seq for c in world.opens("ok").cursors] == [1]
    world.message("luigi", "due", seq=2)
    world.message("luigi", "tre", seq=3)
    assert world.shown() == ["uno", "due", "tre"]


def test_what_can_never_be_sent_is_refused_here(world: World) -> None:
    world.state.select(LUIGI)
    world.state.send(LUIGI, "nul \x00")
    world.state.send(LUIGI, "due\r\nrighe\r")
    assert world.state.page is not None
    assert [row.progress for row in world.state.page.rows] == ["refused", "waiting"]
    assert [m["content"] for m in world.said("send_message")] == ["due\nrighe\n"]
    answers: list[Any] = []
    world.state.edit(LUIGI, 1, "\x00", answers.append)
    assert [answer.code for answer in answers] == ["invalid_content"]


# The list


def test_the_members_of_a_group_are_asked_for_again_after_a_reconnect(world: World) -> None:
    member = {"username": "dory", "role": "owner", "online": True}
    assert world.state.members(GROUP) == []
    world.answer("group_members", members=[member])
    world.take(reports.Closed(1006, "lost"))
    assert world.state.members(GROUP) == []  # as it is drawn offline
    world.passes(60)
    world.opens("ok")
    assert world.state.members(GROUP) == []
    world.answer("group_members", members=[member])
    assert [person.name for person in world.state.members(GROUP)] == ["dory"]


def test_mentions_come_first_then_unread_then_recent(world: World) -> None:
    keys = [ChatKey("private", user_id(name)) for name in ("luigi", "ugo", "pia")]
    items = [chat_item(key, seq=1) for key in keys]
    world.state.roster.refresh()
    world.hear("list_chats_result", request_id="x", chats=[])
    world.state._list_chats()
    world.answer("list_chats", chats=[*items, chat_item(GROUP, seq=5)])
    world.message("ugo", "ciao", seq=2, to_user="dory")
    world.message("luigi", "@dory vieni?", seq=6, group_id=GROUP.id)
    world.message("pia", "più recente", seq=2, to_user="dory")
    assert [line.title for line in world.state.chats()] == ["gita", "pia", "ugo", "luigi"]
    assert world.state.chats()[0].mentions == 1
    assert world.state.unread == 3


def test_unread_is_what_the_daemon_says_and_what_came_since(world: World) -> None:
    last = item(10)
    world.state._list_chats()
    world.message("luigi", "durante", seq=11)
    world.answer("list_chats", chats=[chat_item(seq=10, unread=4, last_message=last)])
    assert world.state.chats()[0].unread == 5
    world.message("luigi", "dopo", seq=12)
    assert world.state.chats()[0].unread == 6
    world.hear("read_receipt", chat_type="private", username="dory", to_user="luigi", seq=12)
    assert world.state.chats()[0].unread == 0


def test_what_comes_while_a_chat_is_discarded_is_neither_lost_nor_read(world: World) -> None:
    world.state.select(LUIGI)
    world.message("luigi", "via")
    world.state.discard_chat(LUIGI, lambda _reply: None)
    world.message("luigi", "resta")
    world.answer("delete_private_messages")
    world.said("get_messages")
    world.answer("list_chats", chats=[chat_item(seq=2, unread=1)])
    assert world.state.chats()[0].unread == 1
    world.answer("get_messages", messages=[item(2, "resta")], has_more=False)
    world.message("luigi", "dopo")
    assert world.shown() == ["resta", "dopo"]
    assert world.state.chats()[0].unread == 2
    world.restart()
    world.state.select(LUIGI)
    assert world.shown() == ["resta", "dopo"]


def test_fewer_than_no_messages_are_none(world: World) -> None:
    world.state._list_chats()
    world.answer("list_chats", chats=[chat_item(seq=9, unread=-3)])
    assert world.state.unread == 0


def test_what_another_device_has_read_in_part_stays_unread_in_part(world: World) -> None:
    world.state._list_chats()
    world.answer("list_chats", chats=[chat_item(seq=100, read_seq=40, unread=60)])
    for seq, unread in ((50, 50), (99, 1), (100, 0)):
        world.hear("read_receipt", chat_type="private", username="dory", to_user="luigi", seq=seq)
        assert world.state.chats()[0].unread == unread
    world.message("luigi", "nuovo", seq=101)
    assert world.state.chats()[0].unread == 1


def test_a_group_that_was_left_is_no_longer_listed(world: World) -> None:
    world.state._list_chats()
    world.answer("list_chats", chats=[chat_item(GROUP, seq=2)])
    world.hear("member_left", chat_type="group", group_id=GROUP.id, seq=3, timestamp=1.0,
               username="dory", by="luigi")  # fmt: skip
    assert world.state.chats() == []
    assert world.state.title(GROUP) == "gita"


# Calling


def test_a_hidden_window_is_called_and_a_read_chat_is_not(world: World) -> None:
    world.state.select(LUIGI)
    world.looks()
    world.message("luigi", "vista")
    assert world.notices == []
    world.state.seen(focused=False)
    world.message("luigi", "dietro")
    world.state.seen(visible=False)
    world.message("luigi", "ridotta")
    assert [text for _, text, _ in world.notices] == ["dietro", "ridotta"]
    assert world.urged == 2
    world.message("dory", "mia, dal telefono")
    assert len(world.notices) == 2


def test_a_long_absence_calls_once(world: World) -> None:
    world.message("luigi", "prima")
    world.notices.clear()
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    world.opens("ok")
    for number in range(5):
        world.message("luigi", f"n. {number}")
    assert world.notices == []
    world.hear("caught_up")
    assert [text for _, text, _ in world.notices] == ["5 new messages"]


def test_what_was_deleted_meanwhile_is_neither_unread_nor_announced(world: World) -> None:
    world.message("luigi", "prima")
    world.notices.clear()
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    world.opens("ok")
    world.message("luigi", "", deleted=True)
    world.hear("message_deleted", chat_type="private", to_user="dory", **{"from": "luigi"}, seq=3,
               ref=2, timestamp=1.0)  # fmt: skip
    world.hear("caught_up")
    assert world.notices == []
    [line] = world.state.chats()
    assert (line.unread, line.preview) == (1, "prima")


def test_the_list_shows_what_a_message_says_now_and_not_what_it_said(world: World) -> None:
    where = {"chat_type": "private", "to_user": "dory", "from": "luigi", "timestamp": 1.0}

    def line() -> tuple[str, int]:
        [found] = world.state.chats()
        return found.preview, found.unread

    world.message("luigi", "prima")
    world.message("luigi", "un segreto")
    world.hear("message_edited", **where, seq=3, ref=2, content="niente")
    assert line() == ("niente", 2)
    world.hear("message_deleted", **where, seq=4, ref=2)
    world.hear("message_deleted", **where, seq=5, ref=2)
    assert line() == ("prima", 1)
    world.hear("message_deleted", **where, seq=6, ref=1)
    assert line() == ("", 0)
    world.restart()
    assert line() == ("", 0)


def test_what_one_account_missed_is_not_told_to_the_next(world: World) -> None:
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    world.opens("ok")
    world.message("luigi", "solo per dory")
    world.take(reports.Closed(4501))
    world.signs_in("ugo")
    world.opens()
    world.answer("list_chats", chats=[])
    assert world.notices == []


def test_typing_is_shown_for_a_while(world: World) -> None:
    world.message("luigi", "ciao")
    where = {"chat_type": "private", "to_user": "dory", "from": "luigi"}
    world.hear("typing", **where, active=True)
    assert world.state.typing(LUIGI) == ["luigi"]
    assert world.state.due_s() is not None
    world.passes(7)
    assert world.state.typing(LUIGI) == []
    world.hear("typing", **where, active=True)
    world.message("luigi", "ecco")
    assert world.state.typing(LUIGI) == []


# Far away


def test_a_jump_to_what_is_not_cached_reads_around_it_and_comes_back(world: World) -> None:
    world.state._list_chats()
    world.answer("list_chats", chats=[chat_item(seq=5000, last_message=item(5000))])
    world.state.select(LUIGI)
    world.answer("get_messages", messages=[item(n) for n in range(4901, 5001)], has_more=True)
    world.state.open_at(LUIGI, 1000)
    world.answer("get_messages", messages=[item(n) for n in range(951, 1051)], has_more=True)
    assert world.shown()[49] == "n. 1000"
    world.message("luigi", "intanto", seq=5001)
    assert "intanto" not in world.shown()
    assert world.state.page is not None
    assert world.state.page.has_newer
    world.state.shown.go_to_end()
    assert world.shown()[-1] == "intanto"
    assert len(world.shown()) == 100


def test_a_page_that_comes_when_one_has_gone_back_to_the_newest_changes_nothing(
    world: World,
) -> None:
    world.message("luigi", "ultimo", seq=5000)
    world.has_read(5000)
    world.state.select(LUIGI)
    world.state.open_at(LUIGI, 1000)
    world.state.shown.go_to_end()
    world.answer("get_messages", messages=[item(n) for n in range(951, 1051)], has_more=True)
    assert world.shown() == ["ultimo"]


def test_a_page_with_what_was_not_asked_for_is_put_in_order(world: World) -> None:
    world.message("luigi", "ultimo", seq=100)
    world.has_read(100)
    world.state.select(LUIGI)
    world.state.shown.load_older()
    odd = [item(100, "falso"), item(98), item(-1), item(0), item(97), item(98), item(101, "falso")]
    world.answer("get_messages", messages=odd, has_more=True)
    assert world.shown() == ["n. 97", "n. 98", "ultimo"]
    world.state.shown.load_older()
    [asked] = world.said("get_messages")
    assert asked["before"] == 97
