"""What of a chat somebody has read: the only place where that is decided.

What is drawn proves nothing, for a window draws things that nobody looks at, and for a moment
things on the way to others. So a message is **seen** when its end was in sight, without a break,
for half a second in which the person was looking; and the chat is read as far as its last message
that was seen.

Nobody is carried over messages: what is in sight counts only if nothing unread lies between it and
how far the person had come, or if they have gone there by themselves.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from msgspec import Struct

DWELL_S = 0.5


class Sight(Struct, frozen=True):
    """What a window shows of a chat: the `seq` of the first and the last row whose end can be seen
    (0 for none), and whether that is the chat's end. `by_hand`: the person has moved there.
    `opened` is that of the page."""

    opened: int
    first: int = 0
    last: int = 0
    at_end: bool = False
    by_hand: bool = False


class Span(NamedTuple):
    """Rows from one `seq` to another."""

    first: int
    last: int


class Reading:
    """One showing of one chat. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.reached = 0
        self._sights: deque[tuple[float, Span]] = deque()
        self._told = False

    def reach(self, seq: int) -> None:
        """The person has read so far, or has gone so far by themselves."""
        self.reached = max(self.reached, seq)

    def see(self, span: Span, now_s: float) -> None:
        """From now on this is in sight of somebody who looks. Ask for `seen` before."""
        if not self._sights or self._sights[-1][1] != span:
            self._sights.append((now_s, span))

    def look_away(self) -> None:
        """Nothing is in sight, or nobody looks. Ask for `seen` before."""
        self._sights.clear()
        self._told = False

    def seen(self, now_s: float) -> Span | None:
        """What was in sight through all of the last half second."""
        since_s = now_s - DWELL_S
        while len(self._sights) > 1 and self._sights[1][0] <= since_s:
            self._sights.popleft()
        self._told = bool(self._sights) and self._sights[0][0] <= since_s
        if not self._told:
            return None
        spans = [span for _since_s, span in self._sights]
        found = Span(max(span.first for span in spans), min(span.last for span in spans))
        return found if found.first <= found.last else None

    def due_s(self) -> float | None:
        """When more will have been seen, if nothing changes."""
        later = list(self._sights)[self._told :]
        return later[0][0] + DWELL_S if later else None
