"""Which key was pressed, whatever the layout of the keyboard writes with it.

A shortcut belongs to the symbol that is on the key. Layouts of other scripts have no "K", and the
French one has digits only with Shift: there it belongs to the place where a US keyboard has it.
"""

from __future__ import annotations

import tkinter as tk

_X11 = {
    **dict(zip("1234567890-=", range(10, 22), strict=True)),
    **dict(zip("QWERTYUIOP", range(24, 34), strict=True)),
    **dict(zip("ASDFGHJKL", range(38, 47), strict=True)),
    **dict(zip("ZXCVBNM,./", range(52, 62), strict=True)),
}
_WINDOWS = {
    **{sign: ord(sign) for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
    "=": 0xBB, ",": 0xBC, "-": 0xBD, ".": 0xBE, "/": 0xBF,
}  # fmt: skip
_SIGNS = {
    "x11": {code: sign for sign, code in _X11.items()},
    "win32": {code: sign for sign, code in _WINDOWS.items()},
}
"""By their key codes; macOS gives the Latin letter by itself while Command is down."""

_GREEK_Q = ("semicolon", "colon")
"""What the key of Q writes in a Greek layout: the only letter key that has no letter there."""


def place_of(event: tk.Event[tk.Misc], windows: str = "x11") -> str:
    """What a US keyboard has where this key is, letters in upper case: a digit unless the layout
    writes one there, a letter if it writes one of another script, a sign unless it writes a Latin
    letter. Empty otherwise."""
    sign = _SIGNS.get(windows, {}).get(event.keycode, "")
    name, number = event.keysym, event.keysym_num
    if sign.isdigit():
        counts = not name.isdigit()
    elif sign.isalpha():
        counts = _is_letter(number) or name in _GREEK_Q
    else:
        counts = not _is_latin(number) and not name.isdigit()
    return {"=": "+"}.get(sign, sign) if counts else ""


def letter_of(event: tk.Event[tk.Misc], windows: str = "x11") -> str:
    """The letter of the key, in upper case; empty for other keys."""
    name = event.keysym
    if len(name) == 1 and name.isascii() and name.isalpha():
        return name.upper()
    place = place_of(event, windows)
    return place if place.isalpha() else ""


def _is_letter(number: int) -> bool:
    """Of any script but Latin: neither a sign nor a key with a name, such as Return."""
    return 0x400 <= number < 0xFE00 or number >= 0x1000250


def _is_latin(number: int) -> bool:
    """The letters of Latin-1 to Latin-9, in X's own numbers and in Unicode's."""
    text = chr(number) if number < 0x100 else ""
    return text.isalpha() or 0x100 <= number < 0x400 or 0x1000100 <= number < 0x1000250
