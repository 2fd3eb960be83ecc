"""Groups: who is in them, who may come in, and who says so."""

from __future__ import annotations

from collections.abc import Iterable

from ruggine.domain import paging, ports
from ruggine.domain.directory import Directory
from ruggine.domain.hub import Hub
from ruggine.events import GroupInvited, GroupInviteRejected
from ruggine.model import Asked, Change, Group, Invite, Member, Part, Role, User, Who


class Groups:
    """What a user can do with groups.

    Every method raises NotAMember for a group that the user is not in, whether it exists or not.
    """

    def __init__(
        self,
        *,
        store: ports.GroupStore,
        directory: Directory,
        hub: Hub,
        clock: ports.Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._hub = hub
        self._clock = clock

    async def create(self, owner: User, name: str, invited: Iterable[Who]) -> str:
        """A group with one owner, and invites to others; its id. Raises NotFound, Forbidden."""
        users = {user.id: user for user in [await self._directory.user(w) for w in invited]}
        users.pop(owner.id, None)
        change, invites = await self._store.create(owner, name, list(users.values()), self._clock())
        self._joined(change)
        for invite in invites:
            self._hub.tell(invite.user.id, GroupInvited(invite))
        assert change.chat.group_id is not None
        return change.chat.group_id

    async def of_user(self, user: User, asked: Asked) -> Part[Group]:
        """The groups the user is in, in the order in which they were made."""
        found = await self._store.of_user(user.id, paging.name_after(asked), asked.limit + 1)
        return paging.part(found, asked, lambda group: (group.id,))

    async def members(self, user: User, group_id: str, asked: Asked) -> Part[tuple[Member, bool]]:
        """By name, with whether they are online."""
        after = paging.name_after(asked)
        members = await self._store.members(user, group_id, after, asked.limit + 1)
        online = await self._hub.online()
        found = [(member, member.user.id in online) for member in members]
        return paging.part(found, asked, lambda item: (paging.key(item[0].user),))

    async def invite(self, by: User, who: Who, group_id: str) -> Invite:
        """Raises NotFound, AlreadyDone, Forbidden where `by` is blocked or a limit is reached."""
        user = await self._directory.user(who)
        invite = await self._store.invite(by, user, group_id, self._clock())
        self._hub.tell(user.id, GroupInvited(invite))
        return invite

    async def invites(self, user: User, asked: Asked) -> Part[Invite]:
        """Those that wait for the user's answer, oldest first."""
        after = paging.time_after(asked)
        found = await self._store.invites_of(user.id, after, asked.limit + 1)
        return paging.part(found, asked, lambda invite: (invite.created_s, invite.id))

    async def accept(self, user: User, invite_id: str) -> str:
        """Join by an invite; the group's id. Raises NotFound, AlreadyDone."""
        return self._joined(await self._store.accept(user, invite_id, self._clock()))

    async def reject(self, user: User, invite_id: str) -> None:
        """Raises NotFound, AlreadyDone."""
        invite = await self._store.reject(user, invite_id)
        self._hub.tell(invite.by.id, GroupInviteRejected(invite))

    async def join(self, user: User, group: str) -> str:
        """Join an open group, by id or name; its id. Raises Forbidden, AlreadyDone."""
        return self._joined(await self._store.join(user, group, self._clock()))

    async def leave(self, user: User, group: str) -> None:
        """By id or name."""
        self._publish(await self._store.leave(user, group, self._clock()))

    async def set_open(self, user: User, group_id: str, opened: bool) -> None:
        """Whether anybody may join. Raises Forbidden for a plain member."""
        await self._store.set_open(user, group_id, opened)

    async def rename(self, user: User, group_id: str, name: str) -> None:
        """Raises Forbidden for a plain member."""
        self._publish(await self._store.rename(user, group_id, name, self._clock()))

    async def remove(self, user: User, group_id: str, who: Who) -> None:
        """Raises NotFound, Forbidden for a plain member or an admin who removes one or an owner."""
        member = await self._directory.user(who)
        self._publish(await self._store.remove(user, group_id, member, self._clock()))

    async def set_role(self, user: User, group_id: str, who: Who, role: Role) -> None:
        """Raises NotFound, AlreadyDone, Forbidden for all but owners and for the last owner."""
        member = await self._directory.user(who)
        self._publish(await self._store.set_role(user, group_id, member, role, self._clock()))

    def left(self, changes: Iterable[Change]) -> None:
        """A deleted account has left its groups."""
        for change in changes:
            self._publish(change)

    def _joined(self, change: Change) -> str:
        self._publish(change)
        self._hub.chat_opened(
            change.chat, [entry.subject.id for entry in change.entries if entry.subject]
        )
        assert change.chat.group_id is not None
        return change.chat.group_id

    def _publish(self, change: Change) -> None:
        self._hub.publish(change.chat, *change.entries)
