"""From options and environment to one frozen, typed `Config`.

Every option can also be given as `RUGGINE_<NAME>` in the environment; the command line wins. All
limits stand here, with their defaults. A bad value raises StartError, which names the option.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from twisted.internet.endpoints import serverFromString

from ruggine import redis_address
from ruggine.errors import StartError
from ruggine.model import Rate, Rates
from ruggine.redis_address import RedisAddress

UNIX = "unix"
"""Stands for the peers of a Unix socket, which have no address."""

TrustedProxy = ipaddress.IPv4Network | ipaddress.IPv6Network | Literal["unix"]

LOG_LEVELS = ("debug", "info", "warn", "error")


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound the daemon enforces. Sizes in bytes, times in seconds."""

    max_message_length: int
    max_line_length: int
    max_frame_size: int
    max_handshake_size: int
    max_outgoing_buffer: int
    max_connections_per_user: int
    max_sessions_per_user: int
    max_group_members: int
    max_fragments: int
    max_waiting_requests: int
    max_waiting_logins: int
    max_connections: int
    max_strangers: int
    max_connections_per_address: int
    max_strangers_per_address: int
    stranger_work_s: float
    user_work_s: float
    work_at_once_s: float
    auth_timeout_s: float
    line_auth_timeout_s: float
    handshake_timeout_s: float
    ping_interval_s: float
    ping_timeout_s: float
    line_idle_timeout_s: float
    session_idle_s: float
    session_max_s: float
    shutdown_timeout_s: float


@dataclass(frozen=True, slots=True)
class Config:
    """All that a person can choose about a daemon."""

    config: Path | None
    tcp: str
    websocket: str
    http: str
    database: Path
    redis: RedisAddress | None
    durability: Literal["full", "relaxed"]
    log_level: str
    log_format: Literal["text", "json"]
    performance_log: Path | None
    allowed_origins: tuple[str, ...]
    trusted_proxies: tuple[TrustedProxy, ...]
    limits: Limits
    rates: Rates | None


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `read` turns its text into the value or raises ValueError with what to do."""

    name: str
    default: str
    help: str
    read: Callable[[str], Any]

    @property
    def variable(self) -> str:
        return "RUGGINE_" + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")


_ONLY_READ: Any = None
"""Where a reactor is asked for, but the endpoint is only read and not opened."""


def _endpoint(text: str) -> str:
    try:
        serverFromString(_ONLY_READ, text)
    except Exception as error:
        raise ValueError(
            f"{_endpoint_fault(error)}. Give an endpoint such as "
            "tcp:8080:interface=127.0.0.1 or ssl:8443:privateKey=key.pem:certKey=cert.pem"
        ) from None
    return text


def _endpoint_fault(error: Exception) -> str:
    reason = " ".join(str(error).split())
    return f"it cannot be used ({reason})" if reason else "it cannot be used"


def _database(text: str) -> Path:
    scheme, separator, path = text.partition(":")
    if not separator or scheme != "sqlite" or not path:
        raise ValueError("give a database such as sqlite:data/ruggine.db")
    path = re.sub("^//+", "/", path.removeprefix("//"))
    if ":memory:" in path:
        raise ValueError("a database in memory would lose messages; give a file")
    return Path(path).expanduser()


def _file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).expanduser()
    if "\0" in text or path.is_dir() or not path.parent.is_dir():
        raise ValueError("give a file in a folder that exists")
    return path


def _readable(text: str) -> Path | None:
    path = _file(text)
    if path is not None and not os.access(path, os.R_OK):
        raise ValueError(f"{text} is not there, or this user may not read it")
    return path.absolute() if path is not None else None


def _redis(text: str) -> RedisAddress | None:
    return redis_address.parse(text) if text else None


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"choose one of {', '.join(choices)}")
        return text

    return read


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"give a whole number from {lowest} to {highest}")
        return int(text)

    return read


def _seconds(lowest: float, highest: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text) or not lowest <= float(text) <= highest:
            raise ValueError(f"give seconds from {lowest:g} to {highest:g}")
        return float(text)

    return read


_UNITS_S = {"s": 1, "m": 60, "h": 3600}


def _rate(text: str) -> Rate:
    match = re.fullmatch(r"([1-9]\d{0,5})/([smh]):([1-9]\d{0,5})", text)
    if match is None:
        raise ValueError("give a rate such as 10/s:30, which is 10 a second and 30 at once")
    return Rate(int(match[1]) / _UNITS_S[match[2]], int(match[3]))


def _proxy(word: str) -> TrustedProxy:
    return "unix" if word == UNIX else ipaddress.ip_network(word)


def _proxies(text: str) -> tuple[TrustedProxy, ...]:
    try:
        return tuple(_proxy(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise ValueError(
            "give addresses and networks such as 127.0.0.1 or 10.0.0.0/8, or unix for who connects "
            "to a Unix socket, separated by commas"
        ) from None


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(text.replace(",", " ").split())
    if not all(re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", o) for o in origins):
        raise ValueError("give origins such as https://chat.example.org, separated by commas")
    return origins


_DAY_S = 24 * 3600
_FOREVER_S = 100 * 365 * _DAY_S

CONFIG = Option("config", "", "a file of options, one RUGGINE_NAME=value a line", _readable)

OPTIONS = (
    CONFIG,
    Option("tcp", "tcp:8080:interface=127.0.0.1", "where the line port listens", _endpoint),
    Option("websocket", "tcp:5001:interface=127.0.0.1", "where the WebSocket listens", _endpoint),
    Option(
        "http",
        "tcp:5002:interface=127.0.0.1",
        "where the status page, /metrics, /healthz and /readyz are",
        _endpoint,
    ),
    Option("database", "sqlite:data/ruggine.db", "where everything is kept", _database),
    Option(
        "redis",
        "",
        "joins several daemons: redis://HOST:PORT, rediss:// for TLS, or unix:PATH",
        _redis,
    ),
    Option(
        "durability",
        "full",
        "full survives a power cut; relaxed is faster, and one may cost the last second",
        _one_of("full", "relaxed"),
    ),
    Option("log-level", "info", f"one of {', '.join(LOG_LEVELS)}", _one_of(*LOG_LEVELS)),
    Option("log-format", "text", "text or json", _one_of("text", "json")),
    Option("performance-log", "", "a file that gets a line every two minutes", _file),
    Option("allowed-origins", "", "web origins that may connect, with commas", _origins),
    Option(
        "trusted-proxies",
        "",
        "who is believed about the addresses of others",
        _proxies,
    ),
    Option("max-message-length", "4096", "characters in a message", _whole(1, 10_000)),
    Option("max-line-length", "8192", "bytes in a line", _whole(512, 65_536)),
    Option(
        "max-frame-size", "65536", "bytes in a WebSocket frame or message", _whole(4096, 1 << 20)
    ),
    Option(
        "max-handshake-size",
        "8192",
        "bytes in the head of a WebSocket handshake",
        _whole(1024, 65_536),
    ),
    Option(
        "max-outgoing-buffer",
        "1048576",
        "bytes that wait for a slow connection",
        _whole(65_536, 1 << 30),
    ),
    Option(
        "max-connections-per-user", "10", "connections a user may have at once", _whole(1, 10_000)
    ),
    Option(
        "max-sessions-per-user",
        "50",
        "sessions a user may have; the longest unused ends",
        _whole(1, 10_000),
    ),
    Option("max-group-members", "256", "members a group may have", _whole(2, 5000)),
    Option("max-fragments", "64", "fragments in a WebSocket message", _whole(1, 10_000)),
    Option(
        "max-waiting-requests",
        "64",
        "requests of a connection that wait before it must",
        _whole(1, 10_000),
    ),
    Option(
        "max-waiting-logins",
        "32",
        "logins and registrations that wait for a processor",
        _whole(1, 10_000),
    ),
    Option(
        "max-connections", "10000", "connections in all, as far as files allow", _whole(1, 1 << 20)
    ),
    Option("max-strangers", "1000", "of them not authenticated, at most half", _whole(1, 1 << 20)),
    Option("max-connections-per-address", "256", "connections of one address", _whole(1, 1 << 20)),
    Option("max-strangers-per-address", "64", "of them not authenticated", _whole(1, 1 << 20)),
    Option("rate-limits", "on", "on or off; off is for tests and benchmarks", _one_of("on", "off")),
    Option(
        "messages-rate",
        "10/s:30",
        "messages, edits, reactions and changes of groups of a user",
        _rate,
    ),
    Option("commands-rate", "20/s:60", "other requests of a user", _rate),
    # Each is told to all members of a chat at once, and only the newest matters.
    Option("signs-rate", "5/s:30", "signs of typing and read marks of a user", _rate),
    Option("history-rate", "10/s:20", "pages of history and searches of a user", _rate),
    Option("invitations-rate", "30/h:30", "invites and friend requests of a user", _rate),
    # A class or an office may share one address: these allow for all of it at once.
    Option("logins-rate", "30/m:30", "logins from one address", _rate),
    Option("registrations-rate", "30/h:30", "registrations from one address", _rate),
    Option("registrations-in-all-rate", "30/m:120", "registrations from everywhere", _rate),
    Option(
        "stranger-work",
        "0.1",
        "seconds of work in a second for all of an address who are not authenticated",
        _seconds(0.001, 1),
    ),
    Option(
        "user-work",
        "0.02",
        "seconds of work in a second for what a user sends in large pieces, or is refused",
        _seconds(0.001, 1),
    ),
    Option("work-at-once", "0.25", "seconds of such work at once", _seconds(0.001, 60)),
    Option("auth-timeout", "10", "seconds to authenticate on the WebSocket", _seconds(0.1, 3600)),
    Option(
        "line-auth-timeout",
        "60",
        "seconds until the first command with a session on the line port",
        _seconds(0.1, _DAY_S),
    ),
    # Autobahn counts these three in whole seconds, and may be up to one second early.
    Option("handshake-timeout", "5", "seconds for the WebSocket handshake", _seconds(2, 3600)),
    Option("ping-interval", "25", "seconds between pings", _seconds(2, 3600)),
    Option("ping-timeout", "20", "seconds to answer a ping", _seconds(2, 3600)),
    Option(
        "line-idle-timeout",
        "600",
        "seconds between accepted commands on the line port",
        _seconds(0.1, _DAY_S),
    ),
    Option(
        "session-idle",
        str(14 * _DAY_S),
        "seconds until an unused session expires",
        _seconds(1, _FOREVER_S),
    ),
    Option(
        "session-max",
        str(90 * _DAY_S),
        "seconds until any session expires",
        _seconds(1, _FOREVER_S),
    ),
    Option(
        "shutdown-timeout",
        "8",
        "seconds to finish what is in flight when stopping",
        _seconds(0.1, 60),
    ),
)


_RATES = {f: f"{f}_rate" for f in Rates.__struct_fields__}


def add_options(parser: argparse._ActionsContainer) -> None:
    """Every option with its help and default; what is given stays text, for `load` to read."""
    for option in OPTIONS:
        text = f"{option.help} [{option.default or 'none'}]".replace("%", "%%")
        parser.add_argument(f"--{option.name}", metavar="VALUE", help=text)


def load(given: Mapping[str, str | None], environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration from the options `given` (None: not given), the environment and the file
    that --config names; the first of them that has an option counts.

    Raises StartError with one line that names the option and says what to do.
    """
    _refuse_secrets(given)
    file = _read(CONFIG, given, environment)
    if file is not None:
        environment = {**_variables_in(file), **environment}
    values = {option.field: _read(option, given, environment) for option in OPTIONS}
    limits = {f.name: values.pop(f.name.removesuffix("_s")) for f in fields(Limits)}
    _check_frame_size(limits)
    rates = {field: values.pop(option) for field, option in _RATES.items()}
    limited = values.pop("rate_limits") == "on"
    return Config(**values, limits=Limits(**limits), rates=Rates(**rates) if limited else None)


def _check_frame_size(limits: Mapping[str, Any]) -> None:
    """A message must fit into a frame, in whatever characters, with what stands around it."""
    least = 4 * limits["max_message_length"] + 2048
    if limits["max_frame_size"] < least:
        raise StartError(
            f"--max-frame-size: give at least {least}, which a message of "
            f"{limits['max_message_length']} characters can need, or lower --max-message-length."
        )


def _read(option: Option, given: Mapping[str, str | None], environment: Mapping[str, str]) -> Any:
    text, source = given.get(option.name), f"--{option.name}"
    if text is None and option.variable in environment:
        text, source = environment[option.variable], option.variable
    if text is None:
        text = option.default
    try:
        return option.read(text)
    except ValueError as error:
        raise StartError(f"{source}: {error}.") from None


def _variables_in(file: Path) -> dict[str, str]:
    """In the form that systemd reads as EnvironmentFile, without its quotes."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise StartError(f"--config: {file} cannot be read as UTF-8 text ({error}).") from None
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, value = (part.strip() for part in line.partition("="))
        if name not in _IN_A_FILE:
            raise StartError(
                f"--config: {file}, line {number}, has no option; write one as RUGGINE_NAME=value, "
                "such as RUGGINE_LOG_LEVEL=debug."
            )
        found[name] = value
    return found


_IN_A_FILE = {option.variable for option in OPTIONS if option is not CONFIG}


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Names that look like options and are none: a slip, or some other program's."""
    known = {option.variable for option in OPTIONS}
    return sorted(n for n in environment if n.startswith("RUGGINE_") and n not in known)


def _refuse_secrets(given: Mapping[str, str | None]) -> None:
    """Everybody on a machine can read the arguments of its programs."""
    redis = given.get("redis")
    if redis and "@" in redis:
        raise StartError("--redis: put an address with a password into RUGGINE_REDIS instead.")
