"""Frozen values that the state, the store and the widgets pass around."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec import Struct

ChatKind = Literal["private", "group"]
RowKind = Literal["message", "member_joined", "member_left", "group_renamed", "role_changed"]
Progress = Literal["", "waiting", "stored", "read", "refused"]
"""How far an own message has come; empty for what others wrote."""


class ChatKey(NamedTuple):
    """A chat: `id` is the other's user id, or the group_id. Neither is ever given again, and there
    is one private chat with a person; a name may come to belong to somebody else.

    A chat that an older client kept, and that could not be told to be anybody's, has a name for an
    id: nobody's id looks like one.
    """

    kind: ChatKind
    id: str


class Me(Struct):
    """Whose account this is. `id` is the username until the daemon has told it."""

    name: str
    id: str


class Server(Struct, frozen=True):
    """Where a daemon is. Times of waiting are the network's own."""

    host: str
    line_port: int = 8080
    websocket_port: int = 5001
    tls: bool = False

    @property
    def shown(self) -> str:
        """As a person types it: ports only where they are not the usual ones."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if (self.line_port, self.websocket_port) == (8080, 5001):
            return host
        return f"{host}:{self.line_port}:{self.websocket_port}"


class Row(Struct, frozen=True, kw_only=True):
    """One line of a transcript: a message in its present state, or what happened to a group.

    `seq` is None while the message is in the outbox; `time_s` is then when it was typed.
    `subject` is the member that joined, left or got the role `content`; for a renamed group
    `content` is the new name. `reactions` has the emoji and who put it there. People are user ids;
    a `Page` has their names.
    """

    seq: int | None
    kind: RowKind = "message"
    sender: str
    content: str = ""
    time_s: float
    client_id: str | None = None
    reply_to: int | None = None
    edited: bool = False
    deleted: bool = False
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    subject: str = ""
    progress: Progress = ""
    refusal: str = ""


class Person(Struct, frozen=True):
    """Somebody with an account."""

    id: str
    name: str
    online: bool = False
    role: str = ""


class Request(Struct, frozen=True):
    """A friend request, by or to somebody; `message` may be empty."""

    id: str
    name: str
    message: str = ""


class Invite(Struct, frozen=True):
    """An invitation into a group."""

    id: str
    group_id: str
    group_name: str
    invited_by: str


class Trouble(Struct, frozen=True):
    """Why a request was not granted: the daemon's refusal, or `unavailable`."""

    code: str
    sentence: str
    retry_after_s: float | None = None


LinkStatus = Literal["offline", "connecting", "live"]


class LinkView(Struct, frozen=True):
    """How the connection is. `retry_at_s` is by the monotonic clock; None where nobody will try
    by themselves. `waiting` messages are in the outbox."""

    status: LinkStatus
    retry_at_s: float | None = None
    reason: str = ""
    waiting: int = 0


class ChatLine(Struct, frozen=True):
    """A chat as the sidebar shows it. `preview` is the last message, `draft` what was not sent."""

    key: ChatKey
    title: str
    unread: int = 0
    mentions: int = 0
    online: bool = False
    muted: bool = False
    preview: str = ""
    draft: str = ""
    time_s: float = 0.0


class Page(Struct, frozen=True):
    """What a transcript shows, oldest first.

    `me` is one's own user id. `opened` is another number each time a chat is opened; it is opened
    at the row `start`, or where there is none at the place where it was left. The line "New
    messages" stands above the row `new_from`; `ahead` is the first message that the person has not
    come to yet, and `unread` counts what is unread in the whole chat. `has_older` and `has_newer`
    say whether there is more above and below; `loading`, that rows are being fetched. `read_by`
    says, for who has read it, up to which `seq`. `quotes` has the messages that rows of this page
    reply to, as far as they are known. `names` has the name of each user id.
    """

    key: ChatKey
    me: str
    rows: tuple[Row, ...] = ()
    opened: int = 0
    start: int | None = None
    new_from: int | None = None
    ahead: int | None = None
    unread: int = 0
    has_older: bool = False
    has_newer: bool = False
    loading: bool = False
    read_by: tuple[tuple[str, int], ...] = ()
    quotes: tuple[tuple[int, Row], ...] = ()
    names: Mapping[str, str] = {}

    def name_of(self, user_id: str) -> str:
        """What an older client kept has names for ids."""
        return self.names.get(user_id, user_id)
