"""What has to change in a list that is drawn, so that it becomes another one. No Tk here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Edit(NamedTuple):
    """The old items from `start` to `end` give way to the new ones from `first` to `last`."""

    start: int
    end: int
    first: int
    last: int


def edits(old: Sequence[T], new: Sequence[T], same: Callable[[T, T], bool]) -> list[Edit]:
    """Few edits, the last one first, so that each leaves the places of the others alone.

    What is equal at the beginning and at the end stays. Between them items are changed one by one
    where `same` says of each pair that it is the same thing in another state.
    """
    start = _common(old, new)
    tail = _common_at_end(old, new, start)
    end, last = len(old) - tail, len(new) - tail
    if start == end and start == last:
        return []
    if end == last and all(same(old[at], new[at]) for at in range(start, end)):
        return _runs(old, new, start, end)
    return [Edit(start, end, start, last)]


def _common(old: Sequence[T], new: Sequence[T]) -> int:
    for at, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return at
    return min(len(old), len(new))


def _common_at_end(old: Sequence[T], new: Sequence[T], start: int) -> int:
    most = min(len(old), len(new)) - start
    for at in range(most):
        if old[-1 - at] != new[-1 - at]:
            return at
    return most


def _runs(old: Sequence[T], new: Sequence[T], start: int, end: int) -> list[Edit]:
    found: list[Edit] = []
    for at in range(end - 1, start - 1, -1):
        if old[at] == new[at]:
            continue
        if found and found[-1].start == at + 1:
            found[-1] = Edit(at, found[-1].end, at, found[-1].last)
        else:
            found.append(Edit(at, at + 1, at, at + 1))
    return found
