"""Text that others have written, made harmless to draw: nothing in it can turn or hide a line."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_LINK = re.compile(r"\bhttps?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)

_OPENED = {")": "(", "]": "["}

LONGEST_LINE = 2000
"""Characters of one line of a Tk text: it becomes slow where lines are longer."""
MOST_CHARACTERS = 2000
MOST_LINES = 60
"""What is more than this of one message is shown only when asked for."""


def drawable(text: str, *, emoji: bool = True) -> str:
    """Without control characters, and without those that turn the direction of what follows.

    Where `emoji` is False, what is beyond the basic plane of Unicode is named instead of drawn.
    """
    text = _TURNING.sub("", typable(text))
    return text if emoji else _ASTRAL.sub(_named, text)


def typable(text: str) -> str:
    """What can be sent of a text from elsewhere."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _named(found: re.Match[str]) -> str:
    name = unicodedata.name(found[0], "symbol").lower().replace(" ", "_")
    return f":{name}:"


def shorten(text: str) -> str:
    """The beginning of a text that is long; the whole of it otherwise."""
    lines = text.split("\n", MOST_LINES)
    if len(lines) > MOST_LINES:
        text = "\n".join(lines[:MOST_LINES])
    return text[:MOST_CHARACTERS]


def broken(text: str) -> str:
    """With line breaks where a line would be longer than `LONGEST_LINE`."""
    if len(text) <= LONGEST_LINE:
        return text
    cut = [
        line[at : at + LONGEST_LINE]
        for line in text.split("\n")
        for at in range(0, max(len(line), 1), LONGEST_LINE)
    ]
    return "\n".join(cut)


def one_line(text: str, at_most: int = 200) -> str:
    """The text as a single line, not longer than this."""
    line = " ".join(drawable(text[: 4 * at_most]).split())
    return line if len(line) <= at_most else line[: at_most - 1].rstrip() + "…"


def links(text: str) -> list[tuple[int, int]]:
    """Where the addresses in a text begin and end: http and https, and never another scheme."""
    return [(m.start(), m.start() + len(_trimmed(m[0]))) for m in _LINK.finditer(text)]


def _trimmed(url: str) -> str:
    """Without the punctuation of the sentence around it."""
    while url:
        last = url[-1]
        unopened = last in _OPENED and url.count(_OPENED[last]) < url.count(last)
        if last not in ".,;:!?…*_~" and not unopened:
            break
        url = url[:-1]
    return url


def mentions(text: str, name: str) -> list[tuple[int, int]]:
    """Where somebody is named with an @ before it."""
    pattern = rf"(?<![\w@])@{re.escape(name)}(?![\w-]|\.\w)"
    return [m.span() for m in re.finditer(pattern, text, re.IGNORECASE)] if name else []


def last_cluster(text: str) -> int:
    """How many characters at the end of a text a person sees as one."""
    at = len(text)
    while at > 0:
        at -= 1
        if at == 0 or (not _belongs(text[at]) and text[at - 1] != "\u200d"):
            break
    if at > 0 and _is_flag(text[at]) and _is_flag(text[at - 1]):
        flags = len(text[: at + 1]) - len(text[: at + 1].rstrip(_FLAGS))
        at -= flags % 2 == 0
    return len(text) - at


_FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def _is_flag(sign: str) -> bool:
    return sign in _FLAGS


def _belongs(sign: str) -> bool:
    """Whether it changes the character before it."""
    return (
        unicodedata.combining(sign) != 0
        or unicodedata.category(sign) in ("Mn", "Me")
        or sign == "\u200d"
        or "\ufe00" <= sign <= "\ufe0f"
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
    )
