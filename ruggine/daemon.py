"""The life of a daemon: what is opened in which order, and how everything comes to a good end."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IProtocolNegotiationFactory
from twisted.logger import ILogObserver, Logger
from zope.interface import alsoProvides

from ruggine.errors import StartError
from ruggine.net.connections import Connections
from ruggine.net.tls import Listener
from ruggine.pid_file import PidFile
from ruggine.signals import Signals
from ruggine.starter import Starter
from ruggine.storage.database import Database

BACKLOG = 512
"""Connections that wait to be accepted, unless the endpoint or systemd says how many (the system
may allow fewer). Twisted's own are 50: of a thousand clients that come back at once most would find
no place and try again after 1, 2, 4 … seconds. More at once make who is there wait longer."""

READ_BYTES = 8192
"""What is read from a connection in a turn of the reactor; Twisted's own are 65536. More would be
decrypted and handled while everybody else waits."""

ACCEPTS = 8
"""Connections that are accepted in a turn; Twisted's own are 100 and more."""

_KEEP_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds of silence, seconds between probes, probes without an answer."""


Reload = tuple[str, Callable[[], None]]
"""What is reloaded, and how; it may raise OSError or StartError, and has changed nothing then."""


@dataclass(frozen=True, slots=True)
class Process:
    """How twistd runs this process. For `service` see `ruggine.signals`."""

    pid_file: PidFile
    reloads: Sequence[Reload]
    starter: Starter
    service: bool


class Port:
    """One place to listen.

    `alpn` are the names of what is spoken there, for TLS clients that ask (RFC 7301): browsers and
    many libraries do. Without a name in common Twisted ends their handshake.
    """

    log = Logger(namespace="ruggine")

    def __init__(
        self,
        option: str,
        title: str,
        endpoint: str,
        factory: Any,
        reactor: Any,
        alpn: Sequence[bytes] = (),
    ) -> None:
        self._option = option
        self._title = title
        self._endpoint = endpoint
        self._factory = factory
        self._listener = Listener(reactor, endpoint)
        self._listening: Any = None
        if alpn:
            factory.acceptableProtocols = lambda: alpn
            alsoProvides(factory, IProtocolNegotiationFactory)

    def open(self) -> None:
        """Take the address; nothing is accepted before the reactor runs. Raises StartError."""
        try:
            self._listening = self._listener.listen(self._factory)
        except StartError as error:
            raise StartError(
                f"--{self._option}: {self._endpoint} cannot be opened ({error}); "
                "stop what uses it, or give another address."
            ) from None
        _keep_alive(self._listening.socket)
        _take_little(self._listening)
        if "backlog=" not in self._endpoint and not self._endpoint.startswith("systemd:"):
            self._listening.socket.listen(BACKLOG)

    @property
    def reloads(self) -> Sequence[Reload]:
        """Its certificate, where it has one."""
        if not self._listener.speaks_tls:
            return []
        return [(f"The certificate of --{self._option}", self._listener.reload)]

    def announce(self) -> None:
        if self._listening is not None:
            address: Any = self._listening.getHost()
            where = f"{address.host}:{address.port}" if hasattr(address, "port") else str(address)
            self.log.info("{title} listening on {where}", title=self._title, where=where)

    async def close(self) -> None:
        if self._listening is not None:
            await maybeDeferred(self._listening.stopListening)


def _take_little(port: Any) -> None:
    """Bound what one turn of the reactor accepts and reads. Twisted has no option for either, and
    raises the number of accepts after each turn that used it up."""
    accept, connection = port.doRead, port.transport

    def accept_few() -> None:
        port.numberAccepts = ACCEPTS
        accept()

    def small_reader(*arguments: Any) -> Any:
        made = connection(*arguments)
        made.bufferSize = READ_BYTES
        return made

    port.doRead, port.transport = accept_few, small_reader


def _keep_alive(listening: socket.socket) -> None:
    """Have the system look after connections that say nothing: a line that watches has no pings,
    and a peer that vanished without a word would be online for ever.

    Accepted sockets inherit it.
    """
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Daemon(Service):
    """Everything that runs. `parts` are services that live between the database and the ports.

    In the foreground a start that fails ends with SystemExit and one line; in the background with
    StartError, for which twistd waits, and the line is told to who started it.
    """

    log = Logger(namespace="ruggine")

    def __init__(
        self,
        *,
        reactor: Any,
        database: Database,
        parts: Sequence[Service],
        ports: Sequence[Port],
        connections: Connections,
        shutdown_timeout_s: float,
        process: Process,
        reloads: Sequence[Reload] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self._reactor = reactor
        self._database = database
        self._parts = parts
        self._ports = ports
        self._connections = connections
        self._shutdown_timeout_s = shutdown_timeout_s
        self._notes = notes
        self._process = process
        self._reloads = reloads
        self._signals = Signals(reactor, self._stop_reactor, self._reload, service=process.service)
        self.observer: ILogObserver | None = None

    def setServiceParent(self, parent: Any) -> None:
        """The one moment at which a plugin can have twistd log in its own form."""
        if self.observer is not None:
            parent.setComponent(ILogObserver, self.observer)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        """Ports below 1024 need the rights that twistd may shed next."""
        super().privilegedStartService()
        self._signals.before_the_start()
        self._process.pid_file.hold()
        self._start(self._open_ports)

    def startService(self) -> None:
        super().startService()
        self._start(self._database.open)
        self.log.info("Database connected successfully")
        for note in self._notes:
            self.log.info(note)
        for part in self._parts:
            part.startService()
        self._reactor.callWhenRunning(self._begin)

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        """Nothing new; answer what came; say goodbye; only then close what the answers needed."""
        for port in self._ports:
            await port.close()
        await self._connections.drain(self._reactor, self._shutdown_timeout_s)
        for part in reversed(self._parts):
            if part.running:
                await maybeDeferred(part.stopService)
        self._database.close()

    def _open_ports(self) -> None:
        for port in self._ports:
            port.open()

    def _start(self, step: Callable[[], None]) -> None:
        try:
            step()
        except StartError as error:
            reason = " ".join(str(error).split())
            if self._process.starter.waits:
                self._process.pid_file.remove()  # twistd does so elsewhere
                raise SystemExit(f"ruggine: {reason}") from None
            self._process.starter.tell(f"ruggine: {reason}")
            self.log.error("{reason}", reason=reason)
            raise

    def _begin(self) -> None:
        """Connections are accepted from here on, and stopping is a success from here on."""
        self._process.starter.leave()
        self._signals.after_the_start()
        for port in self._ports:
            port.announce()

    def _stop_reactor(self, reason: str) -> None:
        self.log.info("Stopping, as {reason} asks", reason=reason)
        with contextlib.suppress(ReactorNotRunning):
            self._reactor.stop()

    def _reload(self) -> None:
        of_ports = (one for port in self._ports for one in port.reloads)
        reloads = [*self._process.reloads, *self._reloads, *of_ports]
        if not reloads:
            self.log.info("Nothing to reload: there is no log file, certificate or --config")
        for what, reload in reloads:
            try:
                reload()
            except (OSError, StartError) as error:
                self.log.error("{what}: not reloaded ({reason})", what=what, reason=str(error))
            else:
                self.log.info("{what}: reloaded", what=what)
