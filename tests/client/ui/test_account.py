"""Sessions, the password and the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk.settings import Settings
from client_tk.ui.password import ChangePassword
from client_tk.ui.preferences import Preferences
from client_tk.ui.sessions import Sessions
from ruggine.wire import requests, results
from tests.client.ui.fake_state import Play, play
from tests.client.ui.test_people import answer, button, press_button


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Play]:
    with play(tmp_path) as made:
        yield made.sign_in()


# Sessions


def sessions(on: Play) -> Sessions:
    dialog = on.open(Sessions)
    listed = [
        results.SessionItem("b", "laptop\nevil", 0.0, 1_763_270_400.0, False),
        results.SessionItem("a", "here", 0.0, 1_763_000_400.0, True),
    ]
    on.grant(on.waiting(requests.Sessions), results.SessionsResult(sessions=listed))
    on.stage.settle()
    return dialog


def test_this_session_comes_first_and_is_not_ended_like_others(on: Play) -> None:
    dialog = sessions(on)
    table = dialog.sessions.table
    assert table.listed == ["a", "b"]
    table.choose("a")
    on.stage.settle()
    assert button(dialog.sessions, "End session").instate(["disabled"])


def test_another_session_is_ended(on: Play) -> None:
    dialog = sessions(on)
    dialog.sessions.table.choose("b")
    on.stage.settle()
    press_button(dialog.sessions, "End session")
    answer(dialog, "End session")
    request = on.waiting(requests.RevokeSession)
    assert request.session_id == "b"
    on.grant(request, results.RevokeSessionResult())
    assert on.waiting(requests.Sessions)


@pytest.mark.parametrize(
    ("label", "kind"), [("Log out", requests.Logout), ("Log out everywhere", requests.LogoutAll)]
)
def test_logging_out_asks_first(on: Play, label: str, kind: type[requests.Request]) -> None:
    dialog = sessions(on)
    (found,) = [b for b in dialog.buttons.winfo_children() if str(b.cget("text")) == label]
    found.invoke()
    assert on.state.phase == "in"
    answer(dialog, label)
    on.refuse(on.waiting(kind), "unavailable")
    assert on.state.phase == "signed_out"
    assert not dialog.winfo_exists()


# The password


def fill(dialog: ChangePassword, old: str, new: str, again: str) -> None:
    dialog.old.set(old)
    dialog.new.set(new)
    dialog.again.set(again)
    assert dialog.default is not None
    dialog.default.invoke()


def test_the_password_is_changed(on: Play) -> None:
    said: list[str] = []
    dialog = on.open(ChangePassword, said.append)
    fill(dialog, "old word", "a new password", "a new password")
    request = on.waiting(requests.ChangePassword)
    assert (request.old, request.new) == ("old word", "a new password")
    on.grant(request, results.ChangePasswordResult())
    assert not dialog.winfo_exists()
    assert "changed" in said[0]


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [("", "a new password", "a new password"), ("x", "short", "short"),
     ("x", "a new password", "another one")],
)  # fmt: skip
def test_what_does_not_fit_is_not_sent(on: Play, old: str, new: str, again: str) -> None:
    dialog = on.open(ChangePassword)
    fill(dialog, old, new, again)
    assert on.asked == []


def test_a_wrong_old_password_is_told_where_it_is(on: Play) -> None:
    dialog = on.open(ChangePassword)
    fill(dialog, "wrong", "a new password", "a new password")
    on.refuse(on.waiting(requests.ChangePassword), "invalid_credentials")
    assert str(dialog._sentence.cget("text")) == "This is not your present password."
    assert dialog.winfo_exists()


# Settings


def test_each_change_counts_at_once(on: Play) -> None:
    settings, changed = Settings(zoom=115), []
    dialog = Preferences(on.root, on.theme, settings, changed.append)
    on.stage.settle()
    zoom, theme = dialog.parts["zoom"], dialog.parts["theme"]
    assert str(zoom.get()) == "115 %"
    theme.current(2)
    theme.event_generate("<<ComboboxSelected>>")
    dialog.parts["enter_sends"].invoke()
    on.stage.settle()
    assert (settings.theme, settings.enter_sends) == ("dark", False)
    assert changed == ["theme", "enter_sends"]


def test_without_notifications_nothing_can_be_in_them(on: Play) -> None:
    dialog = Preferences(on.root, on.theme, Settings(notifications=False), lambda _name: None)
    on.stage.settle()
    assert dialog.parts["show_preview"].instate(["disabled"])
