"""Whole, small, masked text frames, read by hand: what nearly all of a chat's frames are.

Everything else (fragments, control frames, large or malformed frames, text that is not UTF-8) is
left to Autobahn, whose general path costs as much for each frame as storing the message does.
Layout: RFC 6455, section 5.2.
"""

from __future__ import annotations

import struct

SMALL = 4096
"""The largest payload that is read here, in bytes."""

_TEXT = 0x81  # the last frame of a message, and its first; no extension bits
_MASKED = 0x80
_LENGTH_FOLLOWS = 126  # in two bytes; 127 says eight
_MASK_SIZE = 4
_head = struct.Struct(">BBH").pack


def split(data: bytes) -> tuple[list[bytes], bytes, bytes]:
    """The payloads of the small frames at the beginning, one that has begun, and what else follows.

    At most one of the last two is not empty: the former is to be given again in front of what
    comes next, the latter begins with a frame that is none of ours.
    """
    payloads: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        body = _body(data, at, end)
        if body is None:
            return payloads, b"", data[at:]
        start, stop = body
        if stop > end:
            return payloads, data[at:], b""
        payload = _unmasked(data[start - _MASK_SIZE : start], data[start:stop])
        if not _is_utf8(payload):
            return payloads, b"", data[at:]
        payloads.append(payload)
        at = stop
    return payloads, b"", b""


def _body(data: bytes, at: int, end: int) -> tuple[int, int] | None:
    """Where the payload of the frame at `at` starts and stops (beyond `end` where that is not known
    yet); None for a frame that is none of ours."""
    if data[at] != _TEXT:
        return None
    if at + 1 == end:
        return end, end + 1
    size, start = data[at + 1] - _MASKED, at + 2
    if size == _LENGTH_FOLLOWS:
        if start + 2 > end:
            return end, end + 1
        size, start = data[start] << 8 | data[start + 1], start + 2
        if size < _LENGTH_FOLLOWS:  # has to be written the short way
            return None
    elif size > _LENGTH_FOLLOWS:
        return None
    if size < 0 or size > SMALL:
        return None
    start += _MASK_SIZE
    return start, start + size


def _unmasked(mask: bytes, masked: bytes) -> bytes:
    size = len(masked)
    key = (mask * (size // _MASK_SIZE + 1))[:size]
    number = int.from_bytes(masked, "little") ^ int.from_bytes(key, "little")
    return number.to_bytes(size, "little")


def _is_utf8(payload: bytes) -> bool:
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_frame(payload: bytes) -> bytes:
    """A whole WebSocket text frame as a server sends it: not masked."""
    size = len(payload)
    if size < _LENGTH_FOLLOWS:
        return bytes((_TEXT, size)) + payload
    if size < 1 << 16:
        return _head(_TEXT, _LENGTH_FOLLOWS, size) + payload
    return bytes((_TEXT, _LENGTH_FOLLOWS + 1)) + size.to_bytes(8, "big") + payload
