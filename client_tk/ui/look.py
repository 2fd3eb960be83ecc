"""Whether the person looks at the main window, as far as a program can know."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Protocol

from client_tk.ui.dialog import Dialog

_EVENTS = ("<FocusIn>", "<FocusOut>", "<Map>", "<Unmap>", "<Visibility>", "<Configure>")
_OF_OTHERS = (*_EVENTS, "<Destroy>")
_OBSCURED = "VisibilityFullyObscured"


class Looked(Protocol):
    def __call__(self, *, focused: bool, visible: bool) -> None: ...


class Look:
    """Tells how the window stands whenever that has changed: whether the program has the focus, and
    whether the window can be seen. It cannot while it is minimised, hidden or covered, and while a
    dialog has the focus or lies over `part`, which is what there is to be read in it."""

    def __init__(self, window: tk.Tk, part: Callable[[], tk.Misc], tell: Looked) -> None:
        self._window, self._part, self._tell = window, part, tell
        self._is_obscured = False
        self._due: str | None = None
        self._told: tuple[bool, bool] | None = None
        for sequence in _EVENTS:
            window.bind(sequence, self._on_event, add="+")
        for sequence in _OF_OTHERS:
            window.bind_class("Toplevel", sequence, lambda _event: self._later(), add="+")

    def _on_event(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._window and event.type is tk.EventType.Visibility:
            self._is_obscured = str(event.state) == _OBSCURED
        if event.widget is self._window or event.type in _OF_FOCUS:
            self._later()

    def _later(self) -> None:
        """Once all has happened that happens together: the focus goes out before it comes in."""
        if self._due is None:
            self._due = self._window.after_idle(self._look)

    def _look(self) -> None:
        self._due = None
        focused, own = self._focus()
        visible = own and not self._is_obscured and bool(self._window.winfo_viewable())
        found = (focused, visible and not self._is_covered())
        if found != self._told:
            self._told = found
            self._tell(focused=found[0], visible=found[1])

    def _focus(self) -> tuple[bool, bool]:
        """Whether the program has it, and whether it is not in a dialog."""
        try:
            widget = self._window.focus_displayof()
        except KeyError:  # a menu of Tk's own
            return True, True
        if widget is None:
            return False, True
        return True, widget.winfo_toplevel() is self._window

    def _is_covered(self) -> bool:
        return any(_overlap(self._part(), dialog) for dialog in _dialogs(self._window))


_OF_FOCUS = (tk.EventType.FocusIn, tk.EventType.FocusOut)


def _dialogs(of: tk.Misc) -> list[Dialog]:
    """Those that are on the screen, with those that they have opened."""
    children = [child for child in of.winfo_children() if isinstance(child, Dialog)]
    below = [dialog for child in children for dialog in _dialogs(child)]
    return [child for child in children if child.winfo_viewable()] + below


def _overlap(one: tk.Misc, other: tk.Misc) -> bool:
    left, top, right, bottom = _place(one)
    left2, top2, right2, bottom2 = _place(other)
    return left < right2 and left2 < right and top < bottom2 and top2 < bottom


def _place(of: tk.Misc) -> tuple[int, int, int, int]:
    x, y = of.winfo_rootx(), of.winfo_rooty()
    return x, y, x + of.winfo_width(), y + of.winfo_height()
