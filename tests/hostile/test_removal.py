"""Who was removed from a group stays out, in whatever order people invite, join and leave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import WebSocket, register
from tests.daemon import Daemon


class Person(WebSocket):
    def __init__(self, daemon: Daemon, name: str) -> None:
        self.name, self.token = register(daemon, name)
        super().__init__(daemon.url, self.token)

    def ask_of(self, message_type: str, **fields: Any) -> str:
        """ "ok", or the code of the refusal."""
        return str(self.request(message_type, **fields).get("code", "ok"))

    def invites(self) -> list[str]:
        return [i["invite_id"] for i in self.request("my_group_invites")["invites"]]


class Club:
    """Luigi's group with Dory in it; Ugo is outside."""

    def __init__(self, daemon: Daemon) -> None:
        self.luigi, self.dory, self.ugo = (Person(daemon, n) for n in ("luigi", "dory", "ugo"))
        self.group_id = self.luigi.request("create_group", name="club")["group_id"]
        self.let_in(self.dory)

    def invite(self, by: Person, who: Person) -> str:
        return by.ask_of("invite", username=who.name, group_id=self.group_id)

    def let_in(self, who: Person) -> None:
        assert self.invite(self.luigi, who) == "ok"
        [invite] = who.invites()
        assert who.ask_of("accept_group_invite", invite_id=invite) == "ok"

    def remove(self, who: Person) -> None:
        fields = {"group_id": self.group_id, "username": who.name}
        assert self.luigi.ask_of("remove_member", **fields) == "ok"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("removal")).start()
    yield daemon
    daemon.stop()


@pytest.fixture
def club(daemon: Daemon) -> Iterator[Club]:
    club = Club(daemon)
    yield club
    for person in (club.luigi, club.dory, club.ugo):
        person.hang_up()


def test_a_plain_member_does_not_bring_back_who_was_removed(club: Club) -> None:
    club.let_in(club.ugo)
    club.remove(club.ugo)
    assert club.invite(club.dory, club.ugo) == "forbidden"
    assert club.ugo.invites() == []
    role = {"group_id": club.group_id, "username": club.dory.name, "role": "admin"}
    assert club.luigi.ask_of("set_role", **role) == "ok"
    assert club.invite(club.dory, club.ugo) == "ok"
    [invite] = club.ugo.invites()
    assert club.ugo.ask_of("accept_group_invite", invite_id=invite) == "ok"


def test_who_was_removed_does_not_walk_in_where_it_is_open(club: Club) -> None:
    assert club.luigi.ask_of("open_group", group_id=club.group_id) == "ok"
    assert club.ugo.ask_of("join_group", group_id=club.group_id) == "ok"
    club.remove(club.ugo)
    for named in ({"group_id": club.group_id}, {"name": "club"}):
        assert club.ugo.ask_of("join_group", **named) in ("forbidden", "invalid_request")


def test_who_left_by_themselves_comes_back_as_before(club: Club) -> None:
    assert club.dory.ask_of("leave_group", group_id=club.group_id) == "ok"
    club.let_in(club.ugo)
    assert club.invite(club.ugo, club.dory) == "ok"


def test_who_was_removed_and_came_back_may_leave_and_be_invited_by_anybody(club: Club) -> None:
    club.let_in(club.ugo)
    club.remove(club.ugo)
    club.let_in(club.ugo)
    assert club.ugo.ask_of("leave_group", group_id=club.group_id) == "ok"
    assert club.invite(club.dory, club.ugo) == "ok"


def test_a_removal_withdraws_the_invites_of_who_is_removed(club: Club) -> None:
    assert club.invite(club.dory, club.ugo) == "ok"
    [invite] = club.ugo.invites()
    club.remove(club.dory)
    assert club.ugo.invites() == []
    assert club.ugo.ask_of("accept_group_invite", invite_id=invite) == "not_found"


def test_an_invite_of_somebody_else_stays(club: Club) -> None:
    assert club.invite(club.luigi, club.ugo) == "ok"
    club.remove(club.dory)
    assert len(club.ugo.invites()) == 1


@pytest.mark.parametrize("blocker", ["who is invited", "who invites"])
def test_a_block_withdraws_invites(club: Club, blocker: str) -> None:
    assert club.invite(club.dory, club.ugo) == "ok"
    [invite] = club.ugo.invites()
    one, other = (club.ugo, club.dory) if blocker == "who is invited" else (club.dory, club.ugo)
    assert one.ask_of("block_user", username=other.name) == "ok"
    assert club.ugo.invites() == []
    assert club.ugo.ask_of("accept_group_invite", invite_id=invite) == "not_found"
    assert one.ask_of("unblock_user", username=other.name) == "ok"
    assert club.ugo.invites() == []
    assert club.invite(club.dory, club.ugo) == "ok"
