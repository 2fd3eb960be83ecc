"""Messages that are ready to be written.

JSON, framing and masking would cost the load as much as all the rest of a message. They are done
for many messages at a time, the first of them before anything is measured: as all have the same
length, masking them is one operation, and sending the next few is writing a slice.
"""

from __future__ import annotations

import os
import uuid

import msgspec

from ruggine.bench.sockets import repeated, text_head

TEXT = " una frase di lunghezza media, come se ne scrivono tante in una chat"
_AT_A_TIME = 256
_NUMBER = "%08d"

Place = dict[str, str]
"""The fields of a frame that name a chat."""


def private(name: str) -> Place:
    return {"chat_type": "private", "to_user": name}


def group(group_id: str) -> Place:
    return {"chat_type": "group", "group_id": group_id}


class Reservoir:
    """Messages to one place, numbered from 0; no two ever made have the same `client_id`."""

    def __init__(self, place: Place, text: str = TEXT) -> None:
        self.prefix = f"{uuid.uuid4().hex}-"
        """Of every `client_id`, before the number."""
        self.text = text
        self._template = msgspec.json.encode(
            {
                "message_type": "send_message",
                **place,
                "content": _NUMBER + text,
                "client_id": self.prefix + _NUMBER,
            }
        )
        size, mask = len(self._template % (0, 0)), os.urandom(4)
        self._head = text_head(size, mask)
        self._size = len(self._head) + size
        key = (bytes(len(self._head)) + repeated(mask, size)) * _AT_A_TIME
        self._key = int.from_bytes(key, "big")
        self._made = self._at = 0
        self._ready = b""
        self._make()

    def take(self, count: int) -> bytes:
        """The frames of the next so many messages."""
        end = self._at + count * self._size
        while end > len(self._ready):
            end -= self._at
            self._make()
        frames = self._ready[self._at : end]
        self._at = end
        return frames

    def content(self, number: int) -> str:
        """What the message says."""
        return f"{number:08d}{self.text}"

    def _make(self) -> None:
        head, template, first = self._head, self._template, self._made
        plain = b"".join(
            [head + template % (number, number) for number in range(first, first + _AT_A_TIME)]
        )
        masked = (int.from_bytes(plain, "big") ^ self._key).to_bytes(len(plain), "big")
        self._ready = self._ready[self._at :] + masked
        self._made += _AT_A_TIME
        self._at = 0
