"""Every keyboard shortcut of the window, as data, and the one place that binds them."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable
from typing import NamedTuple

from client_tk.texts import _
from client_tk.ui.places import place_of

TAG = "RuggineKeys"
EVERYWHERE = "RuggineKeysEverywhere"

Action = Callable[[], object]
"""What a shortcut does. Where it returns False the key means what it always means in a text."""

_SHIFT, _LOCK, _CONTROL = 0x1, 0x2, 0x4
_ALT = {"x11": 0x8, "win32": 0x20000, "aqua": 0x10}
_COMMAND = 0x8

_TK_NAMES = {
    "PgUp": "Prior", "PgDn": "Next", "Esc": "Escape", ",": "comma", "/": "slash", "+": "plus",
    "-": "minus",
}  # fmt: skip
OF_TEXTS = {
    "Ctrl+A": "<<SelectAll>>", "Ctrl+C": "<<Copy>>", "Ctrl+X": "<<Cut>>", "Ctrl+V": "<<Paste>>",
    "Ctrl+Z": "<<Undo>>", "Ctrl+Y": "<<Redo>>", "Ctrl+Shift+Z": "<<Redo>>",
}  # fmt: skip
"""What every text can do, by Tk's own events."""
_ELSEWHERE = {"+": ("equal", "KP_Add"), "-": ("underscore", "KP_Subtract"), "0": ("KP_0",)}
"""Other keys for the same thing: without Shift, and on the number pad."""


class Shortcut(NamedTuple):
    """`keys` as a person reads them, joined by "+"; a `scope` is a heading of the help.

    One that is not `bound` here belongs to a widget, which binds it itself. One that is for
    `everywhere` also works in the windows beside the main one.
    """

    id: str
    keys: tuple[str, ...]
    scope: str
    text: str
    bound: bool = True
    everywhere: bool = False


def table() -> tuple[Shortcut, ...]:
    """In the order of the help, in the language of the person."""
    return (*_finding(), *_reading(), *_writing(), *_message(), *_window())


def _finding() -> list[Shortcut]:
    scope = _("Finding a chat")
    by_number = _("Chat by its place in the list")
    return [
        Shortcut("switcher", ("Ctrl+K",), scope, _("Go to a chat or a person")),
        Shortcut("previous_chat", ("Alt+Up",), scope, _("Previous chat")),
        Shortcut("next_chat", ("Alt+Down",), scope, _("Next chat")),
        Shortcut("previous_unread", ("Alt+Shift+Up",), scope, _("Previous unread chat")),
        Shortcut("next_unread", ("Alt+Shift+Down",), scope, _("Next unread chat")),
        *(Shortcut(f"chat_{n}", (f"Alt+{n}",), scope, by_number) for n in range(1, 10)),
        Shortcut("back", ("Alt+Left",), scope, _("Back to the chat before")),
        Shortcut("forward", ("Alt+Right",), scope, _("Forward again")),
        Shortcut("new_chat", ("Ctrl+N",), scope, _("New chat")),
        Shortcut("new_group", ("Ctrl+G",), scope, _("New group")),
    ]


def _reading() -> list[Shortcut]:
    scope = _("Reading")
    return [
        Shortcut("search_here", ("Ctrl+F",), scope, _("Search in this chat")),
        Shortcut("search_everywhere", ("Ctrl+Shift+F",), scope, _("Search in all chats")),
        Shortcut("mentions", ("Ctrl+Shift+M",), scope, _("Where I am mentioned")),
        Shortcut("first_unread", ("Shift+PgUp",), scope, _("First unread message")),
        Shortcut("newest", ("Ctrl+End",), scope, _("Newest message")),
        Shortcut("dismiss", ("Esc",), scope, _("Clear the mark of new messages; cancel; close")),
    ]


def _writing() -> list[Shortcut]:
    scope = _("Writing")
    return [
        Shortcut("send", ("Enter",), scope, _("Send"), bound=False),
        Shortcut("new_line", ("Shift+Enter",), scope, _("New line"), bound=False),
        Shortcut("edit_last", ("Up",), scope, _("Edit your last message (in an empty field)"),
                 bound=False),
        Shortcut("complete", ("Tab",), scope, _("Complete a name after @, or an emoji after :"),
                 bound=False),
    ]  # fmt: skip


def _message() -> list[Shortcut]:
    scope = _("A message (F6 goes there)")
    return [
        Shortcut("choose", ("Up", "Down"), scope, _("Choose a message"), bound=False),
        Shortcut("menu", ("Enter",), scope, _("What can be done with it: react, copy …"),
                 bound=False),
        Shortcut("reply", ("R",), scope, _("Reply"), bound=False),
        Shortcut("edit", ("E",), scope, _("Edit your own"), bound=False),
        Shortcut("delete", ("Delete",), scope, _("Delete it for everyone"), bound=False),
        Shortcut("copy", ("Ctrl+C",), scope, _("Copy it, or what is selected"), bound=False),
    ]  # fmt: skip


def _window() -> list[Shortcut]:
    scope = _("The window")
    return [
        Shortcut("next_pane", ("F6",), scope, _("Next part of the window")),
        Shortcut("previous_pane", ("Shift+F6",), scope, _("Previous part of the window")),
        Shortcut("members", ("F9",), scope, _("Show or hide the members")),
        Shortcut("sidebar", ("Ctrl+B",), scope, _("Show or hide the list of chats")),
        Shortcut("zoom_in", ("Ctrl++",), scope, _("Larger"), everywhere=True),
        Shortcut("zoom_out", ("Ctrl+-",), scope, _("Smaller"), everywhere=True),
        Shortcut("zoom_reset", ("Ctrl+0",), scope, _("Normal size"), everywhere=True),
        Shortcut("settings", ("Ctrl+,",), scope, _("Settings"), everywhere=True),
        Shortcut("help", ("Ctrl+/", "F1"), scope, _("These shortcuts"), everywhere=True),
        Shortcut("quit", ("Ctrl+Q",), scope, _("Quit"), everywhere=True),
    ]


# Binding


def bind(root: tk.Tk | tk.Toplevel, actions: dict[str, Action]) -> None:
    """Bind the shortcuts that have an action, for every widget of this window and, some of them, of
    the program's others.

    They come after a widget's own bindings and before those of its class: in a Text, Ctrl+K would
    kill the line, Ctrl+T swap two letters. A widget gets the tag when it first has the focus.
    """
    root.event_delete("<<SelectAll>>", "<Control-Key-slash>")  # of X11: here it is the help
    bound: dict[str, dict[str, Action]] = {TAG: {}, EVERYWHERE: {}}
    for shortcut in table():
        if shortcut.bound and shortcut.id in actions:
            for keys in shortcut.keys:
                for tag in (TAG, EVERYWHERE) if shortcut.everywhere else (TAG,):
                    _bind(root, tag, keys, actions[shortcut.id])
                    bound[tag][keys] = actions[shortcut.id]
    for tag, found in bound.items():
        _bind_places(root, tag, found)
    root.bind_all("<FocusIn>", lambda event: _tag(root, event.widget), add="+")


def _bind(root: tk.Misc, tag: str, keys: str, action: Action) -> None:
    windows = str(root.tk.call("tk", "windowingsystem"))

    def pressed(event: tk.Event[tk.Misc]) -> str | None:
        if not _fits(keys, int(event.state), windows):
            return None
        return None if action() is False else "break"

    for sequence in sequences(keys, windows):
        root.bind_class(tag, sequence, pressed)


def _bind_places(root: tk.Misc, tag: str, bound: dict[str, Action]) -> None:
    """The same, and what every text has, for layouts that do not write the symbol of the key."""
    windows = str(root.tk.call("tk", "windowingsystem"))

    def pressed(event: tk.Event[tk.Misc]) -> str | None:
        place = place_of(event, windows)
        for keys, action in bound.items() if place else ():
            if split(keys)[-1] == place and _fits(keys, int(event.state), windows):
                return None if action() is False else "break"
        for keys, virtual in OF_TEXTS.items() if place else ():
            if split(keys)[-1] == place and _fits(keys, int(event.state), windows):
                event.widget.event_generate(virtual)
                return "break"
        return None

    for modifier in ("Control", "Alt"):
        root.bind_class(tag, f"<{modifier}-Key>", pressed)


def _tag(root: tk.Misc, widget: tk.Misc | str) -> None:
    if isinstance(widget, str):
        return
    tag = TAG if widget.winfo_toplevel() is root else EVERYWHERE
    tags = widget.bindtags()
    if tag not in tags:
        name = widget.winfo_class()
        at = tags.index(name) if name in tags else len(tags)
        widget.bindtags((*tags[:at], tag, *tags[at:]))


def split(keys: str) -> list[str]:
    """The names of the keys: "Ctrl++" has the two "Ctrl" and "+"."""
    return re.findall(r"[^+]+|\+$", keys)


def sequences(keys: str, windows: str = "x11") -> list[str]:
    """The Tk sequences for some keys. Caps Lock turns the letters, so both are there."""
    *modifiers, key = split(keys)
    control = "Command" if windows == "aqua" else "Control"
    alt = "Option" if windows == "aqua" else "Alt"
    names = {"Ctrl": control, "Alt": alt, "Shift": "Shift"}
    prefix = "".join(f"{names[modifier]}-" for modifier in modifiers)
    found = [_TK_NAMES.get(key, key), *_ELSEWHERE.get(key, ())]
    if len(key) == 1 and key.isalpha():
        found = [key.lower(), key.upper()]
    return [f"<{prefix}Key-{name}>" for name in found]


def _fits(keys: str, state: int, windows: str) -> bool:
    """Whether exactly these modifiers are down: Tk takes more of them for a match, and what AltGr
    types has Control and Alt. For signs and digits Shift is a matter of the keyboard."""
    *modifiers, key = split(keys)
    down = _down(state, windows)
    if len(key) == 1 and not key.isalpha():
        down.pop("Shift")
    return all(is_down == (name in modifiers) for name, is_down in down.items())


def is_plain(state: int, windows: str) -> bool:
    """Whether a key that writes something writes it: neither Ctrl nor Alt is down."""
    down = _down(state, windows)
    return not (down["Ctrl"] or down["Alt"])


def _down(state: int, windows: str) -> dict[str, bool]:
    control = _COMMAND if windows == "aqua" else _CONTROL
    alt = _ALT.get(windows, _ALT["x11"])
    return {"Ctrl": bool(state & control), "Alt": bool(state & alt), "Shift": bool(state & _SHIFT)}


def shown(keys: str, windows: str = "x11") -> str:
    """As the keyboard of the person has it."""
    names = {
        "Ctrl": "⌘" if windows == "aqua" else _("Ctrl"),
        "Alt": "⌥" if windows == "aqua" else _("Alt"),
        "Shift": "⇧" if windows == "aqua" else _("Shift"),
        "Up": "↑", "Down": "↓", "Left": "←", "Right": "→", "-": "−",
        "PgUp": _("Page Up"), "End": _("End"), "Esc": _("Esc"), "Enter": _("Enter"),
        "Tab": _("Tab"), "Delete": _("Delete"),
    }  # fmt: skip
    return ("" if windows == "aqua" else "+").join(names.get(key, key) for key in split(keys))
