"""Groups: their names, members and invites. Who may do what is decided in the transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from ruggine import errors, names
from ruggine.model import Change, Chat, Entry, Group, Invite, Member, Role, User
from ruggine.storage.database import Cursor, Database
from ruggine.storage.entries import append_txn
from ruggine.storage.friends import check_reachable_txn

MAX_GROUPS = 100
"""Of one user. It and `max_members` each bound a query that answers in one piece."""

_MANAGERS = ("owner", "admin")


class GroupStore:
    """Implements `ruggine.domain.ports.GroupStore`."""

    def __init__(self, database: Database, max_members: int) -> None:
        self._database = database
        self._max_members = max_members

    async def create(
        self, owner: User, name: str, invited: Sequence[User], now_s: float
    ) -> tuple[Change, list[Invite]]:
        return await self._database.write(
            _create_txn, owner, name, invited, now_s, self._max_members
        )

    async def chat(self, group_id: str) -> Chat | None:
        return await self._database.read(_chat_txn, group_id)

    async def of_user(self, user_id: str, after: str, limit: int) -> list[Group]:
        return await self._database.read(_of_user_txn, user_id, after, limit)

    async def members(self, user: User, group_id: str, after: str, limit: int) -> list[Member]:
        return await self._database.read(_members_txn, user, group_id, after, limit)

    async def invite(self, by: User, user: User, group_id: str, now_s: float) -> Invite:
        return await self._database.write(_invite_txn, by, user, group_id, now_s, self._max_members)

    async def invites_of(self, user_id: str, after: tuple[float, str], limit: int) -> list[Invite]:
        return await self._database.read(_invites_of_txn, user_id, after, limit)

    async def accept(self, user: User, invite_id: str, now_s: float) -> Change:
        return await self._database.write(_accept_txn, user, invite_id, now_s, self._max_members)

    async def reject(self, user: User, invite_id: str) -> Invite:
        return await self._database.write(_answer_txn, user, invite_id, "rejected")

    async def join(self, user: User, group: str, now_s: float) -> Change:
        return await self._database.write(_join_open_txn, user, group, now_s, self._max_members)

    async def leave(self, user: User, group: str, now_s: float) -> Change:
        return await self._database.write(_leave_named_txn, user, group, now_s)

    async def set_open(self, user: User, group_id: str, opened: bool) -> None:
        await self._database.write(_set_open_txn, user, group_id, opened)

    async def rename(self, user: User, group_id: str, name: str, now_s: float) -> Change:
        return await self._database.write(_rename_txn, user, group_id, name, now_s)

    async def remove(self, user: User, group_id: str, member: User, now_s: float) -> Change:
        return await self._database.write(_remove_txn, user, group_id, member, now_s)

    async def set_role(
        self, user: User, group_id: str, member: User, role: Role, now_s: float
    ) -> Change:
        return await self._database.write(_set_role_txn, user, group_id, member, role, now_s)


# Looking


def _chat_txn(cursor: Cursor, group_id: str) -> Chat | None:
    row = cursor.execute("SELECT id FROM chats WHERE group_id = ?", (group_id,)).fetchone()
    return Chat(row[0], "group", group_id) if row else None


def _own_txn(cursor: Cursor, user: User, group_id: str) -> tuple[Chat, Role]:
    """The group and the user's role in it. Raises NotAMember, whether it exists or not."""
    row = cursor.execute(
        "SELECT c.id, m.role FROM chats AS c JOIN chat_members AS m ON m.chat_id = c.id "
        "WHERE c.group_id = ? AND m.user_id = ? AND m.left_seq IS NULL",
        (group_id, user.id),
    ).fetchone()
    if row is None:
        raise errors.NotAMember
    return Chat(row[0], "group", group_id), row[1]


def _managed_txn(cursor: Cursor, user: User, group_id: str) -> tuple[Chat, Role]:
    """Raises NotAMember, and Forbidden for a plain member."""
    chat, role = _own_txn(cursor, user, group_id)
    if role not in _MANAGERS:
        raise errors.Forbidden("Only an owner or an admin of the group may do this.")
    return chat, role


def _role_txn(cursor: Cursor, chat: Chat, user: User) -> Role:
    """Raises NotFound where `user` is not in the group."""
    row = cursor.execute(
        "SELECT role FROM chat_members WHERE user_id = ? AND chat_id = ? AND left_seq IS NULL",
        (user.id, chat.id),
    ).fetchone()
    if row is None:
        raise errors.NotFound("There is no such member in this group.")
    role: Role = row[0]
    return role


def _of_user_txn(
    cursor: Cursor, user_id: str, after: str = "", limit: int = MAX_GROUPS
) -> list[Group]:
    """In the order in which they were made; the group `after` may be one they have left."""
    rows = cursor.execute(
        "SELECT c.group_id, c.name, m.role, c.open FROM chat_members AS m "
        "JOIN chats AS c ON c.id = m.chat_id "
        "WHERE m.user_id = ? AND m.left_seq IS NULL AND c.kind = 'group' "
        "AND c.id > COALESCE((SELECT id FROM chats WHERE group_id = ?), 0) ORDER BY c.id LIMIT ?",
        (user_id, after, limit),
    )
    return [Group(row[0], row[1], row[2], bool(row[3])) for row in rows]


def _members_txn(cursor: Cursor, user: User, group_id: str, after: str, limit: int) -> list[Member]:
    chat, _ = _own_txn(cursor, user, group_id)
    rows = cursor.execute(
        "SELECT u.id, u.name, m.role FROM chat_members AS m JOIN users AS u ON u.id = m.user_id "
        "WHERE m.chat_id = ? AND m.left_seq IS NULL AND u.name_key > ? "
        "ORDER BY u.name_key LIMIT ?",
        (chat.id, after, limit),
    )
    return [Member(User(row[0], row[1]), row[2]) for row in rows]


# Coming and going


def _create_txn(
    cursor: Cursor, owner: User, name: str, invited: Sequence[User], now_s: float, max_members: int
) -> tuple[Change, list[Invite]]:
    _check_looks_txn(cursor, owner, name)
    group_id = str(uuid.uuid4())
    cursor.execute(
        "INSERT INTO chats (kind, group_id, name, name_key, skeleton) VALUES ('group', ?, ?, ?, ?)",
        (group_id, name, names.name_key(name), names.skeleton(name)),
    )
    assert cursor.lastrowid is not None
    change = _add_member_txn(
        cursor,
        Chat(cursor.lastrowid, "group", group_id),
        owner,
        "owner",
        owner,
        now_s,
        max_members,
    )
    invites = [_invite_txn(cursor, owner, user, group_id, now_s, max_members) for user in invited]
    return change, invites


def _check_looks_txn(cursor: Cursor, user: User, name: str, group: Chat | None = None) -> None:
    """Raises InvalidGroupName for a name that looks like another group's in a different script.

    `group` is the one that has the name, or gets it; None for one that is being made. Looked at
    are the groups that `user` may know of: their own and the open ones.
    """
    alike = cursor.execute(
        "SELECT c.name FROM chats AS c WHERE c.skeleton = ? AND c.name_key != ? AND c.closed = 0 "
        "AND c.id IS NOT ? AND (c.open = 1 OR EXISTS (SELECT 1 FROM chat_members AS m "
        "WHERE m.chat_id = c.id AND m.user_id = ? AND m.left_seq IS NULL)) LIMIT 1",
        (names.skeleton(name), names.name_key(name), group.id if group else None, user.id),
    ).fetchone()
    if alike:
        raise errors.InvalidGroupName(
            f"This name looks like that of the group '{alike[0]}', in other letters. "
            "Choose another one."
        )


def _add_member_txn(
    cursor: Cursor, chat: Chat, user: User, role: Role, by: User, now_s: float, max_members: int
) -> Change:
    """Raises AlreadyDone for a member, and Forbidden where a limit is reached."""
    _check_room_txn(cursor, chat, user, max_members)
    entry = append_txn(cursor, chat.id, "member_joined", by, now_s, subject=user)
    cursor.execute(
        "INSERT INTO chat_members (user_id, chat_id, role, joined_seq, read_seq) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id, chat_id) DO UPDATE SET "
        "role = excluded.role, joined_seq = excluded.joined_seq, left_seq = NULL, "
        "read_seq = excluded.read_seq",
        (user.id, chat.id, role, entry.seq, entry.seq),
    )
    cursor.execute(
        "UPDATE group_invites SET answer = 'accepted' "
        "WHERE user_id = ? AND chat_id = ? AND answer IS NULL",
        (user.id, chat.id),
    )
    return Change(chat, (entry,))


def _check_room_txn(cursor: Cursor, chat: Chat, user: User, max_members: int) -> None:
    members = cursor.execute(
        "SELECT COUNT(*), SUM(user_id = ?) FROM chat_members "
        "WHERE chat_id = ? AND left_seq IS NULL",
        (user.id, chat.id),
    ).fetchone()
    if members[1]:
        raise errors.AlreadyDone(f"{user.name} is in this group already.")
    if members[0] >= max_members:
        raise errors.Forbidden(f"A group has at most {max_members} members.")
    groups = cursor.execute(
        "SELECT COUNT(*) FROM chat_members WHERE user_id = ? AND left_seq IS NULL "
        "AND role IS NOT NULL",
        (user.id,),
    ).fetchone()[0]
    if groups >= MAX_GROUPS:
        raise errors.Forbidden(f"{user.name} is in {MAX_GROUPS} groups, and more are not possible.")


def _join_open_txn(
    cursor: Cursor, user: User, group: str, now_s: float, max_members: int
) -> Change:
    """By id, or by the name of one open group. Raises Forbidden alike for closed and unknown."""
    rows = cursor.execute(
        "SELECT id, group_id FROM chats WHERE closed = 0 AND open = 1 AND kind = 'group' "
        "AND (group_id = ? OR name_key = ?)",
        (group, names.name_key(group)),
    ).fetchall()
    if not rows:
        key = names.name_key(group)
        groups = _of_user_txn(cursor, user.id)
        own = [g for g in groups if g.id == group or names.name_key(g.name) == key]
        raise errors.AlreadyDone if own else errors.Forbidden("This group is not open to join.")
    chat_id, group_id = _only(rows)
    chat = Chat(chat_id, "group", group_id)
    if _was_removed_txn(cursor, chat, user):
        raise errors.Forbidden("You were removed from this group: you need an invite to come back.")
    return _add_member_txn(cursor, chat, user, "member", user, now_s, max_members)


def _only(rows: Sequence[tuple[int, str]]) -> tuple[int, str]:
    if len(rows) > 1:
        raise errors.InvalidRequest("Several groups have this name; give the group_id.")
    return rows[0]


def _leave_named_txn(cursor: Cursor, user: User, group: str, now_s: float) -> Change:
    """By id, or by the name of one of the user's groups. Raises NotAMember."""
    rows = cursor.execute(
        "SELECT c.id, c.group_id FROM chats AS c JOIN chat_members AS m ON m.chat_id = c.id "
        "WHERE m.user_id = ? AND m.left_seq IS NULL AND (c.group_id = ? OR c.name_key = ?)",
        (user.id, group, names.name_key(group)),
    ).fetchall()
    if not rows:
        raise errors.NotAMember
    chat_id, group_id = _only(rows)
    return _take_member_txn(cursor, Chat(chat_id, "group", group_id), user, user, now_s)


def _was_removed_txn(cursor: Cursor, chat: Chat, user: User) -> bool:
    """Whether it was somebody else who ended the last membership; the log has that."""
    row = cursor.execute(
        "SELECT 1 FROM chat_members AS m "
        "JOIN entries AS e ON e.chat_id = m.chat_id AND e.seq = m.left_seq "
        "WHERE m.user_id = ? AND m.chat_id = ? AND e.sender <> e.subject",
        (user.id, chat.id),
    ).fetchone()
    return row is not None


def _take_member_txn(cursor: Cursor, chat: Chat, user: User, by: User, now_s: float) -> Change:
    """The last owner's role passes to the longest member; an empty group is closed for ever."""
    left = append_txn(cursor, chat.id, "member_left", by, now_s, subject=user)
    cursor.execute(
        "UPDATE chat_members SET left_seq = ? WHERE user_id = ? AND chat_id = ?",
        (left.seq, user.id, chat.id),
    )
    rest = cursor.execute(
        "SELECT u.id, u.name, m.role FROM chat_members AS m JOIN users AS u ON u.id = m.user_id "
        "WHERE m.chat_id = ? AND m.left_seq IS NULL ORDER BY m.joined_seq",
        (chat.id,),
    ).fetchall()
    if not rest:
        cursor.execute("UPDATE chats SET closed = 1, open = 0 WHERE id = ?", (chat.id,))
        cursor.execute("DELETE FROM group_invites WHERE chat_id = ? AND answer IS NULL", (chat.id,))
    if not rest or any(role == "owner" for _, _, role in rest):
        return Change(chat, (left,))
    heir = User(*rest[0][:2])
    return Change(chat, (left, _give_role_txn(cursor, chat, heir, "owner", by, now_s)))


def leave_all_txn(cursor: Cursor, user: User, now_s: float) -> list[Change]:
    """A deleted account leaves its groups."""
    cursor.execute(
        "DELETE FROM group_invites WHERE (user_id = ? OR invited_by = ?) AND answer IS NULL",
        (user.id, user.id),
    )
    return [
        _leave_named_txn(cursor, user, group.id, now_s) for group in _of_user_txn(cursor, user.id)
    ]


# Invites

_INVITES = (
    "SELECT i.id, c.group_id, c.name, u.id, u.name, b.id, b.name, i.created_s, i.answer, c.id "
    "FROM group_invites AS i JOIN chats AS c ON c.id = i.chat_id "
    "JOIN users AS u ON u.id = i.user_id JOIN users AS b ON b.id = i.invited_by "
)


def _invite_txn(
    cursor: Cursor, by: User, user: User, group_id: str, now_s: float, max_members: int
) -> Invite:
    """Raises NotAMember, AlreadyDone for who is in or invited, Forbidden for who is blocked, and
    for a plain member where `user` was removed."""
    chat, role = _own_txn(cursor, by, group_id)
    check_reachable_txn(cursor, by, user)
    if role not in _MANAGERS and _was_removed_txn(cursor, chat, user):
        raise errors.Forbidden(
            f"{user.name} was removed from this group: only an owner or an admin may invite them."
        )
    _check_room_txn(cursor, chat, user, max_members)
    if cursor.execute(
        "SELECT 1 FROM group_invites WHERE user_id = ? AND chat_id = ? AND answer IS NULL",
        (user.id, chat.id),
    ).fetchone():
        raise errors.AlreadyDone(f"{user.name} is invited already.")
    invite_id = str(uuid.uuid4())
    cursor.execute(
        "INSERT INTO group_invites (id, chat_id, user_id, invited_by, created_s) "
        "VALUES (?, ?, ?, ?, ?)",
        (invite_id, chat.id, user.id, by.id, now_s),
    )
    return Invite(invite_id, group_id, _name_txn(cursor, chat), user, by, now_s)


def _name_txn(cursor: Cursor, group: Chat) -> str:
    name: str = cursor.execute("SELECT name FROM chats WHERE id = ?", (group.id,)).fetchone()[0]
    return name


def _invites_of_txn(
    cursor: Cursor, user_id: str, after: tuple[float, str], limit: int
) -> list[Invite]:
    rows = cursor.execute(
        _INVITES + "WHERE i.user_id = ? AND i.answer IS NULL AND (i.created_s, i.id) > (?, ?) "
        "ORDER BY i.created_s, i.id LIMIT ?",
        (user_id, *after, limit),
    )
    return [_invite(row) for row in rows]


def _invite(row: Sequence[Any]) -> Invite:
    id_, group_id, name, user_id, user_name, by_id, by_name, created_s = row[:8]
    return Invite(id_, group_id, name, User(user_id, user_name), User(by_id, by_name), created_s)


def _answer_txn(cursor: Cursor, user: User, invite_id: str, answer: str) -> Invite:
    """Raises NotFound for no invite of this user's, AlreadyDone for one that is answered."""
    row = cursor.execute(
        _INVITES + "WHERE i.id = ? AND i.user_id = ?", (invite_id, user.id)
    ).fetchone()
    if row is None:
        raise errors.NotFound("You have no such invite.")
    if row[8] is not None:
        raise errors.AlreadyDone("This invite was answered already.")
    cursor.execute("UPDATE group_invites SET answer = ? WHERE id = ?", (answer, invite_id))
    return _invite(row)


def _accept_txn(
    cursor: Cursor, user: User, invite_id: str, now_s: float, max_members: int
) -> Change:
    invite = _answer_txn(cursor, user, invite_id, "accepted")
    chat = _chat_txn(cursor, invite.group_id)
    assert chat is not None
    return _add_member_txn(cursor, chat, user, "member", invite.by, now_s, max_members)


# Managing


def _set_open_txn(cursor: Cursor, user: User, group_id: str, opened: bool) -> None:
    chat, _ = _managed_txn(cursor, user, group_id)
    if opened:
        _check_looks_txn(cursor, user, _name_txn(cursor, chat), chat)
    cursor.execute("UPDATE chats SET open = ? WHERE id = ?", (opened, chat.id))


def _rename_txn(cursor: Cursor, user: User, group_id: str, name: str, now_s: float) -> Change:
    chat, _ = _managed_txn(cursor, user, group_id)
    _check_looks_txn(cursor, user, name, chat)
    cursor.execute(
        "UPDATE chats SET name = ?, name_key = ?, skeleton = ? WHERE id = ?",
        (name, names.name_key(name), names.skeleton(name), chat.id),
    )
    return Change(chat, (append_txn(cursor, chat.id, "group_renamed", user, now_s, content=name),))


def _remove_txn(cursor: Cursor, user: User, group_id: str, member: User, now_s: float) -> Change:
    """An admin removes plain members, an owner anybody; whoever removes themselves leaves."""
    chat, role = _managed_txn(cursor, user, group_id)
    theirs = _role_txn(cursor, chat, member)
    if role == "admin" and theirs != "member" and member.id != user.id:
        raise errors.Forbidden("Only an owner may remove an owner or an admin.")
    if member.id != user.id:
        _withdraw_invites_txn(cursor, chat, member)
    return _take_member_txn(cursor, chat, member, user, now_s)


def _withdraw_invites_txn(cursor: Cursor, chat: Chat, member: User) -> None:
    """Those that wait, to a member who is removed and from them."""
    cursor.execute(
        "DELETE FROM group_invites "
        "WHERE chat_id = ?1 AND (user_id = ?2 OR invited_by = ?2) AND answer IS NULL",
        (chat.id, member.id),
    )


def _set_role_txn(
    cursor: Cursor, user: User, group_id: str, member: User, role: Role, now_s: float
) -> Change:
    chat, own = _own_txn(cursor, user, group_id)
    if own != "owner":
        raise errors.Forbidden("Only an owner of the group may do this.")
    theirs = _role_txn(cursor, chat, member)
    if theirs == role:
        raise errors.AlreadyDone(f"{member.name} has this role already.")
    owners = cursor.execute(
        "SELECT COUNT(*) FROM chat_members WHERE chat_id = ? AND left_seq IS NULL "
        "AND role = 'owner'",
        (chat.id,),
    ).fetchone()[0]
    if theirs == "owner" and owners == 1:
        raise errors.Forbidden("A group needs an owner: make somebody else one first.")
    return Change(chat, (_give_role_txn(cursor, chat, member, role, user, now_s),))


def _give_role_txn(
    cursor: Cursor, chat: Chat, member: User, role: Role, by: User, now_s: float
) -> Entry:
    cursor.execute(
        "UPDATE chat_members SET role = ? WHERE user_id = ? AND chat_id = ?",
        (role, member.id, chat.id),
    )
    return append_txn(cursor, chat.id, "role_changed", by, now_s, content=role, subject=member)
