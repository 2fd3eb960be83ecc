"""A window for one test, and an actor that notes what a widget asks for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from client_tk.ui.theme import Theme


class Actor:
    """Stands for any actions: each call is noted as (name, arguments...)."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def called(*given: Any) -> Any:
            self.calls.append((name, *given))
            return self._answers.get(name)

        return called

    def take(self, *names: str) -> list[tuple[Any, ...]]:
        """The calls of these names since the last look."""
        found = [call for call in self.calls if call[0] in names]
        self.calls = [call for call in self.calls if call[0] not in names]
        return found


class Stage:
    """The window; `settle` lets Tk do all that is due."""

    def __init__(self, root: tk.Tk) -> None:
        self.root = root
        self.theme = Theme(root)
        self.actor = Actor()

    def settle(self) -> None:
        for _turn in range(3):
            self.root.update()

    def focus(self, widget: tk.Misc) -> None:
        """Without a window manager nobody else gives it the keyboard."""
        widget.focus_force()
        self.settle()

    def press(self, widget: tk.Misc, *sequences: str) -> None:
        for sequence in sequences:
            widget.event_generate(sequence)
        self.settle()

    def write(self, widget: tk.Misc, text: str) -> None:
        """Key by key."""
        names = {" ": "space", "\n": "Return", "@": "at", ".": "period", ":": "colon",
                 "-": "minus", "_": "underscore", "!": "exclam"}  # fmt: skip
        for sign in text:
            widget.event_generate(f"<Key-{names.get(sign, sign)}>")
        self.settle()

    def stops(self, first: tk.Misc) -> list[tk.Misc]:
        """Where Tab goes from there, until it is there again."""
        found = [first]
        while (after := found[-1].tk_focusNext()) is not None and after is not first:
            found.append(after)
        return found

    def click(self, widget: tk.Misc, x: int, y: int) -> None:
        widget.event_generate("<Motion>", x=x, y=y)
        widget.event_generate("<Button-1>", x=x, y=y)
        widget.event_generate("<ButtonRelease-1>", x=x, y=y)
        self.settle()


@contextmanager
def stage(size: str = "700x500") -> Iterator[Stage]:
    """Errors in callbacks fail the test."""
    root = tk.Tk(className="Ruggine")
    failures: list[BaseException] = []
    root.report_callback_exception = lambda _kind, error, _where: failures.append(error)
    root.geometry(f"{size}+0+0")
    try:
        made = Stage(root)
        yield made
        made.settle()
    finally:
        root.destroy()
    assert not failures, failures
