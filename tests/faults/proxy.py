"""A network of ours between clients and a daemon: it cuts, stalls, throttles and splits."""

from __future__ import annotations

from typing import Any

from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Protocol, ServerFactory

_THROTTLED_BYTES = 2000
_THROTTLE_S = 0.05


class Proxy(ServerFactory):
    """Listens on a free port of its own; `target` is where the daemon is."""

    def __init__(self, reactor: Any, target: tuple[str, int]) -> None:
        self.reactor = reactor
        self.target = target
        self.pairs: set[Pair] = set()
        self._port = reactor.listenTCP(0, self, interface="127.0.0.1")

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self._port.getHost().port

    def buildProtocol(self, address: Any) -> Side:
        pair = Pair(self)
        self.pairs.add(pair)
        return pair.near

    def ordered(self) -> list[Pair]:
        """The connections, so that a seeded choice is the same choice each time."""
        return sorted(self.pairs, key=lambda pair: pair.number)


class Pair:
    """One connection through the proxy: the near side is the client's, the far the daemon's."""

    _number = 0

    def __init__(self, proxy: Proxy) -> None:
        Pair._number += 1
        self.number = Pair._number
        self.proxy = proxy
        self.near, self.far = Side(self), Side(self)
        self.near.other, self.far.other = self.far, self.near
        self.how = "whole"

    def connect(self) -> None:
        endpoint = HostnameEndpoint(self.proxy.reactor, *self.proxy.target)
        connectProtocol(endpoint, self.far).addErrback(self._refused)

    def cut(self) -> None:
        """Both sides at once, as by a reset; what is on its way is lost."""
        self.proxy.pairs.discard(self)
        for side in (self.near, self.far):
            if side.transport is not None:
                side.transport.abortConnection()

    def let(self, how: str) -> None:
        """Pass data on `whole`, `split` or `throttled`. What was stalled has lost some for good."""
        if self.how != "stalled":
            self.how = how
            self.near.flush()
            self.far.flush()

    def stall(self, seconds: float) -> None:
        """Half-open: nothing goes through, nobody is told, and in the end it is cut."""
        self.how = "stalled"
        self.proxy.reactor.callLater(seconds, self.cut)

    def _refused(self, failure: Any) -> None:
        failure.trap(ConnectError)
        self.cut()


class Side(Protocol):
    """One end; what it reads goes out at the `other`."""

    other: Side
    transport: Any = None

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._waiting = b""
        self._pumping = False

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        if self is self.pair.near:
            self.pair.connect()
        else:
            self.other.flush()

    def dataReceived(self, data: bytes) -> None:
        if self.pair.how != "stalled":
            self._waiting += data
            self.flush()

    def connectionLost(self, reason: Any = None) -> None:
        if self.pair.how != "stalled":
            self.pair.cut()

    def flush(self) -> None:
        """Pass on what may pass now."""
        to, how = self.other.transport, self.pair.how
        if to is None or not self._waiting or self._pumping or how == "stalled":
            return
        if how == "whole":
            to.write(self._waiting)
            self._waiting = b""
            return
        size = 1 if how == "split" else _THROTTLED_BYTES
        to.write(self._waiting[:size])
        self._waiting = self._waiting[size:]
        self._pumping = True
        self.pair.proxy.reactor.callLater(0 if how == "split" else _THROTTLE_S, self._pump)

    def _pump(self) -> None:
        self._pumping = False
        self.flush()
