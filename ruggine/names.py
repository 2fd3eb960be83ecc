"""Names as people see them: which may be given, which are the same, and which look alike.

The rules are those of the Nickname profile (RFC 8264, RFC 8266), with emoji sequences on top
(UTS #51) and the skeletons of UTS #39. The Unicode tables are those of the package `unicodedata2`,
so that every Python gives the same answer. All of it is loaded at the first name that is not ASCII.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from ruggine import errors

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FORBIDDEN = re.compile("[,:|\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_CHARACTERS = 64

_ZWNJ, _ZWJ, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
# A black flag with tags is the flag of a region, such as Scotland's.
_TAGS = re.compile("(?<=\U0001f3f4)[\U000e0020-\U000e007e]{1,8}\U000e007f")
_KEYCAPS = frozenset("#*0123456789")
_BLANK_SYMBOLS = frozenset("\u2800\U0001d159")
"""Symbols by their category, but with nothing to see."""


def check_group_name(name: str) -> None:
    """Raises InvalidGroupName. No name looks like an id: where both may stand, an id is meant."""
    if not 1 <= len(name) <= _MAX_CHARACTERS or _FORBIDDEN.search(name) or name != name.strip():
        raise errors.InvalidGroupName
    if not is_visible(name):
        raise errors.InvalidGroupName
    if _ID.fullmatch(name):
        raise errors.InvalidGroupName("A group name may not look like a group_id.")


def is_visible(text: str) -> bool:
    """Whether all of `text` can be seen: no character is invisible or turns the direction.

    Joiners may stand where they belong: in emoji, and in scripts that need them (RFC 5892, A).
    Marks stand on a letter.
    """
    if text.isascii():
        return text.isprintable() and not text.isspace()
    plain = _without_emoji_joiners(_TAGS.sub("", text))
    try:
        _profile().enforce(plain)
    except UnicodeError:
        return False
    return _BLANK_SYMBOLS.isdisjoint(plain) and not _has_bare_mark(plain)


def name_key(name: str) -> str:
    """What all names share that people see as the same one: normal form, case, width and blanks
    make no difference, nor do joiners. Never raises."""
    if name.isascii():
        return " ".join(name.casefold().split())
    plain = _without_emoji_joiners(name).replace(_ZWJ, "").replace(_ZWNJ, "")
    # Twice, because folding one character may bring another that is to be folded (RFC 8266, 2.1).
    key: str = _profile().apply_five_rules(_profile().apply_five_rules(plain))
    return key


def skeleton(name: str) -> str:
    """What names that look alike in different scripts share (UTS #39, section 4).

    ASCII stands for itself. Case is folded last: a capital may look like a letter of another
    script where the small letter does not.
    """
    if name.isascii():
        return name_key(name)
    prototypes = _prototypes()
    decomposed = _tables().normalize("NFD", name)
    return name_key("".join(prototypes.get(character, character) for character in decomposed))


def _without_emoji_joiners(text: str) -> str:
    """`text` without the joiners and styles of its emoji sequences."""
    kept = ""
    for character, after in zip(text, text[1:] + " ", strict=True):
        before = kept[-1:]
        styled = character == _EMOJI_STYLE and (_is_symbol(before) or before in _KEYCAPS)
        joined = character == _ZWJ and _is_symbol(before) and _is_symbol(after)
        if not (styled or joined):
            kept += character
    return kept


def _is_symbol(character: str) -> bool:
    """Emoji are symbols, and so are the modifiers of their skin."""
    return (
        bool(character)
        and not character.isascii()
        and _tables().category(character) in ("So", "Sk", "Sm")
    )


def _has_bare_mark(text: str) -> bool:
    """Whether an accent stands at the start or after a blank, with nothing below it."""
    categories = [_tables().category(character)[0] for character in text]
    return any(c == "M" and b in "Z" for b, c in zip(["Z", *categories], categories, strict=False))


def _tables() -> Any:
    import unicodedata2

    return unicodedata2


@functools.cache
def _profile() -> Any:
    import precis_i18n

    return precis_i18n.get_profile("NicknameCaseMapped:CaseFold", unicodedata=_tables())


@functools.cache
def _prototypes() -> dict[str, str]:
    """For each character the one that stands for all that look like it; ASCII for itself."""
    from confusable_homoglyphs import confusables

    alike: dict[str, list[str]] = {
        character: [other["c"] for other in others if len(other["c"]) == 1]
        for character, others in confusables.confusables_data.items()
        if len(character) == 1
    }
    found: dict[str, str] = {}
    for character in sorted(alike):  # ASCII first
        if character not in found:
            _spread(character, alike, found)
    return found


def _spread(prototype: str, alike: dict[str, list[str]], found: dict[str, str]) -> None:
    """Give `prototype` to all that are like it, or like one of those, but for ASCII."""
    waiting = [prototype]
    while waiting:
        character = waiting.pop()
        if character not in found and (character == prototype or not character.isascii()):
            found[character] = prototype
            waiting.extend(alike.get(character, ()))
