"""Redis pub/sub between nodes, and what they share there (docs/protocol.md, section 4).

Two connections, because a subscribed one cannot publish. Twice a second the node publishes a beat
to itself; as long as beats come back, both connections work and every subscription stands. When
they stop, Redis is away: that is said once, the listener is asked to read the database every
second, and when a beat comes back, once more. A node whose own events were lost, or that is seen
to be gone, makes all others read the database too. What no node of this database has signed is
counted and dropped. Nothing here is ever waited for without a bound.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
import txredisapi
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ruggine.bus.beat import BEAT_S, Beat
from ruggine.bus.local import SESSION_TTL_S
from ruggine.bus.signing import Signing
from ruggine.config import RedisAddress
from ruggine.domain import ports
from ruggine.events import ALL_NODES, AnyEvent, HintsLost
from ruggine.model import Session

_POLL_BEATS = 2
_WARN_BEATS = 20
_REPLY_TIMEOUT_S = 1.0
_GIVE_UP_S = 3.0
_RECONNECT_S = 0.5
_PRESENCE_TTL_S = 6
_MAX_PENDING = 10_000

_NODES = "node:ids"
_ENDED = b"ended"


class _BeatSent(msgspec.Struct):
    number: int


_BEATS = msgspec.json.Decoder(_BeatSent)
_USERS = msgspec.json.Decoder(list[str])


class RedisBus(Service):
    """Implements `ruggine.domain.ports.Bus` and `SessionCache`."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        address: RedisAddress,
        spawn: ports.Spawn,
        key: Callable[[], bytes],
    ) -> None:
        """`key` is asked when the service starts: it is in the database."""
        self._reactor = reactor
        self._address = address
        self._spawn = spawn
        self._key = key
        self._signing: Signing
        self._node_id = uuid.uuid4().hex[:12]
        self._beat_channel = f"node:{self._node_id}:beat"
        self._listener: ports.BusListener | None = None
        self._channels: set[str] = set()
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._live: _Subscriber | None = None
        self._present: bool | None = None
        self.reconnects = 0
        self._beat = Beat()
        self._beats_to_poll = 0
        self._beats_to_warn = 0
        self._pending = 0
        self._dropped = 0
        self._others: set[bytes] = set()
        self._hints_lost = False
        self._missed = False
        self._reading = False
        self._events = msgspec.json.Decoder(AnyEvent)
        self._sessions = msgspec.json.Decoder(Session)
        self._publisher = self._factory(txredisapi.RedisProtocol)
        self._subscriber = self._factory(_Subscriber)
        self._subscriber.bus = self
        self._beats = LoopingCall(self._on_tick)
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
        self._signing = Signing(self._key())
        endpoint = HostnameEndpoint(self._reactor, self._address.host, self._address.port)
        self._publisher.startConnecting(endpoint)
        self._subscriber.startConnecting(endpoint)
        self._beats.start(BEAT_S)

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
        sent = self._publish(channel, msgspec.json.encode(event))
        if sent is None:
            self._hints_lost = True
        else:
            sent.addErrback(self._on_hint_lost)

    async def online_elsewhere(self) -> set[str] | None:
        nodes = await self._ask("SMEMBERS", _NODES) if self._present else None
        if nodes is None:
            return None
        others = [node for node in nodes if node != self._node_id.encode()]
        lists = await self._ask("MGET", *(b"presence:" + node for node in others)) if others else []
        if lists is None:
            return None
        online = {n: users for n, users in zip(others, lists, strict=True) if users is not None}
        gone = [node for node in others if node not in online]
        if gone:
            self._send("SREM", _NODES, *gone)
        self._compare_nodes(set(online))
        return {user for users in online.values() for user in self._decode(_USERS, users) or ()}

    # SessionCache

    async def get(self, token_hash: bytes) -> Session | None:
        key = _session_key(token_hash)
        stored = await self._ask("GET", key)
        if stored is None or stored == _ENDED:
            return None
        session: Session | None = self._open(key, self._sessions, stored)
        return session

    def put(self, token_hash: bytes, session: Session) -> None:
        """NX: a node that read the session just before it ended must not bring it back."""
        key = _session_key(token_hash)
        value = self._signing.sign(key, msgspec.json.encode(session))
        self._send("SET", key, value, "EX", SESSION_TTL_S, "NX")

    async def forget(self, token_hashes: Collection[bytes]) -> None:
        begun = [
            self._begin("SET", _session_key(token_hash), _ENDED, "EX", 2 * SESSION_TTL_S)
            for token_hash in token_hashes
        ]
        for answer in [self._bounded(answer) for answer in begun if answer is not None]:
            await answer

    # What Redis says

    def subscriber_ready(self, subscriber: _Subscriber) -> None:
        """Restore every subscription; the beat's comes last, so a beat means all of them stand."""
        self._live = subscriber
        self._beat.forgive()
        _ignore(subscriber.subscribe([*sorted(self._channels), ALL_NODES, self._beat_channel]))
        self._send_beat()

    def subscriber_lost(self) -> None:
        self._live = None
        self._away()

    def confirmed(self, channel: str) -> None:
        for done in self._waiting.pop(channel, ()):
            if not done.called:
                done.callback(None)

    def received(self, channel: str, payload: bytes) -> None:
        if channel == self._beat_channel:
            beat = self._open(channel, _BEATS, payload)
            if beat is not None:
                self._on_beat(beat.number)
            return
        event = self._open(channel, self._events, payload)
        if isinstance(event, HintsLost):
            self._read_missed()
        elif event is not None and self._listener is not None:
            self._listener.on_event(event)

    def _open(self, place: str, decoder: Any, payload: bytes) -> Any:
        """What a node of this database has put there, or None."""
        if self._signing.signed(place, payload):
            return self._decode(decoder, payload)
        self._dropped += 1
        return None

    def _decode(self, decoder: Any, payload: bytes) -> Any:
        try:
            return decoder.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._dropped += 1
            return None

    # Here and away

    def _on_tick(self) -> None:
        if self._beat.overdue():
            self._away()
        self._send_beat()
        if self._present:
            self._show_presence()
            self._confess()
        else:
            self._poll()
        if self._missed:
            self._read_missed()
        self._warn_of_dropped()

    def _send_beat(self) -> None:
        sent = self._publish(self._beat_channel, msgspec.json.encode(_BeatSent(self._beat.next())))
        if sent is not None:
            _ignore(sent)

    def _on_beat(self, number: int) -> None:
        if not self._beat.hear(number) or self._present:
            return
        self.reconnects += self._present is False
        self._present = True
        self.log.info("Redis connected successfully")
        self._show_presence()
        self._read_missed()

    def _away(self) -> None:
        """Also ends connections that are only half alive, so that new ones are made."""
        self._beat.forgive()
        for connection in (self._connection(self._publisher), self._live):
            if connection is not None:
                connection.transport.abortConnection()
        if self._present is not False and self.running:
            self._present = False
            self._beats_to_poll = 0
            self.log.warn(
                "Redis at {address} does not answer; this node serves its own users and reads "
                "from the database what others write, until Redis is back",
                address=repr(self._address),
            )

    def _poll(self) -> None:
        self._beats_to_poll -= 1
        if self._beats_to_poll <= 0:
            self._beats_to_poll = _POLL_BEATS
            self._read_missed()

    def _read_missed(self) -> None:
        """Again if it fails, or if more is missed meanwhile."""
        self._missed = True
        if not self._reading and self._listener is not None:
            self._spawn(self._read_all_missed(self._listener))

    async def _read_all_missed(self, listener: ports.BusListener) -> None:
        self._reading = True
        try:
            while self._missed and self.running:
                self._missed = False
                await listener.on_missed()
        except BaseException:
            self._missed = True
            raise
        finally:
            self._reading = False

    def _on_hint_lost(self, _: Any) -> None:
        self._hints_lost = True

    def _confess(self) -> None:
        """Say that events of this node did not reach Redis, now that something does."""
        if self._hints_lost:
            self._hints_lost = False
            self.publish(ALL_NODES, HintsLost())

    def _compare_nodes(self, others: set[bytes]) -> None:
        """A node that is gone may have died between a commit and its hint."""
        if self._others - others:
            self._read_missed()
        self._others = others

    def _warn_of_dropped(self) -> None:
        self._beats_to_warn -= 1
        if self._dropped and self._beats_to_warn <= 0:
            self._beats_to_warn = _WARN_BEATS
            self.log.warn(
                "Dropped {count} that came from Redis and that no node of this database has "
                "written: somebody else uses this Redis. Keep it private (docs/operating.md)",
                count=self._dropped,
            )
            self._dropped = 0

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
            replyTimeout=_GIVE_UP_S, convertNumbers=False,
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

    def _publish(self, channel: str, payload: bytes) -> Deferred[Any] | None:
        return self._begin("PUBLISH", channel, self._signing.sign(channel, payload))

    def _send(self, *command: Any) -> None:
        """Without waiting for the answer. Dropped while Redis is away."""
        answer = self._begin(*command)
        if answer is not None:
            _ignore(answer)

    def _begin(self, *command: Any) -> Deferred[Any] | None:
        """None while Redis is away, or too much waits for it."""
        publisher = self._connection(self._publisher)
        if publisher is None or self._pending >= _MAX_PENDING:
            return None
        self._pending += 1
        answer: Deferred[Any] = publisher.execute_command(*command)
        return answer.addBoth(self._answered)

    def _answered(self, result: Any) -> Any:
        self._pending -= 1
        return result

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
