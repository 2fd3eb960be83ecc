"""Whatever makes work for the daemon: frames, lines, handshakes, connections, before and after
authentication."""

from __future__ import annotations

import msgspec

from ruggine.bench.sockets import handshake, text_frame
from tests.hostile.harness import Attack, Play, Target
from tests.hostile.streams import Opening, streaming

_MASK = b"\x00\x00\x00\x00"
_AT_ONCE = 1 << 16
"""Bytes in one write: as many as go at once."""


def _repeated(piece: bytes) -> bytes:
    return piece * max(1, _AT_ONCE // len(piece))


def _frame(first_byte: int, payload: bytes) -> bytes:
    return bytes((first_byte, 0x80 | len(payload))) + _MASK + payload


PING = _frame(0x89, b"")
PONG = _frame(0x8A, b"")
FRAGMENT = _frame(0x00, b"x")
EMPTY_TEXT = _frame(0x81, b"")
UNKNOWN = text_frame(msgspec.json.encode({"message_type": "nonsense"}))


def upgraded(target: Target, number: int) -> bytes:
    """A WebSocket that says nothing yet."""
    return handshake(target.websocket)


def authenticated(target: Target, number: int) -> bytes:
    """A WebSocket with a session."""
    token = target.people[number % len(target.people)][1]
    auth = {"message_type": "auth", "session_token": token}
    return upgraded(target, number) + text_frame(msgspec.json.encode(auth))


def _websocket(opening: Opening, piece: bytes) -> Play:
    return streaming("websocket", opening, _repeated(piece))


TEN = 10
THIRTY = 30

ATTACKS = [
    Attack("pings before authentication", _websocket(upgraded, PING), TEN),
    Attack("pongs before authentication", _websocket(upgraded, PONG), TEN),
    Attack("tiny fragments", _websocket(upgraded, _frame(0x01, b"x") + FRAGMENT * 60), TEN),
    Attack("frames after the first", _websocket(upgraded, EMPTY_TEXT), TEN),
    Attack("pings of a user", _websocket(authenticated, PING), TEN),
    Attack("unknown requests of a user", _websocket(authenticated, UNKNOWN), TEN),
    Attack("empty lines", streaming("line", stream=_repeated(b"\n")), TEN),
    Attack("unknown commands", streaming("line", stream=_repeated(b"/nonsense\n")), THIRTY),
    Attack("unknown sessions", streaming("line", stream=_repeated(b"/auth rg1_x\n")), THIRTY),
    Attack("lines without an end", streaming("line", stream=b"x" * _AT_ONCE), TEN),
    Attack(
        "half a handshake", streaming("websocket", stream=_repeated(b"GET / HTTP/1.1\r\n")), TEN
    ),
    Attack("handshakes in a row", streaming("websocket", upgraded, closing=True), TEN),
    Attack("connections in a row", streaming("line", stream=b"\n", closing=True), TEN),
    Attack(
        "requests for the status page",
        streaming("http", stream=_repeated(b"GET / HTTP/1.1\r\n\r\n")),
        TEN,
    ),
    Attack("heads for the status page", streaming("http", stream=_repeated(b"a: b\r\n")), TEN),
]
