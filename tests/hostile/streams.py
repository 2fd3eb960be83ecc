"""Attacks that are bytes: some to begin with, and some that are sent again and again."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from typing import Literal

from tests.hostile.harness import Play, Target

_READ_BYTES = 1 << 18
_PAUSE_S = 0.005
"""After a refused connection, so that the attacker does not merely burn its own processor."""

Opening = Callable[[Target, int], bytes]
"""What the connection of this number says first."""


def streaming(
    port: Literal["line", "websocket", "http"],
    opening: Opening = lambda target, number: b"",
    stream: bytes = b"",
    *,
    closing: bool = False,
) -> Play:
    """Connections that say their opening and then the stream, for ever, as fast as they are read.

    With `closing` each is closed after its first stream and opened anew. One that the daemon closes
    is opened anew as well.
    """

    def play(target: Target, size: int) -> None:
        address = getattr(target, port)
        with selectors.DefaultSelector() as selector:
            senders = [
                Sender(address, target.source, opening(target, number), stream)
                for number in range(size)
            ]
            while True:
                for sender in senders:
                    sender.open(selector)
                for key, events in selector.select(_PAUSE_S):
                    key.data.go_on(events)
                    if closing and key.data.rounds:
                        key.data.close(selector)

    return play


class Sender:
    """One connection, opened again and again."""

    def __init__(
        self, address: tuple[str, int], source: str, opening: bytes, stream: bytes
    ) -> None:
        self._address = address
        self._source = source
        self._opening = opening
        self._stream = stream
        self._unsent = b""
        self._socket: socket.socket | None = None
        self._retry_at_s = 0.0
        self._broken = False
        self.rounds = 0

    def open(self, selector: selectors.BaseSelector) -> None:
        """Where it is closed."""
        if self._broken:
            self.close(selector)
            self._retry_at_s = time.monotonic() + _PAUSE_S
        if self._socket is not None or time.monotonic() < self._retry_at_s:
            return
        self._socket = socket.socket()
        self._socket.bind((self._source, 0))
        self._socket.setblocking(False)
        self._socket.connect_ex(self._address)
        self._unsent, self.rounds = self._opening, 0
        selector.register(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def close(self, selector: selectors.BaseSelector) -> None:
        if self._socket is not None:
            selector.unregister(self._socket)
            self._socket.close()
        self._socket, self._broken = None, False

    def go_on(self, events: int) -> None:
        """Read whatever came, and write on."""
        assert self._socket is not None
        try:
            with contextlib.suppress(BlockingIOError):
                if events & selectors.EVENT_READ and not self._socket.recv(_READ_BYTES):
                    self._broken = True
            with contextlib.suppress(BlockingIOError):
                if events & selectors.EVENT_WRITE:
                    self._write(self._socket)
        except OSError:
            self._broken = True

    def _write(self, connection: socket.socket) -> None:
        if not self._unsent:
            self._unsent, self.rounds = self._stream, self.rounds + 1
        if self._unsent:
            self._unsent = self._unsent[connection.send(self._unsent) :]
