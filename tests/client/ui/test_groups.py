"""Making, joining and looking after groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk.model import ChatKey
from client_tk.ui.group_info import GroupInfo
from client_tk.ui.groups import InvitePeople, JoinGroup, NewGroup
from ruggine.wire import requests, results
from tests.client.identities import user_id
from tests.client.ui.fake_state import Play, play
from tests.client.ui.test_people import answer, button, press_button

ID = "5f0c1a2b-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Play]:
    with play(tmp_path) as made:
        made.town.people = {"luigi": True, "dory": True, "ugo": False, "anna": False}
        made.town.friends = ["ugo"]
        yield made


def group(on: Play, role: str) -> GroupInfo:
    key = on.town.add_group(ID, "gita", role)
    on.town.members[ID] = [
        results.MemberItem("luigi", "id-of-luigi", role, True),
        results.MemberItem("dory", "id-of-dory", "admin", True),
        results.MemberItem("ugo", "id-of-ugo", "member", False),
    ]
    on.sign_in()
    return on.open(GroupInfo, key)


# A new one


def test_a_group_is_made_with_the_people_that_were_ticked(on: Play) -> None:
    dialog = on.sign_in().open(NewGroup)
    on.stage.focus(dialog.name.entry)
    on.stage.write(dialog.name.entry, "gita al lago")
    tree = dialog.picker.table.tree
    assert dialog.picker.table.listed == [
        user_id(name) for name in ("ugo", "anna", "dory")
    ]  # friends first, and not oneself
    on.stage.focus(tree)
    on.stage.press(tree, "<space>", "<Down>", "<Down>", "<space>")
    on.stage.focus(dialog.name.entry)
    on.stage.press(dialog.name.entry, "<Return>")
    request = on.waiting(requests.CreateGroup)
    assert (request.name, request.user_ids) == (
        "gita al lago", [user_id("ugo"), user_id("dory")],
    )  # fmt: skip
    on.grant(request, results.CreateGroupResult(group_id=ID, name="gita al lago"))
    assert on.visited == [ChatKey("group", ID)]
    assert not dialog.winfo_exists()


def test_a_name_that_breaks_the_rules_is_told_and_not_sent(on: Play) -> None:
    dialog = on.sign_in().open(NewGroup)
    assert str(dialog.name._sentence.cget("text")) == ""
    dialog.name.set("a:b")
    assert "without" in str(dialog.name._sentence.cget("text"))
    assert dialog.default is not None
    dialog.default.invoke()
    assert on.asked == []
    dialog.name.set(ID)
    dialog.default.invoke()
    assert on.asked == []


def test_who_was_ticked_stays_so_under_a_filter(on: Play) -> None:
    dialog = on.sign_in().open(NewGroup)
    on.stage.focus(dialog.picker.entry)
    on.stage.write(dialog.picker.entry, "dor")
    on.stage.press(dialog.picker.entry, "<Return>")
    assert dialog.picker.chosen == [user_id("dory")]
    assert dialog.picker.entry.get() == ""
    assert len(dialog.picker.table.listed) == 3


def test_pressing_twice_makes_one_group(on: Play) -> None:
    dialog = on.sign_in().open(NewGroup)
    dialog.name.set("gita")
    assert dialog.default is not None
    dialog.default.invoke()
    dialog.default.invoke()
    assert on.waiting(requests.CreateGroup).name == "gita"


# Joining


@pytest.mark.parametrize("text", ["gita al lago", ID])
def test_a_group_is_joined_by_its_name_or_id(on: Play, text: str) -> None:
    dialog = on.sign_in().open(JoinGroup)
    dialog.which.set(text)
    on.stage.focus(dialog.which.entry)
    on.stage.press(dialog.which.entry, "<Return>")
    request = on.waiting(requests.JoinGroup)
    assert request.group == text
    assert (request.group_id is not None) is (text == ID)
    on.grant(request, results.JoinGroupResult(group_id=ID))
    assert on.visited == [ChatKey("group", ID)]


def test_a_group_that_is_not_open_is_told(on: Play) -> None:
    dialog = on.sign_in().open(JoinGroup)
    dialog.which.set("gita")
    assert dialog.default is not None
    dialog.default.invoke()
    on.refuse(on.waiting(requests.JoinGroup), "forbidden")
    assert "no open group" in str(dialog._sentence.cget("text"))


# Looking after one


def test_a_member_may_look_and_invite_and_leave(on: Play) -> None:
    dialog = group(on, "member")
    assert dialog.name.entry.instate(["disabled"])
    assert dialog.open.instate(["disabled"])
    dialog.members.table.choose(user_id("ugo"))
    on.stage.settle()
    assert button(dialog.members, "Role…").instate(["disabled"])
    assert button(dialog.members, "Remove").instate(["disabled"])


def test_an_admin_removes_plain_members_only(on: Play) -> None:
    dialog = group(on, "admin")
    dialog.members.table.choose(user_id("dory"))
    on.stage.settle()
    assert button(dialog.members, "Remove").instate(["disabled"])
    dialog.members.table.choose(user_id("ugo"))
    on.stage.settle()
    press_button(dialog.members, "Remove")
    answer(dialog, "Remove")
    assert on.waiting(requests.RemoveMember).user_id == user_id("ugo")


def test_an_owner_renames_opens_and_sets_roles(on: Play) -> None:
    dialog = group(on, "owner")
    dialog.name.set("gita al mare")
    on.stage.focus(dialog.name.entry)
    on.stage.press(dialog.name.entry, "<Return>")
    assert on.waiting(requests.RenameGroup).name == "gita al mare"
    dialog.open.invoke()
    assert on.waiting(requests.OpenGroup).group_id == ID
    dialog._set_role(user_id("ugo"), "admin")
    request = on.waiting(requests.SetRole)
    assert (request.user_id, request.role) == (user_id("ugo"), "admin")


def test_opening_that_is_refused_is_taken_back(on: Play) -> None:
    dialog = group(on, "owner")
    dialog.open.invoke()
    on.refuse(on.waiting(requests.OpenGroup), "unavailable")
    assert not dialog._open.get()


def test_members_are_listed_by_role_and_with_their_presence(on: Play) -> None:
    dialog = group(on, "owner")
    assert dialog.members.table.listed == [user_id(name) for name in ("luigi", "dory", "ugo")]
    assert dialog.members.table._rows[2] == ("○ ugo", "member", "offline")


def test_leaving_closes_the_window_after_a_question(on: Play) -> None:
    dialog = group(on, "member")
    dialog._leave()
    assert on.asked == []
    answer(dialog, "Leave group")
    on.grant(on.waiting(requests.LeaveGroup), results.LeaveGroupResult())
    assert not dialog.winfo_exists()


def test_who_is_in_it_is_not_invited_again(on: Play) -> None:
    dialog = group(on, "member")
    dialog._invite()
    (inviting,) = [child for child in dialog.winfo_children() if isinstance(child, InvitePeople)]
    on.stage.settle()
    assert inviting.picker.table.listed == [user_id("anna")]
    inviting.picker.table.choose(user_id("anna"))
    inviting.picker._toggle()
    inviting._invite()
    request = on.waiting(requests.Invite)
    assert (request.user_id, request.group_id) == (user_id("anna"), ID)
    on.refuse(request, "already_done")
    assert "anna is a member or was invited already." in str(inviting._sentence.cget("text"))


def test_a_group_that_was_left_elsewhere_takes_its_window_along(on: Play) -> None:
    dialog = group(on, "member")
    on.town.groups.clear()
    on.state._list_chats()
    on.settle()
    assert not dialog.winfo_exists()
