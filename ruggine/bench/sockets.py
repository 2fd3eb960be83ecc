"""A WebSocket client with no library and no thread, so that the load costs little itself.

Speaks just enough of RFC 6455 for the daemon's own frames: text frames out, masked; whole frames
in.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import msgspec

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_READ_BYTES = 1 << 18
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


class Incoming(msgspec.Struct, gc=False):
    """What a measurement needs of any frame of the daemon."""

    message_type: str
    seq: int = 0
    content: str = ""
    client_id: str = ""
    success: bool = False
    code: str | None = None
    error: str | None = None
    retry_after: float | None = None


_decode = msgspec.json.Decoder(Incoming).decode


class Closed(ConnectionError):
    """The daemon has closed a connection; `code` is 0 where it did not say why."""

    def __init__(self, code: int = 0, reason: str = "without a word") -> None:
        super().__init__(f"the daemon has closed a connection: {code or ''} {reason}")
        self.code = code


class LoadSocket:
    """One authenticated WebSocket; blocking until `unblock`."""

    def __init__(
        self, address: tuple[str, int], token: str, *, receive_buffer: int | None = None
    ) -> None:
        """`receive_buffer` is what the system keeps for who does not read, in bytes."""
        self.socket = socket.socket()
        self.socket.settimeout(10)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._key = os.urandom(4)
        self._data = b""
        self._closed: Closed | None = None
        self._upgrade(address)
        self.send({"message_type": "auth", "session_token": token})
        answer = self._next()
        if not answer.success:
            raise SystemExit(f"bench: the daemon refused a session: {answer.error}")

    def fileno(self) -> int:
        return self.socket.fileno()

    def unblock(self) -> None:
        """From here on `receive` takes what is there and `write` fails rather than waits."""
        self.socket.setblocking(False)

    def send(self, frame: dict[str, Any]) -> None:
        self._write(_TEXT, msgspec.json.encode(frame))

    def write(self, frames: bytes) -> None:
        """Whole frames that are masked already."""
        try:
            self.socket.sendall(frames)
        except BlockingIOError:
            raise SystemExit("bench: the daemon does not read what it is sent") from None

    def receive(self) -> list[Incoming]:
        """Every whole frame that has arrived. Raises Closed after the last, if that was all."""
        return self.frames_of(self.receive_bytes())

    def receive_bytes(self) -> bytes:
        """What has arrived, unread. Raises Closed if the daemon has closed."""
        if self._closed is not None:
            raise self._closed
        data = self.socket.recv(_READ_BYTES)
        if not data:
            raise Closed
        return data

    def frames_of(self, data: bytes) -> list[Incoming]:
        """Every whole frame, with what `receive_bytes` gave."""
        data = self._data + data if self._data else data
        found, at, end = [], 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size >= 126:
                start += 2 if size == 126 else 8
                if start > end:
                    break
                size = int.from_bytes(data[at + 2 : start], "big")
            if start + size > end:
                break
            if data[at] & 0x0F == _TEXT:
                found.append(_decode(data[start : start + size]))
            else:
                self._control(data[at] & 0x0F, data[start : start + size])
            at = start + size
        self._data = data[at:]
        return found

    def close(self) -> None:
        self.socket.close()

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _CLOSE:
            self._closed = Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode())

    def _upgrade(self, address: tuple[str, int]) -> None:
        self.socket.sendall(handshake(address))
        while b"\r\n\r\n" not in self._data:
            self._data += self.receive_bytes()
        head, self._data = self._data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"bench: no WebSocket at {address[0]}:{address[1]}: {head[:80]!r}")

    def _next(self) -> Incoming:
        found = self.frames_of(b"")
        while not found:
            found = self.receive()
        return found[0]

    def _write(self, opcode: int, payload: bytes) -> None:
        self.socket.sendall(_frame(opcode, payload, self._key))


def handshake(address: tuple[str, int]) -> bytes:
    return (
        f"GET / HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def text_frame(payload: bytes) -> bytes:
    """A masked text frame of at most 64 KiB."""
    return _frame(_TEXT, payload, os.urandom(4))


def text_head(size: int, mask: bytes) -> bytes:
    """What is before the masked payload of a text frame."""
    return _head(_TEXT, size, mask)


def _frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = repeated(mask, size)
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return _head(opcode, size, mask) + masked.to_bytes(size, "big")


def _head(opcode: int, size: int, mask: bytes) -> bytes:
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + mask
    return bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big") + mask


def repeated(mask: bytes, size: int) -> bytes:
    """What a payload of `size` bytes is masked with."""
    return (mask * (size // 4 + 1))[:size]
