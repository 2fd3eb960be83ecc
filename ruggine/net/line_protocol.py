"""The line port: one command a line, for people with `nc` and for scripts (docs/protocol.md, 2)."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from twisted.internet import protocol
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.protocols.policies import TimeoutMixin
from zope.interface import implementer

from ruggine import errors
from ruggine.config import Limits
from ruggine.domain.hub import Hub
from ruggine.domain.sessions import Sessions
from ruggine.model import Ending, Session, User
from ruggine.net.commands import Caller, Commands
from ruggine.net.connections import Connections
from ruggine.net.entrance import Entrance, Refused
from ruggine.net.framing import FramedEntry, FramedNotice
from ruggine.net.outgoing import Outgoing, Turn
from ruggine.net.work import OrderedWork
from ruggine.wire import frames, lines, replies, requests, results

CLOSE_GRACE_S = 10.0
"""For a peer to read what was written before the connection is cut."""

_FAREWELLS = {
    Ending.SESSION_ENDED: errors.InvalidSession(),
    Ending.TOO_MANY: errors.Unavailable("You have too many connections; this was the oldest."),
    Ending.SHUTTING_DOWN: errors.Unavailable("The server is shutting down. Come back soon."),
}


@implementer(IHalfCloseableProtocol)
class LineProtocol(LineOnlyReceiver, TimeoutMixin):
    """One connection to the line port.

    Also a `ruggine.domain.ports.Connection`, from /auth or /watch on.
    """

    log = Logger()
    delimiter = lines.END
    factory: LineFactory
    transport: Any

    session: Session
    """Of /auth or /watch; only there once `_attached`."""

    port = "line"
    _attached = False
    _watching = False
    _watched: str | None = None
    _deaf = False
    _closing = False

    def connectionMade(self) -> None:
        limits = self.factory.limits
        self.MAX_LENGTH = limits.max_line_length
        self._outgoing = Outgoing(
            self.transport, self.factory.turn, limits.max_outgoing_buffer, self.abort
        )
        self._intake = self.factory.entrance.enter(self.transport, self._take)
        self._visit = self._intake.visit
        self._work = OrderedWork(self._intake, limits.max_waiting_requests)
        self._closed: Deferred[None] = Deferred()
        self.factory.connections.add(self)
        self.setTimeout(limits.line_auth_timeout_s)

    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        self.setTimeout(None)
        self._closing = True
        self._intake.stop()
        self._visit.leave()
        self._work.stop()
        self._outgoing.close()
        self.factory.connections.remove(self)
        self._detach()
        self._closed.callback(None)

    def callLater(self, *args: Any) -> Any:
        """For TimeoutMixin: time is the factory's."""
        return self.factory.reactor.callLater(*args)

    # What comes in

    def dataReceived(self, data: bytes) -> None:
        if not self._deaf:
            self._intake.receive(data)

    def _take(self, data: bytes) -> None:
        """A portion of what came, when it is its turn. A PROXY header has come before it."""
        self.factory.entrance.settle(self._visit, self.transport)
        if not self._deaf:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        if self._deaf or not line.strip():
            return
        if lines.is_http(line):
            self._hear_no_more(errors.InvalidRequest("This port does not speak HTTP. Goodbye."))
            return
        self._work.add(partial(self._handle, line))

    def lineLengthExceeded(self, line: bytes) -> None:
        self._hear_no_more(errors.InvalidRequest(f"A line has at most {self.MAX_LENGTH} bytes."))

    def _hear_no_more(self, refusal: errors.Refusal) -> None:
        """Answer what came before, then close."""
        self._deaf = True
        self._work.add(partial(self._refuse_and_close, refusal))

    def readConnectionLost(self) -> None:
        """The peer will send no more (`printf … | nc -N`): answer what came, then close."""
        self._intake.at_end(lambda: self._work.add(self._close_unless_watching))

    def writeConnectionLost(self) -> None:
        self.abort()

    def timeoutConnection(self) -> None:
        if not self._watching:
            refusal = errors.InvalidRequest("No command was accepted for too long. Goodbye.")
            self._work.add(partial(self._refuse_and_close, refusal))

    async def _handle(self, raw: bytes) -> None:
        try:
            line = lines.parse(raw)
            if line is not None:
                await self._run(line)
        except errors.Refusal as refusal:
            self._refuse(refusal)
        except Exception:
            self.log.failure("A command failed in a way that nobody foresaw")
            self._refuse(errors.Unavailable())

    async def _run(self, line: lines.Line) -> None:
        caller = Caller(await self._session_of(line.token), self._visit.address)
        result = await self.factory.commands.run(caller, line.request)
        if caller.session is not None:
            self._is_of(caller.session.user.id)
        elif isinstance(result, (results.RegisterResult, results.LoginResult)):
            self._is_of(result.user_id)
        match line.request:
            case requests.Auth():
                await self._attach(caller.own_session)
            case requests.Watch():
                assert isinstance(result, results.WatchResult)
                await self._watch(caller.own_session, result.to_user_id or result.chat_id)
                return
        for text in replies.reply(result) if result is not None else ():
            self._write(text)
        if isinstance(line.request, requests.Quit):
            self._close()

    def _is_of(self, user_id: str) -> None:
        """A command that needs or gives a session was accepted: nothing else renews the time."""
        self._visit.is_of(user_id)
        self.setTimeout(self.factory.limits.line_idle_timeout_s)

    async def _session_of(self, token: str | None) -> Session | None:
        if token is None:
            return None
        if token != lines.SAME_SESSION:
            return await self.factory.sessions.find(token)
        if not self._attached:
            raise errors.InvalidSession("Say /auth <token> first; then '-' stands for it.")
        return self.session

    # Live entries

    async def _attach(self, session: Session) -> None:
        self._detach()
        self.session = session
        await self.factory.hub.attach(self)
        self._attached = True
        if self._closing:
            self._detach()

    def _detach(self) -> None:
        if self._attached:
            self._attached = False
            self.factory.hub.detach(self)

    async def _watch(self, session: Session, which: str | None) -> None:
        """`which` is a group's id, or the id of the other member of a private chat."""
        if not self._attached or self.session.id != session.id:
            await self._attach(session)
        self._watched = which
        self._watching = True
        self._write(lines.ok("Watching"))

    def tell(self, framed: FramedNotice) -> None:
        """Nobody who types commands has asked for notices; the lists have what they said."""

    def deliver(self, framed: FramedEntry) -> None:
        message = framed.frame
        if not isinstance(message, frames.IncomingMessage) or message.deleted:
            return
        if not self._watching:
            return
        chat = framed.chat
        peer = chat.peer_of(self.session.user.id) if chat.members else None
        if self._watched in (None, peer.id if peer else chat.public_id):
            name = "@" + peer.name if peer else chat.public_id
            self._write(replies.message_line(name, message))
            self.factory.log_delivery(self.session.user)

    def end(self, why: Ending) -> None:
        """A session that ends is forgotten; who watched with it, or must go, is told and closed."""
        self._attached = False
        if why is not Ending.SESSION_ENDED or self._watching:
            self._work.stop()
            Deferred.fromCoroutine(self._close_when_finished(_FAREWELLS[why]))

    async def _close_when_finished(self, farewell: errors.Refusal) -> None:
        await self._work.finished()
        await self._refuse_and_close(farewell)

    # What goes out

    def _write(self, text: str) -> None:
        self._outgoing.write(lines.encode(text))

    def _refuse(self, refusal: errors.Refusal) -> None:
        self.factory.refusals[refusal.code] += 1
        self._work.refused()
        self._write(lines.error(refusal))

    @property
    def outgoing_bytes(self) -> int:
        return self._outgoing.size

    async def _refuse_and_close(self, refusal: errors.Refusal) -> None:
        if self._closing:
            return
        self._refuse(refusal)
        self._close()

    async def _close_unless_watching(self) -> None:
        if not self._watching:
            self._close()

    def _close(self) -> None:
        """After what was written has gone out; who does not read that in time is cut."""
        if self._closing:
            return
        self._deaf = self._closing = True
        self._work.stop()
        self._detach()
        self.setTimeout(None)
        cut = self.factory.reactor.callLater(CLOSE_GRACE_S, self.abort)
        self._closed.addCallback(lambda _: cut.cancel() if cut.active() else None)
        self._outgoing.finish(self._lose_connection)

    def _lose_connection(self) -> None:
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def finish(self) -> Deferred[None]:
        """What a stranger still waits with is not answered: there may be very much of it."""
        if self._visit.known:
            self._intake.hurry()
        self._deaf = True
        return Deferred.fromCoroutine(self._work.finished())

    def warn(self) -> None:
        """A line connection is told when it is closed, in its one line for that."""

    def say_goodbye(self) -> Deferred[None]:
        Deferred.fromCoroutine(self._refuse_and_close(_FAREWELLS[Ending.SHUTTING_DOWN]))
        closed: Deferred[None] = Deferred()
        self._closed.addCallback(closed.callback)
        return closed

    def abort(self) -> None:
        self.transport.abortConnection()


class LineFactory(protocol.ServerFactory):
    """Makes the line port's connections."""

    noisy = False
    protocol: Any = LineProtocol

    log = Logger()

    def __init__(
        self,
        *,
        reactor: Any,
        commands: Commands,
        sessions: Sessions,
        hub: Hub,
        connections: Connections,
        entrance: Entrance,
        limits: Limits,
        debug: bool,
    ) -> None:
        self.reactor = reactor
        self.turn = Turn(reactor)
        self.refusals: Counter[str] = Counter()
        self.commands = commands
        self.sessions = sessions
        self.hub = hub
        self.connections = connections
        self.entrance = entrance
        self.limits = limits
        self.debug = debug

    def buildProtocol(self, addr: Any) -> Any:
        return Refused() if self.entrance.turns_away(addr) else super().buildProtocol(addr)

    def log_delivery(self, user: User) -> None:
        if self.debug:
            self.log.debug(
                "[TCP:WATCH] Delivered message to user {name} (user_id: {id})",
                name=user.name,
                id=user.id,
            )
