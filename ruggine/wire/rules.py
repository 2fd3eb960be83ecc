"""What names, passwords and texts may look like (docs/protocol.md, section 1).

Requests check themselves with these when they are made, so a request value that exists is valid
on its face; the desktop client uses the same functions while a person types.
"""

from __future__ import annotations

import re

from ruggine import errors, names

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_BYTES = 1024

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# White space, blank symbols, and what Unicode calls Default_Ignorable_Code_Point.
_NOTHING_TO_SEE = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]*"
)
_CONTROL_IN_CONTENT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def check_username(name: str) -> None:
    """Raises InvalidUsername unless `name` may be registered."""
    if not _USERNAME.fullmatch(name):
        raise errors.InvalidUsername


def check_password(password: str) -> None:
    """Raises InvalidPassword; any character is welcome, and nothing is cut off."""
    if len(password) < MIN_PASSWORD_CHARACTERS or len(password) > MAX_PASSWORD_BYTES:
        raise errors.InvalidPassword
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        raise errors.InvalidPassword from None
    if size > MAX_PASSWORD_BYTES:
        raise errors.InvalidPassword


def check_content(content: str) -> None:
    """Raises InvalidContent; the length is the daemon's own limit and is checked there."""
    if _NOTHING_TO_SEE.fullmatch(content) or _has(_CONTROL_IN_CONTENT, content):
        raise errors.InvalidContent


def _has(forbidden: re.Pattern[str], text: str) -> bool:
    """What is printable holds no control character; a search costs ten times as much."""
    return not text.isprintable() and forbidden.search(text) is not None


def check_plain(text: str, what: str) -> None:
    """Raises InvalidRequest if a short text such as an id holds control characters."""
    if _has(_CONTROL, text):
        raise errors.InvalidRequest(f"{what} may not hold control characters.")


def check_emoji(text: str) -> None:
    """Raises InvalidRequest unless all of a reaction can be seen."""
    if not names.is_visible(text):
        raise errors.InvalidRequest("An emoji may not hold invisible characters, nor be blank.")
