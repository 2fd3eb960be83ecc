"""Lists come in parts. A cursor says where the next part begins.

A cursor holds the place of an item in the order of its list, not a number of items, so what comes
and goes meanwhile makes nobody miss an item or get one twice.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import msgspec

from ruggine import errors
from ruggine.model import Asked, Part, User

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])

Seen = tuple[User, bool]
"""Somebody, and whether they are online."""

NEVER_MS = 2**53
"""Later than any time."""

ByTime = tuple[float, str]


def read(cursor: str | None, beginning: K) -> K:
    """The place in a cursor, of the same types as the place before all others, which is where a
    list begins. Raises InvalidRequest for a cursor not of ours."""
    if cursor is None:
        return beginning
    kinds: Any = tuple[tuple(type(value) for value in beginning)]  # type: ignore[misc]
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place: K = msgspec.json.decode(packed, type=kinds)
    except (ValueError, msgspec.MsgspecError):
        raise errors.InvalidRequest("This cursor is not one of ours.") from None
    if any(isinstance(value, int) and abs(value) > NEVER_MS for value in place):
        raise errors.InvalidRequest("This cursor is not one of ours.")
    return place


def write(place: tuple[Any, ...]) -> str:
    """The cursor of a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def name_after(asked: Asked) -> str:
    """Where a list by name goes on."""
    return read(asked.cursor, ("",))[0]


def time_after(asked: Asked) -> ByTime:
    """Where a list of what has a time and a name goes on."""
    return read(asked.cursor, (-1.0, ""))


def part(rows: Sequence[T], asked: Asked, place: Callable[[T], tuple[Any, ...]]) -> Part[T]:
    """What was asked for, of rows of which there is one more where the list goes on."""
    items = tuple(rows[: asked.limit])
    return Part(items, place, place(items[-1]) if len(rows) > asked.limit else None)


def by_name(users: Sequence[User], online: Collection[str], asked: Asked) -> Part[Seen]:
    """The same of people by name; `online` are the ids of those who are."""
    found = [(user, user.id in online) for user in users]
    return part(found, asked, lambda seen: (key(seen[0]),))


def key(user: User) -> str:
    """What people are listed by: names are ASCII, and unique without regard to case."""
    return user.name.lower()
