"""One device: a WebSocket that comes back, resumes, and writes down all that it does and sees.

It trusts the daemon blindly. Where a careful client would notice a hole or drop what it has
twice, this one does not, for the checker is to find them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any

import msgspec
import txaio
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.endpoints import HostnameEndpoint

from ruggine.delivery.history import (
    Acknowledged,
    History,
    Invoked,
    Received,
    Refused,
    Reset,
    Resumed,
    Revoked,
    Skipped,
    Unanswered,
)

TRY_AGAIN = {"unavailable", "rate_limited"}
"""Refusals after which the same message may be sent once more."""

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_PATIENCE_S = 15.0
_PAGE = 200
_LITTLE = 1 << 15
_MUCH = 1 << 20

txaio.set_global_log_level("critical")


class Message(msgspec.Struct, eq=False):
    """One message of the plan, until it is acknowledged."""

    sender: str
    client_id: str
    chat: str
    content: str


class Device:
    """One user on one device. All its methods are for the reactor thread.

    `address` is asked at each connecting, so that a device can wander between nodes. `finished`
    is called with a message and None when it is acknowledged, with the code when it is refused
    for good, and with a code of TRY_AGAIN or "" when it must be sent again.
    """

    def __init__(
        self,
        reactor: Any,
        history: History,
        name: str,
        user: str,
        token: str,
        address: Callable[[], tuple[str, int]],
        places: dict[str, dict[str, str]],
        finished: Callable[[Message, str | None, float], None],
        random: Random,
    ) -> None:
        self.name, self.user, self.token = name, user, token
        self.ready = False
        self.here = False
        self.wanted = True
        self.waiting: dict[str, tuple[Message, float]] = {}
        self.closed: Counter[int] = Counter()
        self._reactor = reactor
        self._history = history
        self._address = address
        self._places = places
        self._chats = {_key(place): chat for chat, place in places.items()}
        self._finished = finished
        self._random = random
        self._cursors = dict.fromkeys(places, 0)
        self._ids: dict[str, str] = {}
        self.epoch = ""
        self._connection = 0
        self._requests = 0
        self._answered_already: dict[str, Message] = {}
        self._pages: dict[tuple[str, int], int] = {}
        self._asked: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._pause_s = _FIRST_PAUSE_S
        self._socket: _Socket | None = None
        self._opened_s = 0.0
        self._caught = False
        history.owners[name] = user

    # Coming and going

    def connect(self) -> None:
        """Begin, and from here on come back whenever the connection is lost."""
        host, port = self._address()
        factory = WebSocketClientFactory(f"ws://{host}:{port}", reactor=self._reactor)
        factory.protocol = _Socket
        factory.device = self
        factory.setProtocolOptions(openHandshakeTimeout=5, closeHandshakeTimeout=1)
        HostnameEndpoint(self._reactor, host, port, timeout=5).connect(factory).addErrback(
            lambda _: self._come_back()
        )

    def cut(self) -> None:
        """As if the network were gone: nothing is said, and what is on its way is lost."""
        if self._socket is not None:
            self._socket.transport.abortConnection()

    def go(self) -> None:
        """Leave, and stay away."""
        self.wanted = False
        self.cut()

    def read_slowly(self, seconds: float) -> None:
        """Take nothing off the network for a while, and let the system take little."""
        socket = self._socket
        if socket is not None:
            _let_system_take(socket, _LITTLE)
            socket.transport.pauseProducing()
            self.ready = False
            self._reactor.callLater(seconds, self._read_again, socket)

    def _read_again(self, socket: _Socket) -> None:
        if socket is self._socket:
            _let_system_take(socket, _MUCH)
            socket.transport.resumeProducing()
            self._check_ready()

    def opened(self, socket: _Socket) -> None:
        self._socket = socket
        self._connection += 1
        self._opened_s = self._now
        self.here = True
        resume = {
            "epoch": self.epoch,
            "chats": [{**self._name(c), "seq": seq} for c, seq in self._cursors.items()],
        }
        auth = {"message_type": "auth", "session_token": self.token}
        socket.say(auth if not self.epoch else auth | {"resume": resume})

    def _name(self, chat: str) -> dict[str, str]:
        """By its id or in another way: both must lead to the same chat."""
        by_id = chat in self._ids and self._random.random() < 0.5
        return {"chat_id": self._ids[chat]} if by_id else self._places[chat]

    def lost(self, socket: _Socket) -> None:
        if socket is self._socket:
            self._end()
        self._come_back()

    def _end(self) -> None:
        self._socket = None
        self.ready = self.here = self._caught = False
        waiting, self.waiting = self.waiting, {}
        self._asked = {}
        for message, _ in waiting.values():
            self._add(Unanswered(self._now, message.sender, message.client_id))
            self._finished(message, "", 0)

    def _come_back(self) -> None:
        if self.wanted:
            pause_s = self._pause_s * (0.5 + self._random.random())
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            self._reactor.callLater(pause_s, self.connect)

    # Saying

    def send(self, message: Message) -> None:
        """Only while `ready`. `finished` says what became of it."""
        self._requests += 1
        request_id = str(self._requests)
        self.waiting[request_id] = message, self._now
        self._add(
            Invoked(
                self._now, message.sender, message.client_id, message.chat, message.content,
                self.name, self._connection,
            )
        )  # fmt: skip
        self._say(
            message_type="send_message", request_id=request_id, client_id=message.client_id,
            content=message.content, **self._name(message.chat),
        )  # fmt: skip

    def ask(self, answer: Callable[[dict[str, Any]], None], **request: Any) -> None:
        """Make another request; `answer` is not called if the connection is lost first."""
        self._requests += 1
        self._asked[str(self._requests)] = answer
        self._say(request_id=str(self._requests), **request)

    def revoked(self) -> None:
        """The present session is known to have ended."""
        self._add(Revoked(self._now, self.name, self._connection))

    def check(self) -> None:
        """A connection that does not answer is as good as lost. Call this now and then."""
        since_s = next((at_s for _, at_s in self.waiting.values()), None)
        if since_s is None and not self.ready:
            since_s = self._opened_s
        if self.here and since_s is not None and self._now - since_s > _PATIENCE_S:
            self.cut()

    def _say(self, **frame: Any) -> None:
        if self._socket is not None:
            self._socket.say(frame)

    # Hearing

    def heard(self, frame: dict[str, Any]) -> None:
        kind = frame["message_type"]
        if kind == "auth_response":
            self._welcomed(frame)
        elif "seq" in frame and kind != "message_sent" and kind != "read_receipt":
            self._see(frame, "live" if self.ready else "resumed")
        elif kind == "server_shutdown":
            self.ready = False
        elif kind == "caught_up":
            self._caught_up()
        elif kind == "gap":
            self._gap(frame)
        elif "request_id" in frame:
            self._answered(frame)

    def _welcomed(self, frame: dict[str, Any]) -> None:
        if not frame["success"]:
            self.cut()
            return
        if frame["resume"] == "ok":
            self._add(Resumed(self._now, self.name, self._connection))
            return
        if frame["resume"] == "reset":
            self._add(Reset(self._now, self.name, self._connection))
            self._cursors = dict.fromkeys(self._cursors, 0)
            self._pages, self._ids = {}, {}
        self.epoch = frame["epoch"]  # now it is known which database that is
        self.cut()

    def _caught_up(self) -> None:
        """Pages that were left unread when the last connection ended are turned again."""
        self._pause_s = _FIRST_PAUSE_S
        self._caught = True
        for chat, last in self._pages:
            self._turn_page(chat, last)
        self._check_ready()

    def _check_ready(self) -> None:
        self.ready = self._caught and not self._pages

    def _see(self, frame: dict[str, Any], how: str) -> None:
        chat = self._chats.get(_key(frame, self.user))
        if chat is None:
            return
        kind = frame["message_type"]
        message = kind == "incoming_message"
        self._add(
            Received(
                self._now, self.name, self._connection, how, chat, frame["seq"],
                "message" if message else kind, frame.get("from", "") if message else "",
                frame.get("client_id", ""), frame.get("content", ""), frame["chat_id"],
            )
        )  # fmt: skip
        self._ids[chat] = frame["chat_id"]
        if how != "read":
            self._cursors[chat] = max(self._cursors[chat], frame["seq"])

    def _gap(self, frame: dict[str, Any]) -> None:
        first, last = frame.pop("from"), frame["to"]
        chat = self._chats[_key(frame)]
        self._add(Skipped(self._now, self.name, chat, first, last))
        self._pages[chat, last] = first - 1
        # It is read by pages, also if the connection ends before the next entry: the resume after
        # that must not tell of it again.
        self._cursors[chat] = max(self._cursors[chat], last)

    def _turn_page(self, chat: str, last: int) -> None:
        self.ask(
            lambda frame: self._read_page(chat, last, frame),
            message_type="get_messages", after=self._pages[chat, last], limit=_PAGE,
            **self._name(chat),
        )  # fmt: skip

    def _read_page(self, chat: str, last: int, frame: dict[str, Any]) -> None:
        if frame["message_type"] == "error":
            pause_s = frame.get("retry_after") or 0.5
            self._reactor.callLater(pause_s, self._retry, self._connection, chat, last)
            return
        messages = [m for m in frame["messages"] if m["seq"] <= last]
        for message in messages:
            where = {**self._places[chat], "chat_id": frame["chat_id"]}
            self._see({**where, **message, "message_type": "incoming_message"}, "read")
        if messages and len(messages) == len(frame["messages"]) and frame["has_more"]:
            self._pages[chat, last] = messages[-1]["seq"]
            self._turn_page(chat, last)
        else:
            del self._pages[chat, last]
            self._check_ready()

    def _retry(self, connection: int, chat: str, last: int) -> None:
        if connection == self._connection and self.here:
            self._turn_page(chat, last)

    def _answered(self, frame: dict[str, Any]) -> None:
        request_id = frame["request_id"]
        if request_id in self._asked:
            self._asked.pop(request_id)(frame)
            return
        message, _ = self.waiting.pop(request_id, (None, 0))
        again = message is None
        message = message or self._answered_already[request_id]
        self._answered_already[request_id] = message
        code = None if frame["message_type"] == "message_sent" else frame["code"]
        if code is None:
            self._add(
                Acknowledged(
                    self._now, message.sender, message.client_id, frame["seq"], frame["duplicate"]
                )
            )
        else:
            self._add(Refused(self._now, message.sender, message.client_id, code))
        if not again:
            self._finished(message, code, float(frame.get("retry_after") or 0))

    def _add(self, record: Any) -> None:
        self._history.add(record)

    @property
    def _now(self) -> float:
        return float(self._reactor.seconds())


class _Socket(WebSocketClientProtocol):
    """Passes on what happens."""

    def onOpen(self) -> None:
        self.factory.device.opened(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.device.heard(msgspec.json.decode(payload))

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        if self.remoteCloseCode is not None:
            self.factory.device.closed[self.remoteCloseCode] += 1
        self.factory.device.lost(self)

    def say(self, frame: dict[str, Any]) -> None:
        """What is said while it closes is lost, and so not answered."""
        if self.state == self.STATE_OPEN:
            self.sendMessage(msgspec.json.encode(frame))


def _let_system_take(socket: _Socket, size: int) -> None:
    socket.transport.getHandle().setsockopt(SOL_SOCKET, SO_RCVBUF, size)


def _key(place: dict[str, Any], user: str = "") -> tuple[str, str]:
    """A chat in a frame; of a private one the other member, which may be oneself."""
    if place["chat_type"] == "group":
        return "group", place["group_id"]
    if place.get("from", user) in (user, ""):
        return "private", place["to_user"]
    return "private", place["from"]
