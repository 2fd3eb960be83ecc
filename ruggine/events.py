"""What travels between nodes, and its channels (docs/protocol.md, section 4).

An event is a hint: it may be lost, doubled or late, and whoever receives it reads the database
where it matters.
"""

from __future__ import annotations

from msgspec import Struct

from ruggine.model import Chat, Entry, Invite, User


class Notice(Struct, frozen=True, tag_field="notice", tag=True):
    """Something that connections are told of once, and that no log keeps."""


class Typing(Notice, frozen=True):
    """`user` is writing in a chat, or has stopped."""

    chat: Chat
    user: User
    active: bool


class ReadReceipt(Notice, frozen=True):
    """`user` has read a chat up to `seq`."""

    chat: Chat
    user: User
    seq: int


class UserStatus(Notice, frozen=True):
    """A user has come or gone; `last_seen_s` in Unix seconds."""

    user: User
    online: bool
    last_seen_s: float


class FriendRequested(Notice, frozen=True):
    user: User
    message: str


class FriendRequestAccepted(Notice, frozen=True):
    user: User


class FriendRequestRejected(Notice, frozen=True):
    user: User


class FriendRemoved(Notice, frozen=True):
    user: User


class GroupInvited(Notice, frozen=True):
    invite: Invite


class GroupInviteRejected(Notice, frozen=True):
    invite: Invite


class AccountDeleted(Notice, frozen=True):
    """`user` is gone; what they wrote is shown as from `new_name`, and their name is free."""

    user: User
    new_name: str


AnyNotice = (
    Typing
    | ReadReceipt
    | UserStatus
    | FriendRequested
    | FriendRequestAccepted
    | FriendRequestRejected
    | FriendRemoved
    | GroupInvited
    | GroupInviteRejected
    | AccountDeleted
)


class Event(Struct, frozen=True, tag_field="event", tag=True):
    """One JSON object on a channel."""


class EntryAppended(Event, frozen=True, tag="entry"):
    """On `chat_messages:<chat>`: a committed entry, whole."""

    entry: Entry


class ChatsChanged(Event, frozen=True, tag="chats_changed"):
    """On `user_events:<user_id>`: this user belongs to a chat more; the database says to which."""

    user_id: str


class SessionsEnded(Event, frozen=True, tag="sessions_ended"):
    """On `node:all`: these sessions have ended; close their connections, believe none of them."""

    user_id: str
    session_ids: tuple[str, ...]


class UserTold(Event, frozen=True, tag="user_told"):
    """On `user_events:<user_id>`: tell this user's connections."""

    user_id: str
    notice: AnyNotice


class UsersTold(Event, frozen=True, tag="users_told"):
    """On `node:all`: tell the connections of these users."""

    user_ids: tuple[str, ...]
    notice: AnyNotice


class GroupTold(Event, frozen=True, tag="group_told"):
    """On `group_events:<group_id>`: tell the members' connections, not those of `but`."""

    chat_id: int
    notice: AnyNotice
    but: str | None


class HintsLost(Event, frozen=True, tag="hints_lost"):
    """On `node:all`: events of a node were lost; read the database."""

    lost: bool = True


AnyEvent = (
    EntryAppended | ChatsChanged | SessionsEnded | UserTold | UsersTold | GroupTold | HintsLost
)

ALL_NODES = "node:all"
"""The channel that every node listens to."""


def chat_channel(chat_id: int) -> str:
    """The channel of a chat's entries."""
    return f"chat_messages:{chat_id}"


def group_channel(group_id: str) -> str:
    """The channel of everything else that concerns a group."""
    return f"group_events:{group_id}"


def user_channel(user_id: str) -> str:
    """The channel of everything else that concerns one user."""
    return f"user_events:{user_id}"
