"""Who is connected to this node, which chats they follow, and how far each has come in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ruggine.domain import ports
from ruggine.model import Chat, Entry, Missed


@dataclass(slots=True, eq=False)
class Returning:
    """What keeps a connection from live entries: chats that it is still resuming, and those of
    which it has `passed` what this node has yet to deliver."""

    missed: dict[int, Missed]
    passed: dict[int, int] = field(default_factory=dict)

    def takes(self, entry: Entry) -> bool:
        """Whether a live entry is this connection's next one."""
        if not self.missed and not self.passed:
            return True
        return entry.chat_id not in self.missed and entry.seq > self.passed.get(entry.chat_id, 0)


class Left(NamedTuple):
    """A membership that ended: what was theirs stands above `since`, up to their member_left."""

    since: int
    upto: int


@dataclass(slots=True, eq=False)
class LocalUser:
    """A user who is connected to this node, or is about to be.

    `changed` while the chats are being read says that they must be read again. `left` has the
    chats that they were seen to leave, the last time: what was read of those before is out of
    date.
    """

    id: str
    connections: dict[ports.Connection, Returning | None] = field(default_factory=dict)
    attaching: set[ports.Connection] = field(default_factory=set)
    chats: dict[int, LocalChat] = field(default_factory=dict)
    left: dict[int, Left] = field(default_factory=dict)
    loaded: bool = False
    changed: bool = False

    def left_at(self, chat_id: int) -> int:
        """The `seq` of the last member_left that was seen, or 0."""
        return self.left[chat_id].upto if chat_id in self.left else 0

    @property
    def unread(self) -> list[LocalChat]:
        """The chats whose head is not known yet."""
        return [here for here in self.chats.values() if here.followers[self.id].head is None]


@dataclass(slots=True, eq=False)
class Follower:
    """One user's place in a chat; `head` is None until it is read.

    What stands up to `since` is from before they joined, or joined anew.
    """

    user: LocalUser
    head: int | None
    since: int


@dataclass(slots=True, eq=False)
class LocalChat:
    """A chat that users of this node belong to. `seen` is the furthest entry heard of."""

    chat: Chat
    followers: dict[str, Follower] = field(default_factory=dict)
    seen: int = 0
    catching_up: bool = False

    @property
    def lowest(self) -> int | None:
        """The head of whoever is furthest behind."""
        return min((f.head for f in self.followers.values() if f.head is not None), default=None)
