"""What connections write: encoded once, framed once, for all receivers of a node."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from ruggine import events
from ruggine.model import Chat, Entry, EntryKind, User
from ruggine.net.small_frames import text_frame
from ruggine.wire import frames


def frame_bytes(frame: frames.Frame) -> bytes:
    """A whole WebSocket text frame as a server sends it."""
    return text_frame(frames.encode(frame))


class FramedEntry:
    """One entry on its way to the connections of a node."""

    __slots__ = ("_data", "_frame", "chat", "entry")

    def __init__(self, chat: Chat, entry: Entry) -> None:
        self.chat = chat
        self.entry = entry
        self._frame: frames.Frame | None = None
        self._data = b""

    # Not cached_property: that takes a lock.

    @property
    def frame(self) -> frames.Frame:
        """Made when it is first asked for, as is `data`."""
        if self._frame is None:
            self._frame = _ENTRIES[self.entry.kind](self.chat, self.entry)
        return self._frame

    @property
    def data(self) -> bytes:
        """The WebSocket frame."""
        if not self._data:
            self._data = frame_bytes(self.frame)
        return self._data


class FramedNotice:
    """One notice on its way to the connections of a node."""

    def __init__(self, notice: events.AnyNotice) -> None:
        self.notice = notice

    @property
    def fleeting(self) -> bool:
        """Whether it is soon out of date: a slow reader is not sent it."""
        return isinstance(self.notice, events.Typing | events.UserStatus)

    @cached_property
    def data(self) -> bytes:
        """The WebSocket frame."""
        return frame_bytes(_NOTICES[type(self.notice)](self.notice))


# Entries


def _place(chat: Chat, entry: Entry) -> dict[str, Any]:
    """Where an entry stands. A private chat is named by who acted and the other of the two."""
    return {
        **chat_fields(chat, entry.sender),
        "seq": entry.seq,
        "timestamp": entry.time_ms / 1000,
    }


def chat_fields(chat: Chat, actor: User) -> dict[str, Any]:
    """What names a chat in a frame; the other member of a private one is the other than `actor`."""
    if chat.kind == "group":
        return {"chat_type": "group", "chat_id": chat.public_id, "group_id": chat.public_id}
    peer = chat.peer_of(actor.id)
    return {
        "chat_type": "private", "chat_id": chat.public_id,
        "to_user": peer.name, "to_user_id": peer.id,
    }  # fmt: skip


def _message(chat: Chat, entry: Entry) -> frames.Frame:
    """Built without `_place`: this is the way of every message."""
    peer = chat.peer_of(entry.sender.id) if chat.members else None
    return frames.IncomingMessage(
        chat_type=chat.kind,
        chat_id=chat.public_id,
        sender=entry.sender.name,
        sender_id=entry.sender.id,
        to_user=peer.name if peer else None,
        to_user_id=peer.id if peer else None,
        group_id=chat.group_id,
        content=entry.content,
        timestamp=entry.time_ms / 1000,
        seq=entry.seq,
        client_id=entry.client_id,
        reply_to=entry.reply_to,
        edited=entry.edited,
        deleted=entry.deleted,
    )


def _edited(chat: Chat, entry: Entry) -> frames.Frame:
    return frames.MessageEdited(
        **_place(chat, entry), **_from(entry), ref=entry.ref or 0, content=entry.content
    )


def _deleted(chat: Chat, entry: Entry) -> frames.Frame:
    return frames.MessageDeleted(**_place(chat, entry), **_from(entry), ref=entry.ref or 0)


def _reaction(chat: Chat, entry: Entry) -> frames.Frame:
    return frames.Reaction(
        **_place(chat, entry),
        **_from(entry),
        ref=entry.ref or 0,
        emoji=entry.content,
        active=bool(entry.active),
    )


def _joined(chat: Chat, entry: Entry) -> frames.Frame:
    return frames.MemberJoined(**_place(chat, entry), **_subject(entry), **_by(entry))


def _left(chat: Chat, entry: Entry) -> frames.Frame:
    return frames.MemberLeft(**_place(chat, entry), **_subject(entry), **_by(entry))


def _renamed(chat: Chat, entry: Entry) -> frames.Frame:
    return frames.GroupRenamed(**_place(chat, entry), name=entry.content, **_by(entry))


def _role_changed(chat: Chat, entry: Entry) -> frames.Frame:
    return frames.RoleChanged(
        **_place(chat, entry), **_subject(entry), role=entry.content, **_by(entry)
    )


def _from(entry: Entry) -> dict[str, Any]:
    return {"sender": entry.sender.name, "sender_id": entry.sender.id}


def _by(entry: Entry) -> dict[str, Any]:
    return {"by": entry.sender.name, "by_id": entry.sender.id}


def _subject(entry: Entry) -> dict[str, Any]:
    return _user(entry.subject or entry.sender)


def _user(user: User) -> dict[str, Any]:
    return {"username": user.name, "user_id": user.id}


_ENTRIES: dict[EntryKind, Callable[[Chat, Entry], frames.Frame]] = {
    "message": _message,
    "message_edited": _edited,
    "message_deleted": _deleted,
    "reaction": _reaction,
    "member_joined": _joined,
    "member_left": _left,
    "group_renamed": _renamed,
    "role_changed": _role_changed,
}

# Notices

_NOTICES: dict[type[events.Notice], Callable[[Any], frames.Frame]] = {
    events.Typing: lambda n: frames.Typing(
        **chat_fields(n.chat, n.user), sender=n.user.name, sender_id=n.user.id, active=n.active
    ),
    events.ReadReceipt: lambda n: frames.ReadReceipt(
        **chat_fields(n.chat, n.user), **_user(n.user), seq=n.seq
    ),
    events.UserStatus: lambda n: frames.UserStatus(
        **_user(n.user), online=n.online, last_seen=round(n.last_seen_s, 3)
    ),
    events.FriendRequested: lambda n: frames.FriendRequest(**_user(n.user), message=n.message),
    events.FriendRequestAccepted: lambda n: frames.FriendRequestAccepted(**_user(n.user)),
    events.FriendRequestRejected: lambda n: frames.FriendRequestRejected(**_user(n.user)),
    events.FriendRemoved: lambda n: frames.FriendRemoved(**_user(n.user)),
    events.GroupInvited: lambda n: frames.GroupInvite(
        invite_id=n.invite.id,
        group_id=n.invite.group_id,
        name=n.invite.group_name,
        invited_by=n.invite.by.name,
        invited_by_id=n.invite.by.id,
    ),
    events.GroupInviteRejected: lambda n: frames.GroupInviteRejected(
        group_id=n.invite.group_id, name=n.invite.group_name, **_user(n.invite.user)
    ),
    events.AccountDeleted: lambda n: frames.AccountDeleted(
        **_user(n.user), new_username=n.new_name
    ),
}
