"""The first view: logging in and registering."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk import intents, reports
from client_tk.model import Server
from client_tk.settings import Account, Settings
from client_tk.ui.sign_in import SignIn, ask_to_keep_in_file, server_fault
from tests.client.ui.fake_state import Play, play


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Play]:
    with play(tmp_path) as made:
        yield made


def form(on: Play, settings: Settings | None = None) -> SignIn:
    view = SignIn(on.root, on.theme, on.state, settings or Settings(), on.settle)
    view.pack(fill="both", expand=True)
    on.views.append(view)
    view.focus_first_empty()
    on.stage.settle()
    return view


def told(on: Play) -> intents.SignIn:
    (intent,) = [told for told in on.outside.told if isinstance(told, intents.SignIn)]
    on.outside.told.clear()
    return intent


def fill(view: SignIn, username: str, password: str) -> None:
    view.username.set(username)
    view.password.set(password)


def test_enter_logs_in_at_the_usual_server(on: Play) -> None:
    view = form(on)
    on.stage.focus(view.username.entry)
    on.stage.write(view.username.entry, "luigi")
    on.stage.focus(view.password.entry)
    on.stage.write(view.password.entry, "secret word")
    on.stage.press(view.password.entry, "<Return>")
    intent = told(on)
    assert (intent.server, intent.username, intent.password, intent.register) == (
        Server("localhost"), "luigi", "secret word", False,
    )  # fmt: skip


def test_the_focus_is_in_the_first_empty_field(on: Play) -> None:
    account = Account(Server("chat.example", tls=True), "luigi", True)
    view = form(on, Settings(account=account, recent=["chat.example"]))
    assert on.root.focus_lastfor() is view.password.entry
    assert view.server.text == "chat.example"
    view.password.set("secret")
    view.go.invoke()
    assert told(on).server == account.server


def test_nothing_is_said_before_the_first_character(on: Play) -> None:
    view = form(on)
    view._turn()
    assert "needs" not in said(view.username)
    view.username.set("ü")
    assert "A username has" in said(view.username)
    assert str(view.username._sentence.cget("style")) == "Muted.TLabel"
    on.stage.focus(view.username.entry)
    on.stage.focus(view.password.entry)
    assert str(view.username._sentence.cget("style")) == "Danger.TLabel"


def test_what_breaks_a_rule_is_not_sent(on: Play) -> None:
    view = form(on)
    view._turn()
    fill(view, "luigi", "short")
    view.go.invoke()
    assert on.outside.told == []
    assert "at least 8" in said(view.password)
    fill(view, "luigi", "long enough")
    view.go.invoke()
    assert told(on).register


def test_logging_in_asks_no_rule_of_an_old_password(on: Play) -> None:
    view = form(on)
    fill(view, "luigi", "x")
    view.go.invoke()
    assert told(on).password == "x"


def test_while_it_is_asked_it_can_be_called_off(on: Play) -> None:
    view = form(on)
    fill(view, "luigi", "a good password")
    view.go.invoke()
    assert view.go.instate(["disabled"])
    assert "localhost" in str(view._news.cget("text"))
    on.stage.focus(view.cancel)
    on.stage.press(view.cancel, "<Return>")
    assert on.state.phase == "signed_out"
    assert view.go.instate(["!disabled"])
    assert view.password.text == "a good password"


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (reports.Refused("invalid_credentials", "Unknown."), "Wrong name or wrong password."),
        (reports.Refused("username_taken", "Taken."), "Choose another one"),
        (reports.Unreachable("refused"), "Is the daemon running there?"),
        (reports.Unreachable("no_host"), "Check the name of the server."),
        (reports.Unreachable("tls", "expired"), "expired"),
    ],
)
def test_a_problem_says_what_to_do(on: Play, report: reports.Report, sentence: str) -> None:
    view = form(on)
    fill(view, "luigi", "a good password")
    view.go.invoke()
    on.hear(report)
    assert sentence in str(view._news.cget("text"))
    assert view.password.text == "a good password"
    assert view.go.instate(["!disabled"])


def test_the_password_is_shown_only_when_wanted(on: Play) -> None:
    view = form(on)
    assert view.password.entry.cget("show") == "•"
    view.password._show.invoke()
    assert view.password.entry.cget("show") == ""
    view.password._show.invoke()
    assert view.password.entry.cget("show") == "•"


def test_a_server_that_is_none_is_told_at_once(on: Play) -> None:
    assert server_fault("localhost") == server_fault("[::1]:8080:5001") == ""
    assert server_fault("no server") != ""
    view = form(on)
    view.server.set("a b")
    fill(view, "luigi", "a good password")
    view.go.invoke()
    assert on.outside.told == []


def test_a_problem_of_any_length_keeps_the_form_in_the_window(on: Play) -> None:
    view = form(on)
    on.state.problem = "word " * 60
    view.refresh({"problem"})
    on.stage.settle()
    assert view._card.winfo_width() < on.root.winfo_width()


def test_in_a_window_that_is_too_small_the_focus_can_be_seen(on: Play) -> None:
    view = form(on)
    on.root.geometry("640x200")
    on.stage.settle()
    for widget in (view.stay, view.go, view.server.entry):
        on.stage.focus(widget)
        top = widget.winfo_rooty() - on.root.winfo_rooty()
        assert 0 <= top <= on.root.winfo_height() - widget.winfo_height()


def test_tab_goes_only_to_what_can_be_written_into_or_pressed(on: Play) -> None:
    view = form(on)
    show = view.password._show
    assert on.stage.stops(view.server.entry) == [
        view.server.entry, view.tls, view.username.entry, view.password.entry, show, view.stay,
        view.go, view.other,
    ]  # fmt: skip


def test_tab_in_a_dialog_goes_only_to_its_buttons(on: Play) -> None:
    dialog = ask_to_keep_in_file(on.root, on.theme, lambda: None)
    on.stage.settle()
    assert on.stage.stops(dialog.buttons.winfo_children()[0]) == dialog.buttons.winfo_children()


def test_a_file_is_used_only_with_consent(on: Play) -> None:
    agreed: list[bool] = []
    dialog = ask_to_keep_in_file(on.root, on.theme, lambda: agreed.append(True))
    on.stage.settle()
    on.stage.focus(dialog)
    on.stage.press(dialog, "<Escape>")
    assert agreed == []
    dialog = ask_to_keep_in_file(on.root, on.theme, lambda: agreed.append(True))
    on.stage.settle()
    dialog.buttons.winfo_children()[0].invoke()
    assert agreed == [True]


def said(field: object) -> str:
    return str(field._sentence.cget("text"))
