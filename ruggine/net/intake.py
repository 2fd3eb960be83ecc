"""What a connection has received and not handled yet: it is handled in portions, at a pace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ruggine.net.door import Visit
from ruggine.net.pace import Pace, Step

PORTION = 512
"""Bytes that are handled in one step. The most work is in control frames: 85 of them take about
2 ms."""

REFUSAL_S = 0.0002
"""What a refusal costs beside its step: looking something up, and writing the answer."""


class Intake:
    """Takes bytes in, and gives them to `take` in portions when it is the connection's turn.

    While more than a portion waits, or a request has to (`pauseProducing`), the connection is not
    read. What waits is bounded by what one read brings (see READ_BYTES in ruggine/daemon.py).
    """

    # As in Outgoing: there is one of these for each connection.
    __slots__ = (
        "_asked", "_at_end", "_blocked", "_held", "_pace", "_paused", "_stopped", "_take",
        "_transport", "visit",
    )  # fmt: skip

    def __init__(
        self, pace: Pace, transport: Any, visit: Visit, take: Callable[[bytes], None]
    ) -> None:
        self._pace = pace
        self._transport = transport
        self._take = take
        self._held = b""
        self._at_end: Step | None = None
        self._asked = False
        self._blocked = False
        self._paused = False
        self._stopped = False
        self.visit = visit

    @property
    def idle(self) -> bool:
        """Whether nothing waits before what comes now."""
        return not self._held and not self._blocked

    def receive(self, data: bytes) -> None:
        self._held += data
        self._go_on()

    def at_end(self, step: Step) -> None:
        """The peer sends no more: take the step after everything that waits."""
        self._at_end = step
        self._go_on()

    def in_turn(self, step: Step) -> None:
        """Take a step of other work when it is the connection's turn."""
        self._pace.add(self.visit.budget, step)

    def refused(self) -> None:
        """A request was refused."""
        self._pace.charge(self.visit.budget, REFUSAL_S)

    def hurry(self) -> None:
        """Take all that waits at once."""
        while self._held and self._due:
            self._take_portion()

    def stop(self) -> None:
        """Drop what waits, and leave the transport alone."""
        self._held = b""
        self._at_end = None
        self._stopped = True

    def pauseProducing(self) -> None:
        """Too much waits elsewhere."""
        self._blocked = True
        self._pause_or_resume()

    def resumeProducing(self) -> None:
        self._blocked = False
        self._go_on()

    def _go_on(self) -> None:
        if self._due and not self._asked:
            self._asked = True
            self.in_turn(self._step)
        self._pause_or_resume()

    @property
    def _due(self) -> bool:
        waits = bool(self._held) or self._at_end is not None
        return waits and not self._blocked and not self._stopped

    def _step(self) -> None:
        self._asked = False
        if self._due:
            self._take_portion()
        self._go_on()

    def _take_portion(self) -> None:
        portion, self._held = self._held[:PORTION], self._held[PORTION:]
        try:
            if portion:
                self._take(portion)
            if not self._held and self._at_end is not None:
                end, self._at_end = self._at_end, None
                end()
        except Exception:
            self.stop()
            self._transport.abortConnection()
            raise

    def _pause_or_resume(self) -> None:
        if self._stopped:
            return
        wanted = self._blocked or len(self._held) > PORTION
        if wanted and not self._paused:
            self._paused = True
            self._transport.pauseProducing()
        elif self._paused and not wanted:
            self._paused = False
            self._transport.resumeProducing()
