"""What of the configuration can change while the daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, Protocol

from twisted.logger import Logger

from ruggine.config import Config
from ruggine.domain.limits import RateLimits
from ruggine.log import Level

_AT_ONCE = {"log_level", "rates"}


class Follows(Protocol):
    """A port that shows the way of each message at debug level."""

    debug: bool


class Reconfiguration:
    """The log level and the rates change at once. All else takes a restart, and the log says so."""

    log = Logger(namespace="ruggine")

    def __init__(
        self,
        running: Config,
        load: Callable[[], Config],
        level: Level,
        rates: RateLimits,
        ports: Sequence[Follows],
    ) -> None:
        self._running = running
        self._load = load
        self._level = level
        self._rates = rates
        self._ports = ports

    def reload(self) -> None:
        """Raises StartError, and changes nothing then."""
        fresh = self._load()
        for option in _waiting(self._running, fresh):
            self.log.warn("--{option} has changed, and takes a restart", option=option)
        self._level.set(fresh.log_level)
        for port in self._ports:
            port.debug = fresh.log_level == "debug"
        self._running = replace(self._running, log_level=fresh.log_level)
        if fresh.rates is not None and self._running.rates is not None:
            self._rates.change(fresh.rates)
            self._running = replace(self._running, rates=fresh.rates)


def _waiting(running: Config, fresh: Config) -> Iterator[str]:
    """The names of options that are not what is in use, and cannot be."""
    now = _values(running)
    for field, value in _values(fresh).items():
        if value != now[field]:
            yield field.replace("_", "-")


def _values(chosen: Config) -> dict[str, Any]:
    """By the field of their option."""
    limits = {
        f.name.removesuffix("_s"): getattr(chosen.limits, f.name) for f in fields(chosen.limits)
    }
    plain = {f.name: getattr(chosen, f.name) for f in fields(chosen) if f.name not in _AT_ONCE}
    del plain["limits"]
    return {**plain, **limits, "rate_limits": chosen.rates is not None}
