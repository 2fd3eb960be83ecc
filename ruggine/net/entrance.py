"""How connections come in by one port: with which address, and when that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.protocol import Protocol

from ruggine.net.addresses import Proxies, host_of
from ruggine.net.door import Door, Visit
from ruggine.net.intake import Intake
from ruggine.net.pace import Pace

SETTLE_S = 1.0
"""By then a proxy has said for whom it connects; if not, it stands for itself."""


class Refused(Protocol):
    """Stands for a connection that is not wanted, and ends it at a fraction of the cost."""

    transport: Any

    def connectionMade(self) -> None:
        self.transport.abortConnection()


class Entrance:
    """The door as one port uses it.

    `proxied`: whether everybody comes through a proxy that speaks the PROXY protocol, which is a
    `haproxy:` endpoint. The transport has the address of the proxy then until its header has come.
    """

    def __init__(
        self, reactor: Any, door: Door, pace: Pace, proxies: Proxies, *, proxied: bool
    ) -> None:
        self._reactor = reactor
        self._door = door
        self._pace = pace
        self._proxies = proxies
        self._proxied = proxied

    def turns_away(self, peer: Any) -> bool:
        """Whether a connection from this address of Twisted's is to be Refused."""
        return not self._speaks_for_others(peer) and self._door.turns_away(host_of(peer))

    def enter(
        self, transport: Any, take: Callable[[bytes], None], *, counted: bool = True
    ) -> Intake:
        """A new connection: what it receives is to go through the intake. `counted` as of Door."""
        visit = self._door.enter(transport.abortConnection, counted=counted)
        if self._speaks_for_others(transport.getPeer()):
            self._reactor.callLater(SETTLE_S, self.settle, visit, transport)
        else:
            self.settle(visit, transport)
        return Intake(self._pace, transport, visit, take)

    def settle(
        self, visit: Visit, transport: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        """The address can be told by now, for `headers` or what else comes have been read.

        A head that comes late may still say more than what was told before it.
        """
        if visit.network is None or headers:
            host = self._proxies.client(host_of(transport.getPeer()), headers or {})
            if host != visit.address:
                visit.comes_from(host)

    def _speaks_for_others(self, peer: Any) -> bool:
        return self._proxied or self._proxies.trusts(host_of(peer))
