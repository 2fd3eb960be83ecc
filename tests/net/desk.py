"""What both ports' units need: a small world behind the port that the test steers by hand."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from ruggine import config, errors, files
from ruggine.model import Appended, Chat, Ending, Entry, Session, User
from ruggine.net.addresses import Proxies
from ruggine.net.connections import Connections
from ruggine.net.door import Door
from ruggine.net.entrance import Entrance
from ruggine.net.framing import FramedEntry
from ruggine.net.pace import Pace
from ruggine.wire import frames, requests, results

LUIGI, DORY = User("1", "luigi"), User("2", "dory")
CHAT = Chat(7, "private", "c7", members=(LUIGI, DORY))
PEOPLE = {"@luigi": "1", "@dory": "2", "@ugo": "3"}
TOKEN = "rg1_luigi"


def framed(seq: int, content: str, sender: User = DORY) -> FramedEntry:
    """A message of the chat between Luigi and Dory, as the hub delivers it."""
    return FramedEntry(CHAT, Entry(CHAT.id, seq, "message", sender, content, 1500))


class Transport(StringTransport):
    """In memory; says that it is gone when it is aborted or closed with nothing left to write."""

    protocol: Any = None
    gone = False

    def abortConnection(self) -> None:
        super().abortConnection()
        self._end()

    def loseConnection(self) -> None:
        super().loseConnection()
        self._end()

    def unregisterProducer(self) -> None:
        if self.producer is not None:
            super().unregisterProducer()

    def setTcpNoDelay(self, enabled: bool) -> None:
        return

    def _end(self) -> None:
        if not self.gone:
            self.gone = True
            self.protocol.connectionLost(Failure(ConnectionDone()))


class World:
    """Stands for commands, sessions and the hub. Only one token is known."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.limits = config.load({}, {}).limits
        self.connections = Connections()
        self.pace = Pace(self.clock, self.clock.seconds)
        self.door = Door(self.pace, files.places(self.limits), self.limits, limited=True)
        self.attached: list[Any] = []
        self.ran: list[requests.AnyRequest] = []
        self.sends: list[tuple[requests.SendMessage, Any]] = []
        self.held: Deferred[None] | None = None
        self.failure: Exception | None = None

    def entrance(self, *trusted: str, proxied: bool = False) -> Entrance:
        """For one port; `trusted` as of --trusted-proxies."""
        proxies = Proxies(config.load({"trusted-proxies": ",".join(trusted)}, {}).trusted_proxies)
        return Entrance(self.clock, self.door, self.pace, proxies, proxied=proxied)

    # sessions

    async def find(self, token: str) -> Session:
        if token != TOKEN:
            raise errors.InvalidSession
        return Session("s", LUIGI, "", 0.0, 0.0)

    # hub

    async def attach(self, connection: Any, missed: Any = None) -> None:
        self.attached.append(connection)

    def detach(self, connection: Any) -> None:
        if connection in self.attached:
            self.attached.remove(connection)

    # commands

    async def run(self, caller: Any, request: requests.AnyRequest) -> frames.Reply:
        self.ran.append(request)
        if self.held is not None:
            await self.held
        if self.failure is not None:
            raise self.failure
        match request:
            case requests.Register():
                return results.RegisterResult(username="luigi", user_id="1", session_token=TOKEN)
            case requests.Login():
                return results.LoginResult(username="luigi", user_id="1", session_token=TOKEN)
            case requests.Auth():
                return results.AuthResult(username=caller.user.name, user_id=caller.user.id)
            case requests.Watch(chat=chat):
                return results.WatchResult(to_user_id=PEOPLE[chat.lower()] if chat else None)
            case requests.Quit():
                return results.QuitResult()
            case requests.Ping():
                return frames.Pong()
        user = caller.user
        return results.ValidateSessionResult(username=user.name, user_id=user.id)

    def send(self, caller: Any, request: requests.SendMessage, answer: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.sends.append((request, answer))

    # steering

    def hold(self) -> None:
        """From here on commands take until `release`."""
        self.held = Deferred()

    def release(self) -> None:
        held, self.held = self.held, None
        assert held is not None
        held.callback(None)

    def stored(self, seq: int) -> None:
        """The oldest send that waits is committed."""
        request, answer = self.sends.pop(0)
        entry = Entry(CHAT.id, seq, "message", LUIGI, request.content, 1500, request.client_id)
        answer(CHAT, Appended(entry, duplicate=False))

    def end(self, why: Ending) -> None:
        for connection in list(self.attached):
            self.detach(connection)
            connection.end(why)
