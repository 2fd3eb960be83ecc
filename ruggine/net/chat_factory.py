"""What the connections of the WebSocket port have in common, and what each of them is made with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory
from msgspec import UNSET
from twisted.logger import Logger

from ruggine import errors
from ruggine.config import Limits
from ruggine.domain.hub import Hub
from ruggine.domain.resume import Resume
from ruggine.domain.sessions import Sessions
from ruggine.model import Session, User
from ruggine.net.chat_socket import ChatSocket
from ruggine.net.commands import Commands
from ruggine.net.connections import Connections
from ruggine.net.entrance import Entrance, Refused
from ruggine.net.outgoing import Turn
from ruggine.net.pages import room_in
from ruggine.wire import frames, requests

_log = Logger()

_NAME = re.compile("[A-Za-z0-9_.~-]{1,36}")
"""Of a user, or an id."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class ChatSocketFactory(WebSocketServerFactory):
    """Makes the WebSocket port's connections, and knows what they say to everybody."""

    noisy = False
    protocol = ChatSocket

    def __init__(
        self,
        *,
        reactor: Any,
        commands: Commands,
        sessions: Sessions,
        hub: Hub,
        resume: Resume,
        connections: Connections,
        entrance: Entrance,
        limits: Limits,
        allowed_origins: tuple[str, ...],
        epoch: Callable[[], str],
        clock: Callable[[], float],
        debug: bool,
    ) -> None:
        super().__init__(reactor=reactor, server="Ruggine")
        self.turn = Turn(reactor)
        self.refusals: Counter[str] = Counter()
        self.auths: Counter[str] = Counter()
        self.commands = commands
        self.sessions = sessions
        self.hub = hub
        self.resume = resume
        self.connections = connections
        self.entrance = entrance
        self.limits = limits
        self.room = room_in(limits.max_frame_size)
        self._epoch = epoch
        self._clock = clock
        self.debug = debug
        # Autobahn's own defaults bound nothing (research: its limits are all off).
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            failByDrop=False,
            maxFramePayloadSize=limits.max_frame_size,
            maxMessagePayloadSize=limits.max_frame_size,
            openHandshakeTimeout=limits.handshake_timeout_s,
            closeHandshakeTimeout=2,
            autoPingInterval=limits.ping_interval_s,
            autoPingTimeout=limits.ping_timeout_s,
            autoPingRestartOnAnyTraffic=False,
            allowedOrigins=[_with_port(origin) for origin in allowed_origins],
            allowNullOrigin=False,
            tcpNoDelay=True,
        )
        self.protocol = self._protocol_with_options()

    def buildProtocol(self, addr: Any) -> Any:
        return Refused() if self.entrance.turns_away(addr) else super().buildProtocol(addr)

    def _protocol_with_options(self) -> type[ChatSocket]:
        """Autobahn copies the options to each connection that has none of its own, and describes
        them for its log: a third of what a connection costs, where the class does not have them."""
        options = {name: getattr(self, name) for name in ChatSocket.CONFIG_ATTRS}
        # One is a function, which a class would make a method.
        own = {name: staticmethod(v) if callable(v) else v for name, v in options.items()}
        return type("ChatSocket", (ChatSocket,), {**own, "CONFIG_ATTRS": ()})

    def welcome(self, session: Session, resume: str) -> frames.AuthResponse:
        """The answer to an auth that succeeds; `resume` is "none", "ok" or "reset"."""
        return self._auth_response(session.user, None, resume)

    def unwelcome(self, refusal: errors.Refusal) -> frames.AuthResponse:
        """The answer to an auth that does not."""
        return self._auth_response(None, refusal)

    def _auth_response(
        self, user: User | None, refusal: errors.Refusal | None, resume: str = "none"
    ) -> frames.AuthResponse:
        return frames.AuthResponse(
            success=user is not None,
            user_id=user.id if user else None,
            username=user.name if user else None,
            error=refusal.sentence if refusal else None,
            code=refusal.code if refusal else UNSET,
            epoch=self._epoch() if user else None,
            resume=resume,
            server_time=round(self._clock(), 3),
            protocol=frames.PROTOCOL_LEVEL,
            limits=frames.Limits(self.limits.max_message_length, self.limits.max_frame_size),
        )

    # The way of a message, for who follows it at debug level: never its content.

    def log_auth(self, session: Session) -> None:
        _log.debug("[WS:AUTH] User authenticated: {user_id}", user_id=session.user.id)

    def log_received(self, request: requests.AnyRequest, size: int, session: Session) -> None:
        _log.debug(
            "[WS:RECV] {name} from user {user}, {size} bytes",
            name=type(request).__struct_config__.tag,
            user=session.user.name,
            size=size,
        )

    def log_nobody(self, asked: Any) -> None:
        """A request that names a user who is not there. What is no name is not repeated: it may be
        anything, also a token."""
        fields = ("to_user_id", "to_user", "user_id", "username", "chat_id")
        name = next((named for f in fields if (named := getattr(asked, f, None))), "")
        _log.debug(
            "[WS:BROADCAST] ❌ User '{name}' not found",
            name=name if _NAME.fullmatch(name) else "…",
        )

    def log_delivery(self, session: Session) -> None:
        _log.debug(
            "[WS:BROADCAST] ✅ Delivered message to user {name} (user_id: {id})",
            name=session.user.name,
            id=session.user.id,
        )


def _with_port(origin: str) -> str:
    """As Autobahn compares it: `https://chat.example.org` is on port 443."""
    scheme, host = origin.lower().split("://")
    return origin.lower() if ":" in host else f"{origin.lower()}:{_DEFAULT_PORTS[scheme]}"
