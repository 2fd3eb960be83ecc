"""`./dev bench-connections`: how many clients a second connect and authenticate, and what memory
each of them takes while it says nothing.

Many share a user here; what a user costs is in the figures of `./dev bench`.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import selectors
import socket
import time
from typing import Any

import msgspec
from tqdm import tqdm

from benchmarks.seed import add_people
from benchmarks.server import own_server
from ruggine.bench.measure import Person
from ruggine.bench.server import Server
from ruggine.bench.sockets import text_frame

COUNTS = (1000, 10_000)
_USERS = 100
_AT_ONCE = 64
_SETTLE_S = 2.0
_SPARE_FILES = 200
_KIB = 1024
_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Arrival:
    """One client on its way: connecting, upgrading, authenticating, there."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)
        self._auth = text_frame(
            msgspec.json.encode({"message_type": "auth", "session_token": token})
        )
        self._heard: bytes | None = None
        self._upgraded = False

    def fileno(self) -> int:
        return self.socket.fileno()

    def go_on(self) -> bool:
        """One step; whether it is there. Raises SystemExit if it is refused."""
        if self._heard is None:
            self.socket.send(_HANDSHAKE)
            self._heard = b""
            return False
        data = self.socket.recv(65_536)
        if not data:
            raise SystemExit(f"bench: a connection was refused: {self._heard[:80]!r}")
        self._heard += data
        if not self._upgraded and b"\r\n\r\n" in self._heard:
            self._upgraded, self._heard = True, b""
            self.socket.send(self._auth)
            return False
        return self._upgraded and b'"success":true' in self._heard


def arrive(server: Server, people: list[Person], count: int, *, quiet: bool) -> list[Arrival]:
    """So many clients, _AT_ONCE of them on their way at a time."""
    arrived: list[Arrival] = []
    selector = selectors.DefaultSelector()
    bar = tqdm(total=count, unit="client", desc=f"{count} connect", disable=quiet)
    begun = 0
    while len(arrived) < count:
        while begun < min(count, len(arrived) + _AT_ONCE):
            arrival = Arrival(server.websocket, people[begun % len(people)][1])
            selector.register(arrival, selectors.EVENT_WRITE)
            begun += 1
        for key, _ in selector.select(10):
            arrival = key.fileobj  # type: ignore[assignment]
            if arrival.go_on():
                selector.unregister(arrival)
                arrived.append(arrival)
                bar.update()
            else:
                selector.modify(arrival, selectors.EVENT_READ)
    bar.close()
    selector.close()
    return arrived


def measure(count: int, *, quiet: bool) -> dict[str, float]:
    """With a daemon of its own, whose memory nobody has used before."""
    options = [f"--max-connections-per-user={count}"]
    with own_server(options, None) as server, contextlib.ExitStack() as stack:
        assert server.database is not None
        people = add_people(server.database, _USERS)
        empty_mb, before_s = server.memory_mb()["now"], server.processor_s()
        start, own_s = time.perf_counter(), time.process_time()
        for arrival in arrive(server, people, count, quiet=quiet):
            stack.callback(arrival.socket.close)
        took_s = time.perf_counter() - start
        spent_s = server.processor_s() - before_s
        load_s = time.process_time() - own_s
        time.sleep(_SETTLE_S)
        full_mb = server.memory_mb()["now"]
    return {
        "connected_per_second": count / took_s,
        "processor_us_each": spent_s / count * 1e6,
        "load_processor_share": load_s / took_s,
        "kib_each": (full_mb - empty_mb) * 1e6 / _KIB / count,
        "memory_mb": full_mb,
        "empty_memory_mb": empty_mb,
    }


def report(results: dict[str, dict[str, float]]) -> str:
    lines = [
        "| connections | connected and authenticated/s | µs of the daemon's processor each "
        "| KiB each | MB of the daemon in all (before) |",
        "|---|---|---|---|---|",
    ]
    for count, figures in results.items():
        lines.append(
            f"| {count} | {figures['connected_per_second']:.0f} "
            f"| {figures['processor_us_each']:.0f} | {figures['kib_each']:.1f} "
            f"| {figures['memory_mb']:.0f} ({figures['empty_memory_mb']:.0f}) |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench-connections", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS), help="[1000 10000]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    allow_files(max(options.counts) + _SPARE_FILES)
    results: dict[str, Any] = {
        str(count): measure(count, quiet=options.quiet) for count in options.counts
    }
    print(msgspec.json.encode(results).decode() if options.json else report(results))


def allow_files(count: int) -> None:
    """Also for the daemon, which inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise SystemExit(
            f"bench: {count} open files are needed, and this system allows {most} (ulimit -Hn); "
            "raise that, or give fewer --counts"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


if __name__ == "__main__":
    main()
