"""Messages: sending, reading, changing, marks and signs."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, field

from ruggine import errors
from ruggine.wire import rules
from ruggine.wire.requests.base import (
    DEFAULT_PAGE,
    MAX_ROWS,
    ChatRequest,
    ChatType,
    ClientId,
    ListCursor,
    ListRequest,
    PageSize,
    Request,
    Rows,
    Seq,
    UserRequest,
    chat_named,
    check_chat,
    check_client_id,
)


class SendMessage(ChatRequest, frozen=True):
    """Send to a person or a group."""

    content: str
    client_id: ClientId | None = None
    reply_to: Seq | None = None

    def __post_init__(self) -> None:
        ChatRequest.__post_init__(self)
        rules.check_content(self.content)
        check_client_id(self.client_id)


class SendPrivateMessage(UserRequest, frozen=True):
    """Send to one person; a send repeated with the same id is stored once."""

    usage: ClassVar[str] = "/send_private_message <token> <username> [id=<client_id>] <text…>"
    example: ClassVar[str] = "/send_private_message - dory ciao, come stai?"
    aliases: ClassVar[tuple[str, ...]] = ("send_private", "private")

    text: str
    client_id: ClientId | None = None

    def __post_init__(self) -> None:
        UserRequest.__post_init__(self)
        rules.check_content(self.text)
        check_client_id(self.client_id)


class SendGroupMessage(Request, frozen=True):
    """Send to a group; a send repeated with the same id is stored once."""

    usage: ClassVar[str] = "/send_group_message <token> <group_id> [id=<client_id>] <text…>"
    example: ClassVar[str] = "/send_group_message - 5f0c1a2b-… ciao a tutti"
    aliases: ClassVar[tuple[str, ...]] = ("send",)

    group_id: str
    text: str
    client_id: ClientId | None = None

    def __post_init__(self) -> None:
        rules.check_content(self.text)
        check_client_id(self.client_id)


class GetMessages(ChatRequest, frozen=True):
    """Read a chat's history: the newest page, or the one before or after a `seq`."""

    before: Seq | None = None
    after: Seq | None = None
    limit: PageSize = DEFAULT_PAGE


class GetPrivateMessages(UserRequest, frozen=True):
    """Read the history with one person, oldest first; the newest 100 unless told."""

    usage: ClassVar[str] = (
        "/get_private_messages <token> <username> [before=<seq>] [after=<seq>] [limit=<n>]"
    )
    example: ClassVar[str] = "/get_private_messages - dory limit=20"

    before: Seq | None = None
    after: Seq | None = None
    limit: PageSize = DEFAULT_PAGE


class GetGroupMessages(Request, frozen=True):
    """Read the history of a group, oldest first; the newest 100 unless told."""

    usage: ClassVar[str] = (
        "/get_group_messages <token> <group_id> [before=<seq>] [after=<seq>] [limit=<n>]"
    )
    example: ClassVar[str] = "/get_group_messages - 5f0c1a2b-… limit=20"

    group_id: str
    before: Seq | None = None
    after: Seq | None = None
    limit: PageSize = DEFAULT_PAGE


class DeletePrivateMessages(UserRequest, frozen=True):
    """Discard, for yourself only, what you have with one person up to now."""

    usage: ClassVar[str] = "/delete_private_messages <token> <username>"
    example: ClassVar[str] = "/delete_private_messages - dory"


class DeleteGroupMessages(Request, frozen=True):
    """Discard, for yourself only, what a group has up to now."""

    usage: ClassVar[str] = "/delete_group_messages <token> <group_id>"
    example: ClassVar[str] = "/delete_group_messages - 5f0c1a2b-…"

    group_id: str


class EditMessage(ChatRequest, frozen=True):
    """Change a message of yours; a chat is @username, a group_id or a chat_id."""

    usage: ClassVar[str] = "/edit_message <token> <chat> <seq> <text…>"
    example: ClassVar[str] = "/edit_message - @dory 34 ciao!"

    seq: Seq
    content: str

    def __post_init__(self) -> None:
        ChatRequest.__post_init__(self)
        rules.check_content(self.content)


class DeleteMessage(ChatRequest, frozen=True):
    """Delete a message of yours for everybody; owners and admins of a group delete any."""

    usage: ClassVar[str] = "/delete_message <token> <chat> <seq>"
    example: ClassVar[str] = "/delete_message - @dory 34"

    seq: Seq


class React(ChatRequest, frozen=True):
    """Give a reaction to a message, or take it back."""

    seq: Seq
    emoji: Annotated[str, Meta(min_length=1, max_length=32)]
    active: bool = True

    def __post_init__(self) -> None:
        ChatRequest.__post_init__(self)
        rules.check_emoji(self.emoji)


class Search(Request, frozen=True):
    """Find messages that hold these words as they stand, newest first."""

    usage: ClassVar[str] = "/search <token> [limit=<n>] [cursor=<c>] <words…>"
    example: ClassVar[str] = "/search - stasera al cinema"

    query: Annotated[str, Meta(min_length=1, max_length=256)]
    chat_type: ChatType | None = None
    chat_id: str | None = None
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    sender: str | None = field(default=None, name="from")
    sender_id: str | None = field(default=None, name="from_id")
    before: float | None = None
    after: float | None = None
    cursor: ListCursor | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50

    def __post_init__(self) -> None:
        if self.query.isspace():
            raise errors.InvalidRequest("Give at least one character to search for.")
        rules.check_plain(self.query, "A search")
        if self.chat_type is not None or chat_named(self) is not None:
            check_chat(self)


class Watch(Request, frozen=True):
    """Show each new message on this connection, of all your chats or of one."""

    usage: ClassVar[str] = "/watch <token> [chat]"
    example: ClassVar[str] = "/watch - @dory"

    chat: str | None = None


class ListChats(ListRequest, frozen=True):
    """List your chats, newest first."""

    limit: Rows = 100


class GetReactions(ChatRequest, frozen=True):
    """List who has put what on one message."""

    seq: Seq
    limit: Rows = MAX_ROWS
    cursor: ListCursor | None = None


class MarkRead(ChatRequest, frozen=True):
    """Move your read mark of a chat forward to `seq`."""

    seq: Seq


class Typing(ChatRequest, frozen=True):
    """Tell the others that you are writing, or have stopped."""

    active: bool = True


class MuteChat(ChatRequest, frozen=True):
    """Mark a chat as muted, or as not, on all your devices."""

    active: bool = True
