"""Requests that wait for their one reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from client_tk.model import Trouble
from client_tk.texts import _
from ruggine.wire.frames import Error, Reply
from ruggine.wire.requests import Request

Then = Callable[[Any], None]
"""Gets the reply, or the Trouble that came instead."""
Ask = Callable[[Request, Then], None]

PATIENCE_S = 20.0


class Asking:
    """Tk thread only. Every `then` is called once, whatever happens to the connection."""

    def __init__(self, say: Callable[[bytes], None]) -> None:
        self._say = say
        self._number = 0
        self._waiting: dict[str, tuple[Request, Then, float]] = {}

    def ask(self, request: Request, then: Then, now_s: float) -> None:
        self._number += 1
        number = str(self._number)
        self._waiting[number] = (request, then, now_s + PATIENCE_S)
        self._say(msgspec.json.encode(replace(request, request_id=number)))

    def answer(self, reply: Reply) -> Request | None:
        """Hands a reply to who waits for it. Returns the request that was granted."""
        request, then, _late = self._waiting.pop(reply.request_id or "", (None, None, 0.0))
        if request is None or then is None:
            return None
        if isinstance(reply, Error):
            then(Trouble(reply.code, reply.error, reply.retry_after))
            return None
        then(reply)
        return request

    def due_s(self) -> float | None:
        return min((waiting[2] for waiting in self._waiting.values()), default=None)

    def give_up(self, now_s: float) -> None:
        """On those that have waited too long."""
        late = [number for number, waiting in self._waiting.items() if waiting[2] <= now_s]
        for number in late:
            self._waiting.pop(number)[1](no_answer())

    def lose(self) -> None:
        """The connection is gone, and the replies with it."""
        waiting, self._waiting = self._waiting, {}
        for _request, then, _late in waiting.values():
            then(no_answer())


def no_answer() -> Trouble:
    return Trouble("unavailable", _("The server cannot be reached now. Try again in a moment."))
