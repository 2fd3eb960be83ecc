"""The command table: what each request means, for both ports.

A request that needs a session runs only with one, and none comes faster than it may; both are
seen to here, in one place. Each command is one domain call and its result as a frame.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from ruggine import errors
from ruggine.domain.limits import Kind, RateLimits, network_of
from ruggine.domain.messages import Answer
from ruggine.net.commands.accounts import AccountCommands
from ruggine.net.commands.caller import Caller, Run, place_of
from ruggine.net.commands.connection import ConnectionCommands
from ruggine.net.commands.friends import FriendCommands
from ruggine.net.commands.groups import GroupCommands
from ruggine.net.commands.messages import MessageCommands, message_sent
from ruggine.net.commands.search import SearchCommands
from ruggine.wire import frames, requests

__all__ = [
    "AccountCommands",
    "Caller",
    "Commands",
    "FriendCommands",
    "GroupCommands",
    "MessageCommands",
    "SearchCommands",
    "message_sent",
    "place_of",
]

_KINDS: dict[type[requests.Request], Kind] = {
    requests.SendMessage: "messages",
    requests.SendPrivateMessage: "messages",
    requests.SendGroupMessage: "messages",
    requests.EditMessage: "messages",
    requests.DeleteMessage: "messages",
    requests.React: "messages",
    requests.AcceptGroupInvite: "messages",
    requests.JoinGroup: "messages",
    requests.LeaveGroup: "messages",
    requests.RemoveMember: "messages",
    requests.RenameGroup: "messages",
    requests.SetRole: "messages",
    requests.Typing: "signs",
    requests.MarkRead: "signs",
    requests.GetMessages: "history",
    requests.GetPrivateMessages: "history",
    requests.GetGroupMessages: "history",
    requests.GetReactions: "history",
    requests.Search: "history",
    requests.SendFriendRequest: "invitations",
    requests.Invite: "invitations",
    requests.CreateGroup: "invitations",
    requests.Login: "logins",
    requests.ChangePassword: "logins",
    requests.DeleteAccount: "logins",
    requests.Register: "registrations",
}
"""Which of the limits a request counts against; "commands" for all others."""

_PER_ADDRESS: Sequence[Kind] = ("logins", "registrations")
"""Whoever is known or not: what these cost, they cost before that matters."""


class Commands:
    """Runs requests."""

    def __init__(
        self,
        *,
        accounts: AccountCommands,
        friends: FriendCommands,
        groups: GroupCommands,
        messages: MessageCommands,
        search: SearchCommands,
        limits: RateLimits,
    ) -> None:
        self._messages = messages
        self._limits = limits
        self._for_anybody: dict[type[requests.Request], Run] = {
            **accounts.for_anybody,
            **ConnectionCommands().for_anybody,
        }
        self._for_users: dict[type[requests.Request], Run] = {
            **accounts.for_users,
            **friends.for_users,
            **groups.for_users,
            **messages.for_users,
            **search.for_users,
        }

    async def run(self, caller: Caller, request: requests.AnyRequest) -> frames.Reply | None:
        """The result of any request but SendMessage; None for Typing. Raises its Refusal."""
        run = self._for_anybody.get(type(request))
        if run is None:
            run = self._for_users[type(request)]
            if caller.session is None:
                raise errors.InvalidSession
        self._charge(caller, request)
        return await run(caller, request)

    def send(
        self, caller: Caller, request: requests.SendMessage, answer: Answer
    ) -> Coroutine[Any, Any, None] | None:
        """Give a message its place in the log; `answer` comes when it is stored or refused.

        Returns what is left to do, if something has to be looked up first. Both raise the refusals
        that are known before the message is stored; `answer` does not come then.
        """
        self._charge(caller, request)
        return self._messages.send(caller, request, answer)

    def _charge(self, caller: Caller, request: requests.Request) -> None:
        kind = _KINDS.get(type(request), "commands")
        if caller.session is None or kind in _PER_ADDRESS:
            self._limits.charge(kind, network_of(caller.address))
        else:
            self._limits.charge(kind, caller.session.user.id, _tokens(request))
        if kind == "registrations":
            self._limits.charge("registrations_in_all", "")


def _tokens(request: requests.Request) -> int:
    """Everybody who is invited counts."""
    if isinstance(request, requests.CreateGroup):
        return max(1, len(request.invited) + len(request.user_ids))
    return 1
