"""Ids: each name and each chat has one, requests may use them, and what is gone is not found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon


class Somebody(WebSocket):
    """Chats over one WebSocket, and has a telephone for what is quicker typed."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        self.daemon = daemon
        self.name, self.token = register(daemon, name)
        super().__init__(daemon.url, self.token)
        self.id = str(self.welcome["user_id"])

    def types(self, *lines: str) -> list[str]:
        with Telephone(self.daemon.tcp_port) as telephone:
            telephone.ask(f"/auth {self.token}")
            return [telephone.ask(line) for line in lines]

    def sends(self, content: str, **where: Any) -> dict[str, Any]:
        """What a send answers with."""
        return self.request("send_message", content=content, **where)

    def gets(self, message_type: str, **fields: Any) -> dict[str, Any]:
        reply = self.request(message_type, **fields)
        assert reply["message_type"] == f"{message_type}_result", reply
        return reply

    def refusal(self, message_type: str, **fields: Any) -> tuple[str, str]:
        """The code and the sentence."""
        reply = self.request(message_type, **fields)
        assert reply["message_type"] == "error", reply
        return reply["code"], reply["error"]

    def deletes_account(self) -> None:
        assert self.types(f"/delete_account - {PASSWORD}") == ["OK: Account deleted"]


People = tuple[Somebody, Somebody, Somebody]


@pytest.fixture(params=["one node", "two nodes"])
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    """Luigi, Dory and Ugo. Dory may be on another node."""
    if request.param == "one node":
        here = there = request.getfixturevalue("daemon")
    else:
        here, there = request.getfixturevalue("nodes")
    luigi, dory, ugo = Somebody(here, "luigi"), Somebody(there, "dory"), Somebody(here, "ugo")
    yield luigi, dory, ugo
    for somebody in (luigi, dory, ugo):
        somebody.hang_up()


def test_a_chat_has_one_id_wherever_it_is_shown(people: People) -> None:
    luigi, dory, _ = people
    sent = luigi.sends("uno", to_user=dory.name)
    chat_id = sent["chat_id"]
    assert (sent["chat_type"], sent["to_user_id"]) == ("private", dory.id)
    heard = dory.event("incoming_message")
    assert (heard["chat_id"], heard["from_id"], heard["to_user_id"]) == (
        chat_id, luigi.id, dory.id,
    )  # fmt: skip
    dory.gets("react", chat_id=chat_id, seq=1, emoji="👍")
    page = luigi.gets("get_messages", chat_id=chat_id)
    assert page["chat_id"] == chat_id
    assert page["messages"][0]["reactions"] == [
        {"emoji": "👍", "users": [dory.name], "user_ids": [dory.id]}
    ]
    [item] = dory.gets("list_chats")["chats"]
    assert (item["chat_id"], item["to_user_id"]) == (chat_id, luigi.id)
    [hit] = dory.gets("search", query="uno", chat_id=chat_id, from_id=luigi.id)["messages"]
    assert (hit["chat_id"], hit["to_user_id"], hit["from_id"]) == (chat_id, luigi.id, luigi.id)


def test_the_chat_id_of_a_group_is_its_group_id(people: People) -> None:
    luigi, dory, _ = people
    group_id = luigi.gets("create_group", name="gita", user_ids=[dory.id])["group_id"]
    invite = dory.event("group_invite")
    assert (invite["invited_by"], invite["invited_by_id"]) == (luigi.name, luigi.id)
    dory.gets("accept_group_invite", invite_id=invite["invite_id"])
    sent = dory.sends("uno", chat_id=group_id)
    assert (sent["chat_type"], sent["chat_id"], sent["group_id"]) == ("group", group_id, group_id)
    assert [group["chat_id"] for group in luigi.gets("my_groups")["groups"]] == [group_id]
    assert {m["user_id"] for m in luigi.gets("group_members", group_id=group_id)["members"]} == {
        luigi.id, dory.id,
    }  # fmt: skip
    joined = luigi.event("member_joined")
    while joined["user_id"] != dory.id:
        joined = luigi.event("member_joined")
    assert (joined["username"], joined["by_id"]) == (dory.name, luigi.id)


@pytest.mark.parametrize("way", ["to_user", "to_user_id", "group_id", "chat_id"])
def test_a_chat_is_named_in_one_way_and_its_type_follows(people: People, way: str) -> None:
    luigi, dory, _ = people
    name = {
        "to_user": dory.name.upper(),
        "to_user_id": dory.id,
        "group_id": luigi.gets("create_group", name="gita")["group_id"],
        "chat_id": luigi.sends("prima", to_user=dory.name)["chat_id"],
    }[way]
    sent = luigi.sends("uno", **{way: name})
    assert sent["message_type"] == "message_sent", sent
    for request in ("get_messages", "mark_read", "edit_message", "mute_chat"):
        luigi.gets(request, **{way: name}, **_NEEDED.get(request, {"seq": sent["seq"]}))


_NEEDED: dict[str, dict[str, Any]] = {
    "get_messages": {},
    "mute_chat": {},
    "edit_message": {"seq": 2, "content": "due"},
}


def test_an_id_counts_and_the_name_beside_it_does_not(people: People) -> None:
    luigi, dory, ugo = people
    by_user = luigi.sends("uno", to_user=ugo.name, to_user_id=dory.id, chat_type="private")
    assert by_user["to_user"] == dory.name
    by_chat = luigi.sends("due", to_user=ugo.name, chat_type="group", chat_id=by_user["chat_id"])
    assert (by_chat["to_user_id"], by_chat["seq"]) == (dory.id, 2)
    luigi.gets("send_private_message", username=ugo.name, user_id=dory.id, text="tre")
    assert [m["content"] for m in luigi.gets("get_messages", to_user_id=dory.id)["messages"]] == [
        "uno", "due", "tre",
    ]  # fmt: skip
    code, _ = luigi.refusal("send_message", to_user=dory.name, group_id="g", content="x")
    assert code == "invalid_request"
    assert luigi.refusal("send_message", content="x")[0] == "invalid_request"
    assert luigi.refusal("block_user")[0] == "invalid_request"


def test_people_are_named_by_id(people: People) -> None:
    luigi, dory, _ = people
    luigi.gets("send_friend_request", user_id=dory.id)
    assert dory.event("friend_request")["user_id"] == luigi.id
    [asked] = dory.gets("received_friend_requests")["requests"]
    assert (asked["username"], asked["user_id"]) == (luigi.name, luigi.id)
    dory.gets("accept_friend_request", user_id=luigi.id)
    assert [f["user_id"] for f in luigi.gets("list_friends")["friends"]] == [dory.id]
    luigi.gets("remove_friend", user_id=dory.id)
    luigi.gets("block_user", user_id=dory.id)
    assert luigi.gets("blocked_users")["users"] == [{"username": dory.name, "user_id": dory.id}]
    luigi.gets("unblock_user", user_id=dory.id)
    group_id = luigi.gets("create_group", name="gita")["group_id"]
    assert luigi.gets("invite", user_id=dory.id, group_id=group_id)["user_id"] == dory.id
    [invite] = dory.gets("my_group_invites")["invites"]
    assert invite["invited_by_id"] == luigi.id
    dory.gets("accept_group_invite", invite_id=invite["invite_id"])
    luigi.gets("set_role", user_id=dory.id, group_id=group_id, role="admin")
    luigi.gets("remove_member", user_id=dory.id, group_id=group_id)


def test_others_chats_and_no_chats_answer_alike(people: People) -> None:
    luigi, dory, ugo = people
    private = luigi.sends("uno", to_user=dory.name)["chat_id"]
    group = luigi.gets("create_group", name="gita")["group_id"]
    nothing = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    requests: dict[str, dict[str, Any]] = {
        "send_message": {"content": "x"}, "get_messages": {}, "mark_read": {"seq": 1},
        "typing": {}, "edit_message": {"seq": 1, "content": "x"}, "delete_message": {"seq": 1},
        "react": {"seq": 1, "emoji": "x"}, "mute_chat": {}, "search": {"query": "uno"},
    }  # fmt: skip
    for request, fields in requests.items():
        answers = {ugo.refusal(request, chat_id=i, **fields) for i in (private, group, nothing)}
        assert {code for code, _ in answers} == {"not_found"}, request
        assert len(answers) == 1, request
    assert (
        ugo.types(f"/watch - {private}", f"/watch - {nothing}")
        == ["ERR: There is no such chat. [not_found]"] * 2
    )


def test_who_left_a_group_still_reads_it_by_its_id(people: People) -> None:
    luigi, dory, _ = people
    group_id = luigi.gets("create_group", name="gita")["group_id"]
    luigi.gets("open_group", group_id=group_id)
    dory.gets("join_group", group_id=group_id)
    dory.sends("uno", chat_id=group_id)
    dory.gets("leave_group", group_id=group_id)
    assert [m["content"] for m in dory.gets("get_messages", chat_id=group_id)["messages"]] == [
        "uno"
    ]
    assert dory.sends("due", chat_id=group_id)["code"] == "not_a_member"


def test_the_line_port_takes_a_chat_id(people: People) -> None:
    luigi, dory, ugo = people
    chat_id = luigi.sends("uno", to_user=dory.name)["chat_id"]
    assert luigi.types(f"/edit_message - {chat_id} 1 due") == ["OK: Message edited"]
    with Telephone(luigi.daemon.tcp_port) as telephone:
        telephone.ask(f"/auth {luigi.token}")
        assert telephone.ask(f"/watch - {chat_id}") == "OK: Watching"
        luigi.sends("altrove", to_user=ugo.name)
        luigi.sends("qui", to_user=dory.name)
        assert telephone.hear().endswith(f" {luigi.name} qui")


def test_who_knew_them_is_told_that_an_account_is_deleted(people: People) -> None:
    """Friends, chat partners and fellow members, on every node; not strangers, nor the blocked."""
    luigi, dory, ugo = people
    friend, fellow, stranger = (Somebody(luigi.daemon, name) for name in ("ada", "ivo", "eva"))
    luigi.sends("ciao", to_user=dory.name)
    ugo.sends("ciao", to_user=dory.name)
    dory.gets("block_user", user_id=ugo.id)
    friend.gets("send_friend_request", user_id=dory.id)
    dory.gets("accept_friend_request", user_id=friend.id)
    group_id = dory.gets("create_group", name="gita")["group_id"]
    dory.gets("open_group", group_id=group_id)
    fellow.gets("join_group", group_id=group_id)
    dory.deletes_account()
    for knows in (luigi, friend, fellow):
        told = knows.event("account_deleted")
        assert told == {
            "message_type": "account_deleted", "username": dory.name, "user_id": dory.id,
            "new_username": told["new_username"],
        }  # fmt: skip
        assert told["new_username"].startswith("deleted~")
        assert knows.request("ping")["message_type"] == "pong"
        assert "account_deleted" not in [e["message_type"] for e in knows.events]
    for other in (stranger, ugo):
        assert other.request("ping")["message_type"] == "pong"
        assert "account_deleted" not in [e["message_type"] for e in other.events]
    [item] = luigi.gets("list_chats")["chats"]
    assert (item["to_user"], item["to_user_id"]) == (told["new_username"], dory.id)
    for somebody in (friend, fellow, stranger):
        somebody.hang_up()
