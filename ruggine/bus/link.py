"""Two connections to one Redis, because a subscribed one cannot publish.

Both come back by themselves. Nothing here is waited for without a bound.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Collection
from typing import Any, Protocol

import txredisapi
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.logger import Logger

from ruggine.redis_address import RedisAddress, Tls

_REPLY_TIMEOUT_S = 1.0
_GIVE_UP_S = 3.0
_RECONNECT_S = 0.5
_MAX_PENDING = 10_000
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Listener(Protocol):
    """Whom the connection that listens calls."""

    def listening(self) -> None:
        """It is there, and listens to nothing yet."""

    def lost(self) -> None:
        """It is gone."""

    def received(self, channel: str, payload: bytes) -> None: ...


class Link:
    """What is sent while Redis is away is dropped."""

    log = Logger()

    def __init__(self, reactor: Any, address: RedisAddress, name: str, listener: Listener) -> None:
        """`name` is what `CLIENT LIST` shows of both connections."""
        self._reactor = reactor
        self._address = address
        self._pending = 0
        self._refused = False
        self._subscriber: _Subscriber | None = None
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._commands = self._factory(_Named, f"{name}:commands")
        self._events = self._factory(_Subscriber, f"{name}:events")
        self.listener = listener

    def open(self) -> None:
        """Connect, and again whenever a connection is lost."""
        endpoint = _endpoint(self._reactor, self._address)
        self._commands.startConnecting(endpoint)
        self._events.startConnecting(endpoint)

    def close(self) -> Deferred[Any]:
        return DeferredList(
            [self._commands.disconnect(), self._events.disconnect()], consumeErrors=True
        )

    def abort(self) -> None:
        """End connections that may be only half alive, so that new ones are made."""
        for connection in (self._connection(), self._subscriber):
            if connection is not None:
                connection.transport.abortConnection()

    # Listening

    async def subscribe(self, channels: Collection[str]) -> None:
        """Returns when events on them arrive, after a second, or at once while Redis is away."""
        if self._subscriber is None or not channels:
            return
        confirmed = []
        for channel in channels:
            done: Deferred[None] = Deferred()
            self._waiting.setdefault(channel, []).append(done)
            confirmed.append(done)
        ignore(self._subscriber.subscribe(list(channels)))
        await self.bounded(DeferredList(confirmed))

    def begin_subscribing(self, channels: Collection[str]) -> None:
        """The same without waiting."""
        if self._subscriber is not None:
            ignore(self._subscriber.subscribe(list(channels)))

    def unsubscribe(self, channels: Collection[str]) -> None:
        if self._subscriber is not None and channels:
            ignore(self._subscriber.unsubscribe(list(channels)))

    def subscriber_ready(self, subscriber: _Subscriber) -> None:
        self._subscriber = subscriber
        self.listener.listening()

    def subscriber_lost(self) -> None:
        self._subscriber = None
        self.listener.lost()

    def confirmed(self, channel: str) -> None:
        for done in self._waiting.pop(channel, ()):
            if not done.called:
                done.callback(None)

    # Commands

    def send(self, *command: Any) -> None:
        """Without waiting for the answer."""
        answer = self.begin(*command)
        if answer is not None:
            ignore(answer)

    def begin(self, *command: Any) -> Deferred[Any] | None:
        """None while Redis is away, or too much waits for it."""
        connection = self._connection()
        if connection is None or self._pending >= _MAX_PENDING:
            return None
        self._pending += 1
        answer: Deferred[Any] = connection.execute_command(*command)
        return answer.addBoth(self._answered)

    async def ask(self, *command: Any) -> Any:
        """The answer, or None if Redis is away or slow."""
        connection = self._connection()
        if connection is None:
            return None
        return await self.bounded(connection.execute_command(*command))

    def bounded(self, answer: Deferred[Any]) -> Awaitable[Any]:
        """The result within a second, else None; never a failure."""
        answer.addTimeout(_REPLY_TIMEOUT_S, self._reactor)
        return answer.addErrback(lambda _: None)

    def _answered(self, result: Any) -> Any:
        self._pending -= 1
        return result

    def _connection(self) -> Any:
        return next((c for c in self._commands.pool if c.connected), None)

    def _factory(self, protocol: Any, name: str) -> Any:
        # txredisapi's own AUTH and SELECT never try again where the connection is lost before
        # their answers.
        factory = txredisapi.RedisFactory(
            None, None, 1, isLazy=True, charset=None, replyTimeout=_GIVE_UP_S, convertNumbers=False
        )
        factory.protocol = protocol
        factory.link = self
        factory.name = name
        factory.initialDelay = factory.maxDelay = _RECONNECT_S
        return factory

    def introduction(self) -> list[list[str]]:
        """What a connection says first."""
        commands = [["SELECT", str(self._address.database)]]
        if self._address.password is not None:
            names = [self._address.username] if self._address.username else []
            commands.insert(0, ["AUTH", *names, self._address.password])
        return commands

    def introduced(self) -> None:
        self._refused = False

    def refused(self) -> None:
        """Said once; it is tried again all the same, for it may be mended on the other side."""
        if not self._refused:
            self._refused = True
            self.log.error(
                "RUGGINE_REDIS: Redis refuses this user, password or database number; "
                "correct the address and start again"
            )


def ignore(answer: Deferred[Any]) -> None:
    """Whether it came through shows in the beats."""
    answer.addErrback(lambda _: None)


class _Named(txredisapi.RedisProtocol):
    """Says who it is, for whoever looks after the Redis; works as well where it may not."""

    def connectionMade(self) -> Any:
        self.whenConnected().addCallback(lambda _: self.ready())
        return super().connectionMade()

    def ready(self) -> None:
        """Whatever is sent from now on is sent after this."""
        said = [self.execute_command(*command) for command in self.factory.link.introduction()]
        gatherResults(said, consumeErrors=True).addCallbacks(self._introduced, self._refused)
        ignore(self.execute_command("CLIENT", "SETNAME", self.factory.name))

    def _introduced(self, _: Any) -> None:
        self.factory.link.introduced()

    def _refused(self, failure: Any) -> None:
        """A connection that was lost meanwhile was not refused."""
        if failure.value.subFailure.check(txredisapi.ResponseError):
            self.factory.link.refused()
        self.transport.abortConnection()


class _Subscriber(_Named, txredisapi.SubscriberProtocol):
    """The connection that listens."""

    def ready(self) -> None:
        super().ready()
        self.factory.link.subscriber_ready(self)

    def connectionLost(self, why: Any) -> None:
        super().connectionLost(why)
        self.factory.link.subscriber_lost()

    def messageReceived(self, pattern: Any, channel: bytes, message: bytes) -> None:
        self.factory.link.listener.received(channel.decode("utf-8", "replace"), message)

    def replyReceived(self, reply: Any) -> None:
        if isinstance(reply, list) and len(reply) == 3 and reply[0] == b"subscribe":
            self.factory.link.confirmed(reply[1].decode("utf-8", "replace"))
        super().replyReceived(reply)


def _endpoint(reactor: Any, address: RedisAddress) -> Any:
    if address.path:
        return UNIXClientEndpoint(reactor, address.path)
    plain: Any = HostnameEndpoint(reactor, address.host, address.port)
    return plain if address.tls is None else wrapClientTLS(_options(address), plain)


def _options(address: RedisAddress) -> Any:
    """The certificate of the Redis has to be for its host, and from somebody who is trusted."""
    assert address.tls is not None
    return optionsForClientTLS(
        address.host,
        trustRoot=_trusted(address.tls),
        clientCertificate=_own(address.tls),
    )


def _trusted(tls: Tls) -> Any:
    """None: whom the system trusts."""
    if tls.ca is None:
        return None
    found = _CERTIFICATE.findall(tls.ca.read_bytes())
    return trustRootFromCertificates([Certificate.loadPEM(pem) for pem in found])


def _own(tls: Tls) -> Any:
    if tls.certificate is None:
        return None
    return PrivateCertificate.loadPEM(
        b"\n".join(file.read_bytes() for file in (tls.certificate, tls.key) if file is not None)
    )
