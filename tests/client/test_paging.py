"""Lists that come in pages: none of them is taken for the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from client_tk import reports
from client_tk.model import ChatKey
from ruggine.wire import frames, requests
from tests.client.identities import user_id
from tests.client.world import World

CHATS, PAGE = 5000, 500


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.signs_in()
    world.opens()
    return world


def chat(number: int, **fields: Any) -> dict[str, Any]:
    return {"chat_type": "private", "to_user": f"user{number}", "seq": 3, "read_seq": 0,
            "unread": 2, "last_message": None, "muted": False, **fields}  # fmt: skip


def group(group_id: str) -> dict[str, Any]:
    return {"chat_type": "group", "group_id": group_id, "name": group_id, "role": "member",
            "open": False, "seq": 1, "read_seq": 1, "unread": 0, "last_message": None,
            "muted": False}  # fmt: skip


def page(world: World, kind: str, field: str, items: list[Any], cursor: str | None) -> str | None:
    """Answers the one request that waits, and returns its cursor."""
    [asked] = world.said(kind)
    more = {"cursor": cursor} if cursor else {}
    world.hear(f"{kind}_result", request_id=asked["request_id"], **{field: items},
               has_more=cursor is not None, **more)  # fmt: skip
    return asked.get("cursor")


def test_five_thousand_chats_come_page_by_page(world: World) -> None:
    cursors = []
    for first in range(0, CHATS, PAGE):
        items = [chat(number) for number in range(first, first + PAGE)]
        after = str(first + PAGE) if first + PAGE < CHATS else None
        cursors.append(page(world, "list_chats", "chats", items, after))
        assert len(world.state.chats()) == first + PAGE
        assert "chats" in world.state.changes
        world.state.changes.clear()
    assert cursors == [None, *(str(n) for n in range(PAGE, CHATS, PAGE))]
    assert world.said("list_chats") == []
    assert world.state.unread == 2 * CHATS


def test_a_group_is_left_only_where_the_whole_list_is_without_it(world: World) -> None:
    page(world, "list_chats", "chats", [group("one"), group("two")], None)
    world.state._list_chats()
    page(world, "list_chats", "chats", [group("one")], "c1")
    assert {line.key.id for line in world.state.chats()} == {"one", "two"}
    page(world, "list_chats", "chats", [], None)
    assert {line.key.id for line in world.state.chats()} == {"one"}


def test_a_list_that_breaks_off_says_nothing_of_the_rest(world: World) -> None:
    page(world, "list_chats", "chats", [group("one"), group("two")], None)
    world.state._list_chats()
    page(world, "list_chats", "chats", [group("one")], "c1")
    world.take(reports.Closed(1006, "lost"))
    assert {line.key.id for line in world.state.chats()} == {"one", "two"}


def test_a_chat_that_goes_past_the_pages_is_not_lost(world: World) -> None:
    """Something is said in it after the first page, which it would now be on."""
    page(world, "list_chats", "chats", [group("one"), group("two")], None)
    world.state._list_chats()
    page(world, "list_chats", "chats", [group("one")], "c1")
    world.hear("incoming_message", chat_type="group", group_id="two", **{"from": "luigi"},
               content="ciao", seq=2, timestamp=1.0)  # fmt: skip
    page(world, "list_chats", "chats", [], None)
    assert {line.key.id for line in world.state.chats()} == {"one", "two"}


def test_what_is_too_fast_for_the_daemon_is_asked_again(world: World) -> None:
    page(world, "list_chats", "chats", [chat(1)], "c1")
    [asked] = world.said("list_chats")
    refused = frames.Error(
        request_id=asked["request_id"], code="rate_limited", error="…", retry_after=0.5
    )
    world.take(reports.Heard(refused))
    assert world.state.due_s() is not None
    assert world.said("list_chats") == []
    world.passes(0.6)
    assert page(world, "list_chats", "chats", [chat(2)], None) == "c1"
    assert len(world.state.chats()) == 2


def test_what_waits_to_be_asked_again_is_lost_with_the_connection(world: World) -> None:
    key = ChatKey("group", "g")
    world.state.members(key)
    [asked] = world.said("group_members")
    refused = frames.Error(request_id=asked["request_id"], code="rate_limited", error="…")
    world.take(reports.Heard(refused))
    world.take(reports.Closed(1006, "lost"))
    world.passes(60)
    world.opens("ok")
    world.state.members(key)
    assert len(world.said("group_members")) == 1


@pytest.mark.parametrize(
    ("kind", "field", "get"),
    [
        ("all_users", "users", lambda roster: roster.people.values()),
        ("list_friends", "friends", lambda roster: roster.friends),
        ("received_friend_requests", "requests", lambda roster: roster.requests_in),
        ("sent_friend_requests", "requests", lambda roster: roster.requests_out),
        ("blocked_users", "users", lambda roster: roster.blocked),
        ("my_group_invites", "invites", lambda roster: roster.invites),
    ],
)
def test_every_list_of_people_is_gathered(world: World, kind: str, field: str, get: Any) -> None:
    def item(number: int) -> dict[str, Any]:
        return {"username": f"user{number}", "online": True, "message": "", "created": 1.0,
                "invite_id": f"i{number}", "group_id": "g", "name": "g",
                "invited_by": f"user{number}"}  # fmt: skip

    page(world, kind, field, [item(1), item(2)], "c1")
    assert len(get(world.state.roster)) == 0
    assert page(world, kind, field, [item(3)], None) == "c1"
    assert len(get(world.state.roster)) == 3


def test_the_members_of_a_large_group_are_gathered(world: World) -> None:
    key = ChatKey("group", "g")
    world.state.members(key)
    items = [{"username": f"user{n}", "role": "member", "online": n == 1} for n in range(3)]
    page(world, "group_members", "members", items[:2], "c1")
    page(world, "group_members", "members", items[2:], None)
    assert [member.id for member in world.state.members(key)] == [
        user_id(f"user{number}") for number in range(3)
    ]


def test_a_preview_that_was_cut_is_a_preview(world: World) -> None:
    said = {"seq": 3, "from": "user1", "content": "x" * 240, "timestamp": 1.0, "edited": False,
            "deleted": False, "reactions": [], "cut": True}  # fmt: skip
    page(world, "list_chats", "chats", [chat(1, last_message=said)], None)
    [line] = world.state.chats()
    assert line.preview == "x" * 120
    world.state.select(line.key)
    assert world.shown() == []
    whole = {**said, "content": "x" * 4000}
    world.answer("get_messages", messages=[whole], has_more=False)
    assert world.shown() == ["x" * 4000]


def test_the_first_request_says_how_much_is_taken_at_once(world: World) -> None:
    [asked] = world.said("list_chats")
    assert 1 <= asked["limit"] < requests.MAX_ROWS
