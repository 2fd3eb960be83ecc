"""Which chat a frame belongs to, and how a request names it."""

from __future__ import annotations

from typing import Any

from client_tk.model import ChatKey
from ruggine.wire import frames
from ruggine.wire.requests import Cursor

ENTRIES = (
    frames.IncomingMessage,
    frames.MessageEdited,
    frames.MessageDeleted,
    frames.Reaction,
    frames.MemberJoined,
    frames.MemberLeft,
    frames.GroupRenamed,
    frames.RoleChanged,
)
"""The frames that are entries of a log: each has a `seq`."""


def key_of(frame: Any, me: str, actor: str = "") -> ChatKey:
    """A private chat is named by the other one: `to_user` for what I did, else who did it."""
    if frame.chat_type == "group":
        return ChatKey("group", frame.group_id or "")
    other = frame.to_user or ""
    return ChatKey("private", other if actor in (me, "") else actor)


def fields_of(key: ChatKey) -> dict[str, Any]:
    """The fields by which a request names a chat."""
    if key.kind == "group":
        return {"chat_type": "group", "group_id": key.name}
    return {"chat_type": "private", "to_user": key.name}


def cursor_of(key: ChatKey, seq: int) -> Cursor:
    return Cursor(**fields_of(key), seq=seq)
