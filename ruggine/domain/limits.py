"""How fast is too fast. Counted in the memory of this node, with a bound on what is remembered."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ruggine import errors
from ruggine.domain.recent import Recent
from ruggine.model import Origin, Rates

Kind = Literal[
    "messages",
    "commands",
    "signs",
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

    def change(self, rates: Rates) -> None:
        """From now on; who is over a new rate waits for that one."""
        self._rates = rates

    def charge(self, kind: Kind, key: str, tokens: int = 1) -> None:
        """Take tokens. Raises RateLimited, and takes none then; InvalidRequest where waiting does
        not help, since it asks for more than there ever are at once."""
        if self._rates is None:
            return
        rate = getattr(self._rates, kind)
        if tokens > rate.burst:
            raise errors.InvalidRequest(
                f"This asks for {tokens} at once, and the limit is {rate.burst}. Ask for fewer."
            )
        now_s = self._monotonic()
        begun_s = max(self._full_at_s.get((kind, key)) or now_s, now_s)
        full_at_s = begun_s + tokens / rate.per_second
        wait_s = full_at_s - now_s - rate.burst / rate.per_second
        if wait_s > 1e-6:  # less is the rounding of floats
            raise too_fast(wait_s)
        self._full_at_s.put((kind, key), full_at_s)


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float
    free_at_s: float


_Guessed = tuple[str, str]
"""Whose password, and from where: the network of an owner, or nothing for all strangers."""


class LoginFailures:
    """Wrong passwords make the next try wait longer: 1, 2, 4 … 300 s after the fifth.

    Failures from an address from which the owner has logged in before are counted for that
    address alone, and those from anywhere else together: nobody who guesses from afar can keep
    the owner out.
    """

    def __init__(self, monotonic: Callable[[], float], *, enabled: bool) -> None:
        self._monotonic = monotonic
        self._enabled = enabled
        self._failures: Recent[_Guessed, _Failures] = Recent(_REMEMBERED)
        self._in_flight: Counter[_Guessed] = Counter()

    @contextmanager
    def attempt(self, name: str, origin: Origin) -> Iterator[Callable[[bool], None]]:
        """One try, which lasts until the block ends. The block says whether the password was right.

        A try that was not verified counts for nothing. No more of them are under way at once than
        could fail before a pause. Raises RateLimited during a pause, and Unavailable where too many
        are under way.
        """
        guessed = (name.lower(), origin.network if origin.known else "")
        if self._enabled:
            self._refuse(guessed)
        self._in_flight[guessed] += 1
        try:
            yield partial(self._verdict, guessed)
        finally:
            self._in_flight[guessed] -= 1
            if not self._in_flight[guessed]:
                del self._in_flight[guessed]

    def _refuse(self, guessed: _Guessed) -> None:
        failures = self._recent(guessed)
        wait_s = failures.free_at_s - self._monotonic()
        if wait_s > 0:
            raise too_fast(wait_s)
        if self._in_flight[guessed] >= max(_FREE_FAILURES - failures.count, 1):
            raise errors.Unavailable(
                "Too many logins of this account at once. Try again in a moment.", retry_after_s=1
            )

    def _verdict(self, guessed: _Guessed, right: bool) -> None:
        if right:
            self._failures.forget(guessed)
        else:
            self._count(guessed)

    def _count(self, guessed: _Guessed) -> None:
        failures = self._recent(guessed)
        failures.count += 1
        failures.last_s = failures.free_at_s = self._monotonic()
        if failures.count >= _FREE_FAILURES:
            doubled = 2.0 ** min(failures.count - _FREE_FAILURES, 10)
            failures.free_at_s += min(doubled, _MAX_PAUSE_S)
        self._failures.put(guessed, failures)

    def _recent(self, guessed: _Guessed) -> _Failures:
        now_s = self._monotonic()
        failures = self._failures.get(guessed)
        if failures is None or now_s - failures.last_s > _FORGIVEN_AFTER_S:
            return _Failures(0, now_s, now_s)
        return failures


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
