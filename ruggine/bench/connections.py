"""Clients who connect and authenticate: how fast, and what memory each takes that says nothing."""

from __future__ import annotations

import contextlib
import fcntl
import resource
import selectors
import socket
import time
from collections.abc import Iterator

import msgspec

from ruggine.bench.figures import Figures
from ruggine.bench.people import Person
from ruggine.bench.private import FD_SETSIZE
from ruggine.bench.progress import Progress
from ruggine.bench.server import Server
from ruggine.bench.sockets import handshake, text_frame

AT_ONCE = 64
"""On their way at a time, where it is not a storm."""
_PATIENCE_S = 120.0
"""Who finds the system's queue full tries again after 1, 2, 4 … seconds."""
_SETTLE_S = 2.0
_KIB = 1024
_SPARE_FILES = FD_SETSIZE + 400
_REFUSED = (
    "bench: a connection was refused: {}. A daemon that is to hold them all from one address needs "
    "--max-connections-per-address and --max-strangers-per-address, and --max-connections and "
    "--max-strangers, as large as their number, and that many open files (ulimit -n)"
)


class Arrival:
    """One client on its way: connecting, upgrading, authenticating, there."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self.socket = _high_socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)
        self._handshake = handshake(address)
        self._auth = text_frame(
            msgspec.json.encode({"message_type": "auth", "session_token": token})
        )
        self._heard: bytes | None = None
        self._upgraded = False

    def fileno(self) -> int:
        return self.socket.fileno()

    def go_on(self) -> bool:
        """One step; whether it is there. Raises SystemExit if it is refused."""
        try:
            return self._step()
        except OSError as error:
            raise SystemExit(_REFUSED.format(error)) from error

    def _step(self) -> bool:
        if self._heard is None:
            self.socket.send(self._handshake)
            self._heard = b""
            return False
        data = self.socket.recv(65_536)
        if not data:
            raise SystemExit(_REFUSED.format(self._heard[:80] or "it was closed"))
        self._heard += data
        if not self._upgraded and b"\r\n\r\n" in self._heard:
            self._upgraded, self._heard = True, b""
            self.socket.send(self._auth)
            return False
        return self._upgraded and b'"success":true' in self._heard.replace(b" ", b"")


def _high_socket() -> socket.socket:
    """Leaves the low numbers of files to private.Load, which counts no microseconds beyond them."""
    with socket.socket() as low:
        number = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, FD_SETSIZE)
    return socket.socket(fileno=number)


@contextlib.contextmanager
def connected(
    address: tuple[str, int], people: list[Person], count: int, at_once: int, progress: Progress
) -> Iterator[None]:
    """So many clients, who are people in turn, `at_once` of them on their way at a time.

    All are there when the body begins. Raises SystemExit if one of them is refused.
    """
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(contextlib.closing(selectors.DefaultSelector()))
        begun = there = 0
        until = time.monotonic() + _PATIENCE_S
        while there < count:
            while begun < min(count, there + at_once):
                arrival = Arrival(address, people[begun % len(people)][1])
                stack.callback(arrival.socket.close)
                selector.register(arrival, selectors.EVENT_WRITE, arrival)
                begun += 1
            there += _steps(selector)
            if time.monotonic() > until:
                raise SystemExit(f"bench: only {there} of {count} clients could connect")
            progress("clients connect", there / count)
        yield


def _steps(selector: selectors.DefaultSelector) -> int:
    """One step of everybody who can go on; how many have arrived with it."""
    there = 0
    for key, _ in selector.select(1):
        if key.data.go_on():
            selector.unregister(key.fileobj)
            there += 1
        elif key.events == selectors.EVENT_WRITE:
            selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
    return there


def memory(server: Server, people: list[Person], count: int, progress: Progress) -> Figures:
    """What so many connections cost, and how fast they are there."""
    before_mb, before_s = server.memory_mb() or 0, server.processor_s()
    start, own_s = time.perf_counter(), time.process_time()
    with connected(server.websocket, people, count, AT_ONCE, progress):
        took_s, load_s = time.perf_counter() - start, time.process_time() - own_s
        cost = server.processor_figures(before_s, count)
        time.sleep(_SETTLE_S)
        memory_mb = server.memory_mb() or 0
    return {
        "connected_per_second": count / took_s,
        **cost,
        "kib_each": (memory_mb - before_mb) * 1e6 / _KIB / count,
        "memory_mb": memory_mb,
        "load_processor_share": load_s / took_s,
    }


def allow_files(connections: int) -> None:
    """Let this process, and a daemon that it starts, have so many. Raises SystemExit if not."""
    count = connections + _SPARE_FILES
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise SystemExit(
            f"bench: {count} open files are needed, and this system allows {most} (ulimit -Hn); "
            "raise that, or ask for fewer connections"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, count), most))
