"""Lists are asked for as fast as the daemon answers: what is too fast for it is asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from client_tk.asking import Ask, Then, no_answer
from client_tk.model import Trouble
from ruggine.wire.requests import Request

_AGAIN_S = 1.0


class AskingAgain:
    """Tk thread only. Every `then` is called once, as by `Asking`, and not for being too fast."""

    def __init__(self, ask: Ask, now_s: Callable[[], float]) -> None:
        self._ask = ask
        self._now_s = now_s
        self._waiting: list[tuple[float, Request, Then]] = []

    def ask(self, request: Request, then: Then) -> None:
        def answered(reply: Any) -> None:
            if isinstance(reply, Trouble) and reply.code == "rate_limited":
                again_at_s = self._now_s() + (reply.retry_after_s or _AGAIN_S)
                self._waiting.append((again_at_s, request, then))
            else:
                then(reply)

        self._ask(request, answered)

    def due_s(self) -> float | None:
        """When to call `tick` next; None if nothing waits."""
        return min((again_at_s for again_at_s, _request, _then in self._waiting), default=None)

    def tick(self, now_s: float) -> None:
        due = [waiting for waiting in self._waiting if waiting[0] <= now_s]
        self._waiting = [waiting for waiting in self._waiting if waiting[0] > now_s]
        for _again_at_s, request, then in due:
            self.ask(request, then)

    def lose(self) -> None:
        """The connection is gone."""
        waiting, self._waiting = self._waiting, []
        for _again_at_s, _request, then in waiting:
            then(no_answer())
