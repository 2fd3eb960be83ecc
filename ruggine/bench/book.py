"""What became of every message that was sent to a chat; anything wrong ends the bench.

Each message is answered once. What was acknowledged is heard by every listener once, in the order
in which it was sent and with the `seq` of its acknowledgement; what was refused is heard by nobody.
"""

from __future__ import annotations

import time

from ruggine.bench.reservoir import Reservoir
from ruggine.bench.sockets import Incoming, LoadSocket

Delay = tuple[float, float]
"""When a message was sent (time.perf_counter), and milliseconds until it was heard."""


class Book:
    """Of one sender in one chat."""

    def __init__(self, reservoir: Reservoir, *, limited: bool = False) -> None:
        """`limited`: the daemon may refuse messages that are too fast."""
        self._reservoir = reservoir
        self._prefix = reservoir.prefix
        self._limited = limited
        self._sent_at: list[float] = []
        self._listeners: list[Listener] = []
        self.acknowledged: dict[int, int] = {}
        """The `seq` of each, by its number."""
        self.refused: set[int] = set()

    @property
    def sent(self) -> int:
        return len(self._sent_at)

    @property
    def answered(self) -> int:
        return len(self.acknowledged) + len(self.refused)

    @property
    def complete(self) -> bool:
        """All are answered, and everybody has heard as many as were acknowledged."""
        count = len(self.acknowledged)
        return self.answered == self.sent and all(x.heard == count for x in self._listeners)

    def listener(self, socket: LoadSocket) -> Listener:
        """Somebody who has to hear everything from now on."""
        listener = Listener(self, socket)
        self._listeners.append(listener)
        return listener

    def send(self, count: int) -> bytes:
        """The frames of the next so many messages, which are sent now."""
        self._sent_at.extend([time.perf_counter()] * count)
        return self._reservoir.take(count)

    def sent_at(self, number: int) -> float:
        return self._sent_at[number]

    def number(self, frame: Incoming) -> int:
        """Which of the messages it is about."""
        if not frame.client_id.startswith(self._prefix):
            raise SystemExit(f"bench: a frame is about a message that was not sent here: {frame}")
        return int(frame.client_id[len(self._prefix) :])

    def is_whole(self, number: int, content: str) -> bool:
        return number < self.sent and content == self._reservoir.content(number)

    def answer(self, frame: Incoming) -> None:
        """What the daemon says to the sender of a message."""
        if frame.message_type == "user_status":
            return
        if frame.message_type == "message_sent":
            number = self.number(frame)
            self._answer_once(number)
            self.acknowledged[number] = frame.seq
        elif self._limited and frame.code == "rate_limited" and frame.retry_after:
            number = self.number(frame)
            self._answer_once(number)
            self.refused.add(number)
        else:
            raise SystemExit(
                f"bench: the daemon answers {frame.message_type} {frame.code or ''}: {frame.error}"
            )

    def _answer_once(self, number: int) -> None:
        if number in self.acknowledged or number in self.refused:
            raise SystemExit(f"bench: message {number} was answered twice")

    def verify(self) -> None:
        """Raises SystemExit unless everything is as this module says."""
        if self.answered != self.sent:
            raise SystemExit(f"bench: of {self.sent} messages {self.answered} were answered")
        for listener in self._listeners:
            listener.verify(self)


class Listener:
    """One connection, and what it has heard of the messages in a book."""

    def __init__(self, book: Book, socket: LoadSocket) -> None:
        self.socket = socket
        self._book = book
        self._numbers: list[int] = []
        self._seqs: list[int] = []
        self._heard_at: list[float] = []

    @property
    def delays(self) -> list[Delay]:
        """Of all that was heard."""
        sent_at = map(self._book.sent_at, self._numbers)
        return [
            (sent, (heard - sent) * 1000)
            for sent, heard in zip(sent_at, self._heard_at, strict=True)
        ]

    @property
    def heard(self) -> int:
        return len(self._numbers)

    def receive(self) -> None:
        """Account for all that has arrived. Raises SystemExit for what cannot be right."""
        self.take(self.socket.receive())

    def take(self, frames: list[Incoming]) -> None:
        now = time.perf_counter()
        for frame in frames:
            if frame.message_type == "incoming_message":
                self._hear(frame, now)
            else:
                self._book.answer(frame)

    def _hear(self, frame: Incoming, now: float) -> None:
        book, numbers, seqs = self._book, self._numbers, self._seqs
        number = book.number(frame)
        if not book.is_whole(number, frame.content):
            raise SystemExit(f"bench: message {number} is not as it was sent: {frame.content!r}")
        if numbers and number <= numbers[-1]:
            raise SystemExit(f"bench: message {number} is doubled or out of order")
        if seqs and frame.seq != seqs[-1] + 1:
            raise SystemExit(f"bench: a message is lost or doubled: {frame.seq} follows {seqs[-1]}")
        numbers.append(number)
        seqs.append(frame.seq)
        self._heard_at.append(now)

    def verify(self, book: Book, *, until: int | None = None) -> None:
        """Raises SystemExit unless this is what was acknowledged, or the first `until` of it."""
        heard = dict(zip(self._numbers, self._seqs, strict=True))
        if refused := heard.keys() & book.refused:
            raise SystemExit(f"bench: {len(refused)} messages arrived that were refused")
        expected = dict(sorted(book.acknowledged.items())[:until])
        if lost := expected.keys() - heard.keys():
            raise SystemExit(f"bench: {len(lost)} acknowledged messages did not arrive")
        if heard != expected:
            raise SystemExit("bench: messages arrived with another seq than was acknowledged")
