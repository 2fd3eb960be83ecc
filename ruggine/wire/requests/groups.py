"""Groups and invites."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import field

from ruggine import errors, names
from ruggine.wire.requests.base import ListRequest, Request, UserRequest

MAX_INVITED = 100


class CreateGroup(Request, frozen=True):
    """Make a group that you own, and invite people into it."""

    usage: ClassVar[str] = "/create_group <token> <name> [user,user…]"
    example: ClassVar[str] = '/create_group - "gita al lago" dory,ugo'

    name: str
    users: list[str] | str = ""
    user_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        names.check_group_name(self.name)
        if len(self.invited) + len(self.user_ids) > MAX_INVITED:
            raise errors.InvalidRequest(f"Invite at most {MAX_INVITED} people at once.")

    @property
    def invited(self) -> list[str]:
        """The usernames, of a list or of a text with commas."""
        users = self.users.split(",") if isinstance(self.users, str) else self.users
        return [user.strip() for user in users if user.strip()]


class MyGroups(ListRequest, frozen=True):
    """List the groups you are in."""

    usage: ClassVar[str] = "/my_groups <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/my_groups -"


class GroupMembers(ListRequest, frozen=True):
    """List who is in a group of yours."""

    usage: ClassVar[str] = "/group_members <token> <group_id> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/group_members - 5f0c1a2b-…"

    group_id: str


class Invite(UserRequest, frozen=True):
    """Invite somebody into a group of yours."""

    usage: ClassVar[str] = "/invite <token> <username> <group_id>"
    example: ClassVar[str] = "/invite - dory 5f0c1a2b-…"

    group_id: str


class MyGroupInvites(ListRequest, frozen=True):
    """List the invites that wait for your answer."""

    usage: ClassVar[str] = "/my_group_invites <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/my_group_invites -"


class AcceptGroupInvite(Request, frozen=True):
    """Join the group that you are invited into."""

    usage: ClassVar[str] = "/accept_group_invite <token> <invite_id>"
    example: ClassVar[str] = "/accept_group_invite - 7c9e6679-…"

    invite_id: str


class RejectGroupInvite(Request, frozen=True):
    """Decline an invite."""

    usage: ClassVar[str] = "/reject_group_invite <token> <invite_id>"
    example: ClassVar[str] = "/reject_group_invite - 7c9e6679-…"

    invite_id: str


class NamedGroup(Request, frozen=True):
    """A request about a group that is given by its id or its name."""

    group_id: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if not self.group:
            raise errors.InvalidRequest("Give the `group_id` or the `name` of a group.")

    @property
    def group(self) -> str:
        """The id or the name."""
        return self.group_id or self.name or ""


class JoinGroup(NamedGroup, frozen=True):
    """Join a group that its owner has opened."""

    usage: ClassVar[str] = "/join_group <token> <group_id or name>"
    example: ClassVar[str] = '/join_group - "gita al lago"'


class OpenGroup(Request, frozen=True):
    """Let anybody join a group (owner, admin)."""

    usage: ClassVar[str] = "/open_group <token> <group_id>"
    example: ClassVar[str] = "/open_group - 5f0c1a2b-…"

    group_id: str


class CloseGroup(Request, frozen=True):
    """Let nobody join a group without an invite (owner, admin)."""

    usage: ClassVar[str] = "/close_group <token> <group_id>"
    example: ClassVar[str] = "/close_group - 5f0c1a2b-…"

    group_id: str


class LeaveGroup(NamedGroup, frozen=True):
    """Leave a group; its last owner is followed by its longest member."""

    usage: ClassVar[str] = "/leave_group <token> <group_id or name>"
    example: ClassVar[str] = '/leave_group - "gita al lago"'


class RenameGroup(Request, frozen=True):
    """Give a group another name (owner, admin)."""

    usage: ClassVar[str] = "/rename_group <token> <group_id> <name…>"
    example: ClassVar[str] = "/rename_group - 5f0c1a2b-… gita al mare"

    group_id: str
    name: str

    def __post_init__(self) -> None:
        names.check_group_name(self.name)


class RemoveMember(UserRequest, frozen=True):
    """Take somebody out of a group (owner, admin)."""

    usage: ClassVar[str] = "/remove_member <token> <group_id> <username>"
    example: ClassVar[str] = "/remove_member - 5f0c1a2b-… ugo"

    group_id: str


class SetRole(UserRequest, frozen=True):
    """Make a member an owner, an admin or a plain member (owner)."""

    usage: ClassVar[str] = "/set_role <token> <group_id> <username> <owner|admin|member>"
    example: ClassVar[str] = "/set_role - 5f0c1a2b-… dory admin"

    group_id: str
    role: Literal["owner", "admin", "member"]
