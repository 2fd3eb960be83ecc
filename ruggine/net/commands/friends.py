"""Friends and blocks."""

from __future__ import annotations

from ruggine.domain.friends import Friends
from ruggine.domain.paging import Seen
from ruggine.model import FriendRequest
from ruggine.net.commands.accounts import user_item
from ruggine.net.commands.caller import Caller, Table, who_of
from ruggine.net.pages import asked, page
from ruggine.wire import frames, requests, results


class FriendCommands:
    def __init__(self, friends: Friends) -> None:
        self._friends = friends
        self.for_users: Table = {
            requests.SendFriendRequest: self._send_friend_request,
            requests.AcceptFriendRequest: self._accept_friend_request,
            requests.RejectFriendRequest: self._reject_friend_request,
            requests.RemoveFriend: self._remove_friend,
            requests.ListFriends: self._list_friends,
            requests.ReceivedFriendRequests: self._received_friend_requests,
            requests.SentFriendRequests: self._sent_friend_requests,
            requests.BlockUser: self._block_user,
            requests.UnblockUser: self._unblock_user,
            requests.BlockedUsers: self._blocked_users,
        }

    async def _send_friend_request(
        self, caller: Caller, r: requests.SendFriendRequest
    ) -> frames.Reply:
        accepted = await self._friends.request(caller.user, who_of(r), r.message)
        return results.SendFriendRequestResult(accepted=accepted)

    async def _accept_friend_request(self, caller: Caller, r: requests.UserRequest) -> frames.Reply:
        await self._friends.accept(caller.user, who_of(r))
        return results.AcceptFriendRequestResult()

    async def _reject_friend_request(self, caller: Caller, r: requests.UserRequest) -> frames.Reply:
        await self._friends.reject(caller.user, who_of(r))
        return results.RejectFriendRequestResult()

    async def _remove_friend(self, caller: Caller, r: requests.UserRequest) -> frames.Reply:
        await self._friends.remove(caller.user, who_of(r))
        return results.RemoveFriendResult()

    async def _list_friends(self, caller: Caller, r: requests.ListFriends) -> frames.Reply:
        part = await self._friends.friends(caller.user, asked(r))
        friends, more = page(part, user_item, caller.room)
        return results.ListFriendsResult(friends=friends, **more)

    async def _received_friend_requests(
        self, caller: Caller, r: requests.ReceivedFriendRequests
    ) -> frames.Reply:
        part = await self._friends.received(caller.user, asked(r))
        received, more = page(part, _request_item, caller.room)
        return results.ReceivedFriendRequestsResult(requests=received, **more)

    async def _sent_friend_requests(
        self, caller: Caller, r: requests.SentFriendRequests
    ) -> frames.Reply:
        part = await self._friends.sent(caller.user, asked(r))
        sent, more = page(part, _request_item, caller.room)
        return results.SentFriendRequestsResult(requests=sent, **more)

    async def _block_user(self, caller: Caller, r: requests.UserRequest) -> frames.Reply:
        await self._friends.block(caller.user, who_of(r))
        return results.BlockUserResult()

    async def _unblock_user(self, caller: Caller, r: requests.UserRequest) -> frames.Reply:
        await self._friends.unblock(caller.user, who_of(r))
        return results.UnblockUserResult()

    async def _blocked_users(self, caller: Caller, r: requests.BlockedUsers) -> frames.Reply:
        part = await self._friends.blocked(caller.user, asked(r))
        users, more = page(part, _name_item, caller.room)
        return results.BlockedUsersResult(users=users, **more)


def _name_item(seen: Seen) -> results.NameItem:
    return results.NameItem(seen[0].name, seen[0].id)


def _request_item(r: FriendRequest) -> results.FriendRequestItem:
    return results.FriendRequestItem(r.user.name, r.user.id, r.message, round(r.created_s, 3))
