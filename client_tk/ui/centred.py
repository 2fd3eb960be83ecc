"""Something in the middle of a window, that can still be reached where the window is too small."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

_STEP = 40
_MARGIN = 12


class Centred(ttk.Frame):
    """Holds `inside`. Where that is higher than the window, the wheel moves it, and so does the
    focus: the widget that has it can be seen."""

    def __init__(self, parent: tk.Misc, *, style: str = "TFrame") -> None:
        super().__init__(parent, style=style)
        self.inside = ttk.Frame(self)
        self._hidden_above = 0
        self.bind("<Configure>", lambda _event: self._arrange())
        self.inside.bind("<Configure>", lambda _event: self._arrange())

    def watch(self) -> None:
        """To be called once everything is inside."""
        for widget in (self, *_all(self.inside)):
            if str(widget.cget("takefocus")):  # with such a binding, Tk lets Tab stop at any widget
                widget.bind("<FocusIn>", lambda event: self._show(event.widget), add="+")
            widget.bind("<Button-4>", lambda _event: self._move(-_STEP), add="+")
            widget.bind("<Button-5>", lambda _event: self._move(_STEP), add="+")
            widget.bind(
                "<MouseWheel>", lambda event: self._move(-_STEP if event.delta > 0 else _STEP),
                add="+",
            )  # fmt: skip

    def _arrange(self) -> None:
        if self._too_high() <= 0:
            self._hidden_above = 0
            self.inside.place(relx=0.5, rely=0.48, y=0, anchor="center")
            return
        self._hidden_above = min(max(self._hidden_above, 0), self._too_high())
        self.inside.place(relx=0.5, rely=0, y=-self._hidden_above, anchor="n")

    def _too_high(self) -> int:
        return self.inside.winfo_reqheight() - self.winfo_height()

    def _move(self, by: int) -> None:
        self._hidden_above += by
        self._arrange()

    def _show(self, widget: tk.Misc) -> None:
        top = widget.winfo_rooty() - self.winfo_rooty() - _MARGIN
        below = top + widget.winfo_height() + 2 * _MARGIN - self.winfo_height()
        if self._too_high() > 0 and (top < 0 or below > 0):
            self._move(top if top < 0 else below)


def _all(widget: tk.Misc) -> Iterator[tk.Misc]:
    yield widget
    for child in widget.winfo_children():
        yield from _all(child)
