"""Private messages between pairs: as many as go with a window, or at an even pace."""

from __future__ import annotations

import contextlib
import select
import selectors
import time
from collections.abc import Callable

from ruggine.bench import reservoir
from ruggine.bench.book import Book
from ruggine.bench.figures import Figures, Stretch
from ruggine.bench.people import Person
from ruggine.bench.progress import Progress
from ruggine.bench.reservoir import TEXT, Place, Reservoir
from ruggine.bench.server import Server
from ruggine.bench.sockets import LoadSocket

_STRAGGLERS_S = 20
_LOOK_S = 0.1
FD_SETSIZE = 1024
"""select() knows no file descriptors from this number on (glibc)."""


class Pair:
    """One who sends to a place, and one who listens there."""

    def __init__(
        self,
        address: tuple[str, int],
        place: Place,
        sender: Person,
        listener: Person,
        *,
        text: str = TEXT,
        limited: bool = False,
    ) -> None:
        self.book = Book(Reservoir(place, text), limited=limited)
        self.sender, self.listener = (
            self.book.listener(LoadSocket(address, token)) for _, token in (sender, listener)
        )
        for end in (self.sender, self.listener):
            end.socket.unblock()

    @property
    def in_flight(self) -> int:
        """Sent, and not yet both acknowledged and arrived."""
        return self.book.sent - min(self.book.answered, self.listener.heard)

    def send(self, count: int) -> None:
        if count > 0:
            self.sender.socket.write(self.book.send(count))

    def close(self) -> None:
        self.sender.socket.close()
        self.listener.socket.close()


class Load:
    """The pairs of one measurement."""

    def __init__(
        self, address: tuple[str, int], people: list[Person], *, limited: bool = False
    ) -> None:
        """Two by two they talk. `limited`: the daemon may refuse what is too fast."""
        self._selector = selectors.DefaultSelector()
        self.pairs = [
            Pair(address, reservoir.private(other[0]), one, other, limited=limited)
            for one, other in zip(people[::2], people[1::2], strict=True)
        ]
        for pair in self.pairs:
            for end in (pair.sender, pair.listener):
                self._selector.register(end.socket, selectors.EVENT_READ, (pair, end))

    def windowed(self, seconds: float, window: int, progress: Progress) -> Stretch:
        """Each pair keeps `window` messages in flight."""
        start, own_s = time.perf_counter(), time.process_time()
        for pair in self.pairs:
            pair.send(window)
        while (now := time.perf_counter()) < start + seconds:
            for pair in self.receive(_LOOK_S):
                pair.send(window - pair.in_flight)
            progress("sending all it takes", (now - start) / seconds)
        self.finish()
        return self.stretch(start, own_s)

    def at_rate(
        self,
        seconds: float,
        rate: float,
        progress: Progress,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Stretch:
        """`rate` messages a second in all, at even times, whatever the daemon does meanwhile."""
        start, own_s = time.perf_counter(), time.process_time()
        count, sent = int(seconds * rate), 0
        while sent < count and not stopped():
            due = min(count, int((time.perf_counter() - start) * rate) + 1)
            for number in range(sent, due):
                self.pairs[number % len(self.pairs)].send(1)
            sent = due
            self.receive(max(0, start + sent / rate - time.perf_counter()))
            progress(f"sending {rate:.0f} a second", sent / count)
        kept = sent / rate / (time.perf_counter() - start)
        self.finish()
        return self.stretch(start, own_s, min(1.0, kept))

    def receive(self, seconds: float) -> set[Pair]:
        """Take what arrives within so long; the pairs that heard something."""
        heard = set()
        for key, _ in self._selector.select(self._wait(seconds)):
            pair, end = key.data
            end.receive()
            heard.add(pair)
        return heard

    def _wait(self, seconds: float) -> float:
        """The selector's own time-out is in whole milliseconds: wait without it, as far as select()
        goes; what is left to wait."""
        number = self._selector.fileno()
        if number >= FD_SETSIZE:
            return seconds
        select.select([number], [], [], seconds)
        return 0.0

    def finish(self) -> None:
        """Wait for what is on its way. Raises SystemExit unless every message went well."""
        until = time.perf_counter() + _STRAGGLERS_S
        while not all(pair.book.complete for pair in self.pairs) and time.perf_counter() < until:
            self.receive(_LOOK_S)
        for pair in self.pairs:
            pair.book.verify()

    def stretch(self, start: float, own_s: float, kept: float = 1.0) -> Stretch:
        """What was sent since `start`, when the load had used `own_s` of its processor."""
        seconds, load_s = time.perf_counter() - start, time.process_time() - own_s
        delays = [delay for pair in self.pairs for delay in pair.listener.delays]
        return Stretch(
            messages=len(delays),
            seconds=seconds,
            load_s=load_s,
            delays=delays,
            rate_kept=kept,
        )

    def close(self) -> None:
        self._selector.close()
        for pair in self.pairs:
            pair.close()


def as_many_as_go(
    server: Server, people: list[Person], seconds: float, window: int, progress: Progress
) -> Figures:
    """Throughput, of one run."""
    with contextlib.closing(Load(server.websocket, people)) as load:
        before_s = server.processor_s()
        stretch = load.windowed(seconds, window, progress)
        cost = server.processor_figures(before_s, stretch.messages)
    return {
        "messages_per_second": stretch.per_second,
        **stretch.delay_figures(),
        **cost,
        "load_us_each": stretch.load_s / stretch.messages * 1e6,
        "load_processor_share": stretch.load_s / stretch.seconds,
    }
