"""Getting to a server: TCP and TLS over sockets that never block, with a limit for the whole."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol

from client_tk.model import Server

_MOST_AT_ONCE = 65536


class Interrupted(Exception):
    """Something newer is to be done instead."""


class Bell:
    """Wakes the network thread; any thread may ring it, as often as it likes."""

    def __init__(self) -> None:
        self._button, self._ear = socket.socketpair()
        self._button.setblocking(False)
        self._ear.setblocking(False)

    def fileno(self) -> int:
        return self._ear.fileno()

    def ring(self) -> None:
        with contextlib.suppress(OSError):  # full: it rings already; closed: nobody listens
            self._button.send(b"\0")

    def quiet(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._ear.recv(4096):
                pass

    def close(self) -> None:
        self._button.close()
        self._ear.close()


class File(Protocol):
    """What a selector can wait for."""

    def fileno(self) -> int: ...


class Patience:
    """How long something may take in all, and what may end it before that."""

    def __init__(
        self, bell: Bell, seconds: float, is_superseded: Callable[[], bool] = lambda: False
    ) -> None:
        self._bell = bell
        self._until_s = time.monotonic() + seconds
        self._is_superseded = is_superseded

    @property
    def left_s(self) -> float:
        return self._until_s - time.monotonic()

    def share(self, of: int) -> Patience:
        """What one of so many may take."""
        return Patience(self._bell, self.left_s / of, self._is_superseded)

    def wait(self, file: File, events: int) -> int:
        """Which of `events` have come. Raises TimeoutError, or Interrupted."""
        with selectors.DefaultSelector() as selector:
            selector.register(file, events)
            selector.register(self._bell, selectors.EVENT_READ)
            while True:
                self._bell.quiet()
                if self._is_superseded():
                    raise Interrupted
                if self.left_s <= 0:
                    raise TimeoutError
                for key, ready in selector.select(self.left_s):
                    if key.fileobj is file:
                        return ready


class Stream:
    """A connection that never blocks."""

    to_read = selectors.EVENT_READ
    """What to wait for before the next `read`: TLS may have to write first."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def fileno(self) -> int:
        return self._connection.fileno()

    def read(self) -> bytes | None:
        """What there is: None for nothing yet, empty at the end. Raises OSError."""
        try:
            return self._connection.recv(_MOST_AT_ONCE)
        except BlockingIOError:
            return None

    def write(self, data: bytes | bytearray) -> int:
        """Returns how much of it was taken, perhaps nothing. Raises OSError."""
        try:
            return self._connection.send(data)
        except BlockingIOError:
            return 0

    @property
    def has_more(self) -> bool:
        """Whether there is something to read that no selector knows of."""
        return False

    def close(self) -> None:
        self._connection.close()


def reach(server: Server, port: int, patience: Patience) -> Stream:
    """A connection to a port of this server, over TLS if it has that.

    Raises OSError; Interrupted. Only the look-up of the name is not bounded by `patience`: the
    system has its own limit for that.
    """
    connection = _dial(server.host, port, patience)
    if not server.tls:
        return Stream(connection)
    from client_tk.net.tls import secure  # costs 6 MB, so only who needs it pays

    return secure(connection, server.host, patience)


def _dial(host: str, port: int, patience: Patience) -> socket.socket:
    """Every address in turn. The last failure is told: IPv4, which most people have, comes last."""
    places = _look_up(host, port)
    failure = OSError()
    for index, place in enumerate(places):
        try:
            return _connect(place, patience.share(len(places) - index))
        except OSError as error:
            failure = error
    raise failure


def _look_up(host: str, port: int) -> list[Any]:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if not 0 < port < 65536:  # the system takes it modulo 65536
        raise unknown
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (UnicodeError, ValueError):  # no name that could be looked up
        raise unknown from None


def _connect(place: Any, patience: Patience) -> socket.socket:
    family, kind, protocol, _name, address = place
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            connection.connect(address)
        patience.wait(connection, selectors.EVENT_WRITE)
        if failure := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(failure, os.strerror(failure))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection
