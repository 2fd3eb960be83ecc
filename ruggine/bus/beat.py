"""Whether Redis is there, told from beats that a node publishes to itself."""

from __future__ import annotations

BEAT_S = 0.5

_OVERDUE = 3
_FRESH = 2


class Beat:
    """Counts beats, and not seconds: a node that stood still itself must not blame Redis.

    A Redis that hands on what it was told seconds ago is as good as none, so a beat proves only
    that what was sent before it has arrived.
    """

    def __init__(self) -> None:
        self._sent = 0
        self._heard = -1  # the first absence is noticed a beat earlier: at a start, people look

    def next(self) -> int:
        """The number of the beat to be sent now."""
        self._sent += 1
        return self._sent

    def hear(self, number: int) -> bool:
        """Whether the beat with this number, which has come back, is a fresh one."""
        self._heard = max(self._heard, min(number, self._sent))
        return self._sent - self._heard < _FRESH

    def overdue(self) -> bool:
        """Whether too many beats have not come back, so that Redis must be taken to be away."""
        return self._sent - self._heard >= _OVERDUE

    def forgive(self) -> None:
        """New connections are being made: those must have the time to prove themselves."""
        self._heard = self._sent
