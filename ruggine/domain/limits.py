"""How fast is too fast. Counted in the memory of this node, with a bound on what is remembered."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ruggine import errors
from ruggine.domain.recent import Recent
from ruggine.model import Rates

Kind = Literal[
    "messages",
    "commands",
    "history",
    "invitations",
    "logins",
    "registrations",
    "registrations_in_all",
]

_REMEMBERED = 100_000
_FREE_FAILURES = 5
_MAX_PAUSE_S = 300.0
_FORGIVEN_AFTER_S = 1800.0


class RateLimits:
    """Token buckets by kind and key, as the generic cell rate algorithm (ITU-T I.371).

    Of each bucket only the time is kept at which it will be full again. `rates` None: no limits.
    """

    def __init__(self, rates: Rates | None, monotonic: Callable[[], float]) -> None:
        self._rates = rates
        self._monotonic = monotonic
        self._full_at_s: Recent[tuple[Kind, str], float] = Recent(_REMEMBERED)

    def charge(self, kind: Kind, key: str) -> None:
        """Take one token. Raises RateLimited, and takes none then."""
        if self._rates is None:
            return
        rate = getattr(self._rates, kind)
        now_s = self._monotonic()
        full_at_s = max(self._full_at_s.get((kind, key)) or now_s, now_s) + 1 / rate.per_second
        wait_s = full_at_s - now_s - rate.burst / rate.per_second
        if wait_s > 1e-6:  # less is the rounding of floats
            raise too_fast(wait_s)
        self._full_at_s.put((kind, key), full_at_s)


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float
    free_at_s: float


class LoginFailures:
    """Wrong passwords make the next try wait longer: 1, 2, 4 … 300 s after the fifth.

    Failures from an address from which the owner has logged in before are counted for that
    address alone, and those from anywhere else together: nobody who guesses from afar can keep
    the owner out.
    """

    def __init__(self, monotonic: Callable[[], float], *, enabled: bool) -> None:
        self._monotonic = monotonic
        self._enabled = enabled
        self._failures: Recent[tuple[str, str], _Failures] = Recent(_REMEMBERED)

    def begin(self, name: str, address: str) -> None:
        """A try counts as failed until it has `succeeded`, so tries at once gain nothing.

        `address` is empty for one that the owner has not used. Raises RateLimited.
        """
        if not self._enabled:
            return
        now_s = self._monotonic()
        key = (name.lower(), address)
        failures = self._failures.get(key)
        if failures is None or now_s - failures.last_s > _FORGIVEN_AFTER_S:
            failures = _Failures(0, now_s, now_s)
        if failures.free_at_s > now_s:
            raise too_fast(failures.free_at_s - now_s)
        failures.count += 1
        failures.last_s = now_s
        if failures.count >= _FREE_FAILURES:
            doubled = 2.0 ** min(failures.count - _FREE_FAILURES, 10)
            failures.free_at_s = now_s + min(doubled, _MAX_PAUSE_S)
        self._failures.put(key, failures)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures."""
        self._failures.forget((name.lower(), address))


def too_fast(wait_s: float) -> errors.RateLimited:
    """A refusal that says when to come back."""
    wait_s = max(round(wait_s + 0.05, 1), 0.1)
    return errors.RateLimited(f"Too fast. Wait {wait_s:g} s.", retry_after_s=wait_s)


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer gets."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))
