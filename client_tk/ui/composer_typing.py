"""Telling others that somebody writes, not more often than needed."""

from __future__ import annotations

from collections.abc import Callable

from client_tk.model import ChatKey

EVERY_S = 4.0


class Typing:
    """`tell` gets the chat, and whether somebody writes there."""

    def __init__(self, tell: Callable[[ChatKey, bool], object], now_s: Callable[[], float]) -> None:
        self._tell, self._now_s = tell, now_s
        self._key: ChatKey | None = None
        self._told_s = 0.0

    def go_on(self, key: ChatKey) -> None:
        """Something was written; told every `EVERY_S`."""
        now_s = self._now_s()
        if self._key is None or now_s - self._told_s >= EVERY_S:
            self._key, self._told_s = key, now_s
            self._tell(key, True)

    def stop(self) -> None:
        """Nothing more is written; told once."""
        if self._key is not None:
            key, self._key = self._key, None
            self._tell(key, False)
