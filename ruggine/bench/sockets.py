"""A WebSocket client with no library and no thread, so that the load costs little itself.

Speaks just enough of RFC 6455 for the daemon's own frames: text frames out, masked; whole frames
in.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import msgspec

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_READ_BYTES = 1 << 18


class Incoming(msgspec.Struct):
    """What a measurement needs of any frame of the daemon."""

    message_type: str
    seq: int = 0
    content: str = ""
    client_id: str = ""
    success: bool = False
    error: str | None = None


_decoder = msgspec.json.Decoder(Incoming)


class LoadSocket:
    """One authenticated WebSocket; blocking until `unblock`."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self.socket = socket.create_connection((host, port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._key = os.urandom(4)
        self._data = b""
        self._upgrade(host, port)
        self.send({"message_type": "auth", "session_token": token})
        answer = self._next()
        if not answer.success:
            raise SystemExit(f"bench: the daemon refused a session: {answer.error}")

    def fileno(self) -> int:
        return self.socket.fileno()

    def unblock(self) -> None:
        """From here on `receive` takes what is there and `send` fails rather than waits."""
        self.socket.setblocking(False)

    def send(self, frame: dict[str, Any]) -> None:
        self._write(_TEXT, msgspec.json.encode(frame))

    def receive(self) -> Iterator[Incoming]:
        """Every whole frame that has arrived. Raises ConnectionError if the daemon has closed."""
        self._read()
        return self._frames()

    def receive_bytes(self) -> bytes:
        """What has arrived, unread. Raises ConnectionError if the daemon has closed."""
        data = self.socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the daemon has closed a connection")
        return data

    def frames_of(self, data: bytes) -> Iterator[Incoming]:
        """Every whole frame, with what `receive_bytes` gave."""
        self._data += data
        return self._frames()

    def close(self) -> None:
        self.socket.close()

    def _upgrade(self, host: str, port: int) -> None:
        self.socket.sendall(
            f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._data:
            self._read()
        head, self._data = self._data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"bench: no WebSocket at {host}:{port}: {head[:80]!r}")

    def _read(self) -> None:
        self._data += self.receive_bytes()

    def _next(self) -> Incoming:
        while True:
            for frame in self._frames():
                return frame
            self._read()

    def _frames(self) -> Iterator[Incoming]:
        while (frame := self._take()) is not None:
            opcode, payload = frame
            if opcode == _TEXT:
                yield _decoder.decode(payload)
            elif opcode == _PING:
                self._write(_PONG, payload)
            elif opcode == _CLOSE:
                raise ConnectionError(f"the daemon closes a connection: {payload[2:].decode()}")

    def _take(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        size, start = data[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(data) < start:
                return None
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            return None
        self._data = data[start + size :]
        return data[0] & 0x0F, data[start : start + size]

    def _write(self, opcode: int, payload: bytes) -> None:
        self.socket.sendall(_frame(opcode, payload, self._key))


def text_frame(payload: bytes) -> bytes:
    """A masked text frame of at most 64 KiB."""
    return _frame(_TEXT, payload, os.urandom(4))


def _frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else (
        bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
    )  # fmt: skip
    key = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + mask + masked.to_bytes(size, "big")
