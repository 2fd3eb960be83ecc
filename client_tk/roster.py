"""Who is there: everybody, friends, requests, invites, blocked people, and members of groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from msgspec.structs import replace

from client_tk.asking import Ask
from client_tk.model import Invite, Person, Request, Trouble
from client_tk.paging import gathered
from ruggine.wire import frames, requests, results

P = TypeVar("P", Person, Request)

_EVERYTHING = ("people", "friends", "received", "sent", "invites", "blocked")

_AFTER: dict[type[requests.Request], tuple[str, ...]] = {
    requests.SendFriendRequest: ("sent", "received", "friends"),
    requests.AcceptFriendRequest: ("received", "friends"),
    requests.RejectFriendRequest: ("received",),
    requests.RemoveFriend: ("friends",),
    requests.BlockUser: ("blocked", "friends", "received", "sent"),
    requests.UnblockUser: ("blocked",),
    requests.AcceptGroupInvite: ("invites",),
    requests.RejectGroupInvite: ("invites",),
}
_ON: dict[type[frames.Frame], tuple[str, ...]] = {
    frames.FriendRequest: ("received",),
    frames.FriendRequestAccepted: ("friends", "sent", "received"),
    frames.FriendRequestRejected: ("sent",),
    frames.FriendRemoved: ("friends",),
    frames.GroupInvite: ("invites",),
}


class Roster:
    """Tk thread only. Asks the daemon anew for what has changed; `changed` says what was heard."""

    def __init__(self, ask: Ask, changed: Callable[[str], None]) -> None:
        self._ask = ask
        self._changed = changed
        self.people: dict[str, Person] = {}
        self.friends: list[Person] = []
        self.requests_in: list[Request] = []
        self.requests_out: list[Request] = []
        self.invites: list[Invite] = []
        self.blocked: list[Person] = []
        self._members: dict[str, list[Person]] = {}
        self._asked: set[str] = set()
        self._lists: dict[str, tuple[requests.Request, str, Callable[[list[Any]], None]]] = {
            "people": (requests.AllUsers(), "users", self._take_people),
            "friends": (requests.ListFriends(), "friends", self._take_friends),
            "received": (requests.ReceivedFriendRequests(), "requests", self._take_received),
            "sent": (requests.SentFriendRequests(), "requests", self._take_sent),
            "invites": (requests.MyGroupInvites(), "invites", self._take_invites),
            "blocked": (requests.BlockedUsers(), "users", self._take_blocked),
        }

    def refresh(self, *lists: str) -> None:
        """Ask for these lists; for all where none is named."""
        for name in lists or _EVERYTHING:
            request, field, take = self._lists[name]
            gathered(self._ask, request, field, self._taking(take))

    def _taking(self, take: Callable[[list[Any]], None]) -> Callable[[Any], None]:
        def taken(items: list[Any] | Trouble) -> None:
            if not isinstance(items, Trouble):
                take(items)
                self._changed("people")

        return taken

    def nobody_online(self) -> None:
        """The connection is lost: who is there is not known any more."""
        self.people = {n: replace(p, online=False) for n, p in self.people.items()}
        self._members.clear()
        self._asked.clear()
        self._changed("people")

    def after(self, request: requests.Request) -> None:
        """This request of ours was granted."""
        lists = _AFTER.get(type(request))
        if lists:
            self.refresh(*lists)
        group_id = getattr(request, "group_id", None)
        if isinstance(request, requests.RemoveMember | requests.SetRole) and group_id:
            self.forget_members(group_id)

    def hear(self, frame: frames.Frame) -> None:
        """An event that is not in a log."""
        if isinstance(frame, frames.UserStatus):
            self._take_status(frame)
        elif isinstance(frame, frames.AccountDeleted):
            self._forget(frame.user_id)
        elif type(frame) in _ON:
            self.refresh(*_ON[type(frame)])

    def _forget(self, user_id: str) -> None:
        """Their account is gone; who has their name next is somebody else."""
        self.people.pop(user_id, None)
        self._members = {
            group_id: [member for member in members if member.id != user_id]
            for group_id, members in self._members.items()
        }
        self.friends = _without(self.friends, user_id)
        self.blocked = _without(self.blocked, user_id)
        self.requests_in = _without(self.requests_in, user_id)
        self.requests_out = _without(self.requests_out, user_id)
        self.refresh("invites")
        self._changed("people")
        self._changed("members")

    # Members

    def members(self, group_id: str) -> list[Person]:
        """As far as they are known; they are asked for, if they are not."""
        if group_id not in self._asked:
            self._asked.add(group_id)
            request = requests.GroupMembers(group_id=group_id)
            take = partial(self._take_members, group_id)
            gathered(self._ask, request, "members", take)
        online = self.people
        return [
            replace(m, online=online[m.id].online) if m.id in online else m
            for m in self._members.get(group_id, [])
        ]

    def forget_members(self, group_id: str) -> None:
        """They have changed; the old ones are shown until the new ones are known."""
        self._asked.discard(group_id)
        self._changed("members")

    def _take_members(self, group_id: str, items: list[results.MemberItem] | Trouble) -> None:
        if not isinstance(items, Trouble):
            self._members[group_id] = [
                Person(m.user_id, m.username, m.online, m.role) for m in items
            ]
            self._changed("members")
        elif items.code == "unavailable":
            self._asked.discard(group_id)

    # The lists

    def _take_status(self, frame: frames.UserStatus) -> None:
        self.people[frame.user_id] = Person(frame.user_id, frame.username, frame.online)
        self._changed("people")
        self._changed("chats")

    def _take_people(self, items: list[results.UserItem]) -> None:
        self.people = {user.user_id: _person(user) for user in items}
        self._changed("chats")

    def _take_friends(self, items: list[results.UserItem]) -> None:
        self.friends = _by_name(map(_person, items))

    def _take_received(self, items: list[results.FriendRequestItem]) -> None:
        self.requests_in = [Request(r.user_id, r.username, r.message) for r in items]

    def _take_sent(self, items: list[results.FriendRequestItem]) -> None:
        self.requests_out = [Request(r.user_id, r.username, r.message) for r in items]

    def _take_invites(self, items: list[results.InviteItem]) -> None:
        self.invites = [Invite(i.invite_id, i.group_id, i.name, i.invited_by) for i in items]

    def _take_blocked(self, items: list[results.NameItem]) -> None:
        self.blocked = _by_name(Person(user.user_id, user.username) for user in items)


def _person(item: results.UserItem) -> Person:
    return Person(item.user_id, item.username, item.online)


def _by_name(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=lambda person: person.name.lower())


def _without(people: list[P], user_id: str) -> list[P]:
    return [person for person in people if person.id != user_id]
