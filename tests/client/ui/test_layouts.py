"""The whole table of shortcuts on the keyboards of six countries, pressed key by key."""

from __future__ import annotations

import subprocess
import time
import tkinter as tk
from collections.abc import Callable, Iterator

import pytest

from client_tk.ui import keys
from client_tk.ui.composer_entry import Entry
from tests import needs
from tests.client.ui.stage import Stage, stage

PATIENCE_S = 5.0
CONTROL, ALT, SHIFT = 37, 64, 50
_NAMED = {"Up": 111, "Down": 116, "Left": 113, "Right": 114, "PgUp": 112, "End": 115,
          "Esc": "Escape", "F1": 67, "F6": 72, "F9": 75}  # fmt: skip
_US = {
    **dict(zip("1234567890", range(10, 20), strict=True)), "-": 20, "+": 21,
    **dict(zip("QWERTYUIOP", range(24, 34), strict=True)),
    **dict(zip("ASDFGHJKL", range(38, 47), strict=True)),
    **dict(zip("ZXCVBNM,./", range(52, 62), strict=True)),
}  # fmt: skip
LAYOUTS: dict[str, dict[str, int]] = {
    "us": {},
    "de": {"Y": 52, "Z": 29, "+": 35, "-": 61, "/": 16},
    "it": {"+": 35, "-": 61, "/": 16},
    "fr": {"A": 24, "Q": 38, "Z": 25, "W": 52, "M": 47, ",": 58, "-": 15, "/": 60},
    "ru": {},
    "gr": {},
}
"""Where the keys are, as a person finds them: by what is printed on them, which on a Russian or a
Greek keyboard is Latin as well. Key codes of X11."""
SHIFTED = {("de", "/"), ("it", "/"), ("fr", "/")}
"""What such a keyboard writes with Shift only."""


@pytest.fixture(scope="module")
def place() -> Iterator[Stage]:
    needs.require("keyboard")
    with stage() as made:
        yield made
    _run("setxkbmap", "-layout", "us", "-option", "")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class Keyboard:
    def __init__(self, place: Stage, layout: str) -> None:
        self._place, self._layout = place, layout
        _run("setxkbmap", "-option", "")
        _run("setxkbmap", "-layout", layout)
        place.settle()

    def press(self, shortcut: str) -> None:
        *modifiers, key = keys.split(shortcut)
        code = _NAMED.get(key) or (_US | LAYOUTS.get(self._layout, {}))[key]
        held = [{"Ctrl": CONTROL, "Alt": ALT, "Shift": SHIFT}[name] for name in modifiers]
        held += [SHIFT] if (self._layout, key) in SHIFTED else []
        down = [part for one in held for part in ("keydown", str(one))]
        up = [part for one in held[::-1] for part in ("keyup", str(one))]
        _run("xdotool", *down, "key", str(code), *up)

    def until(self, condition: Callable[[], object]) -> bool:
        until_s = time.monotonic() + PATIENCE_S
        while not condition():
            self._place.root.update()
            if time.monotonic() > until_s:
                return False
            time.sleep(0.005)
        return True


def test_every_shortcut_on_every_keyboard(place: Stage) -> None:
    """Each does what it says, once, and nothing else."""
    done: list[str] = []
    text = tk.Text(place.root)
    text.pack()
    bound = [shortcut for shortcut in keys.table() if shortcut.bound]
    keys.bind(place.root, {s.id: lambda name=s.id: done.append(name) for s in bound})
    wrong = []
    for layout in LAYOUTS:
        keyboard = Keyboard(place, layout)
        place.focus(text)
        for shortcut in bound:
            for wanted in shortcut.keys:
                done.clear()
                keyboard.press(wanted)
                keyboard.until(lambda: done)
                if done != [shortcut.id]:
                    wrong.append((layout, wanted, list(done)))
    text.destroy()
    assert wrong == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_every_text_can_do_on_every_keyboard(place: Stage, layout: str) -> None:
    """Select all, cut, paste, copy, undo and redo in the field for messages."""
    entry = Entry(place.root, place.theme, lambda: None)
    entry.pack()
    keys.bind(place.root, {})
    keyboard = Keyboard(place, layout)
    entry.put("ciao")
    place.focus(entry.text)
    for shortcut, left in (
        ("Ctrl+A", "ciao"), ("Ctrl+X", ""), ("Ctrl+V", "ciao"), ("Ctrl+V", "ciaociao"),
        ("Ctrl+A", "ciaociao"), ("Ctrl+X", ""), ("Ctrl+Z", "ciaociao"), ("Ctrl+Shift+Z", ""),
    ):  # fmt: skip
        keyboard.press(shortcut)
        assert keyboard.until(lambda left=left: entry.get() == left), (shortcut, entry.get())
    entry.destroy()
