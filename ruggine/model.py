"""Frozen values that every layer passes around.

They are msgspec Structs for their speed in the path of a message; nothing here knows JSON, SQL or
sockets. Names of times say their unit: `_s` Unix seconds, `_ms` Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct, field

T = TypeVar("T")

ChatKind = Literal["private", "group"]
Naming = Literal["private", "user", "group", "chat"]

EntryKind = Literal[
    "message",
    "message_edited",
    "message_deleted",
    "reaction",
    "member_joined",
    "member_left",
    "group_renamed",
    "role_changed",
]
Role = Literal["owner", "admin", "member"]


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


class Origin(Struct, frozen=True):
    """Where a login comes from: a `network` as `domain.limits.network_of` tells it, and whether the
    owner of the account is `known` to have logged in from there before."""

    network: str
    known: bool


class Credentials(Struct, frozen=True):
    """What a login is checked against; `known`: the user has logged in from its network before."""

    user: User
    password_hash: str
    known: bool


class EndedSession(Struct, frozen=True):
    """What is left of a session: enough to forget it and to close its connections."""

    id: str
    user_id: str
    token_hash: bytes


class Who(Struct, frozen=True):
    """Somebody as a request names them: by `id` where it is given, else by `name`, in any case."""

    name: str = ""
    id: str | None = None


class Place(Struct, frozen=True):
    """A chat as a request names it.

    `name` is the other member's username in any case ("private") or their id ("user"), a group_id
    ("group"), or the chat's own `public_id` ("chat").
    """

    kind: Naming
    name: str


class Chat(Struct, frozen=True):
    """One log of entries. `id` is the database's own number, the same on every node; `public_id`
    is what clients call it (`chat_id` on the wire), and never that of another chat.

    A private chat has its two `members` (one, for notes to oneself); those of a group come and go.
    """

    id: int
    kind: ChatKind
    public_id: str
    members: tuple[User, ...] = ()

    @property
    def group_id(self) -> str | None:
        """A group's public id; None for a private chat."""
        return self.public_id if self.kind == "group" else None

    def peer_of(self, user_id: str) -> User:
        """The other member of a private chat, as `user_id` sees it."""
        first, last = self.members[0], self.members[-1]
        return last if first.id == user_id else first


class Belonging(Struct, frozen=True):
    """A user is in a chat since `joined_seq` (0: a private one), and it has come to `last_seq`.

    `left_seq` is set for who is no longer in it.
    """

    user_id: str
    chat: Chat
    joined_seq: int
    last_seq: int
    left_seq: int | None = None


class Draft(Struct, frozen=True):
    """A message that asks for its place in a chat's log."""

    chat_id: int
    sender: User
    content: str
    time_ms: int
    client_id: str | None = None
    reply_to: int | None = None


class Entry(Struct, frozen=True):
    """One entry of a chat's log, durably stored at `seq`.

    `content` is a message's text in its present state, a reaction's emoji, a group's new name or a
    member's new role. `subject` is whom a change of members is about, `ref` the message that an
    edit, a deletion or a reaction is about.
    """

    chat_id: int
    seq: int
    kind: EntryKind
    sender: User
    content: str
    time_ms: int
    client_id: str | None = None
    reply_to: int | None = None
    subject: User | None = None
    ref: int | None = None
    active: bool | None = None
    edited: bool = False
    deleted: bool = False


class Appended(Struct, frozen=True):
    """What became of a draft: its entry, or the one that its `client_id` had stored before."""

    entry: Entry
    duplicate: bool


class Span(Struct, frozen=True):
    """What a user may read of a chat: every `seq` above one and up to another.

    `ended` once they have left it, `barred` while the other member has blocked them.
    """

    above: int
    upto: int
    ended: bool = False
    barred: bool = False


class Cursor(Struct, frozen=True):
    """How far a client has come in one chat."""

    place: Place
    seq: int


class Missed(Struct, frozen=True):
    """What a client has missed of a chat: above one `seq`, and for who has left, up to another."""

    chat: Chat
    above: int
    upto: int | None


class Absence(Struct):
    """What a client that comes back has missed, by chat, and what it named where nothing was found:
    a chat may begin there before the client is connected.

    `unknown_chats` are public ids, `unknown_peers` the ids of users.
    """

    missed: dict[int, Missed] = field(default_factory=dict)
    unknown_chats: set[str] = field(default_factory=set)
    unknown_peers: set[str] = field(default_factory=set)

    def begun(self, chat: Chat, user_id: str) -> bool:
        """Whether `chat` is one that was not there yet when `user_id` named it."""
        if chat.public_id in self.unknown_chats:
            return True
        return chat.kind == "private" and chat.peer_of(user_id).id in self.unknown_peers


class Reaction(Struct, frozen=True):
    """An emoji on a message, and who gave it."""

    emoji: str
    users: tuple[User, ...]


class Asked(Struct, frozen=True):
    """What is wanted of a list: at most `limit` items after a cursor, or from the beginning."""

    limit: int
    cursor: str | None = None


class Part(Struct, Generic[T], frozen=True):
    """Part of a list. `place` says where an item stands, and `rest` where the list goes on after
    these; None at its end."""

    items: tuple[T, ...]
    place: Callable[[T], tuple[Any, ...]]
    rest: tuple[Any, ...] | None


class Page(Struct, frozen=True):
    """Part of a history, oldest first; `has_more` in the direction that was asked for."""

    entries: tuple[Entry, ...]
    has_more: bool
    reactions: dict[int, tuple[Reaction, ...]] = {}


SearchPlace = tuple[int, str, int]
"""Where a message stands among all that are found: by time, then `public_id` of the chat and `seq`;
the newest come first."""


class SearchQuery(Struct, frozen=True):
    """At most `limit` messages that hold `text`, the newest before a place."""

    text: str
    chat_id: int | None
    sender: User | None
    before_ms: int
    after_ms: int
    before: SearchPlace
    limit: int


class Hit(Struct, frozen=True):
    """A message that was found. `placed_ms` is its time, or that of a later message of its chat,
    where the clock was set back in between."""

    chat: Chat
    entry: Entry
    placed_ms: int
    reactions: tuple[Reaction, ...] = ()

    def place(self) -> SearchPlace:
        return self.placed_ms, self.chat.public_id, self.entry.seq


class Found(Struct, frozen=True):
    """Newest first. `rest` is the place before which the search goes on; None at its end."""

    hits: tuple[Hit, ...]
    rest: SearchPlace | None


class Group(Struct, frozen=True):
    """A group as one of its members sees it."""

    id: str
    name: str
    role: Role
    open: bool


class Member(Struct, frozen=True):
    """Somebody in a group."""

    user: User
    role: Role


class Invite(Struct, frozen=True):
    """An invitation into a group."""

    id: str
    group_id: str
    group_name: str
    user: User
    by: User
    created_s: float


class FriendRequest(Struct, frozen=True):
    """A request that waits for an answer, as a list shows it: `user` is the other one."""

    user: User
    message: str
    created_s: float


class Change(Struct, frozen=True):
    """What a change has added to the log of a chat."""

    chat: Chat
    entries: tuple[Entry, ...]


class DeletedAccount(Struct, frozen=True):
    """What the deletion of an account has changed, and the ids of those who knew its `user`."""

    user: User
    new_name: str
    ended: list[EndedSession]
    left: list[Change]
    circle: list[str]


class ChatSummary(Struct, frozen=True):
    """A chat as one of its members sees it in a list. `last` is the newest visible message.

    `moved_ms` is the time of the entry by which it has its place, and `group` is set for a group.
    """

    chat: Chat
    moved_ms: int
    seq: int
    read_seq: int
    unread: int
    muted: bool
    last: Entry | None
    group: Group | None = None


class Rate(Struct, frozen=True):
    """A token bucket: so many a second for ever, and `burst` at once."""

    per_second: float
    burst: int


class Rates(Struct, frozen=True):
    """How fast requests may come: per user (per address before there is one), or per address."""

    messages: Rate
    commands: Rate
    signs: Rate
    history: Rate
    invitations: Rate
    logins: Rate
    registrations: Rate
    registrations_in_all: Rate


class Ending(Enum):
    """Why the daemon ends a connection."""

    SESSION_ENDED = "session ended"
    TOO_MANY = "too many connections of this user"
    TOO_SLOW = "too slow"
    SHUTTING_DOWN = "shutting down"
