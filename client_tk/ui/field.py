"""A labelled entry that says what is wrong with its text, at the right moment."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from client_tk.texts import _

Check = Callable[[str], str]
"""A sentence about what is wrong with a text, empty where nothing is."""


def anything(_text: str) -> str:
    """For a field that takes any text."""
    return ""


class Sentence(ttk.Label):
    """A label that wraps at the width it is given.

    It asks for `width` characters whatever it says: a label that asks for the width of its text,
    and breaks it at the width it gets, can go on changing its mind for ever.
    """

    def __init__(
        self, parent: tk.Misc, text: str = "", *, style: str = "TLabel", width: int = 1
    ) -> None:
        super().__init__(parent, text=text, style=style, width=width, justify="left", anchor="w")
        self.bind("<Configure>", lambda e: self.configure(wraplength=max(e.width - 4, 60)))

    def say(self, text: str, style: str = "TLabel") -> None:
        if (text, style) != (self.cget("text"), self.cget("style")):
            self.configure(text=text, style=style)


class Field(ttk.Frame):
    """Says nothing before the first character; a hint while one writes, a fault after that.

    `check` is asked at each change; `on_change` is called after it.
    """

    def __init__(
        self, parent: tk.Misc, label: str, *, check: Check = anything, hint: str = "",
        secret: bool = False, entry: Callable[..., ttk.Entry] = ttk.Entry, width: int = 34,
        on_change: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._check, self._hint, self._on_change = check, hint, on_change
        self._left = False
        self._variable = tk.StringVar(self)
        name = ttk.Label(self, text=label)
        name.bind("<Button-1>", lambda _event: self.entry.focus_set())
        self.entry: ttk.Entry = entry(self, textvariable=self._variable, width=width)
        self._sentence = Sentence(self, hint, style="Muted.TLabel")
        self._lay_out(name, secret=secret)
        self._variable.trace_add("write", lambda *_: self._changed())
        self.entry.bind("<FocusOut>", lambda _event: self._blurred(), add="+")

    def _lay_out(self, name: ttk.Label, *, secret: bool) -> None:
        self.columnconfigure(0, weight=1)
        name.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, 2))
        self.entry.grid(row=1, column=0, sticky="ew")
        self._sentence.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(2, 0))
        if secret:
            self._add_show()

    def _add_show(self) -> None:
        self.entry.configure(show="•")
        self._show = ttk.Button(self, text=_("Show"), style="Flat.TButton", width=6)
        self._show.configure(command=self._toggle)
        self._show.grid(row=1, column=1, padx=(4, 0))

    def _toggle(self) -> None:
        hidden = bool(self.entry.cget("show"))
        self.entry.configure(show="" if hidden else "•")
        self._show.configure(text=_("Hide") if hidden else _("Show"))

    # The text

    @property
    def text(self) -> str:
        return self._variable.get()

    def set(self, text: str) -> None:
        self._variable.set(text)

    def select(self) -> None:
        """The keyboard goes here, ready to write something else."""
        self.entry.focus_set()
        self.entry.selection_range(0, "end")
        self.entry.icursor("end")

    def enable(self, active: bool) -> None:
        self.entry.state(["!disabled"] if active else ["disabled"])

    # What is wrong with it

    @property
    def fault(self) -> str:
        return self._check(self.text)

    def ask_of(self, check: Check, hint: str = "") -> None:
        """From now on other texts are right."""
        self._check, self._hint = check, hint
        self._left = False
        self._show_sentence()

    def check_again(self) -> None:
        """What the check compares with has changed."""
        self._show_sentence()

    def reveal(self) -> bool:
        """Say what is wrong now, also of a text that was not begun. Whether something is."""
        self._left = True
        fault = self.fault
        self._sentence.say(fault or self._hint, "Danger.TLabel" if fault else "Muted.TLabel")
        return bool(fault)

    def _changed(self) -> None:
        self._show_sentence()
        if self._on_change is not None:
            self._on_change()

    def _blurred(self) -> None:
        self._left = self._left or bool(self.text)
        self._show_sentence()

    def _show_sentence(self) -> None:
        fault = self.fault if self.text else ""
        style = "Danger.TLabel" if fault and self._left else "Muted.TLabel"
        self._sentence.say(fault or self._hint, style)
