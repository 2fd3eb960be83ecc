"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from client_tk.asking import Ask
from client_tk.model import Trouble
from ruggine.wire.requests import Request


def ask_all(ask: Ask, request: Request, take: Callable[[Any, bool], None]) -> None:
    """Ask for a list, page after page. `take` gets each reply and whether it is the last one; a
    Trouble that comes instead of one is the last."""

    def arrived(reply: Any) -> None:
        cursor = getattr(reply, "cursor", None) if getattr(reply, "has_more", False) else None
        take(reply, cursor is None)
        if cursor is not None:
            ask(replace(request, cursor=cursor), arrived)

    ask(request, arrived)


def gathered(ask: Ask, request: Request, field: str, then: Callable[[Any], None]) -> None:
    """Ask for the whole of a list. `then` gets its items, or the Trouble that came instead."""
    items: list[Any] = []

    def take(reply: Any, is_last: bool) -> None:
        if isinstance(reply, Trouble):
            then(reply)
            return
        items.extend(getattr(reply, field))
        if is_last:
            then(items)

    ask_all(ask, request, take)
