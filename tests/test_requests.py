"""The WebSocket's own tables: each request with its result, each event with its fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import WebSocket, register
from tests.contract import PROTOCOL, documented_commands, rows
from tests.daemon import PASSWORD, Daemon

ROWS = {
    name: result
    for names, _, result in rows("| request | fields | result fields |")
    for name in re.findall(r"`([a-z_]+)`", names)
}
EVENTS = {
    frame["message_type"]: set(frame)
    for section in [PROTOCOL.split("### 3.4")[1].split("## 4")[0], PROTOCOL.split("### 3.2")[1]]
    for line in re.findall(r"^\{.*\}$", section.split("### 3.3")[0], re.MULTILINE)
    for frame in [json.loads(line)]
}
OF_LISTS = {"has_more", "cursor"}
"""What every list says of its pages."""

USED: set[str] = set()


class Talker(WebSocket):
    """Asks, and holds each answer and each event against the tables."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        self.name, self.token = register(daemon, name)
        super().__init__(daemon.url, self.token)
        self.id = str(self.welcome["user_id"])

    def gets(self, message_type: str, **fields: Any) -> dict[str, Any]:
        """A result. Its fields are the documented ones."""
        reply = self.request(message_type, **fields)
        assert reply.pop("message_type") == f"{message_type}_result", reply
        USED.add(message_type)
        for key in set(_keys(reply)) - OF_LISTS:
            assert re.search(rf"\b{key}\b", ROWS[message_type]), (message_type, key)
        return reply

    def refused(self, message_type: str, **fields: Any) -> str:
        """The code of an error."""
        reply = self.request(message_type, **fields)
        assert reply["message_type"] == "error", reply
        return str(reply["code"])

    def hears(self, message_type: str) -> dict[str, Any]:
        """An event with the documented fields."""
        event = self.event(message_type)
        expected, shown = (
            {k for k in keys if k != "to_user"} for keys in (EVENTS[message_type], event)
        )
        optional = {"client_id", "reply_to", "edited", "deleted", "to_user_id", "group_id"}
        assert shown - optional == expected - optional, event
        return event


def _keys(value: Any) -> Iterator[str]:
    """Of an object and the objects in its lists, but for those of messages, which are documented
    once."""
    for key, inner in value.items():
        yield key
        if isinstance(inner, list) and key != "messages":
            for item in inner:
                if isinstance(item, dict):
                    yield from (k for k in item if k != "last_message")


Talkers = tuple[Talker, Talker, Talker]


@pytest.fixture(params=["one node", "two nodes"])
def talkers(request: pytest.FixtureRequest) -> Iterator[Talkers]:
    """Luigi, Dory and Ugo. Dory may be on another node."""
    one_node = request.param == "one node"
    first, second = (
        [request.getfixturevalue("daemon")] * 2 if one_node else request.getfixturevalue("nodes")
    )
    people = Talker(first, "luigi"), Talker(second, "dory"), Talker(first, "ugo")
    yield people
    for talker in people:
        talker.hang_up()


def with_(talker: Talker) -> dict[str, Any]:
    return {"chat_type": "private", "to_user": talker.name}


def within(group_id: str) -> dict[str, Any]:
    return {"chat_type": "group", "group_id": group_id}


def say(talker: Talker, content: str, where: dict[str, Any], **more: Any) -> int:
    sent = talker.request("send_message", content=content, **where, **more)
    assert sent["message_type"] == "message_sent", sent
    return int(sent["seq"])


def test_messages_in_their_present_state(talkers: Talkers) -> None:
    """Edits, deletions and reactions are entries for who listens, and states for who reads."""
    luigi, dory, _ = talkers
    for content in ("uno", "due", "tre"):
        say(luigi, content, with_(dory))
    say(dory, "quattro", with_(luigi), reply_to=1)
    luigi.gets("edit_message", **with_(dory), seq=1, content="uno!")
    luigi.gets("delete_message", **with_(dory), seq=2)
    dory.gets("react", **with_(luigi), seq=3, emoji="👍")
    dory.gets("react", **with_(luigi), seq=3, emoji="👀", active=True)
    dory.gets("react", **with_(luigi), seq=3, emoji="👀", active=False)
    assert dory.refused("react", **with_(luigi), seq=3, emoji="👍") == "already_done"
    assert dory.refused("react", **with_(luigi), seq=2, emoji="👍") == "already_done"
    assert dory.refused("edit_message", **with_(luigi), seq=2, content="x") == "already_done"

    def heard(talker: Talker, kinds: list[str]) -> list[dict[str, Any]]:
        return [talker.hears(kind) for kind in kinds]

    for listener in (luigi, dory):
        kinds = ["incoming_message"] * 4 + ["message_edited", "message_deleted"] + ["reaction"] * 3
        entries = heard(listener, kinds)
        assert [entry["seq"] for entry in entries] == list(range(1, 10))
        assert (entries[4]["ref"], entries[4]["content"]) == (1, "uno!")
        assert entries[5]["ref"] == 2
        assert [(e["emoji"], e["active"]) for e in entries[6:]] == [
            ("👍", True), ("👀", True), ("👀", False),
        ]  # fmt: skip
        assert {entry["to_user"] for entry in entries[6:]} == {luigi.name}
    page = luigi.gets("get_messages", **with_(dory))
    shown = [
        (m["content"], m["edited"], m["deleted"], m["reactions"], m.get("reply_to"))
        for m in page["messages"]
    ]
    assert shown == [
        ("uno!", True, False, [], None),
        ("", False, True, [], None),
        ("tre", False, False, [{"emoji": "👍", "users": [dory.name], "user_ids": [dory.id]}], None),
        ("quattro", False, False, [], 1),
    ]
    given = dory.gets("get_reactions", **with_(luigi), seq=3)["reactions"]
    assert given == [{"emoji": "👍", "username": dory.name, "user_id": dory.id}]
    assert dory.refused("get_reactions", **with_(luigi), seq=99) == "not_found"


def test_lists_and_marks(talkers: Talkers) -> None:
    """Unread counts what others said; a mark that moves is told to both; muting is remembered."""
    luigi, dory, _ = talkers
    for content in ("uno", "due", "tre"):
        say(luigi, content, with_(dory))
    luigi.gets("delete_message", **with_(dory), seq=2)
    [chat] = dory.gets("list_chats")["chats"]
    assert (chat["to_user"], chat["seq"], chat["read_seq"], chat["unread"]) == (luigi.name, 4, 0, 2)
    assert (chat["last_message"]["content"], chat["muted"]) == ("tre", False)
    dory.gets("mark_read", **with_(luigi), seq=1)
    for listener in (luigi, dory):
        receipt = listener.hears("read_receipt")
        assert (receipt["username"], receipt["seq"]) == (dory.name, 1)
    dory.gets("mute_chat", **with_(luigi))
    [chat] = dory.gets("list_chats")["chats"]
    assert (chat["unread"], chat["muted"]) == (1, True)
    dory.gets("mute_chat", **with_(luigi), active=False)
    dory.say(message_type="typing", **with_(luigi))
    assert luigi.hears("typing") == {
        "message_type": "typing", **with_(luigi), "to_user_id": luigi.id, "from": dory.name,
        "from_id": dory.id, "chat_id": chat["chat_id"], "active": True,
    }  # fmt: skip
    assert dory.request("ping") == {"message_type": "pong"}
    USED.update({"typing", "ping"})


def test_groups(talkers: Talkers) -> None:
    """What happens in a group is in its log; who is invited is told, and finds it in a list."""
    luigi, dory, ugo = talkers
    made = luigi.gets("create_group", name="gita al lago", users=[dory.name, ugo.name])
    group_id = made["group_id"]
    invite = dory.hears("group_invite")
    assert (invite["name"], invite["invited_by"]) == ("gita al lago", luigi.name)
    [listed] = dory.gets("my_group_invites")["invites"]
    assert listed["invite_id"] == invite["invite_id"]
    assert dory.gets("accept_group_invite", invite_id=invite["invite_id"])["group_id"] == group_id
    ugo.gets("reject_group_invite", invite_id=ugo.hears("group_invite")["invite_id"])
    assert luigi.hears("group_invite_rejected")["username"] == ugo.name
    assert luigi.gets("invite", username=ugo.name, group_id=group_id)["username"] == ugo.name
    luigi.gets("open_group", group_id=group_id)
    assert ugo.gets("join_group", group_id=group_id)["group_id"] == group_id
    assert say(dory, "ciao", within(group_id)) == 4
    luigi.gets("set_role", group_id=group_id, username=dory.name, role="admin")
    dory.gets("close_group", group_id=group_id)
    dory.gets("rename_group", group_id=group_id, name="gita al mare")
    dory.gets("remove_member", group_id=group_id, username=ugo.name)
    entries = [
        luigi.hears(kind)
        for kind in (
            "member_joined", "member_joined", "member_joined", "incoming_message", "role_changed",
            "group_renamed", "member_left",
        )
    ]  # fmt: skip
    assert [entry["seq"] for entry in entries] == list(range(1, 8))
    assert [(e["username"], e["by"]) for e in entries[:3]] == [
        (luigi.name, luigi.name), (dory.name, luigi.name), (ugo.name, ugo.name),
    ]  # fmt: skip
    assert (entries[4]["username"], entries[4]["role"]) == (dory.name, "admin")
    assert entries[5]["name"] == "gita al mare"
    assert (entries[6]["username"], entries[6]["by"]) == (ugo.name, dory.name)
    # Ugo sees what stands between his joining and his leaving, and nothing else.
    heard = [ugo.hears(kind) for kind in ("member_joined", "incoming_message", "member_left")]
    assert [entry["seq"] for entry in heard] == [3, 4, 7]
    say(luigi, "senza Ugo", within(group_id))
    assert ugo.silent()
    assert ugo.refused("send_message", content="x", **within(group_id)) == "not_a_member"
    members = luigi.gets("group_members", group_id=group_id)["members"]
    assert [(m["username"], m["role"]) for m in members] == [
        (dory.name, "admin"), (luigi.name, "owner"),
    ]  # fmt: skip
    [group] = dory.gets("my_groups")["groups"]
    assert group == {
        "group_id": group_id, "chat_id": group_id, "name": "gita al mare", "role": "admin",
        "open": False,
    }  # fmt: skip
    [chat] = dory.gets("list_chats")["chats"]
    assert (chat["group_id"], chat["name"], chat["role"], chat["open"]) == (
        group_id, "gita al mare", "admin", False,
    )  # fmt: skip
    dory.gets("delete_group_messages", group_id=group_id)
    assert dory.gets("get_messages", **within(group_id)) == {
        "messages": [], "has_more": False, "chat_id": group_id,
    }  # fmt: skip
    dory.say(message_type="typing", **within(group_id), active=True)
    assert luigi.hears("typing")["group_id"] == group_id
    dory.request("ping")
    dory.events.clear()
    luigi.gets("leave_group", group_id=group_id)
    assert dory.hears("member_left")["username"] == luigi.name
    assert dory.hears("role_changed")["role"] == "owner"
    dory.gets("leave_group", name="gita al mare")


def test_friends(talkers: Talkers) -> None:
    luigi, dory, ugo = talkers
    assert luigi.gets("send_friend_request", username=dory.name, message="ciao") == {
        "accepted": False
    }
    assert dory.hears("friend_request") == {
        "message_type": "friend_request", "username": luigi.name, "user_id": luigi.id,
        "message": "ciao",
    }  # fmt: skip
    [asked] = dory.gets("received_friend_requests")["requests"]
    assert (asked["username"], asked["message"]) == (luigi.name, "ciao")
    [sent] = luigi.gets("sent_friend_requests")["requests"]
    assert sent["username"] == dory.name
    dory.gets("accept_friend_request", username=luigi.name)
    assert luigi.hears("friend_request_accepted")["username"] == dory.name
    assert luigi.gets("list_friends")["friends"][0]["username"] == dory.name
    assert luigi.gets("list_users") == luigi.gets("all_users")
    dory.gets("remove_friend", username=luigi.name)
    assert luigi.hears("friend_removed")["username"] == dory.name
    ugo.gets("send_friend_request", username=dory.name)
    dory.gets("reject_friend_request", username=ugo.name)
    assert ugo.hears("friend_request_rejected")["username"] == dory.name
    luigi.gets("send_friend_request", username=ugo.name)
    assert ugo.gets("send_friend_request", username=luigi.name) == {"accepted": True}
    assert luigi.hears("friend_request_accepted")["username"] == ugo.name


def test_a_blocked_user_reaches_nobody(talkers: Talkers) -> None:
    luigi, dory, _ = talkers
    say(luigi, "ciao", with_(dory))
    luigi.gets("send_friend_request", username=dory.name)
    dory.gets("accept_friend_request", username=luigi.name)
    dory.gets("block_user", username=luigi.name)
    assert luigi.hears("friend_removed")["username"] == dory.name
    assert dory.gets("blocked_users")["users"] == [{"username": luigi.name, "user_id": luigi.id}]
    group_id = luigi.gets("create_group", name="trappola")["group_id"]
    dory.request("ping")
    dory.events.clear()
    for attempt in (
        {"message_type": "send_message", **with_(dory), "content": "ci sei?"},
        {"message_type": "send_private_message", "username": dory.name, "text": "ci sei?"},
        {"message_type": "edit_message", **with_(dory), "seq": 1, "content": "ascolta"},
        {"message_type": "react", **with_(dory), "seq": 1, "emoji": "👀"},
        {"message_type": "typing", **with_(dory)},
        {"message_type": "send_friend_request", "username": dory.name},
        {"message_type": "invite", "username": dory.name, "group_id": group_id},
    ):
        assert luigi.refused(**attempt) == "forbidden", attempt
    assert dory.silent()
    dory.gets("unblock_user", username=luigi.name)
    assert say(luigi, "eccoti", with_(dory)) == 2


def test_a_deleted_account_leaves_its_groups(talkers: Talkers) -> None:
    """Its owner's role passes on; its messages stay, under the name that it has now."""
    luigi, dory, ugo = talkers
    group_id = luigi.gets("create_group", name="orfani", users=[dory.name, ugo.name])["group_id"]
    dory.gets("accept_group_invite", invite_id=dory.hears("group_invite")["invite_id"])
    say(luigi, "addio", within(group_id))
    luigi.request("delete_account", password=PASSWORD)
    assert dory.hears("account_deleted")["user_id"] == luigi.id
    assert dory.hears("member_left")["by"] == luigi.name
    change = dory.hears("role_changed")
    assert (change["username"], change["role"]) == (dory.name, "owner")
    [message] = dory.gets("get_messages", **within(group_id))["messages"]
    assert message["from"].startswith("deleted~")
    assert ugo.gets("my_group_invites")["invites"] == []


def test_search(talkers: Talkers) -> None:
    """Any part of a message in any script, by who, where and when, page by page."""
    luigi, dory, ugo = talkers
    group_id = luigi.gets("create_group", name="cinema")["group_id"]
    for content in ("Stasera al CINEMA", "我们去看电影", "città vecchia", "100% sicuro_x"):
        say(luigi, content, with_(dory))
        say(luigi, f"{content} gruppo", within(group_id))
    say(dory, "cinema?", with_(luigi))

    def found(talker: Talker, query: str, **more: Any) -> list[tuple[str, str]]:
        messages = talker.gets("search", query=query, **more)["messages"]
        return [(m.get("to_user") or m["group_id"], m["content"]) for m in messages]

    assert found(luigi, "cinema") == [
        (dory.name, "cinema?"),
        (group_id, "Stasera al CINEMA gruppo"),
        (dory.name, "Stasera al CINEMA"),
    ]
    assert found(dory, "CiNeMa") == [(luigi.name, "cinema?"), (luigi.name, "Stasera al CINEMA")]
    assert found(ugo, "cinema") == []
    assert found(dory, "电影") == [(luigi.name, "我们去看电影")]
    assert found(dory, "影") == [(luigi.name, "我们去看电影")]
    assert found(dory, "citta\u0300 v") == [(luigi.name, "città vecchia")]
    assert found(dory, "0% s") == [(luigi.name, "100% sicuro_x")]
    assert found(dory, '"%_') == []
    assert found(luigi, "cinema", **{"from": dory.name}) == [(dory.name, "cinema?")]
    assert found(luigi, "cinema", **within(group_id)) == [(group_id, "Stasera al CINEMA gruppo")]
    now = luigi.gets("search", query="cinema?")["messages"][0]["timestamp"]
    assert found(luigi, "cinema", after=now - 0.001) == [(dory.name, "cinema?")]
    assert len(found(luigi, "cinema", before=now)) == 2
    pages, cursor = [], {}
    while True:
        page = luigi.gets("search", query="c", limit=2, **cursor)
        pages += [(m.get("to_user"), m["seq"]) for m in page["messages"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["cursor"]}
    assert len(pages) == len(set(pages)) == 7
    assert luigi.refused("search", query="c", cursor="mine") == "invalid_request"
    assert luigi.refused("search", query=" ") == "invalid_request"
    assert ugo.refused("search", query="cinema", **within(group_id)) == "not_a_member"


def test_every_request_and_event_was_seen() -> None:
    """Runs after the others; sections 2 and 3 together."""
    commands = set(documented_commands())
    assert set(ROWS) - USED - commands == set()
    assert set(EVENTS) >= {"reaction", "user_status", "group_invite_rejected", "incoming_message"}
