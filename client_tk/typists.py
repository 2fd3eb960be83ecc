"""Who is writing, for as long as it is true."""

from __future__ import annotations

from client_tk.model import ChatKey

TYPING_S = 6.0
"""So long after the last sign of it; writers repeat theirs more often."""


class Typists:
    """Tk thread only. Times are of the monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._until_s: dict[ChatKey, dict[str, float]] = {}

    def begin(self, key: ChatKey, user_id: str, now_s: float) -> None:
        self._until_s.setdefault(key, {})[user_id] = now_s + TYPING_S

    def stop(self, key: ChatKey, user_id: str) -> None:
        """They have stopped, or sent it."""
        self._until_s.get(key, {}).pop(user_id, None)

    def of(self, key: ChatKey) -> list[str]:
        """Their user ids."""
        return list(self._until_s.get(key, {}))

    def clear(self) -> None:
        self._until_s.clear()

    def due_s(self) -> float | None:
        """When the next one is to be forgotten."""
        return min(
            (until for who in self._until_s.values() for until in who.values()), default=None
        )

    def forget_late(self, now_s: float) -> bool:
        """Whether anybody was forgotten."""
        late = [(k, n) for k, who in self._until_s.items() for n, s in who.items() if s <= now_s]
        for key, name in late:
            self.stop(key, name)
        return bool(late)
