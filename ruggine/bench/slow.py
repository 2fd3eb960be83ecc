"""Members of a group who do not read, while one sends and the others do.

Who reads gets everything, once and in order. Who does not is closed with 4003 once the daemon has
kept enough for them, and what they find when they look again is the beginning of it, without a
hole; or they catch up. The daemon holds no more for them than it may.
"""

from __future__ import annotations

import contextlib
import selectors
import time

from ruggine.bench import reservoir
from ruggine.bench.book import Listener
from ruggine.bench.figures import Figures
from ruggine.bench.people import Person
from ruggine.bench.private import Pair
from ruggine.bench.progress import Progress
from ruggine.bench.server import Server
from ruggine.bench.sockets import Closed, LoadSocket

READERS = 5
"""Who read, the sender among them."""
_TEXT = " una frase molto lunga" * 70
_WINDOW = 16
_RECEIVE_BUFFER = 4096
_PATIENCE_S = 60.0
_LOOK_S = 0.1
_TOO_SLOW = 4003
_MB_EACH, _MB_BESIDE = 2.0, 50.0
"""What the daemon may hold for each who does not read, and for all the rest of its work."""


class Lazy:
    """A group whose last members do not read."""

    def __init__(self, address: tuple[str, int], people: list[Person], group_id: str) -> None:
        place = reservoir.group(group_id)
        self._pair = Pair(address, place, people[0], people[1], text=_TEXT)
        self.book = self._pair.book
        self._readers = [self._pair.sender, self._pair.listener]
        for _, token in people[2:READERS]:
            socket = LoadSocket(address, token)
            socket.unblock()
            self._readers.append(self.book.listener(socket))
        self.slow = [
            Listener(self.book, LoadSocket(address, token, receive_buffer=_RECEIVE_BUFFER))
            for _, token in people[READERS:]
        ]
        self._selector = selectors.DefaultSelector()
        for reader in self._readers:
            self._selector.register(reader.socket, selectors.EVENT_READ, reader)

    def send(self, megabytes: float, server: Server, progress: Progress) -> float:
        """So much to each member; the most that the daemon held meanwhile, in MB."""
        count, most_mb = int(megabytes * 1e6 / len(_TEXT)), 0.0
        until = time.monotonic() + _PATIENCE_S
        while not (self.book.sent == count and self.book.complete):
            left = count - self.book.sent
            self._pair.send(min(left, _WINDOW - self._pair.in_flight))
            for key, _ in self._selector.select(_LOOK_S):
                key.data.receive()
            most_mb = max(most_mb, server.memory_mb() or 0)
            if time.monotonic() > until:
                break
            progress("sending past those who do not read", self.book.sent / count)
        self.book.verify()
        return most_mb

    def wake(self) -> int:
        """All look again, to the end; how many of them the daemon had closed as too slow."""
        return sum(self._is_closed(listener) for listener in self.slow)

    def _is_closed(self, listener: Listener) -> bool:
        try:
            while listener.heard < len(self.book.acknowledged):
                listener.receive()
        except (Closed, ConnectionResetError) as end:
            # Who looks again after the daemon's patience with a close frame finds no word.
            if isinstance(end, Closed) and end.code not in (0, _TOO_SLOW):
                raise SystemExit(f"bench: a slow reader was told something else: {end}") from end
            listener.verify(self.book, until=listener.heard)
            return True
        except TimeoutError:
            raise SystemExit(
                f"bench: a slow reader has {listener.heard} of {len(self.book.acknowledged)} "
                "messages, and is neither closed nor sent the rest"
            ) from None
        listener.verify(self.book)
        return False

    def close(self) -> None:
        self._selector.close()
        for listener in (*self._readers, *self.slow):
            listener.socket.close()


def run(
    server: Server, people: list[Person], group_id: str, megabytes: float, progress: Progress
) -> Figures:
    """Once. Raises SystemExit unless the daemon stays correct."""
    before_mb, start = server.memory_mb() or 0, time.perf_counter()
    with contextlib.closing(Lazy(server.websocket, people, group_id)) as lazy:
        most_mb = lazy.send(megabytes, server, progress)
        took_s = time.perf_counter() - start
        closed = lazy.wake()
    grown_mb, allowed_mb = most_mb - before_mb, _MB_EACH * len(lazy.slow) + _MB_BESIDE
    if grown_mb > allowed_mb:
        raise SystemExit(
            f"bench: the daemon took {grown_mb:.0f} MB for {len(lazy.slow)} who do not read, and "
            f"{allowed_mb:.0f} would be enough"
        )
    figures = {
        "sent_per_second": lazy.book.sent / took_s,
        "closed_as_too_slow": float(closed),
        "caught_up": float(len(lazy.slow) - closed),
    }
    return figures | ({"most_memory_mb": most_mb} if most_mb else {})
