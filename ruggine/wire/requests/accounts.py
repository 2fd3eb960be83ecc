"""Accounts and sessions."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from ruggine import errors
from ruggine.wire import rules
from ruggine.wire.requests.base import ChatType, ListRequest, Request, Seq, check_chat


class Cursor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a client has come in one chat."""

    chat_type: ChatType | None = None
    chat_id: str | None = None
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    seq: Seq

    def __post_init__(self) -> None:
        check_chat(self)


class Resume(Struct, frozen=True):
    """What a returning client has; `epoch` names the database that its numbers belong to."""

    epoch: str
    chats: list[Cursor]


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
    """Start a new session; other sessions stay. replace=yes ends those of the same device."""

    usage: ClassVar[str] = "/login <username> <password> [device] [replace=yes]"
    example: ClassVar[str] = '/login luigi "a good password" laptop replace=yes'

    username: str
    password: str
    device: Annotated[str, Meta(max_length=64)] = ""
    replace: bool = False

    def __post_init__(self) -> None:
        rules.check_plain(self.device, "A device name")
        if self.replace and not self.device:
            raise errors.InvalidRequest("Name the device whose sessions are to be replaced.")


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


class Sessions(ListRequest, frozen=True):
    """List your sessions."""

    usage: ClassVar[str] = "/sessions <token> [limit=<n>] [cursor=<c>]"
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


class OnlineUsers(ListRequest, frozen=True):
    """List who is connected, without yourself."""

    usage: ClassVar[str] = "/online_users <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/online_users -"


class AllUsers(ListRequest, frozen=True):
    """List everybody who has an account."""

    usage: ClassVar[str | None] = "/all_users <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/all_users -"
    aliases: ClassVar[tuple[str, ...]] = ("list_users",)


class ListUsers(AllUsers, frozen=True):
    """Another name of AllUsers."""

    usage: ClassVar[str | None] = None
