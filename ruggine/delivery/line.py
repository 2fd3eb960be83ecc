"""One command on the line port."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.protocols.basic import LineOnlyReceiver

_PATIENCE_S = 30


class _Call(LineOnlyReceiver):
    delimiter = b"\n"
    transport: Any

    def __init__(self, command: str) -> None:
        self.command = command
        self.reply: Deferred[str] = Deferred()

    def connectionMade(self) -> None:
        self.sendLine(self.command.encode())

    def lineReceived(self, line: bytes) -> None:
        if not self.reply.called:
            self.reply.callback(line.decode())
        self.transport.loseConnection()

    def connectionLost(self, reason: Any = None) -> None:
        if not self.reply.called:
            self.reply.callback("")


async def ask(reactor: Any, address: tuple[str, int], command: str) -> str:
    """The first line of the reply; empty if the daemon is not there, or goes without a word."""
    call = _Call(command)
    try:
        await connectProtocol(HostnameEndpoint(reactor, *address), call)
    except ConnectError:
        return ""
    call.reply.addTimeout(_PATIENCE_S, reactor, onTimeoutCancel=lambda *_: "")
    return await call.reply
