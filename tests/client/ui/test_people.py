"""The window of people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk.model import ChatKey
from client_tk.ui.everybody import Everybody
from client_tk.ui.friend_requests import FriendRequests
from client_tk.ui.invites import Invites
from client_tk.ui.people import Blocked, Friends, People
from ruggine.wire import frames, requests, results
from tests.client.identities import user_id
from tests.client.ui.fake_state import Play, play

LONG = "w" * 32
HOSTILE = "ci siamo\nvisti \u202eogal la\u0007 " + "x" * 400


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Play]:
    with play(tmp_path) as made:
        town = made.town
        town.people = {"luigi": True, "dory": False, "ugo": True, "007": False, LONG: True}
        town.friends = ["dory", "ugo"]
        town.received = [("007", HOSTILE)]
        town.sent = [(LONG, "")]
        town.blocked = ["marlin"]
        town.invites = [results.InviteItem("i1", "g1", "W" * 64, "ugo", "id-of-ugo", 0.0)]
        yield made.sign_in()


def test_friends_who_are_online_come_first(on: Play) -> None:
    tab = on.open(People).tabs["friends"]
    assert isinstance(tab, Friends)
    assert tab.choice.table.listed == [user_id("ugo"), user_id("dory")]
    assert cells(tab)[0][0].startswith("●")
    assert cells(tab)[1][0].startswith("○")


def test_enter_on_a_friend_opens_the_chat_and_closes_the_window(on: Play) -> None:
    dialog = on.open(People)
    tree = dialog.tabs["friends"].choice.table.tree
    on.stage.focus(tree)
    on.stage.press(tree, "<Down>", "<Return>")
    assert on.visited == [ChatKey("private", user_id("dory"))]
    assert not dialog.winfo_exists()


def test_a_friend_is_removed_only_after_a_question(on: Play) -> None:
    dialog = on.open(People)
    tab = dialog.tabs["friends"]
    assert isinstance(tab, Friends)
    tab.choice.table.choose(user_id("dory"))
    press_button(tab.choice, "Remove")
    on.stage.settle()
    assert on.asked == []
    dialog.focus_force()
    on.stage.press(dialog, "<Escape>")  # away with the question, not with the window
    assert dialog.winfo_exists()
    press_button(tab.choice, "Remove")
    answer(dialog, "Remove")
    request = on.waiting(requests.RemoveFriend)
    assert request.user_id == user_id("dory")
    on.town.friends = ["ugo"]
    on.grant(request, results.RemoveFriendResult())
    assert tab.choice.table.listed == [user_id("ugo")]


def test_a_request_is_accepted(on: Play) -> None:
    tab = on.open(People, "requests").tabs["requests"]
    assert isinstance(tab, FriendRequests)
    tab.received.table.choose(user_id("007"))
    on.stage.settle()
    assert "ci siamo visti ogal la" in str(tab._message.cget("text"))
    press_button(tab.received, "Accept")
    request = on.waiting(requests.AcceptFriendRequest)
    assert request.user_id == user_id("007")
    on.town.received, on.town.friends = [], ["007", "dory", "ugo"]
    on.grant(request, results.AcceptFriendRequestResult())
    assert tab.received.table.listed == []
    assert on.state.roster.friends[0].id == user_id("007")


def test_a_request_is_declined_and_an_own_one_taken_back(on: Play) -> None:
    tab = on.open(People, "requests").tabs["requests"]
    assert isinstance(tab, FriendRequests)
    tab.received.table.choose(user_id("007"))
    press_button(tab.received, "Decline")
    assert on.waiting(requests.RejectFriendRequest).user_id == user_id("007")
    tab.sent.table.choose(user_id(LONG))
    press_button(tab.sent, "Take back")
    assert on.waiting(requests.RemoveFriend).user_id == user_id(LONG)


def test_the_filter_finds_and_a_message_goes_with_the_request(on: Play) -> None:
    dialog = on.open(People, "people")
    tab = dialog.tabs["people"]
    assert isinstance(tab, Everybody)
    on.stage.focus(tab.entry)
    on.stage.write(tab.entry, "00")
    assert tab.choice.table.listed == [user_id("007")]
    on.stage.press(tab.entry, "<Return>")
    press_button(tab.choice, "Add friend…")
    on.stage.focus(tab.message)
    on.stage.write(tab.message, "ciao")
    on.stage.press(tab.message, "<Return>")
    request = on.waiting(requests.SendFriendRequest)
    assert (request.user_id, request.message) == (user_id("007"), "ciao")
    on.grant(request, results.SendFriendRequestResult(accepted=True))
    assert str(dialog._sentence.cget("text")) == "You and 007 are friends now."


def test_what_does_not_fit_somebody_is_not_offered(on: Play) -> None:
    tab = on.open(People, "people").tabs["people"]
    assert isinstance(tab, Everybody)
    for name, allowed in (("luigi", False), ("dory", False), (LONG, False), ("007", True)):
        tab.choice.table.choose(user_id(name))
        on.stage.settle()
        assert button(tab.choice, "Add friend…").instate(["!disabled"]) is allowed, name


def test_a_refusal_is_one_sentence_in_the_window(on: Play) -> None:
    dialog = on.open(People, "people")
    tab = dialog.tabs["people"]
    assert isinstance(tab, Everybody)
    tab.choice.table.choose(user_id("007"))
    press_button(tab.choice, "Block")
    answer(dialog, "Block")
    on.refuse(on.waiting(requests.BlockUser), "rate_limited")
    assert str(dialog._sentence.cget("text")) == "Too fast. Try again in a moment."
    assert str(dialog._sentence.cget("style")) == "Danger.TLabel"


def test_who_is_blocked_can_be_unblocked(on: Play) -> None:
    tab = on.open(People, "blocked").tabs["blocked"]
    assert isinstance(tab, Blocked)
    on.stage.focus(tab.choice.table.tree)
    on.stage.press(tab.choice.table.tree, "<Return>")
    assert on.waiting(requests.UnblockUser).user_id == user_id("marlin")


def test_an_invite_is_accepted_and_its_group_shown(on: Play) -> None:
    tab = on.open(People, "invites").tabs["invites"]
    assert isinstance(tab, Invites)
    tab.choice.table.choose("i1")
    press_button(tab.choice, "Join")
    request = on.waiting(requests.AcceptGroupInvite)
    assert request.invite_id == "i1"
    on.grant(request, results.AcceptGroupInviteResult(group_id="g1"))
    assert on.visited == [ChatKey("group", "g1")]


def test_the_tabs_count_what_waits_for_an_answer(on: Play) -> None:
    dialog = on.open(People)
    texts = [dialog.book.tab(tab, "text") for tab in dialog.book.tabs()]
    assert texts == ["Friends", "Requests (1)", "Everybody", "Invites (1)", "Blocked"]


def test_somebody_who_comes_online_moves_up_and_the_choice_stays(on: Play) -> None:
    tab = on.open(People).tabs["friends"]
    assert isinstance(tab, Friends)
    tab.choice.table.choose(user_id("dory"))
    from client_tk.reports import Heard

    said = frames.UserStatus(username="dory", user_id="id-of-dory", online=True, last_seen=0.0)
    on.hear(Heard(said))
    assert tab.choice.table.listed == [user_id("dory"), user_id("ugo")]
    assert tab.choice.table.key == user_id("dory")


def test_a_thousand_people_are_no_burden(on: Play) -> None:
    on.town.people = {f"user{n:04}": n % 3 == 0 for n in range(1000)}
    on.state.roster.refresh("people")
    on.settle()
    tab = on.open(People, "people").tabs["people"]
    assert isinstance(tab, Everybody)
    assert len(tab.choice.table.listed) == 1000


def test_the_window_closes_when_the_session_ends(on: Play) -> None:
    dialog = on.open(People)
    on.state.sign_out()
    on.settle()
    on.grant(on.waiting(requests.Logout), results.LogoutResult())
    assert not dialog.winfo_exists()


def test_an_answer_that_comes_after_the_window_was_closed_harms_nobody(on: Play) -> None:
    dialog = on.open(People, "blocked")
    tab = dialog.tabs["blocked"]
    assert isinstance(tab, Blocked)
    tab.choice.table.choose(user_id("marlin"))
    press_button(tab.choice, "Unblock")
    request = on.waiting(requests.UnblockUser)
    dialog.close()
    on.grant(request, results.UnblockUserResult())


def button(choice, label: str):
    (found,) = [b for b, _fits in choice._buttons if str(b.cget("text")) == label]
    return found


def press_button(choice, label: str) -> None:
    choice.winfo_toplevel().update_idletasks()
    choice.show_buttons()
    found = button(choice, label)
    assert found.instate(["!disabled"]), label
    found.invoke()


def answer(dialog: People, label: str) -> None:
    """The question in the place of the buttons."""
    assert dialog._question is not None
    for child in dialog._question.winfo_children():
        if str(child.cget("text")) == label:
            child.invoke()


def cells(tab: Friends) -> list[tuple[str, ...]]:
    return tab.choice.table._rows
