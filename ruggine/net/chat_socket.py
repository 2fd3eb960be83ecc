"""The WebSocket port: live chat in JSON text frames (docs/protocol.md, section 3).

Autobahn speaks RFC 6455; here its gaps are closed (the size of the handshake's head, the number
of fragments, binary frames), nobody says more than a stranger may before `auth`, and requests
become work.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import txaio
from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ruggine import errors
from ruggine.domain.ports import Outcome
from ruggine.model import Absence, Chat, Cursor, Ending, Session
from ruggine.net.commands import Caller, message_sent, place_of
from ruggine.net.framing import FramedEntry, FramedNotice, chat_fields, frame_bytes
from ruggine.net.outgoing import Outgoing
from ruggine.net.small_frames import split
from ruggine.net.work import OrderedWork, Waiting
from ruggine.wire import frames, requests

if TYPE_CHECKING:
    from ruggine.net.chat_factory import ChatSocketFactory

GOING_AWAY = 1001
UNSUPPORTED_DATA = 1003
POLICY_VIOLATION = 1008
OVERLOADED = 4002
TOO_SLOW = 4003
NOT_AUTHENTICATED = 4004
MALFORMED = 4500
SESSION_ENDED = 4501
TOO_MANY = 4502

PROMPT_BYTES = 2048
"""In one read: more than that are not a few messages, and have to wait for their turn."""

CLOSE_GRACE_S = 10.0
"""For a slow reader to come to the close frame before the connection is cut."""

# Not `log` in the classes below: Autobahn's own chatter would come out under our name. Its debug
# events hold whole handshakes and cost time even where nobody listens; its errors are what clients
# do, such as a refused certificate.
_log = Logger()
txaio.set_global_log_level("critical")

_SHUTTING_DOWN = errors.Unavailable("The server is shutting down. Come back soon.")

_FOR_STRANGERS = ("register", "login")
"""The requests that need no session."""

_ENDINGS = {
    Ending.SESSION_ENDED: SESSION_ENDED,
    Ending.TOO_MANY: TOO_MANY,
    Ending.SHUTTING_DOWN: GOING_AWAY,
}


class ChatSocket(WebSocketServerProtocol):
    """One WebSocket. Also a `ruggine.domain.ports.Connection`, once it is authenticated."""

    session: Session
    """Only there once `_authenticated`."""

    factory: ChatSocketFactory
    port = "websocket"
    _authenticated = False
    _auth_began = False
    _draining = False
    _resuming = False
    _gone = False
    _fragments = 0
    _begun = b""
    message_data: list[bytes]

    # The connection

    def connectionMade(self) -> None:
        self._closed: Deferred[None] = Deferred()
        limits = self.factory.limits
        self._outgoing = Outgoing(
            self.transport, self.factory.turn, limits.max_outgoing_buffer, self._too_slow
        )
        self._intake = self.factory.entrance.enter(self.transport, self._take)
        self._visit = self._intake.visit
        self._work = OrderedWork(self._intake, limits.max_waiting_requests)
        self._auth_timeout: Any = None
        self.factory.connections.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Any) -> None:
        self._leave()
        self._intake.stop()
        self._visit.leave()
        self._outgoing.close()
        self.factory.connections.remove(self)
        super().connectionLost(reason)
        self._closed.callback(None)

    def dataReceived(self, data: bytes) -> None:
        """What a user writes is handled at once, as far as it is small frames; the rest has to wait
        for its turn."""
        if self._authenticated and len(data) <= PROMPT_BYTES and self._intake.idle:
            data = self._take_small_frames(data)
        if data:
            self._intake.receive(data)

    def _take(self, data: bytes) -> None:
        """A portion of what had to wait."""
        data = self._take_small_frames(data)
        if self.state == self.STATE_CONNECTING and self._head_too_long(data):
            self.failHandshake("Request Header Fields Too Large", 431)
        elif data:
            super().dataReceived(data)

    def _between_messages(self) -> bool:
        """Whether Autobahn has read all that came, to the end of a message."""
        return (
            self.state == self.STATE_OPEN
            and not self.data
            and self.current_frame is None
            and not self.inside_message
        )

    def _take_small_frames(self, data: bytes) -> bytes:
        """What is left for Autobahn."""
        if not self._between_messages():
            return data
        if self._begun:
            data, self._begun = self._begun + data, b""
        payloads, self._begun, rest = split(data)
        for payload in payloads:
            self.onMessage(payload, isBinary=False)
        return rest

    def _head_too_long(self, data: bytes) -> bool:
        """Autobahn would gather, and search through, whatever comes until the handshake's end."""
        head = self.data + data
        limit = self.factory.limits.max_handshake_size
        return len(head) > limit and b"\r\n\r\n" not in head[:limit]

    def onConnect(self, request: Any) -> None:
        """The head of the handshake is there, also what proxies have put into it."""
        self.factory.entrance.settle(self._visit, self.transport, request.headers)

    def onOpen(self) -> None:
        self._auth_timeout = self.factory.reactor.callLater(
            self.factory.limits.auth_timeout_s, self._close, NOT_AUTHENTICATED, "say auth first"
        )

    def _leave(self) -> None:
        """No more work, no more entries."""
        self._gone = True
        self._work.stop()
        if self._auth_timeout is not None and self._auth_timeout.active():
            self._auth_timeout.cancel()
        if self._authenticated:
            self._authenticated = False
            self.factory.hub.detach(self)

    # What comes in

    def onMessageBegin(self, isBinary: bool) -> None:
        super().onMessageBegin(isBinary)
        self._fragments = 0
        if isBinary:
            self._close(UNSUPPORTED_DATA, "text frames only")

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        self._fragments += 1
        if self._fragments > self.factory.limits.max_fragments:
            self._close(POLICY_VIOLATION, "too many fragments")

    def onMessageEnd(self) -> None:
        """Autobahn's own goes on to tell observers of the message, which nobody here is."""
        data, self.message_data = self.message_data, []
        if not self.failedByMe and not self._gone:
            self.onMessage(b"".join(data), isBinary=False)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self._draining:
            self._refuse(_SHUTTING_DOWN, frames.envelope_of(payload))
        else:
            self._work.add(partial(self._handle, payload))

    def _handle(self, payload: bytes) -> Waiting | None:
        """One frame, in its turn."""
        try:
            request = frames.decode(payload)
        except errors.Refusal as refusal:
            return self._refuse_in_turn(refusal, frames.envelope_of(payload))
        if not self._auth_began:
            return self._meet(request)
        if self.factory.debug:
            self.factory.log_received(request, len(payload), self.session)
        if isinstance(request, requests.SendMessage):
            return self._send(request)
        return self._run(request)

    async def _refuse_in_turn(self, refusal: errors.Refusal, asked: frames.Envelope) -> None:
        await self._work.settled()
        if self._auth_began or asked.message_type in _FOR_STRANGERS:
            self._refuse(refusal, asked)
        else:
            self._refuse_auth(refusal, MALFORMED)

    async def _meet(self, request: requests.AnyRequest) -> None:
        """A request before this connection is somebody's."""
        if isinstance(request, requests.Auth):
            self._auth_began = True
            await self._authenticate(request)
        elif isinstance(request, requests.Register | requests.Login):
            self._caller = Caller(None, self._visit.address, self.factory.room)
            await self._run(request)
        else:
            self._refuse_auth(
                errors.InvalidRequest("Say auth, register or login first."), MALFORMED
            )

    async def _authenticate(self, request: requests.Auth) -> None:
        try:
            session = await self.factory.sessions.find(request.session_token)
            self.session = session
            self._visit.is_of(session.user.id)
            self._caller = Caller(session, self._visit.address, self.factory.room)
            absence = await self._absence(session, request.resume)
            self._authenticated = not self._gone
            if self._authenticated:
                await self.factory.hub.attach(self, absence)
        except errors.Refusal as refusal:
            ended = isinstance(refusal, errors.InvalidSession)
            self._refuse_auth(refusal, SESSION_ENDED if ended else OVERLOADED)
            return
        await self._accept_auth(request.resume, absence)

    async def _absence(self, session: Session, resume: requests.Resume | None) -> Absence | None:
        if resume is None:
            return None
        cursors = [Cursor(place_of(c), c.seq) for c in resume.chats]
        return await self.factory.resume.missed(session.user, resume.epoch, cursors)

    async def _accept_auth(self, resume: requests.Resume | None, absence: Absence | None) -> None:
        if self._gone:
            self.factory.hub.detach(self)
            return
        self._auth_timeout.cancel()
        self.factory.auths["ok"] += 1
        self.factory.log_auth(self.session)
        how = "none" if resume is None else "reset" if absence is None else "ok"
        self._write(self.factory.welcome(self.session, how))
        if absence is not None and not self._draining:
            await self._resume()

    async def _resume(self) -> None:
        self._resuming = True
        try:
            await self.factory.hub.resume(self)
        except errors.Refusal as refusal:
            self._close(OVERLOADED, refusal.code)
        self._resuming = False

    def _refuse_auth(self, refusal: errors.Refusal, code: int) -> None:
        self.factory.auths[refusal.code] += 1
        self._write(self.factory.unwelcome(refusal))
        self._close(code, refusal.code)

    def _send(self, request: requests.SendMessage) -> Waiting | None:
        """Over when the message has its place; its answer comes with the commit."""
        self._work.opened()
        try:
            rest = self.factory.commands.send(
                self._caller, request, partial(self._on_sent, request)
            )
        except Exception as error:
            self._on_send_failed(request, error)
            return None
        return self._send_on(request, rest) if rest is not None else None

    async def _send_on(self, request: requests.SendMessage, rest: Waiting) -> None:
        try:
            await rest
        except Exception as error:
            self._on_send_failed(request, error)

    def _on_send_failed(self, request: requests.SendMessage, error: Exception) -> None:
        if not isinstance(error, errors.Refusal):
            _log.failure("A send failed in a way that nobody foresaw")
            error = errors.Unavailable()
        self._refuse(error, request)
        self._work.answered()

    def _on_sent(self, request: requests.SendMessage, chat: Chat, outcome: Outcome) -> None:
        if isinstance(outcome, errors.Refusal):
            self._refuse(outcome, request)
        else:
            self._write(message_sent(request, self.session.user, chat, outcome))
        self._work.answered()

    async def _run(self, request: requests.AnyRequest) -> None:
        await self._work.settled()
        try:
            if isinstance(request, requests.Auth):
                raise errors.InvalidRequest("This connection is authenticated already.")
            result = await self.factory.commands.run(self._caller, request)
        except errors.Refusal as refusal:
            self._refuse(refusal, request)
            return
        except Exception:
            _log.failure("A request failed in a way that nobody foresaw")
            self._refuse(errors.Unavailable(), request)
            return
        if result is not None:
            result.request_id = request.request_id
            self._write(result)
        if isinstance(request, requests.Quit):
            self._close(1000, "goodbye")

    # What goes out

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        """What Autobahn itself writes comes after what we have written."""
        self._outgoing.flush()
        super().sendData(data, sync, chopsize)

    def _write(self, frame: frames.Frame) -> None:
        self._outgoing.write(frame_bytes(frame))

    def _refuse(
        self, refusal: errors.Refusal, asked: requests.AnyRequest | frames.Envelope
    ) -> None:
        """Only sends have a client_id."""
        self.factory.refusals[refusal.code] += 1
        if self.factory.debug and isinstance(refusal, errors.NoSuchUser):
            self.factory.log_nobody(asked)
        self._work.refused()
        self._write(
            frames.Error(
                request_id=asked.request_id,
                code=refusal.code,
                error=refusal.sentence,
                retry_after=refusal.retry_after_s,
                client_id=getattr(asked, "client_id", None),
            )
        )

    def deliver(self, framed: FramedEntry) -> None:
        self._outgoing.write(framed.data)
        if self.factory.debug:
            self.factory.log_delivery(self.session)

    def tell_gap(self, chat: Chat, first: int, last: int) -> None:
        self._write(frames.Gap(**chat_fields(chat, self.session.user), first=first, last=last))

    def tell_caught_up(self) -> None:
        self._write(frames.CaughtUp())

    async def drained(self) -> None:
        await self._outgoing.drained()

    def tell(self, framed: FramedNotice) -> None:
        if not (self._outgoing.crowded and framed.fleeting):
            self._outgoing.write(framed.data)

    def end(self, why: Ending) -> None:
        """Closes when the request that is being answered has its answer."""
        self._authenticated = False
        self._work.stop()
        self._outgoing.release()
        Deferred.fromCoroutine(self._close_when_finished(_ENDINGS[why], why.value))

    async def _close_when_finished(self, code: int, reason: str) -> None:
        await self._work.finished()
        self._close(code, reason)

    def finish(self) -> Deferred[None]:
        """Who is resuming goes on elsewhere: that may take longer than a shutdown may."""
        if self._authenticated:
            self._intake.hurry()
        self._draining = True
        if self._resuming:
            self.factory.hub.detach(self)
            self._outgoing.release()
        return Deferred.fromCoroutine(self._work.finished())

    def warn(self) -> None:
        if self.state == self.STATE_OPEN:
            self._write(frames.ServerShutdown())

    def say_goodbye(self) -> Deferred[None]:
        if self.state == self.STATE_OPEN:
            self._close(GOING_AWAY, Ending.SHUTTING_DOWN.value)
        else:
            self.abort()
        closed: Deferred[None] = Deferred()
        self._closed.addCallback(closed.callback)
        return closed

    def abort(self) -> None:
        self.transport.abortConnection()

    @property
    def outgoing_bytes(self) -> int:
        return self._outgoing.size

    def _too_slow(self) -> None:
        self.closeHandshakeTimeout = CLOSE_GRACE_S
        self._close(TOO_SLOW, "reads too slowly; the log has the rest")

    def _close(self, code: int, reason: str) -> None:
        """Say why and close, after what was written; who does not read that in time is cut."""
        if self._gone:
            return
        self._leave()
        cut = self.factory.reactor.callLater(CLOSE_GRACE_S, self.abort)
        self._closed.addCallback(lambda _: cut.cancel() if cut.active() else None)
        self._outgoing.finish(partial(self._send_close, code, reason))

    def _send_close(self, code: int, reason: str) -> None:
        # Not sendClose(): it refuses the codes below 3000.
        self.sendCloseFrame(code=code, reasonUtf8=reason.encode(), isReply=False)
