"""`./dev bench-group`: how many deliveries a second a group gets, by its size.

One member sends and every member receives. The daemon writes the same bytes to all of them: what
one receives is read and checked frame by frame, and what each of the others receives must be as
long and have the same checksum at the end, which costs the load little.
"""

from __future__ import annotations

import argparse
import selectors
import statistics
import time
import zlib
from typing import Any

import msgspec
from tqdm import tqdm

from benchmarks.seed import add_group, add_people
from benchmarks.server import own_server
from ruggine.bench.measure import Person
from ruggine.bench.server import Server
from ruggine.bench.sockets import Incoming, LoadSocket

SIZES = (10, 100, 1000)
_TEXT = "x" * 90
_STRAGGLERS_S = 30.0
_BUSY = 0.9
_SILENCE_S = 3.5


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

    def __init__(self, server: Server, people: list[Person], group_id: str) -> None:
        sockets = [LoadSocket(*server.websocket, token) for _, token in people]
        for socket in sockets:
            socket.unblock()
        self._sender, self._witness = sockets[0], Reader(sockets[1])
        self._others = [Reader(socket) for socket in sockets[2:]]
        self._group_id = group_id
        self._selector = selectors.DefaultSelector()
        for reader in (self._witness, *self._others):
            self._selector.register(reader.socket, selectors.EVENT_READ, reader)
        self._selector.register(self._sender, selectors.EVENT_READ, None)
        self.sent = self.acknowledged = self.heard = 0
        self._wait_for_silence()

    def _wait_for_silence(self) -> None:
        """Until everybody has been told who else has come."""
        quiet_since = time.perf_counter()
        while time.perf_counter() < quiet_since + _SILENCE_S:
            for key, _ in self._selector.select(0.1):
                key.fileobj.receive_bytes()  # type: ignore[union-attr]
                quiet_since = time.perf_counter()

    def run(self, seconds: float, window: int) -> dict[str, float]:
        """Keep `window` messages in flight for so long. Raises SystemExit for any fault."""
        start, own_s = time.perf_counter(), time.process_time()
        while time.perf_counter() < start + seconds:
            while self.sent - min(self.heard, self.acknowledged) < window:
                self._send()
            self._receive()
        until = time.perf_counter() + _STRAGGLERS_S
        while not self._complete and time.perf_counter() < until:
            self._receive()
        took_s = time.perf_counter() - start
        self._verify()
        members = len(self._others) + 2
        return {
            "messages_per_second": self.sent / took_s,
            "deliveries_per_second": self.sent * members / took_s,
            "load_processor_share": (time.process_time() - own_s) / took_s,
        }

    def close(self) -> None:
        for socket in (self._sender, self._witness.socket, *(r.socket for r in self._others)):
            socket.close()
        self._selector.close()

    def _send(self) -> None:
        self._sender.send(
            {
                "message_type": "send_message", "chat_type": "group", "group_id": self._group_id,
                "content": f"{self.sent} {_TEXT}", "client_id": f"{self._group_id}-{self.sent}",
            }
        )  # fmt: skip
        self.sent += 1

    def _receive(self) -> None:
        for key, _ in self._selector.select(0.1):
            reader = key.data
            if reader is None:
                self.acknowledged += sum(
                    1 for frame in self._sender.receive() if frame.message_type == "message_sent"
                )
            elif reader is self._witness:
                for frame in reader.socket.frames_of(reader.receive()):
                    self._hear(frame)
            else:
                reader.receive()

    def _hear(self, frame: Incoming) -> None:
        if frame.message_type != "incoming_message" or not frame.content.startswith(
            f"{self.heard} "
        ):
            raise SystemExit(f"bench: instead of message {self.heard} came {frame}")
        self.heard += 1

    @property
    def _complete(self) -> bool:
        return self.heard == self.acknowledged == self.sent and all(
            reader.size >= self._witness.size for reader in self._others
        )

    def _verify(self) -> None:
        """Everybody has everything once, in the order of the witness."""
        expected = self._witness.size, self._witness.checksum
        wrong = sum((reader.size, reader.checksum) != expected for reader in self._others)
        if wrong or not self._complete:
            raise SystemExit(
                f"bench: {self.sent} sent, {self.acknowledged} acknowledged, {self.heard} heard, "
                f"and {wrong} members have received something else"
            )


def measure(
    server: Server, sizes: list[int], rounds: int, seconds: float, window: int, *, quiet: bool
) -> dict[str, dict[str, float]]:
    """By the size of the group: the medians of `rounds`."""
    assert server.database is not None
    people = add_people(server.database, max(sizes))
    results = {}
    for size in tqdm(sizes, unit="size", desc="groups", disable=quiet):
        done: list[dict[str, float]] = []
        for _ in range(rounds):
            fan = Fan(server, people[:size], add_group(server.database, people[:size]))
            before_s = server.processor_s()
            figures = fan.run(seconds, window)
            spent_s = server.processor_s() - before_s
            fan.close()
            done.append({**figures, "processor_us_each": spent_s / fan.heard / size * 1e6})
        results[str(size)] = {name: statistics.median(d[name] for d in done) for name in done[0]}
    return results


def report(results: dict[str, dict[str, float]]) -> str:
    lines = [
        "every message acknowledged after its commit, and the same bytes with everybody",
        "| members | messages/s | deliveries/s | µs of the daemon's processor a delivery | |",
        "|---|---|---|---|---|",
    ]
    for size, figures in results.items():
        limit = "the load was the limit" if figures["load_processor_share"] > _BUSY else ""
        lines.append(
            f"| {size} | {figures['messages_per_second']:.0f} "
            f"| {figures['deliveries_per_second']:.0f} "
            f"| {figures['processor_us_each']:.2f} | {limit} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench-group", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="[10 100 1000]")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts [3]")
    parser.add_argument("--seconds", type=float, default=4, help="of each round [4]")
    parser.add_argument("--window", type=int, default=32, help="messages in flight [32]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    if min(options.sizes) < 2 or max(options.sizes) > 5000:
        parser.error("--sizes are from 2 to 5000")
    with own_server([f"--max-group-members={max(options.sizes)}"], None) as server:
        results: dict[str, Any] = measure(
            server, options.sizes, options.rounds, options.seconds, options.window,
            quiet=options.quiet,
        )  # fmt: skip
    print(msgspec.json.encode(results).decode() if options.json else report(results))


if __name__ == "__main__":
    main()
