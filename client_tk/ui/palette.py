"""The colours of the program, and how well they can be told apart. No Tk here."""

from __future__ import annotations

from msgspec import Struct


class Palette(Struct, frozen=True, kw_only=True):
    """Colours as "#rrggbb", by what they are for.

    `background` is behind the transcript, `surface` behind lists, bars and dialogs, `raised`
    behind what can be pressed. `senders` tell people apart. `own` is behind what I wrote.
    """

    background: str
    surface: str
    raised: str
    hover: str
    pressed: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    selection: str
    current: str
    own: str
    quote: str
    link: str
    badge: str
    on_badge: str
    danger: str
    on_danger: str
    online: str
    line: str
    control: str
    focus: str
    mention: str
    flash: str
    notice: str
    cursor: str
    scroll: str
    scroll_hover: str
    senders: tuple[str, ...]


LIGHT = Palette(
    background="#ffffff",
    surface="#f5f6f8",
    raised="#e9ebef",
    hover="#eceef2",
    pressed="#dde1e7",
    text="#1b1f24",
    muted="#59626e",
    accent="#2563c9",
    accent_hover="#1d55b3",
    on_accent="#ffffff",
    selection="#cfe0fb",
    current="#dce8fb",
    own="#eef4fd",
    quote="#f3f4f7",
    link="#1a5bbd",
    badge="#2563c9",
    on_badge="#ffffff",
    danger="#b3261e",
    on_danger="#ffffff",
    online="#15803d",
    line="#e0e3e8",
    control="#858e9a",
    focus="#2563c9",
    mention="#fdf0c4",
    flash="#fdf0c4",
    notice="#fdf3d6",
    cursor="#e4ecf8",
    scroll="#c3c9d1",
    scroll_hover="#98a1ad",
    senders=(
        "#b02a5b", "#2557b8", "#1c6b3c", "#7a3fb0", "#95520b", "#0d6a75", "#a4372a", "#4a5a14",
    ),
)  # fmt: skip

DARK = Palette(
    background="#16181c",
    surface="#1d2025",
    raised="#2b2f36",
    hover="#262a30",
    pressed="#363b44",
    text="#e5e8ec",
    muted="#9da6b2",
    accent="#7aaefc",
    accent_hover="#97c0ff",
    on_accent="#0b1a30",
    selection="#2d4d80",
    current="#26374f",
    own="#1c2634",
    quote="#22262c",
    link="#86b7ff",
    badge="#7aaefc",
    on_badge="#0b1a30",
    danger="#ff938a",
    on_danger="#2b0704",
    online="#4cc38a",
    line="#2c3037",
    control="#717b88",
    focus="#7aaefc",
    mention="#4a3d12",
    flash="#41350f",
    notice="#3a3116",
    cursor="#26303d",
    scroll="#40464f",
    scroll_hover="#646d79",
    senders=(
        "#ff8fb4", "#86b7ff", "#6fd39a", "#c9a3ff", "#f0b06a", "#5fd0dc", "#ff9d8c", "#bccf62",
    ),
)  # fmt: skip

CONTRAST = Palette(
    background="#000000",
    surface="#000000",
    raised="#1c1c1c",
    hover="#262626",
    pressed="#404040",
    text="#ffffff",
    muted="#e2e2e2",
    accent="#ffe14d",
    accent_hover="#fff0a0",
    on_accent="#000000",
    selection="#0a4fb8",
    current="#003c8f",
    own="#061b3d",
    quote="#1c1c1c",
    link="#7fd0ff",
    badge="#ffe14d",
    on_badge="#000000",
    danger="#ff9c9c",
    on_danger="#000000",
    online="#3dff9a",
    line="#8c8c8c",
    control="#ffffff",
    focus="#ffe14d",
    mention="#4d3c00",
    flash="#4d3c00",
    notice="#3d3000",
    cursor="#2b2b2b",
    scroll="#b0b0b0",
    scroll_hover="#ffffff",
    senders=(
        "#ffa6c6", "#9cc8ff", "#8dffb9", "#dcc0ff", "#ffc98a", "#7df0fa", "#ffb3a6", "#dcef85",
    ),
)  # fmt: skip

PALETTES = {"light": LIGHT, "dark": DARK, "contrast": CONTRAST}

BEHIND_TEXT = {
    "text": (
        "background", "surface", "raised", "hover", "pressed", "selection", "current", "own",
        "quote", "mention", "flash", "notice", "cursor",
    ),
    "muted": (
        "background", "surface", "raised", "hover", "current", "own", "quote", "cursor", "flash",
    ),
    "link": ("background", "own", "surface", "cursor", "flash", "notice"),
    "accent": ("background", "surface", "own", "quote", "cursor", "flash"),
    "danger": ("background", "surface", "own", "cursor", "flash"),
    "on_accent": ("accent", "accent_hover"),
    "on_badge": ("badge",),
    "on_danger": ("danger",),
    "senders": ("background", "own", "cursor", "flash"),
}  # fmt: skip
"""Which colour is written on which: each pair has a contrast of at least 4.5."""

BEHIND_SHAPES = {
    "focus": ("background", "surface", "raised"),
    "online": ("surface", "hover", "current"),
    "control": ("background", "surface"),
}
"""What is drawn on what, and means something: at least 3."""


def contrast_ratio(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white), as WCAG 2 defines it."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def pairs(palette: Palette, table: dict[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    """What is written or drawn on what, as (names, foreground, background)."""
    found = []
    for front, grounds in table.items():
        value = getattr(palette, front)
        for colour in value if isinstance(value, tuple) else (value,):
            found += [(f"{front} on {g}", colour, getattr(palette, g)) for g in grounds]
    return found
