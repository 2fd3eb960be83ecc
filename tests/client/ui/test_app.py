"""The program as a whole, without any server."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from tkinter import ttk

import pytest

from client_tk import reports, secret
from client_tk.app import App
from client_tk.model import ChatKey, Server
from client_tk.settings import Profile, Settings
from client_tk.ui.window import Window

PATIENCE_S = 10.0
SERVER = Server("127.0.0.1", 1, 1)


class Fault(Exception):
    pass


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Dory is signed in, and nobody answers at her server."""
    profile = Profile("dory", folder=tmp_path)
    settings = Settings(theme="light", notifications=False)
    settings.remember(SERVER, "dory", stay=True)
    profile.save(settings)
    secret.write_file(profile.token_path(SERVER, "dory"), "rg1_x")
    it = App(profile)
    yield it
    it.quit()


@pytest.mark.parametrize("step", ["tick", "take"])
def test_after_a_fault_the_server_is_tried_again_all_the_same(
    app: App, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    faults: list[type[BaseException]] = []
    monkeypatch.setattr(app.tk, "report_callback_exception", lambda kind, *_: faults.append(kind))
    working = getattr(app.state, step)

    def fails(*given: object) -> None:
        if given == ([],):
            return
        monkeypatch.setattr(app.state, step, working)
        if given:
            working(*given)
        raise Fault

    monkeypatch.setattr(app.state, step, fails)
    tries: set[float | None] = set()
    until_s = time.monotonic() + PATIENCE_S
    while len(tries - {None}) < 3:
        app.tk.update()
        tries.add(app.state.link.retry_at_s)
        assert time.monotonic() < until_s, faults
        time.sleep(0.005)
    assert faults == [Fault]


def test_a_draft_is_kept_to_its_last_letter_when_the_session_ends(app: App) -> None:
    luigi = ChatKey("private", "luigi")
    app.root.visit(luigi)
    window = app.root._view
    assert isinstance(window, Window)
    window.composer.text.insert("end", "ciao")
    window.composer.entry.notice()
    app.state.take([reports.Closed(4501)])
    app.settle()
    assert app.state.phase == "signed_out"
    app.state.come_back(SERVER, "dory")
    assert app.state.draft(luigi) == "ciao"


def buttons(app: App, label: str) -> list[ttk.Button]:
    app.tk.update()
    found: list[tk.Misc] = [app.tk]
    for widget in found:
        found += widget.winfo_children()
    return [w for w in found if isinstance(w, ttk.Button) and str(w.cget("text")) == label]


def test_an_answer_is_to_the_question_that_was_asked_last(app: App) -> None:
    done: list[int] = []
    for number in (1, 2):
        app.root.confirm("Delete", "This message?", "Yes", lambda n=number: done.append(n))
    [yes] = buttons(app, "Yes")
    yes.invoke()
    assert done == [2]
    assert buttons(app, "Yes") == []


def test_no_question_is_left_for_the_next_account(app: App) -> None:
    app.root.confirm("Delete", "This message?", "Yes", lambda: None)
    app.root.ask_to_keep(lambda: None)
    assert buttons(app, "Yes")
    assert buttons(app, "Keep it in a file")
    app.state.leave("")
    app.settle()
    assert buttons(app, "Yes") + buttons(app, "Keep it in a file") == []
