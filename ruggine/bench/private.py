"""Private messages between pairs: as many as go with a window, and the delay at a fixed rate.

Everything is verified while it is measured: each acknowledged message arrives at the other side
once and in the order of its `seq`, or the measurement ends with an error.
"""

from __future__ import annotations

import selectors
import socket
import time
import uuid
from dataclasses import dataclass, field

from ruggine.bench.progress import Progress
from ruggine.bench.server import Server
from ruggine.bench.sockets import Incoming, LoadSocket

_STRAGGLERS_S = 10
_SOON_S = 0.002
_TEXT = " una frase di lunghezza media, come se ne scrivono tante in una chat"


@dataclass
class Figures:
    """What one measurement found. Delays in milliseconds, from send to the other's receipt."""

    messages: int
    seconds: float
    delays_ms: list[float] = field(repr=False)

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds

    def delay_ms(self, part: float) -> float:
        """The delay that `part` of the messages stayed under."""
        ordered = sorted(self.delays_ms)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class Pair:
    """Two users, of whom the first sends to the second."""

    def __init__(self, server: Server, names: tuple[str, str], tokens: tuple[str, str]) -> None:
        self._receiver_name = names[1]
        self.sender, self.receiver = (LoadSocket(*server.websocket, token) for token in tokens)
        self._run = uuid.uuid4().hex[:8]
        self._sent_at: list[float] = []
        self._acknowledged: dict[int, int] = {}
        self._heard: dict[LoadSocket, list[int]] = {self.sender: [], self.receiver: []}
        self.delays_ms: list[float] = []

    @property
    def sent(self) -> int:
        return len(self._sent_at)

    @property
    def acknowledged(self) -> int:
        return len(self._acknowledged)

    @property
    def complete(self) -> bool:
        """Acknowledged all, and arrived at both."""
        return self.acknowledged == self.sent == len(self._heard[self.sender]) == self.arrived

    @property
    def arrived(self) -> int:
        """How many the receiver has."""
        return len(self._heard[self.receiver])

    def send(self) -> None:
        number = self.sent
        self._sent_at.append(time.perf_counter())
        self.sender.send(
            {
                "message_type": "send_message",
                "chat_type": "private",
                "to_user": self._receiver_name,
                "content": f"{number}{_TEXT}",
                "client_id": f"{self._run}-{number}",
            }
        )

    def take(self, at: LoadSocket, frame: Incoming) -> None:
        """Account for a frame that arrived. Raises SystemExit if it is not the expected one."""
        if frame.message_type == "message_sent":
            number = int(frame.client_id.rpartition("-")[2])
            if number in self._acknowledged:
                raise SystemExit(f"bench: message {number} was acknowledged twice")
            self._acknowledged[number] = frame.seq
        elif frame.message_type == "incoming_message":
            self._take_message(at, frame)
        elif frame.message_type != "user_status":
            raise SystemExit(f"bench: the daemon answers {frame.message_type}: {frame.error}")

    def _take_message(self, at: LoadSocket, frame: Incoming) -> None:
        heard = self._heard[at]
        if int(frame.content.partition(" ")[0]) != len(heard):
            raise SystemExit("bench: a message is lost, doubled or out of order")
        if heard and frame.seq != heard[-1] + 1:
            raise SystemExit(f"bench: seq {frame.seq} follows {heard[-1]}")
        if at is self.receiver:
            self.delays_ms.append((time.perf_counter() - self._sent_at[len(heard)]) * 1000)
        heard.append(frame.seq)

    def verify(self) -> None:
        """Raises SystemExit unless all was acknowledged with the `seq` it arrived with."""
        acknowledged = [self._acknowledged.get(number) for number in range(self.sent)]
        if not self.complete or acknowledged != self._heard[self.receiver]:
            raise SystemExit(
                f"bench: of {self.sent} messages {self.acknowledged} were acknowledged "
                f"and {self.arrived} arrived"
            )

    def close(self) -> None:
        self.sender.close()
        self.receiver.close()


class Load:
    """The pairs of one measurement."""

    def __init__(self, server: Server, people: list[tuple[str, str]]) -> None:
        """`people` are names and tokens; two by two they talk."""
        self._pairs = [
            Pair(server, (one[0], other[0]), (one[1], other[1]))
            for one, other in zip(people[::2], people[1::2], strict=True)
        ]
        self._selector = selectors.DefaultSelector()
        for pair in self._pairs:
            for end in (pair.sender, pair.receiver):
                end.unblock()
                self._selector.register(end, selectors.EVENT_READ, (pair, end))

    def windowed(self, seconds: float, window: int, progress: Progress) -> Figures:
        """Each pair keeps `window` messages in flight that have not arrived yet."""
        start = time.perf_counter()
        until = start + seconds
        while (now := time.perf_counter()) < until:
            for pair in self._pairs:
                while pair.sent - min(pair.acknowledged, pair.arrived) < window:
                    pair.send()
            self._receive(until - now)
            progress("sending all it takes", (now - start) / seconds)
        return self._finish(start)

    def at_rate(self, seconds: float, rate: float, progress: Progress) -> Figures:
        """`rate` messages a second in all, at even times, whatever the daemon does meanwhile."""
        start = time.perf_counter()
        for number in range(int(seconds * rate)):
            due = start + number / rate
            while (left := due - time.perf_counter()) > 0:
                self._receive(0 if left < _SOON_S else left - _SOON_S)
            self._pairs[number % len(self._pairs)].send()
            progress(f"sending {rate:g} a second", number / (seconds * rate))
        return self._finish(start)

    def close(self) -> None:
        self._selector.close()
        for pair in self._pairs:
            pair.close()

    def _receive(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            pair, end = key.data
            for frame in end.receive():
                pair.take(end, frame)

    def _finish(self, start: float) -> Figures:
        until = time.perf_counter() + _STRAGGLERS_S
        while not all(pair.complete for pair in self._pairs) and time.perf_counter() < until:
            self._receive(0.1)
        seconds = time.perf_counter() - start
        for pair in self._pairs:
            pair.verify()
        delays = [delay for pair in self._pairs for delay in pair.delays_ms]
        return Figures(sum(pair.arrived for pair in self._pairs), seconds, delays)


def register(server: Server, count: int, progress: Progress) -> list[tuple[str, str]]:
    """New accounts, as names and tokens. A password costs the daemon 0.1 s of hard work each."""
    run = uuid.uuid4().hex[:8]
    people: list[tuple[str, str]] = []
    with socket.create_connection(server.tcp, 60) as line:
        replies = line.makefile("r", encoding="utf-8")
        for number in range(count):
            name = f"bench.{run}.{number}"
            line.sendall(f"/register {name} {uuid.uuid4().hex}\n".encode())
            reply = replies.readline()
            if not reply.startswith("OK: Registered"):
                raise SystemExit(
                    f"bench: no account: {reply.strip() or 'connection closed'} "
                    "(a daemon to be measured has --rate-limits=off)"
                )
            people.append((name, reply.split()[-1]))
            progress("making accounts", (number + 1) / count)
    return people
