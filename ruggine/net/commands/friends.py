"""Friends and blocks."""

from __future__ import annotations

from collections.abc import Iterable

from ruggine.domain.friends import Friends
from ruggine.model import FriendRequest
from ruggine.net.commands.caller import Caller, Table, who_of
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

    async def _list_friends(self, caller: Caller, r: requests.Request) -> frames.Reply:
        friends = await self._friends.friends(caller.user)
        return results.ListFriendsResult(
            friends=[results.UserItem(user.name, user.id, online) for user, online in friends]
        )

    async def _received_friend_requests(self, caller: Caller, r: requests.Request) -> frames.Reply:
        received = await self._friends.received(caller.user)
        return results.ReceivedFriendRequestsResult(requests=_request_items(received))

    async def _sent_friend_requests(self, caller: Caller, r: requests.Request) -> frames.Reply:
        sent = await self._friends.sent(caller.user)
        return results.SentFriendRequestsResult(requests=_request_items(sent))

    async def _block_user(self, caller: Caller, r: requests.UserRequest) -> frames.Reply:
        await self._friends.block(caller.user, who_of(r))
        return results.BlockUserResult()

    async def _unblock_user(self, caller: Caller, r: requests.UserRequest) -> frames.Reply:
        await self._friends.unblock(caller.user, who_of(r))
        return results.UnblockUserResult()

    async def _blocked_users(self, caller: Caller, r: requests.Request) -> frames.Reply:
        blocked = await self._friends.blocked(caller.user)
        return results.BlockedUsersResult(
            users=[results.NameItem(user.name, user.id) for user in blocked]
        )


def _request_items(asked: Iterable[FriendRequest]) -> list[results.FriendRequestItem]:
    return [
        results.FriendRequestItem(a.user.name, a.user.id, a.message, round(a.created_s, 3))
        for a in asked
    ]
