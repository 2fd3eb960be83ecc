"""Every frame the WebSocket port carries: requests in, replies and events out.

One JSON object a frame, tagged by `message_type` (docs/protocol.md, section 3). Unknown fields
are ignored, an unknown `message_type` is refused.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from ruggine import errors
from ruggine.wire.requests import AnyRequest, ChatType
from ruggine.wire.tags import snake_case

PROTOCOL_LEVEL = 1


class Frame(Struct, kw_only=True, tag_field="message_type", tag=snake_case, omit_defaults=True):
    """What the daemon sends. A field that has a default is left out while it has it."""


class Reply(Frame, kw_only=True):
    """The one reply to a request."""

    request_id: str | None = None


# Authentication


class Limits(Struct, frozen=True):
    """What the daemon will accept."""

    max_message_length: int
    max_frame_size: int


class AuthResponse(Frame, kw_only=True):
    """The answer to the first frame; with `success` false, `error` and `code` say why."""

    success: bool
    user_id: str | None
    username: str | None
    error: str | None
    code: str | UnsetType = UNSET
    epoch: str | None
    resume: str
    server_time: float
    protocol: int
    limits: Limits


# Replies


class Error(Reply):
    """A refusal. `client_id` is that of the refused send, where it had one."""

    code: str
    error: str
    retry_after: float | None = None
    client_id: str | None = None


class MessageSent(Reply, kw_only=True):
    """The message is durably stored at `seq`; `duplicate` if it was stored before."""

    client_id: str | None = None
    chat_type: ChatType
    chat_id: str
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    seq: int
    timestamp: float
    duplicate: bool


class Pong(Reply):
    """Everything sent before the ping was handled."""


# Entries of a chat's log, each with its chat and `seq`; the same for every member


class ChangeFrame(Frame, kw_only=True):
    """An entry that is no message. In a private chat `to_user` is the other one than who acted."""

    chat_type: ChatType
    chat_id: str
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    seq: int
    timestamp: float


class IncomingMessage(Frame, kw_only=True):
    """A message in its present state; one that was deleted since has no content."""

    chat_type: ChatType
    chat_id: str
    sender: str = field(name="from")
    sender_id: str = field(name="from_id")
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    content: str
    timestamp: float
    seq: int
    client_id: str | None = None
    reply_to: int | None = None
    edited: bool = False
    deleted: bool = False


class MessageEdited(ChangeFrame, kw_only=True):
    """The message `ref` says `content` now."""

    sender: str = field(name="from")
    sender_id: str = field(name="from_id")
    ref: int
    content: str


class MessageDeleted(ChangeFrame, kw_only=True):
    """The message `ref` is gone."""

    sender: str = field(name="from")
    sender_id: str = field(name="from_id")
    ref: int


class Reaction(ChangeFrame, kw_only=True):
    """An emoji was put on the message `ref`, or taken back."""

    sender: str = field(name="from")
    sender_id: str = field(name="from_id")
    ref: int
    emoji: str
    active: bool


class MemberJoined(ChangeFrame, kw_only=True):
    username: str
    user_id: str
    by: str
    by_id: str


class MemberLeft(ChangeFrame, kw_only=True):
    username: str
    user_id: str
    by: str
    by_id: str


class GroupRenamed(ChangeFrame, kw_only=True):
    name: str
    by: str
    by_id: str


class RoleChanged(ChangeFrame, kw_only=True):
    username: str
    user_id: str
    role: str
    by: str
    by_id: str


# Events that no log keeps


class Typing(Frame, kw_only=True):
    chat_type: ChatType
    chat_id: str
    sender: str = field(name="from")
    sender_id: str = field(name="from_id")
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    active: bool


class ReadReceipt(Frame, kw_only=True):
    chat_type: ChatType
    chat_id: str
    username: str
    user_id: str
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    seq: int


class UserStatus(Frame, kw_only=True):
    username: str
    user_id: str
    online: bool
    last_seen: float


class FriendRequest(Frame, kw_only=True):
    username: str
    user_id: str
    message: str


class FriendRequestAccepted(Frame, kw_only=True):
    username: str
    user_id: str


class FriendRequestRejected(Frame, kw_only=True):
    username: str
    user_id: str


class FriendRemoved(Frame, kw_only=True):
    username: str
    user_id: str


class GroupInvite(Frame, kw_only=True):
    invite_id: str
    group_id: str
    name: str
    invited_by: str
    invited_by_id: str


class GroupInviteRejected(Frame, kw_only=True):
    group_id: str
    name: str
    username: str
    user_id: str


class AccountDeleted(Frame, kw_only=True):
    """The account is gone; what it wrote is shown as from `new_username`."""

    username: str
    user_id: str
    new_username: str


class Gap(Frame, kw_only=True):
    """These entries were missed and are not sent; `get_messages` has them."""

    chat_type: ChatType
    chat_id: str
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    first: int = field(name="from")
    last: int = field(name="to")


class CaughtUp(Frame):
    """Everything that was missed has been sent."""


class ServerShutdown(Frame):
    """The daemon is about to close with 1001; come back with back-off and jitter."""


class Envelope(Struct):
    """What can be made out of a frame that is no request. `client_id` is that of a send."""

    message_type: str = ""
    request_id: str | None = None
    client_id: str | None = None


class _Envelope(Struct):
    message_type: Any = None
    request_id: Any = None
    client_id: Any = None


_MAX_ID = 64
_SENDS = {"send_message", "send_private_message", "send_group_message"}

_requests = msgspec.json.Decoder(AnyRequest)
_envelopes = msgspec.json.Decoder(_Envelope)
_encoder = msgspec.json.Encoder()


def decode(data: bytes) -> AnyRequest:
    """The request in one text frame.

    Raises InvalidRequest for what is no request, and the request's own Refusal where a rule of
    docs/protocol.md section 1 is broken. No other exception, whatever `data` holds.
    """
    try:
        request: AnyRequest = _requests.decode(data)
        return request
    except msgspec.ValidationError as error:
        raise errors.InvalidRequest(_explain(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise errors.InvalidRequest("This frame is not one JSON object.") from None


def _explain(complaint: str) -> str:
    if "`message_type`" in complaint or "`$.message_type`" in complaint:
        return "This message_type is missing or unknown; send `help` to see every request."
    return f"{complaint}."


def envelope_of(data: bytes) -> Envelope:
    """What the answer to a frame that `decode` refused says of it. Raises nothing."""
    try:
        found = _envelopes.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Envelope()
    message_type = found.message_type if isinstance(found.message_type, str) else ""
    client_id = _id(found.client_id) if message_type in _SENDS else None
    return Envelope(message_type, _id(found.request_id), client_id)


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= _MAX_ID else None


def encode(frame: Frame) -> bytes:
    """One frame's payload, UTF-8 JSON."""
    return _encoder.encode(frame)
