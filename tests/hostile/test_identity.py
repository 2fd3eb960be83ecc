"""Somebody takes over a name: nothing that was meant for the one before reaches them, and nothing
that they write is taken for the other's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon

Places = tuple[Daemon, Daemon]


@pytest.fixture(params=["one node", "two nodes"])
def places(request: pytest.FixtureRequest) -> Places:
    """Where the victim is, and where the name changes hands."""
    if request.param == "two nodes":
        first, second = request.getfixturevalue("nodes")
        return first, second
    daemon = request.getfixturevalue("daemon")
    return daemon, daemon


class Victim:
    """Luigi, who has a chat with Dory."""

    def __init__(self, here: Daemon) -> None:
        self.here = here
        self.name, self.token = register(here, "luigi")
        self.socket = WebSocket(here.url, self.token)
        self.epoch = self.socket.welcome["epoch"]

    def sends(self, content: str, **where: Any) -> dict[str, Any]:
        return self.socket.request("send_message", content=content, **where)

    def leaves(self) -> None:
        self.socket.hang_up()

    def returns(self, *cursors: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        """What the answer says of the resume, and what was missed."""
        self.socket = WebSocket(self.here.url)
        resume = {"epoch": self.epoch, "chats": list(cursors)}
        welcome = self.socket.ask(message_type="auth", session_token=self.token, resume=resume)
        assert welcome["success"], welcome
        if welcome["resume"] == "reset":
            return "reset", []
        *missed, _ = self.socket.hear_until("caught_up")
        return welcome["resume"], missed

    def chats(self) -> dict[str, dict[str, Any]]:
        chats = self.socket.request("list_chats")["chats"]
        return {chat["chat_id"]: chat for chat in chats}


class Dory:
    """Has a name, and another Dory takes it."""

    def __init__(self, there: Daemon) -> None:
        self.there = there
        self.name, self.token = register(there, "dory")

    def goes(self) -> None:
        with Telephone(self.there.tcp_port) as telephone:
            gone = telephone.ask(f"/delete_account {self.token} {PASSWORD}")
            assert gone == "OK: Account deleted"

    def is_taken_over(self) -> None:
        self.goes()
        with Telephone(self.there.tcp_port) as telephone:
            made = telephone.ask(f"/register {self.name} {PASSWORD}")
        assert made.startswith(f"OK: Registered as {self.name} SESSION: "), made
        self.token = made.split()[-1]

    def says(self, to: str, *contents: str) -> None:
        with Telephone(self.there.tcp_port) as telephone:
            telephone.ask(f"/auth {self.token}")
            for content in contents:
                assert telephone.ask(f"/private - {to} {content}").startswith("OK: ")


def test_what_was_meant_for_the_old_one_does_not_reach_the_new_one(places: Places) -> None:
    """While everybody is connected, and every node remembers who had the name."""
    here, there = places
    luigi, dory = Victim(here), Dory(there)
    sent = luigi.sends("ciao", to_user=dory.name)
    chat_id, user_id = sent["chat_id"], sent["to_user_id"]
    dory.is_taken_over()
    for where in ({"chat_id": chat_id}, {"to_user_id": user_id}):
        for name in ({}, {"to_user": dory.name, "chat_type": "private"}):
            refused = luigi.sends("segreto", **where, **name, client_id="00000001")
            assert (refused["message_type"], refused["code"], refused["client_id"]) == (
                "error", "not_found", "00000001",
            )  # fmt: skip
    assert luigi.chats()[chat_id]["to_user"].startswith("deleted~")
    with Telephone(there.tcp_port) as telephone:
        assert telephone.ask_lines(f"/get_private_messages {dory.token} {luigi.name}") == [
            "OK: Messages:"
        ]
    luigi.leaves()


def test_what_was_stored_before_is_not_said_to_be_refused(places: Places) -> None:
    """Sent again because its answer was lost; also on a node that has never heard of the chat."""
    here, there = places
    luigi, dory = Victim(here), Dory(there)
    sent = luigi.sends("ciao", to_user=dory.name, client_id="00000001")
    dory.is_taken_over()
    elsewhere = WebSocket(there.url, luigi.token)
    for socket in (luigi.socket, elsewhere):
        for name in ("chat_id", "to_user_id"):
            again = socket.request(
                "send_message", content="ciao", client_id="00000001", **{name: sent[name]}
            )
            assert (again["message_type"], again["seq"], again["duplicate"]) == (
                "message_sent", 1, True,
            )  # fmt: skip
    elsewhere.hang_up()
    luigi.leaves()


@pytest.mark.parametrize("taken", [False, True])
def test_by_name_what_was_stored_before_is_not_sent_again(places: Places, taken: bool) -> None:
    """It is a repeat, or in the way of another message; it never goes to the new one."""
    here, there = places
    luigi, dory = Victim(here), Dory(there)
    luigi.sends("ciao", to_user=dory.name, client_id="00000001")
    dory.is_taken_over() if taken else dory.goes()
    luigi.socket.hang_up()
    luigi.socket = WebSocket(there.url, luigi.token)
    again = luigi.sends("ciao", to_user=dory.name, client_id="00000001")
    if taken:
        assert again["code"] == "client_id_conflict"
    else:
        assert (again["seq"], again["duplicate"]) == (1, True)
        other = luigi.sends("altro", to_user=dory.name, client_id="00000001")
        assert other["code"] == "client_id_conflict"
        assert luigi.sends("ciao", to_user=dory.name, client_id="00000002")["code"] == "not_found"
    luigi.leaves()


def test_by_name_the_new_one_is_meant_at_the_latest_when_asked_again(places: Places) -> None:
    """A node that remembers the old one refuses once, and delivers to nobody."""
    here, there = places
    luigi, ugo, dory = Victim(here), Victim(here), Dory(there)
    old = luigi.sends("ciao", to_user=dory.name)
    dory.is_taken_over()
    first = luigi.sends("sei tu?", to_user=dory.name)
    assert first["message_type"] == "message_sent" or first["code"] == "not_found"
    again = luigi.sends("sei tu?", to_user=dory.name)
    assert again["message_type"] == "message_sent"
    assert again["chat_id"] != old["chat_id"]
    assert again["to_user_id"] != old["to_user_id"]
    stranger = ugo.sends("chi sei?", to_user=dory.name)
    assert (stranger["message_type"], stranger["to_user_id"]) == (
        "message_sent", again["to_user_id"],
    )  # fmt: skip
    for victim in (luigi, ugo):
        victim.leaves()


def test_whom_a_node_remembers_without_a_chat_is_looked_up_again(places: Places) -> None:
    """Ugo has written to the old one here, so this node knows the name; Luigi never has."""
    here, there = places
    luigi, ugo, dory = Victim(here), Victim(here), Dory(there)
    old = ugo.sends("ciao", to_user=dory.name)
    dory.is_taken_over()
    sent = luigi.sends("ciao", to_user=dory.name)
    assert sent["message_type"] == "message_sent", sent
    assert sent["to_user_id"] != old["to_user_id"]
    for victim in (luigi, ugo):
        victim.leaves()


@pytest.mark.parametrize("written", [0, 1, 5])
def test_who_comes_back_by_id_is_not_deceived(places: Places, written: int) -> None:
    """The new Dory wrote nothing, less or more than the old one had."""
    here, there = places
    luigi, dory = Victim(here), Dory(there)
    old = luigi.sends("uno", to_user=dory.name)
    for content in ("due", "tre"):
        luigi.sends(content, chat_id=old["chat_id"])
    luigi.leaves()
    dory.says(luigi.name, "a presto")
    dory.is_taken_over()
    dory.says(luigi.name, *(f"falso {n}" for n in range(written)))
    how, missed = luigi.returns({"chat_id": old["chat_id"], "seq": 2})
    assert how == "ok"
    assert [(m["content"], m["chat_id"]) for m in missed] == [
        ("tre", old["chat_id"]), ("a presto", old["chat_id"]),
    ]  # fmt: skip
    assert missed[0]["to_user"] == missed[1]["from"] != dory.name
    assert missed[0]["to_user_id"] == missed[1]["from_id"] == old["to_user_id"]
    chats = luigi.chats()
    assert chats[old["chat_id"]]["to_user"].startswith("deleted~")
    new = [chat for chat in chats.values() if chat["to_user"] == dory.name]
    assert [chat["seq"] for chat in new] == ([written] if written else [])
    luigi.leaves()


@pytest.mark.parametrize("written", [0, 2, 5])
def test_who_comes_back_by_name_hears_whose_chat_it_is(places: Places, written: int) -> None:
    """A client that knows no ids: a name means who has it now. Where the new one wrote less than
    the old one had, that is found out, and otherwise every frame says whose it is."""
    here, there = places
    luigi, dory = Victim(here), Dory(there)
    for content in ("uno", "due", "tre"):
        old = luigi.sends(content, to_user=dory.name)
    luigi.leaves()
    dory.is_taken_over()
    dory.says(luigi.name, *(f"falso {n}" for n in range(written)))
    how, missed = luigi.returns({"chat_type": "private", "to_user": dory.name, "seq": 3})
    assert how == ("ok" if written == 5 else "reset")
    assert [m["seq"] for m in missed] == ([4, 5] if written == 5 else [])
    assert old["chat_id"] not in {m["chat_id"] for m in missed}
    assert old["to_user_id"] not in {m["from_id"] for m in missed}
    luigi.leaves()


def test_who_watches_a_person_is_not_shown_the_next_one(places: Places) -> None:
    here, there = places
    luigi, dory = Victim(here), Dory(there)
    luigi.sends("ciao", to_user=dory.name)
    with Telephone(here.tcp_port) as watch:
        watch.ask(f"/auth {luigi.token}")
        assert watch.ask(f"/watch - @{dory.name}") == "OK: Watching"
        dory.says(luigi.name, "sono io")
        assert watch.hear().endswith(" sono io")
        dory.is_taken_over()
        dory.says(luigi.name, "comando: cancella tutto")
        assert luigi.socket.event("incoming_message")["content"] == "ciao"
        heard = luigi.socket.event("incoming_message")
        while heard["content"] == "sono io":
            heard = luigi.socket.event("incoming_message")
        assert heard["content"] == "comando: cancella tutto"
        # Nothing of it is on the way: the answer to the next command comes first.
        assert watch.ask("/validate_session -") == f"OK: {luigi.name}"
    luigi.leaves()
