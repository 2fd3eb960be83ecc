"""How many messages a second a group takes in, and hands on to all of its members.

One member sends and every member receives. The daemon writes the same bytes to all of them: what
one receives, the witness, is read and checked frame by frame, and what each of the others receives
must be as long and have the same checksum at the end, which costs the load little.
"""

from __future__ import annotations

import contextlib
import selectors
import time
import zlib

from ruggine.bench import reservoir
from ruggine.bench.figures import Figures
from ruggine.bench.people import Person
from ruggine.bench.private import Pair
from ruggine.bench.progress import Progress
from ruggine.bench.server import Server
from ruggine.bench.sockets import LoadSocket

_STRAGGLERS_S = 30.0
_SILENCE_S = 2.0
_SILENCE_EACH_S = 0.004
"""The daemon tells once a second who has come, and needs time to find out whom to tell."""


class Reader:
    """What one member has received: its length and its checksum."""

    def __init__(self, socket: LoadSocket) -> None:
        self.socket = socket
        self.size = self.checksum = 0

    def receive(self) -> bytes:
        data = self.socket.receive_bytes()
        self.size += len(data)
        self.checksum = zlib.crc32(data, self.checksum)
        return data


class Fan:
    """A group with a sender, a witness whose frames are read, and all the others."""

    def __init__(self, address: tuple[str, int], people: list[Person], group_id: str) -> None:
        place = reservoir.group(group_id)
        self.pair = Pair(address, place, people[0], people[1])
        self.witness = Reader(self.pair.listener.socket)
        self.others = [Reader(LoadSocket(address, token)) for _, token in people[2:]]
        self._selector = selectors.DefaultSelector()
        for reader in (self.witness, *self.others):
            reader.socket.unblock()
            self._selector.register(reader.socket, selectors.EVENT_READ, reader)
        self._selector.register(self.pair.sender.socket, selectors.EVENT_READ, None)

    def wait_for_silence(self, progress: Progress) -> None:
        """Until everybody has been told who else has come: what they hear then is the same."""
        silence_s = _SILENCE_S + _SILENCE_EACH_S * len(self.others)
        quiet_since = time.perf_counter()
        while (now := time.perf_counter()) < quiet_since + silence_s:
            for key, _ in self._selector.select(0.1):
                assert isinstance(key.fileobj, LoadSocket)
                key.fileobj.receive_bytes()
                quiet_since = time.perf_counter()
            progress("waiting until all know of each other", (now - quiet_since) / silence_s)

    def windowed(self, seconds: float, window: int, progress: Progress) -> None:
        """Keep `window` messages in flight. Raises SystemExit for any fault."""
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds:
            self.pair.send(window - self.pair.in_flight)
            self._receive()
            progress("sending to the group", (now - start) / seconds)
        until = time.perf_counter() + _STRAGGLERS_S
        while not self._complete and time.perf_counter() < until:
            self._receive()
        self.verify()

    def _receive(self) -> None:
        for key, _ in self._selector.select(0.1):
            reader = key.data
            if reader is None:
                self.pair.sender.receive()
            elif reader is self.witness:
                self.pair.listener.take(reader.socket.frames_of(reader.receive()))
            else:
                reader.receive()

    @property
    def _complete(self) -> bool:
        return self.pair.book.complete and all(
            reader.size >= self.witness.size for reader in self.others
        )

    def verify(self) -> None:
        """Everybody has everything once, in the order of the witness."""
        self.pair.book.verify()
        expected = self.witness.size, self.witness.checksum
        if wrong := sum((reader.size, reader.checksum) != expected for reader in self.others):
            raise SystemExit(f"bench: {wrong} members have received something else than the rest")

    def close(self) -> None:
        self.pair.close()
        for reader in self.others:
            reader.socket.close()
        self._selector.close()


def run(
    server: Server,
    people: list[Person],
    group_id: str,
    seconds: float,
    window: int,
    progress: Progress,
) -> Figures:
    """Throughput, of one run with everybody connected anew."""
    with contextlib.closing(Fan(server.websocket, people, group_id)) as fan:
        fan.wait_for_silence(progress)
        before_s, start, own_s = server.processor_s(), time.perf_counter(), time.process_time()
        fan.windowed(seconds, window, progress)
        took_s, load_s = time.perf_counter() - start, time.process_time() - own_s
        deliveries = fan.pair.book.sent * len(people)
        cost = server.processor_figures(before_s, deliveries)
    return {
        "messages_per_second": fan.pair.book.sent / took_s,
        "deliveries_per_second": deliveries / took_s,
        **cost,
        "load_processor_share": load_s / took_s,
    }
