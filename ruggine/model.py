"""Frozen values that every layer passes around.

They are msgspec Structs for their speed in the path of a message; nothing here knows JSON, SQL or
sockets. Names of times say their unit: `_s` Unix seconds, `_ms` Unix milliseconds.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from msgspec import Struct

ChatKind = Literal["private", "group"]

MESSAGE = "message"
"""The kind of an entry that somebody wrote; other kinds of entry come with groups and edits."""


class User(Struct, frozen=True):
    """An account. `id` is UUID4 text and stays for ever; `name` is shown as registered."""

    id: str
    name: str


class Session(Struct, frozen=True):
    """One login. `id` names it in lists and logs; its token is known only to its owner."""

    id: str
    user: User
    device: str
    created_s: float
    last_seen_s: float


class EndedSession(Struct, frozen=True):
    """What is left of a session: enough to forget it and to close its connections."""

    id: str
    user_id: str
    token_hash: bytes


class Chat(Struct, frozen=True):
    """One log of entries. `id` is the database's own number, the same on every node.

    A private chat has its two `members` (one, for notes to oneself); a group its `group_id`.
    """

    id: int
    kind: ChatKind
    members: tuple[User, ...] = ()
    group_id: str | None = None

    def peer_of(self, user_id: str) -> User:
        """The other member of a private chat, as `user_id` sees it."""
        first, last = self.members[0], self.members[-1]
        return last if first.id == user_id else first


class Draft(Struct, frozen=True):
    """A message that asks for its place in a chat's log."""

    chat_id: int
    sender: User
    content: str
    time_ms: int
    client_id: str | None = None
    reply_to: int | None = None


class Entry(Struct, frozen=True):
    """One entry of a chat's log, durably stored at `seq`."""

    chat_id: int
    seq: int
    kind: str
    sender: User
    content: str
    time_ms: int
    client_id: str | None = None
    reply_to: int | None = None


class Appended(Struct, frozen=True):
    """What became of a draft: its entry, or the one that its `client_id` had stored before."""

    entry: Entry
    duplicate: bool


class Page(Struct, frozen=True):
    """Part of a history, oldest first; `has_more` in the direction that was asked for."""

    entries: tuple[Entry, ...]
    has_more: bool


class ChatSummary(Struct, frozen=True):
    """A chat as one of its members sees it in a list. `last` is the newest visible message."""

    chat: Chat
    seq: int
    read_seq: int
    unread: int
    muted: bool
    last: Entry | None


class Ending(Enum):
    """Why the daemon ends a connection."""

    SESSION_ENDED = "session ended"
    TOO_MANY = "too many connections of this user"
    TOO_SLOW = "too slow"
    SHUTTING_DOWN = "shutting down"
