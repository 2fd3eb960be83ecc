"""The program as a whole, without any server."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from tkinter import ttk

import pytest

from client_tk import secret
from client_tk.app import App
from client_tk.model import Server
from client_tk.settings import Profile, Settings

PATIENCE_S = 10.0


class Fault(Exception):
    pass


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Dory is signed in, and nobody answers at her server."""
    profile = Profile("dory", folder=tmp_path)
    settings = Settings(theme="light", notifications=False)
    server = Server("127.0.0.1", 1, 1)
    settings.remember(server, "dory", stay=True)
    profile.save(settings)
    secret.write_file(profile.token_path(server, "dory"), "rg1_x")
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


def buttons(app: App, label: str) -> list[ttk.Button]:
    app.tk.update()
    found: list[tk.Misc] = [app.tk]
    for widget in found:
        found += widget.winfo_children()
    return [w for w in found if isinstance(w, ttk.Button) and str(w.cget("text")) == label]


def test_an_answer_is_to_the_question_that_was_asked_last(app: App) -> None:
    done: list[int] = []
    for number in (1, 2):
        app.root.confirm("Delete", "This message?", "Yes", lambda n=number: done.append(n))  # type: ignore[misc]
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
