"""`python -m tests.client.ui.keyboard LAYOUT`: every shortcut of the client, pressed key by key on
the keyboard of the display, as JSON. A program of its own, for a layout is that of a display."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Callable

from client_tk.ui import keys
from client_tk.ui.composer_entry import Entry
from tests.client.ui.stage import Stage, stage

PATIENCE_S = 5.0
CONTROL, ALT, SHIFT = 37, 64, 50
_NAMED: dict[str, int | str] = {
    "Up": 111, "Down": 116, "Left": 113, "Right": 114, "PgUp": 112, "End": 115, "Esc": "Escape",
    "F1": 67, "F6": 72, "F9": 75,
}  # fmt: skip
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
_SHIFTED = {("de", "/"), ("it", "/"), ("fr", "/")}
"""What such a keyboard writes with Shift only."""

IN_A_TEXT = (
    ("Ctrl+A", "ciao"), ("Ctrl+X", ""), ("Ctrl+V", "ciao"), ("Ctrl+V", "ciaociao"),
    ("Ctrl+A", "ciaociao"), ("Ctrl+X", ""), ("Ctrl+Z", "ciaociao"), ("Ctrl+Shift+Z", ""),
)  # fmt: skip
"""What is pressed where "ciao" was written, and what stands there then."""


class Keyboard:
    def __init__(self, place: Stage, layout: str) -> None:
        self._place, self._layout = place, layout
        _run("setxkbmap", "-layout", layout)
        place.settle()

    def press(self, shortcut: str) -> None:
        *modifiers, key = keys.split(shortcut)
        code = _NAMED.get(key) or (_US | LAYOUTS[self._layout])[key]
        held = [{"Ctrl": CONTROL, "Alt": ALT, "Shift": SHIFT}[name] for name in modifiers]
        held += [SHIFT] if (self._layout, key) in _SHIFTED else []
        down = [part for one in held for part in ("keydown", str(one))]
        up = [part for one in held[::-1] for part in ("keyup", str(one))]
        _run("xdotool", *down, "key", str(code), *up)

    def until(self, condition: Callable[[], object]) -> None:
        """Or for a few seconds."""
        until_s = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < until_s:
            self._place.root.update()
            time.sleep(0.005)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def shortcuts(place: Stage, keyboard: Keyboard) -> dict[str, list[str]]:
    """What each key of the table has done."""
    done: list[str] = []
    text = tk.Text(place.root)
    text.pack()
    bound = [shortcut for shortcut in keys.table() if shortcut.bound]
    keys.bind(place.root, {s.id: lambda name=s.id: done.append(name) for s in bound})
    place.focus(text)
    found = {}
    for wanted in (wanted for shortcut in bound for wanted in shortcut.keys):
        done.clear()
        keyboard.press(wanted)
        keyboard.until(lambda: done)
        found[wanted] = list(done)
    return found


def in_a_text(place: Stage, keyboard: Keyboard) -> list[str]:
    """What stands in the field for messages after each step of IN_A_TEXT."""
    entry = Entry(place.root, place.theme, lambda: None)
    entry.pack()
    entry.put("ciao")
    place.focus(entry.text)
    found = []
    for shortcut, left in IN_A_TEXT:
        keyboard.press(shortcut)
        keyboard.until(lambda left=left: entry.get() == left)
        found.append(entry.get())
    return found


def main(layout: str) -> None:
    with stage() as place:
        keyboard = Keyboard(place, layout)
        told = [shortcuts(place, keyboard), in_a_text(place, keyboard)]
        sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
