"""The keyboard in the composer: first the list of completions, then the composer itself."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from client_tk.ui.composer import Composer

_SHIFT, _CONTROL = 0x1, 0x4


def bind_keys(composer: Composer) -> None:
    text, entry, completion = composer.text, composer.entry, composer.completion

    def on_return(event: tk.Event[tk.Misc]) -> str:
        entry.notice()
        if completion.accept():
            return "break"
        shift, control = bool(int(event.state) & _SHIFT), bool(int(event.state) & _CONTROL)
        if control or shift != composer.enter_sends:
            composer.submit()
        elif entry.enabled:
            entry.insert("\n")
        return "break"

    def on_tab(_event: object) -> str:
        """Never a tabulator: it completes, or goes to the next widget."""
        entry.notice()
        following = text.tk_focusNext()
        if not completion.accept() and following is not None:
            following.focus_set()
        return "break"

    def on_up(_event: object) -> str | None:
        return "break" if completion.step(-1) or composer.edit_last() else None

    def on_escape(_event: object) -> str | None:
        return "break" if completion.close() or composer.cancel() else None

    text.bind("<Return>", on_return)
    text.bind("<KP_Enter>", on_return)
    text.bind("<Tab>", on_tab)
    text.bind("<Up>", on_up)
    text.bind("<Down>", lambda _event: "break" if completion.step(1) else None)
    text.bind("<Escape>", on_escape)
