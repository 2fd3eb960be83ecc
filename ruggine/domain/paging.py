"""How much fits into one page of a list of messages."""

from __future__ import annotations

from collections.abc import Iterable

from ruggine.model import Entry

MAX_PAGE_BYTES = 48 * 1024
"""Of contents in one page, so that its frame stays far below what clients accept."""


def how_many_fit(entries: Iterable[Entry]) -> int:
    """The number of entries from the start that fit on a page; one at least, if there is one."""
    size = fitting = 0
    for entry in entries:
        size += len(entry.content.encode())
        if fitting and size > MAX_PAGE_BYTES:
            break
        fitting += 1
    return fitting
