"""Every request a client can make, as one value for both ports (docs/protocol.md, 2 and 3).

A request with a `usage` is also a command of the line port: the usage text is at once what /help
shows and the grammar by which `wire.lines` reads a line. A request checks itself when it is made
and raises a Refusal, so nothing deeper meets a value of the wrong shape.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from ruggine import errors
from ruggine.wire import rules
from ruggine.wire.tags import snake_case

MAX_PAGE = 200
DEFAULT_PAGE = 100

RequestId = Annotated[str, Meta(max_length=64)]
ClientId = Annotated[str, Meta(min_length=8, max_length=64)]
Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]
PageSize = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
ChatType = Literal["private", "group"]


class Request(Struct, frozen=True, kw_only=True, tag_field="message_type", tag=snake_case):
    """`request_id` comes back in the one reply."""

    usage: ClassVar[str | None] = None
    example: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()

    request_id: RequestId | None = None


class Cursor(Struct, frozen=True, kw_only=True):
    """How far a client has come in one chat."""

    chat_type: ChatType
    to_user: str | None = None
    group_id: str | None = None
    seq: Seq


class Resume(Struct, frozen=True):
    """What a returning client has; `epoch` names the database that its numbers belong to."""

    epoch: str
    chats: list[Cursor]


# Accounts and sessions


class Register(Request, frozen=True):
    """Make an account and log in."""

    usage: ClassVar[str] = "/register <username> <password>"
    example: ClassVar[str] = '/register luigi "a good password"'

    username: str
    password: str

    def __post_init__(self) -> None:
        rules.check_username(self.username)
        rules.check_password(self.password)


class Login(Request, frozen=True):
    """Start a new session; other sessions stay."""

    usage: ClassVar[str] = "/login <username> <password> [device]"
    example: ClassVar[str] = '/login luigi "a good password" laptop'

    username: str
    password: str
    device: Annotated[str, Meta(max_length=64)] = ""

    def __post_init__(self) -> None:
        rules.check_plain(self.device, "A device name")


class ValidateSession(Request, frozen=True):
    """Ask whose session a token is."""

    usage: ClassVar[str] = "/validate_session <token>"
    example: ClassVar[str] = "/validate_session rg1_…"


class Auth(Request, frozen=True):
    """Say once whose connection this is; afterwards '-' stands for the token."""

    usage: ClassVar[str] = "/auth <token>"
    example: ClassVar[str] = "/auth rg1_…"

    session_token: str = ""
    resume: Resume | None = None


class Logout(Request, frozen=True):
    """End this session."""

    usage: ClassVar[str] = "/logout <token>"
    example: ClassVar[str] = "/logout -"


class LogoutAll(Request, frozen=True):
    """End all your sessions, on every device."""

    usage: ClassVar[str] = "/logout_all <token>"
    example: ClassVar[str] = "/logout_all -"


class Sessions(Request, frozen=True):
    """List your sessions."""

    usage: ClassVar[str] = "/sessions <token>"
    example: ClassVar[str] = "/sessions -"


class RevokeSession(Request, frozen=True):
    """End one of your sessions."""

    usage: ClassVar[str] = "/revoke_session <token> <session_id>"
    example: ClassVar[str] = "/revoke_session - 5f0c1a2b"

    session_id: str


class ChangePassword(Request, frozen=True):
    """Change your password; all your other sessions end."""

    usage: ClassVar[str] = "/change_password <token> <old> <new>"
    example: ClassVar[str] = '/change_password - "a good password" "a better password"'

    old: str
    new: str

    def __post_init__(self) -> None:
        rules.check_password(self.new)


class DeleteAccount(Request, frozen=True):
    """Delete your account; your messages stay, shown as from a deleted user."""

    usage: ClassVar[str] = "/delete_account <token> <password>"
    example: ClassVar[str] = '/delete_account - "a good password"'

    password: str


class OnlineUsers(Request, frozen=True):
    """List who is connected, without yourself."""

    usage: ClassVar[str] = "/online_users <token>"
    example: ClassVar[str] = "/online_users -"


class AllUsers(Request, frozen=True):
    """List everybody who has an account."""

    usage: ClassVar[str] = "/all_users <token>"
    example: ClassVar[str] = "/all_users -"


# Messages


class ChatRequest(Request, frozen=True, kw_only=True):
    """A request about one chat, named by `chat_type` with `to_user` or `group_id`."""

    chat_type: ChatType
    to_user: str | None = None
    group_id: str | None = None

    def __post_init__(self) -> None:
        if self.chat_type == "private" and self.to_user is None:
            raise errors.InvalidRequest("A private chat is named by `to_user`.")
        if self.chat_type == "group" and self.group_id is None:
            raise errors.InvalidRequest("A group is named by `group_id`.")


class SendMessage(ChatRequest, frozen=True):
    """Send to a person or a group."""

    content: str
    client_id: ClientId | None = None
    reply_to: Seq | None = None

    def __post_init__(self) -> None:
        ChatRequest.__post_init__(self)
        rules.check_content(self.content)
        if self.client_id is not None:
            rules.check_plain(self.client_id, "A client_id")


class SendPrivateMessage(Request, frozen=True):
    """Send to one person; a send repeated with the same id is stored once."""

    usage: ClassVar[str] = "/send_private_message <token> <username> [id=<client_id>] <text…>"
    example: ClassVar[str] = "/send_private_message - dory ciao, come stai?"
    aliases: ClassVar[tuple[str, ...]] = ("send_private", "private")

    username: str
    text: str
    client_id: ClientId | None = None

    def __post_init__(self) -> None:
        rules.check_content(self.text)
        if self.client_id is not None:
            rules.check_plain(self.client_id, "A client_id")


class GetMessages(ChatRequest, frozen=True):
    """Read a chat's history: the newest page, or the one before or after a `seq`."""

    before: Seq | None = None
    after: Seq | None = None
    limit: PageSize = DEFAULT_PAGE


class GetPrivateMessages(Request, frozen=True):
    """Read the history with one person, oldest first; the newest 100 unless told."""

    usage: ClassVar[str] = (
        "/get_private_messages <token> <username> [before=<seq>] [after=<seq>] [limit=<n>]"
    )
    example: ClassVar[str] = "/get_private_messages - dory limit=20"

    username: str
    before: Seq | None = None
    after: Seq | None = None
    limit: PageSize = DEFAULT_PAGE


class DeletePrivateMessages(Request, frozen=True):
    """Discard, for yourself only, what you have with one person up to now."""

    usage: ClassVar[str] = "/delete_private_messages <token> <username>"
    example: ClassVar[str] = "/delete_private_messages - dory"

    username: str


class Watch(Request, frozen=True):
    """Show each new message on this connection, of all your chats or of one."""

    usage: ClassVar[str] = "/watch <token> [chat]"
    example: ClassVar[str] = "/watch - @dory"

    chat: str | None = None


class ListChats(Request, frozen=True):
    """List your chats, newest first."""


class MarkRead(ChatRequest, frozen=True):
    """Move your read mark of a chat forward to `seq`."""

    seq: Seq


# The connection


class Ping(Request, frozen=True):
    """Ask for a pong after everything sent before it was handled."""


class Help(Request, frozen=True):
    """List every command, or show an example of one."""

    usage: ClassVar[str] = "/help [command]"
    example: ClassVar[str] = "/help login"

    command: str | None = None


class Quit(Request, frozen=True):
    """Say goodbye and close this connection."""

    usage: ClassVar[str] = "/quit"
    example: ClassVar[str] = "/quit"


AnyRequest = (
    Register
    | Login
    | ValidateSession
    | Auth
    | Logout
    | LogoutAll
    | Sessions
    | RevokeSession
    | ChangePassword
    | DeleteAccount
    | OnlineUsers
    | AllUsers
    | SendMessage
    | SendPrivateMessage
    | GetMessages
    | GetPrivateMessages
    | DeletePrivateMessages
    | Watch
    | ListChats
    | MarkRead
    | Ping
    | Help
    | Quit
)
