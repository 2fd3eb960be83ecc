"""What every request is, and how the parts of requests are bounded.

A request with a `usage` is also a command of the line port: the usage text is at once what /help
shows and the grammar by which `wire.lines` reads a line. A request checks itself when it is made
and raises a Refusal, so nothing deeper meets a value of the wrong shape.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Protocol

from msgspec import Meta, Struct

from ruggine import errors
from ruggine.wire import rules
from ruggine.wire.tags import snake_case

MAX_PAGE = 200
DEFAULT_PAGE = 100
MAX_ROWS = 500
"""Of one page of a list."""

RequestId = Annotated[str, Meta(max_length=64)]
ClientId = Annotated[str, Meta(min_length=8, max_length=64)]
Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Rows = Annotated[int, Meta(ge=1, le=MAX_ROWS)]
ListCursor = Annotated[str, Meta(max_length=256)]
PageSize = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
ChatType = Literal["private", "group"]
Naming = Literal["chat", "user", "private", "group"]


class Request(
    Struct, frozen=True, kw_only=True, tag_field="message_type", tag=snake_case, omit_defaults=True
):
    """`request_id` comes back in the one reply."""

    usage: ClassVar[str | None] = None
    example: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()

    request_id: RequestId | None = None


class ListRequest(Request, frozen=True, kw_only=True):
    """A request for a list. It comes in pages; `cursor` is that of the page before."""

    limit: Rows = MAX_ROWS
    cursor: ListCursor | None = None


class ChatRequest(Request, frozen=True, kw_only=True):
    """A request about one chat, named in one of the ways of `chat_named`."""

    chat_type: ChatType | None = None
    chat_id: str | None = None
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None

    def __post_init__(self) -> None:
        check_chat(self)


class NamesChat(Protocol):
    """What names a chat."""

    @property
    def chat_type(self) -> ChatType | None: ...
    @property
    def chat_id(self) -> str | None: ...
    @property
    def to_user(self) -> str | None: ...
    @property
    def to_user_id(self) -> str | None: ...
    @property
    def group_id(self) -> str | None: ...


def chat_named(r: NamesChat) -> tuple[Naming, str] | None:
    """How a request names its chat, and by what: an id before a name. None if it names none."""
    if r.chat_id is not None:
        return "chat", r.chat_id
    if r.chat_type != "group":
        if r.to_user_id is not None:
            return "user", r.to_user_id
        if r.to_user is not None:
            return "private", r.to_user
    if r.chat_type != "private" and r.group_id is not None:
        return "group", r.group_id
    return None


def check_chat(r: NamesChat) -> None:
    """Raises InvalidRequest unless one chat is named."""
    named = chat_named(r)
    if named is None:
        raise errors.InvalidRequest(_HOW_TO_NAME[r.chat_type])
    if named[0] in ("user", "private") and r.chat_type is None and r.group_id is not None:
        raise errors.InvalidRequest("This names a person and a group; name one of them.")


_HOW_TO_NAME: dict[ChatType | None, str] = {
    "private": "A private chat is named by `chat_id`, `to_user_id` or `to_user`.",
    "group": "A group is named by `chat_id` or `group_id`.",
    None: "A chat is named by `chat_id`, `to_user_id`, `to_user` or `group_id`.",
}


class UserRequest(Request, frozen=True, kw_only=True):
    """A request about somebody, named by `user_id` or `username`; the id counts before the name."""

    username: str | None = None
    user_id: str | None = None

    def __post_init__(self) -> None:
        if self.user_id is None and self.username is None:
            raise errors.InvalidRequest("Give the `user_id` or the `username` of somebody.")


def check_client_id(client_id: str | None) -> None:
    """Raises InvalidRequest."""
    if client_id is not None:
        rules.check_plain(client_id, "A client_id")
