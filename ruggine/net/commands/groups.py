"""Groups and invites."""

from __future__ import annotations

from ruggine.domain.groups import Groups
from ruggine.model import Group, Invite, Member, Who
from ruggine.net.commands.caller import Caller, Table, who_of
from ruggine.net.pages import asked, page
from ruggine.wire import frames, requests, results


class GroupCommands:
    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self.for_users: Table = {
            requests.CreateGroup: self._create_group,
            requests.MyGroups: self._my_groups,
            requests.GroupMembers: self._group_members,
            requests.Invite: self._invite,
            requests.MyGroupInvites: self._my_group_invites,
            requests.AcceptGroupInvite: self._accept_group_invite,
            requests.RejectGroupInvite: self._reject_group_invite,
            requests.JoinGroup: self._join_group,
            requests.OpenGroup: self._open_group,
            requests.CloseGroup: self._close_group,
            requests.LeaveGroup: self._leave_group,
            requests.RenameGroup: self._rename_group,
            requests.RemoveMember: self._remove_member,
            requests.SetRole: self._set_role,
        }

    async def _create_group(self, caller: Caller, r: requests.CreateGroup) -> frames.Reply:
        invited = [*map(Who, r.invited), *(Who(id=user_id) for user_id in r.user_ids)]
        group_id = await self._groups.create(caller.user, r.name, invited)
        return results.CreateGroupResult(group_id=group_id, name=r.name)

    async def _my_groups(self, caller: Caller, r: requests.MyGroups) -> frames.Reply:
        part = await self._groups.of_user(caller.user, asked(r))
        groups, more = page(part, _group_item, caller.room)
        return results.MyGroupsResult(groups=groups, **more)

    async def _group_members(self, caller: Caller, r: requests.GroupMembers) -> frames.Reply:
        part = await self._groups.members(caller.user, r.group_id, asked(r))
        members, more = page(part, _member_item, caller.room)
        return results.GroupMembersResult(members=members, **more)

    async def _invite(self, caller: Caller, r: requests.Invite) -> frames.Reply:
        invite = await self._groups.invite(caller.user, who_of(r), r.group_id)
        return results.InviteResult(
            invite_id=invite.id, username=invite.user.name, user_id=invite.user.id
        )

    async def _my_group_invites(self, caller: Caller, r: requests.MyGroupInvites) -> frames.Reply:
        part = await self._groups.invites(caller.user, asked(r))
        invites, more = page(part, _invite_item, caller.room)
        return results.MyGroupInvitesResult(invites=invites, **more)

    async def _accept_group_invite(
        self, caller: Caller, r: requests.AcceptGroupInvite
    ) -> frames.Reply:
        group_id = await self._groups.accept(caller.user, r.invite_id)
        return results.AcceptGroupInviteResult(group_id=group_id)

    async def _reject_group_invite(
        self, caller: Caller, r: requests.RejectGroupInvite
    ) -> frames.Reply:
        await self._groups.reject(caller.user, r.invite_id)
        return results.RejectGroupInviteResult()

    async def _join_group(self, caller: Caller, r: requests.JoinGroup) -> frames.Reply:
        return results.JoinGroupResult(group_id=await self._groups.join(caller.user, r.group))

    async def _open_group(self, caller: Caller, r: requests.OpenGroup) -> frames.Reply:
        await self._groups.set_open(caller.user, r.group_id, True)
        return results.OpenGroupResult()

    async def _close_group(self, caller: Caller, r: requests.CloseGroup) -> frames.Reply:
        await self._groups.set_open(caller.user, r.group_id, False)
        return results.CloseGroupResult()

    async def _leave_group(self, caller: Caller, r: requests.LeaveGroup) -> frames.Reply:
        await self._groups.leave(caller.user, r.group)
        return results.LeaveGroupResult()

    async def _rename_group(self, caller: Caller, r: requests.RenameGroup) -> frames.Reply:
        await self._groups.rename(caller.user, r.group_id, r.name)
        return results.RenameGroupResult()

    async def _remove_member(self, caller: Caller, r: requests.RemoveMember) -> frames.Reply:
        await self._groups.remove(caller.user, r.group_id, who_of(r))
        return results.RemoveMemberResult()

    async def _set_role(self, caller: Caller, r: requests.SetRole) -> frames.Reply:
        await self._groups.set_role(caller.user, r.group_id, who_of(r), r.role)
        return results.SetRoleResult()


def _group_item(g: Group) -> results.GroupItem:
    return results.GroupItem(g.id, g.id, g.name, g.role, g.open)


def _member_item(found: tuple[Member, bool]) -> results.MemberItem:
    member, online = found
    return results.MemberItem(member.user.name, member.user.id, member.role, online)


def _invite_item(i: Invite) -> results.InviteItem:
    created = round(i.created_s, 3)
    return results.InviteItem(i.id, i.group_id, i.group_name, i.by.name, i.by.id, created)
