"""An entry as connections write it: encoded once, framed once, for all receivers of a node."""

from __future__ import annotations

from functools import cached_property

from autobahn.websocket.protocol import PreparedMessage

from ruggine.model import Chat, Entry
from ruggine.wire import frames


def frame_bytes(frame: frames.Frame) -> bytes:
    """A whole WebSocket text frame as a server sends it."""
    prepared = PreparedMessage(
        frames.encode(frame), isBinary=False, applyMask=False, doNotCompress=True
    )
    data: bytes = prepared.payloadHybi
    return data


class FramedEntry:
    """One entry on its way to the connections of a node."""

    def __init__(self, chat: Chat, entry: Entry) -> None:
        self.chat = chat
        self.entry = entry

    @cached_property
    def message(self) -> frames.IncomingMessage:
        chat, entry = self.chat, self.entry
        private = chat.kind == "private"
        return frames.IncomingMessage(
            chat_type=chat.kind,
            sender=entry.sender.name,
            to_user=chat.peer_of(entry.sender.id).name if private else None,
            group_id=chat.group_id,
            content=entry.content,
            timestamp=entry.time_ms / 1000,
            seq=entry.seq,
            client_id=entry.client_id,
            reply_to=entry.reply_to,
        )

    @cached_property
    def data(self) -> bytes:
        """The WebSocket frame."""
        return frame_bytes(self.message)
