"""Wire values as rows of a transcript, and what a change does to a row."""

from __future__ import annotations

from msgspec.structs import replace

from client_tk.model import Row, RowKind
from ruggine.wire import frames
from ruggine.wire.results import MessageItem

Reactions = tuple[tuple[str, tuple[str, ...]], ...]


def of_item(item: MessageItem) -> Row:
    """A message of a page of history."""
    return Row(
        seq=item.seq, sender=item.sender_id, content=item.content, time_s=item.timestamp,
        client_id=item.client_id, reply_to=item.reply_to, edited=item.edited,
        deleted=item.deleted, reactions=tuple((r.emoji, tuple(r.user_ids)) for r in item.reactions),
    )  # fmt: skip


def of_entry(frame: frames.Frame) -> Row | None:
    """A new line of a transcript; None for an entry that changes an earlier one."""
    match frame:
        case frames.IncomingMessage():
            return Row(
                seq=frame.seq, sender=frame.sender_id, content=frame.content,
                time_s=frame.timestamp, client_id=frame.client_id, reply_to=frame.reply_to,
                edited=frame.edited, deleted=frame.deleted,
            )  # fmt: skip
        case frames.MemberJoined():
            return _event(frame, "member_joined", subject=frame.user_id)
        case frames.MemberLeft():
            return _event(frame, "member_left", subject=frame.user_id)
        case frames.GroupRenamed():
            return _event(frame, "group_renamed", content=frame.name)
        case frames.RoleChanged():
            return _event(frame, "role_changed", content=frame.role, subject=frame.user_id)
    return None


def changed(row: Row, frame: frames.Frame) -> Row:
    """The row after an edit, a deletion or a reaction."""
    match frame:
        case frames.MessageEdited():
            return replace(row, content=frame.content, edited=True)
        case frames.MessageDeleted():
            return replace(row, content="", deleted=True, reactions=())
        case frames.Reaction():
            return replace(row, reactions=_reacted(row.reactions, frame))
    return row


def _event(
    frame: frames.MemberJoined | frames.MemberLeft | frames.GroupRenamed | frames.RoleChanged,
    kind: RowKind,
    content: str = "",
    subject: str = "",
) -> Row:
    return Row(
        seq=frame.seq, kind=kind, sender=frame.by_id, content=content,
        time_s=frame.timestamp, subject=subject,
    )  # fmt: skip


def _reacted(reactions: Reactions, frame: frames.Reaction) -> Reactions:
    users = dict(reactions)
    others = tuple(u for u in users.get(frame.emoji, ()) if u != frame.sender_id)
    users[frame.emoji] = (*others, frame.sender_id) if frame.active else others
    return tuple((emoji, who) for emoji, who in users.items() if who)
