"""What fits into one answer: lists are cut where it is full, and the rest is another page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ruggine.domain import paging
from ruggine.model import Asked, Part
from ruggine.wire import frames, requests, results

T = TypeVar("T")
Item = TypeVar("Item")

MAX_ROOM = 52 * 1024
"""Bytes of items in one answer, so that its frame stays far below what clients accept. The three
longest messages there can be, of four bytes a character, have room."""

_AROUND = 1024
"""Bytes of an answer, or of a message, beside its items or its text, at the most."""

_PREVIEW = 240
_EMOJI = 192
_PERSON = 74
"""Bytes of an emoji, and of a name and an id, in a list of reactions, at the most."""


def room_in(max_frame_size: int) -> int:
    """Bytes of items for which an answer in one frame has room."""
    return min(MAX_ROOM, max_frame_size - _AROUND)


def asked(request: requests.ListRequest | requests.GetReactions) -> Asked:
    """What a request wants of a list."""
    return Asked(request.limit, request.cursor)


def page(part: Part[T], show: Callable[[T], Item], room: int) -> tuple[list[Item], dict[str, Any]]:
    """The first items that fit, as they are shown, and what a ListResult says besides."""
    items = [show(item) for item in part.items]
    fitting = how_many_fit(items, room)
    rest = part.rest if fitting == len(items) else part.place(part.items[fitting - 1])
    more = rest is not None
    return items[:fitting], {"has_more": more, "cursor": paging.write(rest) if rest else None}


def how_many_fit(items: Iterable[Any], room: int) -> int:
    """The number of items from the start that fit; one at least, if there is one."""
    fitting = 0
    for item in items:
        room -= _size(item)
        if fitting and room < 0:
            break
        fitting += 1
    return fitting


def whole(message: results.MessageItem, room: int) -> results.MessageItem:
    """The message, or as much of it as fits, which then says so."""
    left = room - _size(message)
    if left >= 0:
        return message
    reactions, message.reactions = message.reactions, []
    left = room - _size(message)
    if left < 0:
        message.content, message.cut = message.content[: (room - _AROUND) // 4], True
        left = 0
    message.reactions_cut = bool(reactions)
    message.reactions = _first(reactions, left)
    return message


def preview(message: results.MessageItem) -> results.MessageItem:
    """The message with the beginning of its text."""
    if len(message.content) > _PREVIEW:
        message.content, message.cut = message.content[:_PREVIEW], True
    return message


def _first(reactions: Iterable[results.ReactionItem], room: int) -> list[results.ReactionItem]:
    kept: list[results.ReactionItem] = []
    for reaction in reactions:
        size = _size(reaction)
        if size > room:
            people = max(room - _EMOJI, 0) // _PERSON
            some = reaction.users[:people], reaction.user_ids[:people]
            return [*kept, results.ReactionItem(reaction.emoji, *some)] if people else kept
        room -= size
        kept.append(reaction)
    return kept


def _size(item: Any) -> int:
    """With its comma."""
    return len(frames.encode(item)) + 1
