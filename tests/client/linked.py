"""A Link with somebody who listens, and servers that are no Ruggine."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import queue
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from client_tk.intents import Open
from client_tk.model import Server
from client_tk.net.link import Link
from client_tk.reports import Heard, Report
from ruggine.wire.frames import UserStatus
from tests.daemon import Daemon
from tests.patience import PATIENCE_S

WELCOME = (
    b'{"message_type": "auth_response", "success": true, "user_id": "u", "username": "dory",'
    b' "error": null, "epoch": "e", "resume": "none", "server_time": 1.0, "protocol": 1,'
    b' "limits": {"max_message_length": 4096, "max_frame_size": 65536}}'
)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

R = TypeVar("R")


class Linked:
    """What a Link reports, one by one."""

    def __init__(self, **times: float) -> None:
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self.link = Link(self._reports.put, **times)
        self.link.start()

    def hear(self, seconds: float = PATIENCE_S) -> Report:
        """The next report but for who comes and goes, which may come at any moment."""
        while True:
            report = self._reports.get(timeout=seconds)
            if not (isinstance(report, Heard) and isinstance(report.frame, UserStatus)):
                return report

    def ask(self, intent: Any, kind: type[R]) -> R:
        self.link.tell(intent)
        return self.expect(kind)

    def expect(self, kind: type[R]) -> R:
        report = self.hear()
        assert isinstance(report, kind), report
        return report

    def silent(self, seconds: float = 0.2) -> bool:
        with contextlib.suppress(queue.Empty):
            self.hear(seconds)
            return False
        return True


@contextlib.contextmanager
def linked(**times: float) -> Iterator[Linked]:
    it = Linked(**times)
    yield it
    it.link.stop()
    assert not it.link._thread.is_alive()


def server_of(daemon: Daemon, **fields: Any) -> Server:
    return Server("127.0.0.1", daemon.tcp_port, daemon.websocket_port, **fields)


class Peer:
    """The other end of one connection to a server that is written in the test."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.settimeout(PATIENCE_S)
        self._file = connection.makefile("rb")

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes:
        return self._file.readline()

    def head(self) -> bytes:
        """The key of a WebSocket handshake."""
        key = b""
        while (line := self.line().strip()) != b"":
            name, _, value = line.partition(b": ")
            key = value if name == b"Sec-WebSocket-Key" else key
        return key

    def upgrade(self) -> None:
        self.say(switching(self.head()))

    def let_in(self) -> None:
        """The handshake and the authentication."""
        self.upgrade()
        assert b'"auth"' in self.frame()[1]
        self.say(frame(TEXT, WELCOME))

    def frame(self) -> tuple[int, bytes]:
        """The next frame from the client: its opcode and its data. (0, b"") at the end."""
        head = self._file.read(2)
        if len(head) < 2:
            return 0, b""
        assert head[1] & 0x80, "a client masks what it says"
        size = head[1] & 0x7F
        if size >= 126:
            size = int.from_bytes(self._file.read(2 if size == 126 else 8), "big")
        mask = self._file.read(4)
        data = self._file.read(size)
        return head[0] & 0xF, bytes(b ^ mask[i % 4] for i, b in enumerate(data))

    def hang_up(self) -> None:
        self._file.close()
        self.socket.close()

    def reset(self) -> None:
        """The connection breaks: no end is announced."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.hang_up()


def switching(key: bytes, *headers: bytes) -> bytes:
    told = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    lines = (
        b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + base64.b64encode(told), *headers, b"", b"",
    )  # fmt: skip
    return b"\r\n".join(lines)


def frame(opcode: int, data: bytes, *, fin: bool = True, claim: int | None = None) -> bytes:
    """A server's frame; `claim` is a size that it does not have."""
    size = len(data) if claim is None else claim
    first = opcode | (0x80 if fin else 0)
    if size < 126:
        return bytes([first, size]) + data
    if size < 2**16:
        return bytes([first, 126]) + size.to_bytes(2, "big") + data
    return bytes([first, 127]) + size.to_bytes(8, "big") + data


class Stranger:
    """A server on one port for everything; `act` runs for each connection, in a thread."""

    def __init__(self, act: Callable[[Peer], object]) -> None:
        self._act = act
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.faults: list[BaseException] = []
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", self.port, self.port)

    @property
    def open(self) -> Open:
        return Open(self.server, "rg1_token")

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer = Peer(self._listening.accept()[0])
                thread = threading.Thread(target=self._meet, args=(peer,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _meet(self, peer: Peer) -> None:
        try:
            self._act(peer)
        except BaseException as fault:
            self.faults.append(fault)
        finally:
            with contextlib.suppress(OSError):
                peer.hang_up()

    def close(self) -> None:
        """Whatever `act` asserts must have held."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        assert not self.faults, self.faults


@contextlib.contextmanager
def stranger(act: Callable[[Peer], object]) -> Iterator[Stranger]:
    it = Stranger(act)
    yield it
    it.close()
