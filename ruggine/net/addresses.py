"""Where a connection comes from, also where it comes through proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ruggine.config import UNIX, TrustedProxy

_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("?)([^";,]*)\1', re.IGNORECASE)
"""Who asked, in one element of a Forwarded header (RFC 7239)."""

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\w+)?|([^:]*):\w+")


def host_of(address: Any) -> str:
    """An address of Twisted's as text; UNIX for who connects to a Unix socket."""
    return str(getattr(address, "host", UNIX))


class Proxies:
    """Those who are believed when they say for whom they ask."""

    def __init__(self, trusted: Iterable[TrustedProxy]) -> None:
        self._trusted = tuple(trusted)

    def trusts(self, host: str) -> bool:
        ip = _ip(host)
        return any(
            host == trusted if isinstance(trusted, str) else ip is not None and ip in trusted
            for trusted in self._trusted
        )

    def client(self, peer: str, headers: Mapping[str, str]) -> str:
        """Who asks: the nearest to us in the chain that is not a trusted proxy.

        `headers` have names in small letters. Each trusted proxy is believed about the one before
        it, and no further. One that names nobody, or has let two headers through that contradict
        each other, stands for itself.
        """
        chains = [read(headers[name]) for name, read in _READERS.items() if name in headers]
        found = {self._walk(peer, chain) for chain in chains}
        return found.pop() if len(found) == 1 else peer

    def _walk(self, peer: str, chain: list[str]) -> str:
        host = peer
        while chain and self.trusts(host):
            before = _ip(_without_port(chain.pop()))
            if before is None:
                break
            host = str(before)
        return host


def _read_forwarded(text: str) -> list[str]:
    found = (_FOR.search(element) for element in text.split(","))
    return [match[2] if match else "" for match in found]


def _read_x_forwarded_for(text: str) -> list[str]:
    return text.split(",")


_READERS = {"forwarded": _read_forwarded, "x-forwarded-for": _read_x_forwarded_for}


def _without_port(text: str) -> str:
    text = text.strip()
    match = _WITH_PORT.fullmatch(text)
    return text if match is None else match[1] or match[2] or ""


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip
