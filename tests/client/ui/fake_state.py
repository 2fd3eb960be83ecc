"""The real state with a small daemon in memory behind it, for dialogs that are tested for real.

The requests of the client's own housekeeping are answered at once from what the `Town` holds; the
others wait in `asked` until a test grants or refuses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from client_tk import intents, reports
from client_tk.model import ChatKey, Server
from client_tk.state import State
from client_tk.store import Store
from ruggine.wire import frames, requests, results
from tests.client.identities import user_id
from tests.client.ui.stage import Stage, stage

R = TypeVar("R", bound=requests.Request)
V = TypeVar("V")

_requests = msgspec.json.Decoder(requests.AnyRequest)


class Town:
    """Who and what there is; tests put in what they need before `Play.sign_in`."""

    def __init__(self) -> None:
        self.people: dict[str, bool] = {"luigi": True}
        self.friends: list[str] = []
        self.received: list[tuple[str, str]] = []
        self.sent: list[tuple[str, str]] = []
        self.blocked: list[str] = []
        self.invites: list[results.InviteItem] = []
        self.groups: list[results.ChatItem] = []
        self.members: dict[str, list[results.MemberItem]] = {}

    def add_group(self, group_id: str, name: str, role: str, *, open_: bool = False) -> ChatKey:
        self.groups.append(
            results.ChatItem(
                chat_type="group",
                chat_id=group_id,
                group_id=group_id,
                name=name,
                role=role,
                open=open_,
                seq=0,
                read_seq=0,
                unread=0,
                last_message=None,
                muted=False,
            )
        )
        return ChatKey("group", group_id)

    def answer(self, request: requests.Request) -> frames.Reply | None:
        online = self.people
        match request:
            case requests.AllUsers():
                return results.AllUsersResult(
                    users=[results.UserItem(name, user_id(name), on) for name, on in online.items()]
                )
            case requests.ListFriends():
                return results.ListFriendsResult(
                    friends=[
                        results.UserItem(n, user_id(n), online.get(n, False)) for n in self.friends
                    ]
                )
            case requests.ReceivedFriendRequests():
                return results.ReceivedFriendRequestsResult(requests=_asked(self.received))
            case requests.SentFriendRequests():
                return results.SentFriendRequestsResult(requests=_asked(self.sent))
            case requests.BlockedUsers():
                return results.BlockedUsersResult(
                    users=[results.NameItem(name, user_id(name)) for name in self.blocked]
                )
            case requests.MyGroupInvites():
                return results.MyGroupInvitesResult(invites=self.invites)
            case requests.ListChats():
                return results.ListChatsResult(chats=self.groups)
            case requests.GroupMembers(group_id=group_id):
                return results.GroupMembersResult(members=self.members.get(group_id, []))
            case requests.GetMessages():
                return results.GetMessagesResult(messages=[], has_more=False)
        return None


def _asked(who: list[tuple[str, str]]) -> list[results.FriendRequestItem]:
    return [results.FriendRequestItem(name, user_id(name), message, 0.0) for name, message in who]


class Outside:
    """Implements `client_tk.outside.Outside` without a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[intents.Intent] = []
        self.forgotten: list[str] = []
        self.clock_s = 100.0

    def tell(self, intent: intents.Intent) -> None:
        self.told.append(intent)

    def now_s(self) -> float:
        return self.clock_s

    def time_s(self) -> float:
        return 1_763_870_400.0

    def open_store(self, server: Server, username: str) -> Store:
        return Store(self.folder / f"{username}.db")

    def signed_in(self, server: Server, username: str, token: str, *, stay: bool) -> None:
        pass

    def leaving(self) -> None:
        pass

    def signed_out(self, server: Server, username: str) -> None:
        self.forgotten.append(username)

    def notify(self, title: str, text: str, key: ChatKey | None) -> None:
        pass

    def urge(self) -> None:
        pass

    def ring(self) -> None:
        pass


class Play:
    """A state, what dialogs need of the window, and the views that are open."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.root = stage.root
        self.theme = stage.theme
        self.town = Town()
        self.outside = Outside(folder)
        self.state = State(self.outside)
        self.views: list[Any] = []
        self.visited: list[ChatKey] = []
        self.opened: list[tuple[ChatKey, int]] = []
        self.asked: list[requests.Request] = []

    def sign_in(self, name: str = "luigi") -> Play:
        server = Server("localhost")
        self.state.sign_in(server, name, "a good password", register=False, stay=False)
        self.hear(reports.SignedIn(name, "rg1_x"), reports.Opened(welcome(name)))
        return self

    def open(self, make: Callable[..., V], *more: Any) -> V:
        """A dialog, drawn."""
        view = make(self.root, self.theme, self.state, self, *more)
        self.views.append(view)
        self.settle()
        self.stage.settle()
        return view

    def hear(self, *batch: reports.Report) -> None:
        """Reports come, and what they change is drawn."""
        self.state.take(batch)
        self.settle()

    # What dialogs need of the window

    def settle(self) -> None:
        while self._answer_housekeeping() or self.state.changes:
            changes, self.state.changes = self.state.changes, set()
            for view in self.views:
                if view.winfo_exists():
                    view.refresh(changes)
        self.root.update_idletasks()

    def visit(self, key: ChatKey) -> None:
        self.visited.append(key)
        self.state.select(key)
        self.settle()

    def open_at(self, key: ChatKey, seq: int) -> None:
        self.opened.append((key, seq))

    # The daemon

    def _said(self) -> Iterator[requests.Request]:
        told, self.outside.told = self.outside.told, []
        for intent in told:
            if isinstance(intent, intents.Say):
                yield _requests.decode(intent.frame)
            else:
                self.outside.told.append(intent)

    def _answer_housekeeping(self) -> bool:
        answered = []
        for request in self._said():
            reply = self.town.answer(request)
            if reply is None:
                self.asked.append(request)
            else:
                reply.request_id = request.request_id
                answered.append(reports.Heard(reply))
        self.state.take(answered)
        return bool(answered)

    def waiting(self, kind: type[R]) -> R:
        """The one request of this kind that waits for its answer."""
        self.settle()
        (found,) = [request for request in self.asked if isinstance(request, kind)]
        self.asked.remove(found)
        return found

    def grant(self, request: requests.Request, reply: frames.Reply) -> None:
        reply.request_id = request.request_id
        self.hear(reports.Heard(reply))

    def refuse(self, request: requests.Request, code: str, sentence: str = "No.") -> None:
        error = frames.Error(request_id=request.request_id, code=code, error=sentence)
        self.hear(reports.Heard(error))


@contextmanager
def play(folder: Path) -> Iterator[Play]:
    """Errors in callbacks fail the test."""
    with stage("900x640") as made:
        yield Play(made, folder)


def welcome(name: str, limits: frames.Limits | None = None) -> frames.AuthResponse:
    return frames.AuthResponse(
        success=True, user_id=user_id(name), username=name, error=None,
        epoch="0f8e3c5e-2b1d-4f6a-9c0d-5a4b3c2d1e0f", resume="none", server_time=0.0, protocol=1,
        limits=limits or frames.Limits(4096, 65536),
    )  # fmt: skip
