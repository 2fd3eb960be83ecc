"""Which chat a frame belongs to, whom it names, and how a request names a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from client_tk.model import ChatKey
from ruggine.wire import frames

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

_NAMED = (
    ("sender_id", "sender"),
    ("to_user_id", "to_user"),
    ("user_id", "username"),
    ("by_id", "by"),
)


def key_of(frame: Any, my_id: str) -> ChatKey:
    """A private chat is known by the other one: `to_user_id` for what I did, else who did it."""
    if frame.chat_type == "group":
        return ChatKey("group", frame.chat_id)
    actor = getattr(frame, "sender_id", None) or getattr(frame, "user_id", None)
    return ChatKey("private", frame.to_user_id or "" if actor in (my_id, None) else actor)


def key_of_item(item: Any) -> ChatKey:
    """Of an item of a list, where `to_user_id` is always the other one."""
    if item.chat_type == "group":
        return ChatKey("group", item.group_id or "")
    return ChatKey("private", item.to_user_id or "")


def people_in(frame: Any) -> Iterator[tuple[str, str]]:
    """The id and the name of everybody that a frame, or an item of a list, tells of; of a message
    also who has reacted to it."""
    for id_field, name_field in _NAMED:
        user_id, name = getattr(frame, id_field, None), getattr(frame, name_field, None)
        if user_id and name:
            yield user_id, name
    for reaction in getattr(frame, "reactions", ()):
        yield from zip(reaction.user_ids, reaction.users, strict=False)


def fields_of(key: ChatKey, public_id: str = "") -> dict[str, Any]:
    """The fields by which a request names a chat: never by a name, which may be another's now."""
    if public_id:
        return {"chat_id": public_id}
    return {"group_id": key.id} if key.kind == "group" else {"to_user_id": key.id}
