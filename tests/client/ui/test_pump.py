"""Reports on their way to Tk, and what happens to the rest when one of them fails."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from client_tk import pump
from client_tk.pump import Pump
from client_tk.reports import Closed, Report


class Root(tk.Tk):
    """Counts the errors that reach Tk."""

    failures = 0

    def report_callback_exception(self, *_: object) -> None:
        self.failures += 1


class _Blind:
    """The interpreter of a system without `createfilehandler`."""

    def __init__(self, tk_: object) -> None:
        self._tk = tk_

    def __getattr__(self, name: str) -> object:
        if name == "createfilehandler":
            raise AttributeError(name)
        return getattr(self._tk, name)


@pytest.fixture(params=["watching", "polling"])
def root(request: pytest.FixtureRequest) -> Iterator[Root]:
    made = Root()
    if request.param == "polling":
        made.tk = _Blind(made.tk)
    yield made
    made.destroy()


def until(root: Root, count: int, taken: list[Report]) -> None:
    """Or for two seconds."""
    late = root.after(2000, lambda: taken.extend([Closed(0)] * count))
    while len(taken) < count:
        root.tk.dooneevent(0)
    root.after_cancel(late)


def test_all_of_a_burst_comes_and_what_comes_after_it(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(pump, "SLICE_S", 0)
    taken: list[Report] = []
    it = Pump(root, taken.extend)
    for code in range(9):
        it.report(Closed(code))
    until(root, 9, taken)
    it.report(Closed(9))
    until(root, 10, taken)
    assert taken == [Closed(code) for code in range(10)]
    it.close()


def test_what_fails_does_not_keep_the_rest_from_coming(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "MOST_AT_ONCE", 2)
    taken: list[Report] = []

    def take(batch: list[Report]) -> None:
        taken.extend(batch)
        if Closed(1) in batch:
            raise ZeroDivisionError

    it = Pump(root, take)
    for code in range(5):
        it.report(Closed(code))
    until(root, 5, taken)
    it.report(Closed(5))
    until(root, 6, taken)
    assert taken == [Closed(code) for code in range(6)]
    assert root.failures == 1
    it.close()
