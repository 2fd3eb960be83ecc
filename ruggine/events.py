"""What travels between nodes, and its channels (docs/protocol.md, section 4).

An event is a hint: it may be lost, doubled or late, and whoever receives it reads the database
where it matters.
"""

from __future__ import annotations

from msgspec import Struct

from ruggine.model import Entry


class Event(Struct, frozen=True, tag_field="event", tag=True):
    """One JSON object on a channel."""


class EntryAppended(Event, frozen=True, tag="entry"):
    """On `chat_messages:<chat>`: a committed entry, whole."""

    entry: Entry


class ChatsChanged(Event, frozen=True, tag="chats_changed"):
    """On `user_events:<user_id>`: this user belongs to a chat more; the database says to which."""

    user_id: str


class SessionsEnded(Event, frozen=True, tag="sessions_ended"):
    """On `user_events:<user_id>`: these sessions have ended; close their connections."""

    user_id: str
    session_ids: tuple[str, ...]


AnyEvent = EntryAppended | ChatsChanged | SessionsEnded


def chat_channel(chat_id: int) -> str:
    """The channel of a chat's entries."""
    return f"chat_messages:{chat_id}"


def user_channel(user_id: str) -> str:
    """The channel of everything else that concerns one user."""
    return f"user_events:{user_id}"
