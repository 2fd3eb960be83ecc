"""A small model of users, groups, invites, blocks and messages: what the daemon must answer.

Every method says what a command does: `OK…` text it must begin with, or the code of a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MANAGERS = ("owner", "admin")


@dataclass
class Said:
    seq: int
    sender: str
    content: str


@dataclass
class Membership:
    """`left` is the seq of the member's own leaving, None while they belong."""

    role: str
    joined: int
    left: int | None = None


@dataclass
class Chat:
    seq: int = 0
    said: list[Said] = field(default_factory=list)

    def append(self) -> int:
        self.seq += 1
        return self.seq

    def message(self, seq: int) -> Said | None:
        return next((said for said in self.said if said.seq == seq), None)


@dataclass
class Group(Chat):
    name: str = ""
    open: bool = False
    members: dict[str, Membership] = field(default_factory=dict)
    invited: dict[str, str] = field(default_factory=dict)
    """Who waits, and who invited them."""
    removed: set[str] = field(default_factory=set)

    def role(self, user: str) -> str | None:
        membership = self.members.get(user)
        return membership.role if membership and membership.left is None else None

    def present(self) -> list[str]:
        return [name for name, m in self.members.items() if m.left is None]

    def join(self, user: str, role: str) -> None:
        self.members[user] = Membership(role, self.append())
        self.invited.pop(user, None)
        self.removed.discard(user)

    def remove(self, user: str) -> None:
        self.take(user)
        self.removed.add(user)
        self.invited = {who: by for who, by in self.invited.items() if by != user}

    def take(self, user: str) -> None:
        """The longest member follows the last owner."""
        self.members[user].left = self.append()
        rest = sorted(self.present(), key=lambda name: self.members[name].joined)
        if not rest:
            self.open = False
            self.invited.clear()
        elif all(self.role(name) != "owner" for name in rest):
            self.members[rest[0]].role = "owner"
            self.append()


class Model:
    """All that was acknowledged."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.groups: dict[str, Group] = {}
        self.chats: dict[frozenset[str], Chat] = {}
        self.blocks: set[tuple[str, str]] = set()
        self.sends: dict[tuple[str, str], tuple[Chat, int, str]] = {}

    # Groups

    def create(self, user: str, group_id: str, name: str) -> None:
        self.groups[group_id] = Group(name=name)
        self.groups[group_id].join(user, "owner")

    def invite(self, by: str, user: str, group_id: str) -> str:
        group = self.groups[group_id]
        if group.role(by) is None:
            return "not_a_member"
        if (user, by) in self.blocks:
            return "forbidden"
        if user in group.removed and group.role(by) not in MANAGERS:
            return "forbidden"
        if group.role(user) or user in group.invited:
            return "already_done"
        group.invited[user] = by
        return f"OK: Invite sent to {user}"

    def answer(self, user: str, group_id: str, accept: bool) -> str:
        """Of an invite that waits."""
        group = self.groups[group_id]
        group.invited.pop(user, None)
        if accept:
            group.join(user, "member")
        return "OK: Invite accepted" if accept else "OK: Invite rejected"

    def join(self, user: str, group_id: str) -> str:
        group = self.groups[group_id]
        if group.role(user):
            return "already_done"
        if not group.open or user in group.removed:
            return "forbidden"
        group.join(user, "member")
        return "OK: Joined group"

    def set_open(self, user: str, group_id: str, opened: bool) -> str:
        group = self.groups[group_id]
        if group.role(user) not in MANAGERS:
            return "forbidden" if group.role(user) else "not_a_member"
        group.open = opened
        return "OK: Group opened" if opened else "OK: Group closed"

    def leave(self, user: str, group_id: str) -> str:
        group = self.groups[group_id]
        if not group.role(user):
            return "not_a_member"
        group.take(user)
        return "OK: Left group"

    def remove(self, user: str, group_id: str, member: str) -> str:
        group = self.groups[group_id]
        role, theirs = group.role(user), group.role(member)
        if role not in MANAGERS:
            return "forbidden" if role else "not_a_member"
        if theirs is None:
            return "not_found"
        if role == "admin" and theirs != "member" and member != user:
            return "forbidden"
        if member == user:
            group.take(member)
        else:
            group.remove(member)
        return "OK: Member removed"

    def set_role(self, user: str, group_id: str, member: str, role: str) -> str:
        group = self.groups[group_id]
        own, theirs = group.role(user), group.role(member)
        if own != "owner":
            return "forbidden" if own else "not_a_member"
        if theirs is None:
            return "not_found"
        if theirs == role:
            return "already_done"
        owners = [name for name in group.present() if group.role(name) == "owner"]
        if owners == [member]:
            return "forbidden"
        group.members[member].role = role
        group.append()
        return "OK: Role set"

    # Messages

    def send_group(self, user: str, group_id: str, text: str, client_id: str | None) -> str:
        group = self.groups[group_id]
        known = self._repeated(user, group, text, client_id)
        return known or (
            self._send(user, group, text, client_id) if group.role(user) else "not_a_member"
        )

    def send_private(self, user: str, other: str, text: str, client_id: str | None) -> str:
        chat = self.chats.setdefault(frozenset((user, other)), Chat())
        known = self._repeated(user, chat, text, client_id)
        return known or (
            "forbidden" if (other, user) in self.blocks else self._send(user, chat, text, client_id)
        )

    def _repeated(self, user: str, chat: Chat, text: str, client_id: str | None) -> str | None:
        if client_id is None or (user, client_id) not in self.sends:
            return None
        where, seq, content = self.sends[user, client_id]
        message = where.message(seq)
        untouched = message is not None and message.content == content
        if where is not chat or (untouched and text != content):
            return "client_id_conflict"
        return f"OK: Message sent {seq}"

    def _send(self, user: str, chat: Chat, text: str, client_id: str | None) -> str:
        seq = chat.append()
        chat.said.append(Said(seq, user, text))
        if client_id is not None:
            self.sends[user, client_id] = (chat, seq, text)
        return f"OK: Message sent {seq}"

    def edit(self, user: str, group_id: str, seq: int, text: str) -> str:
        group = self.groups[group_id]
        refusal = self._no_message(user, group, seq)
        message = group.message(seq)
        if refusal or message is None:
            return refusal or "not_found"
        if message.sender != user:
            return "forbidden"
        message.content = text
        group.append()
        return "OK: Message edited"

    def delete(self, user: str, group_id: str, seq: int) -> str:
        group = self.groups[group_id]
        refusal = self._no_message(user, group, seq)
        message = group.message(seq)
        if refusal or message is None:
            return refusal or "not_found"
        if message.sender != user and group.role(user) not in MANAGERS:
            return "forbidden"
        group.said.remove(message)
        group.append()
        return "OK: Message deleted"

    def _no_message(self, user: str, group: Group, seq: int) -> str | None:
        """A chat_id is only known to who is or was there."""
        if group.role(user) is None:
            return "not_a_member" if user in group.members else "not_found"
        return None if seq >= group.members[user].joined else "not_found"

    def group_history(self, user: str, group_id: str) -> list[tuple[str, str]] | None:
        """None for who was never in it."""
        group = self.groups[group_id]
        membership = group.members.get(user)
        if membership is None:
            return None
        last = membership.left if membership.left is not None else group.seq
        return [(s.sender, s.content) for s in group.said if membership.joined <= s.seq <= last]

    def private_history(self, user: str, other: str) -> list[tuple[str, str]]:
        chat = self.chats.get(frozenset((user, other)), Chat())
        return [(s.sender, s.content) for s in chat.said]

    # Blocks

    def block(self, user: str, other: str) -> str:
        if (user, other) in self.blocks:
            return "already_done"
        self.blocks.add((user, other))
        for group in self.groups.values():
            for who, by in ((user, other), (other, user)):
                if group.invited.get(who) == by:
                    del group.invited[who]
        return "OK: User blocked"

    def unblock(self, user: str, other: str) -> str:
        if (user, other) not in self.blocks:
            return "not_found"
        self.blocks.discard((user, other))
        return "OK: User unblocked"
