"""What every request is, and how the parts of requests are bounded.

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


class ChatRequest(Request, frozen=True, kw_only=True):
    """A request about one chat, named by `chat_type` with `to_user` or `group_id`."""

    chat_type: ChatType
    to_user: str | None = None
    group_id: str | None = None

    def __post_init__(self) -> None:
        check_chat(self.chat_type, self.to_user, self.group_id)

    @property
    def chat_name(self) -> str:
        """The username or the group_id."""
        return name_of_chat(self.chat_type, self.to_user, self.group_id)


def name_of_chat(chat_type: ChatType, to_user: str | None, group_id: str | None) -> str:
    """The username or the group_id of a chat that `check_chat` has let pass."""
    return (to_user if chat_type == "private" else group_id) or ""


def check_chat(chat_type: ChatType, to_user: str | None, group_id: str | None) -> None:
    """Raises InvalidRequest unless the chat has its name."""
    if chat_type == "private" and to_user is None:
        raise errors.InvalidRequest("A private chat is named by `to_user`.")
    if chat_type == "group" and group_id is None:
        raise errors.InvalidRequest("A group is named by `group_id`.")


def check_client_id(client_id: str | None) -> None:
    """Raises InvalidRequest."""
    if client_id is not None:
        rules.check_plain(client_id, "A client_id")
