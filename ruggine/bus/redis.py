"""Redis pub/sub between nodes, and what they share there (docs/protocol.md, section 4).

Two connections, because a subscribed one cannot publish. Twice a second the node publishes a beat
to itself; as long as beats come back, both connections work and every subscription stands. When
they stop, Redis is away: that is said once, the listener is asked to read the database every two
seconds, and when a beat comes back, once more. Nothing here is ever waited for without a bound.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Collection
from typing import Any

import msgspec
import txredisapi
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ruggine.bus.local import SESSION_TTL_S
from ruggine.config import RedisAddress
from ruggine.domain import ports
from ruggine.events import AnyEvent
from ruggine.model import Session

_BEAT_S = 0.5
_AWAY_AFTER_S = 3.0
_FIRST_PATIENCE_S = 1.0
_POLL_S = 2.0
_REPLY_TIMEOUT_S = 1.0
_RECONNECT_S = 0.5
_PRESENCE_TTL_S = 6
_MAX_PENDING = 10_000

_NODES = "node:ids"
_ENDED = b"ended"


class RedisBus(Service):
    """Implements `ruggine.domain.ports.Bus` and `SessionCache`."""

    log = Logger()

    def __init__(self, reactor: Any, address: RedisAddress, spawn: ports.Spawn) -> None:
        self._reactor = reactor
        self._address = address
        self._spawn = spawn
        self._node_id = uuid.uuid4().hex[:12]
        self._beat_channel = f"node:{self._node_id}:beat"
        self._listener: ports.BusListener | None = None
        self._channels: set[str] = set()
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._live: _Subscriber | None = None
        self._present: bool | None = None
        self._heard_s = 0.0
        self._last_poll_s = 0.0
        self._pending = 0
        self._events = msgspec.json.Decoder(AnyEvent)
        self._sessions = msgspec.json.Decoder(Session)
        self._publisher = self._factory(txredisapi.RedisProtocol)
        self._subscriber = self._factory(_Subscriber)
        self._subscriber.bus = self
        self._beats = LoopingCall(self._beat)
        self._beats.clock = reactor

    def listen(self, listener: ports.BusListener) -> None:
        """Say who is called for events. Once, before the service starts."""
        self._listener = listener

    @property
    def present(self) -> bool:
        """Whether Redis answers."""
        return bool(self._present)

    # Service

    def startService(self) -> None:
        super().startService()
        self._heard_s = self._reactor.seconds() - _AWAY_AFTER_S + _FIRST_PATIENCE_S
        endpoint = HostnameEndpoint(self._reactor, self._address.host, self._address.port)
        self._publisher.startConnecting(endpoint)
        self._subscriber.startConnecting(endpoint)
        self._beats.start(_BEAT_S)

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        self._beats.stop()
        self._forget_presence()
        return DeferredList(
            [self._publisher.disconnect(), self._subscriber.disconnect()], consumeErrors=True
        )

    # Bus

    async def subscribe(self, channels: Collection[str]) -> None:
        self._channels.update(channels)
        if self._live is None or not channels:
            return
        confirmed = []
        for channel in channels:
            done: Deferred[None] = Deferred()
            self._waiting.setdefault(channel, []).append(done)
            confirmed.append(done)
        _ignore(self._live.subscribe(list(channels)))
        await self._bounded(DeferredList(confirmed))

    def unsubscribe(self, channels: Collection[str]) -> None:
        self._channels.difference_update(channels)
        if self._live is not None and channels:
            _ignore(self._live.unsubscribe(list(channels)))

    def publish(self, channel: str, event: AnyEvent) -> None:
        self._send("PUBLISH", channel, msgspec.json.encode(event))

    async def online_elsewhere(self) -> set[str] | None:
        nodes = await self._ask("SMEMBERS", _NODES) if self._present else None
        if nodes is None:
            return None
        others = [node for node in nodes if node.decode() != self._node_id]
        lists = await self._ask("MGET", *(b"presence:" + node for node in others)) if others else []
        if lists is None:
            return None
        gone = [node for node, users in zip(others, lists, strict=True) if users is None]
        if gone:
            self._send("SREM", _NODES, *gone)
        return {user for users in lists if users for user in msgspec.json.decode(users)}

    # SessionCache

    async def get(self, token_hash: bytes) -> Session | None:
        stored = await self._ask("GET", _session_key(token_hash))
        if stored is None or stored == _ENDED:
            return None
        try:
            return self._sessions.decode(stored)
        except msgspec.MsgspecError:
            return None

    def put(self, token_hash: bytes, session: Session) -> None:
        """NX: a node that read the session just before it ended must not bring it back."""
        key, value = _session_key(token_hash), msgspec.json.encode(session)
        self._send("SET", key, value, "EX", SESSION_TTL_S, "NX")

    def forget(self, token_hash: bytes) -> None:
        self._send("SET", _session_key(token_hash), _ENDED, "EX", 2 * SESSION_TTL_S)

    # What Redis says

    def subscriber_ready(self, subscriber: _Subscriber) -> None:
        """Restore every subscription; the beat's comes last, so a beat means all of them stand."""
        self._live = subscriber
        self._heard_s = self._reactor.seconds()
        _ignore(subscriber.subscribe([*sorted(self._channels), self._beat_channel]))
        self._send("PUBLISH", self._beat_channel, b"{}")

    def subscriber_lost(self) -> None:
        self._live = None
        self._away()

    def confirmed(self, channel: str) -> None:
        for done in self._waiting.pop(channel, ()):
            if not done.called:
                done.callback(None)

    def received(self, channel: str, payload: bytes) -> None:
        if channel == self._beat_channel:
            self._on_beat()
            return
        try:
            event = self._events.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.log.warn("Something that is no event came from Redis and was dropped")
            return
        if self._listener is not None:
            self._listener.on_event(event)

    # Here and away

    def _beat(self) -> None:
        now_s = self._reactor.seconds()
        self._send("PUBLISH", self._beat_channel, b"{}")
        if now_s - self._heard_s > _AWAY_AFTER_S:
            self._away()
        if self._present:
            self._show_presence()
        elif now_s - self._last_poll_s >= _POLL_S:
            self._missed(now_s)

    def _on_beat(self) -> None:
        self._heard_s = self._reactor.seconds()
        if self._present:
            return
        self._present = True
        self.log.info("Redis connected successfully")
        self._show_presence()
        self._missed(self._heard_s)

    def _away(self) -> None:
        """Also ends connections that are only half alive, so that new ones are made."""
        self._heard_s = self._reactor.seconds()
        for connection in (self._connection(self._publisher), self._live):
            if connection is not None:
                connection.transport.abortConnection()
        if self._present is not False and self.running:
            self._present = False
            self.log.warn(
                "Redis at {address} does not answer; this node serves its own users and reads "
                "from the database what others write, until Redis is back",
                address=repr(self._address),
            )

    def _missed(self, now_s: float) -> None:
        self._last_poll_s = now_s
        if self._listener is not None:
            self._spawn(self._listener.on_missed())

    def _show_presence(self) -> None:
        users = sorted(self._listener.online_here()) if self._listener is not None else []
        key = f"presence:{self._node_id}"
        self._send("SET", key, msgspec.json.encode(users), "EX", _PRESENCE_TTL_S)
        self._send("SADD", _NODES, self._node_id)
        self._send("SET", f"node:{self._node_id}", b"{}", "EX", _PRESENCE_TTL_S)

    def _forget_presence(self) -> None:
        self._send("DEL", f"presence:{self._node_id}", f"node:{self._node_id}")
        self._send("SREM", _NODES, self._node_id)

    # Talking to Redis

    def _factory(self, protocol: Any) -> Any:
        factory = txredisapi.RedisFactory(
            None, self._address.database, 1, isLazy=True, charset=None,
            username=self._address.username, password=self._address.password,
            replyTimeout=_AWAY_AFTER_S, convertNumbers=False,
        )  # fmt: skip
        factory.protocol = protocol
        factory.initialDelay = factory.maxDelay = _RECONNECT_S
        factory.deferred.addErrback(self._refused)
        return factory

    def _refused(self, failure: Any) -> None:
        self.log.error(
            "RUGGINE_REDIS: Redis refuses this user, password or database number; "
            "correct the address and start again"
        )

    def _connection(self, factory: Any) -> Any:
        return next((c for c in factory.pool if c.connected), None)

    def _send(self, *command: Any) -> None:
        """Without waiting for the answer. Dropped while Redis is away."""
        publisher = self._connection(self._publisher)
        if publisher is None or self._pending >= _MAX_PENDING:
            return
        self._pending += 1
        publisher.execute_command(*command).addBoth(self._sent)

    def _sent(self, _: Any) -> None:
        self._pending -= 1

    async def _ask(self, *command: Any) -> Any:
        """The answer, or None if Redis is away or slow."""
        publisher = self._connection(self._publisher)
        if publisher is None:
            return None
        return await self._bounded(publisher.execute_command(*command))

    def _bounded(self, answer: Deferred[Any]) -> Awaitable[Any]:
        """The result within a second, else None; never a failure."""
        answer.addTimeout(_REPLY_TIMEOUT_S, self._reactor)
        return answer.addErrback(lambda _: None)


class _Subscriber(txredisapi.SubscriberProtocol):
    """The connection that listens."""

    def connectionMade(self) -> Any:
        self.whenConnected().addCallback(lambda _: self.factory.bus.subscriber_ready(self))
        return super().connectionMade()

    def connectionLost(self, why: Any) -> None:
        super().connectionLost(why)
        self.factory.bus.subscriber_lost()

    def messageReceived(self, pattern: Any, channel: bytes, message: bytes) -> None:
        self.factory.bus.received(channel.decode("utf-8", "replace"), message)

    def replyReceived(self, reply: Any) -> None:
        if isinstance(reply, list) and len(reply) == 3 and reply[0] == b"subscribe":
            self.factory.bus.confirmed(reply[1].decode("utf-8", "replace"))
        super().replyReceived(reply)


def _session_key(token_hash: bytes) -> str:
    return f"session:{token_hash.hex()}"


def _ignore(answer: Deferred[Any]) -> None:
    """Whether it came through shows in the beats."""
    answer.addErrback(lambda _: None)
