"""Where a Redis is: `redis://` over TCP, `rediss://` over TLS, `unix:` on the same machine."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

ADVICE = (
    "give a Redis such as redis://127.0.0.1:6379, rediss://HOST:6379 for TLS, or "
    "unix:/run/redis/redis.sock; in a name or password write %40 for @, %3A for :, %2F for / "
    "and %25 for %"
)

_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_PARAMETERS = {"redis": ("db",), "rediss": ("db", *_FILES), "unix": ("db",)}


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: whom to trust, where not those whom the system trusts, and who we are."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises OSError for files that are not there, or not what they should be."""
        context = ssl.create_default_context(cafile=self.ca)
        if self.certificate is not None:
            # An encrypted key is refused: nobody is there to type its password.
            context.load_cert_chain(self.certificate, self.key, password="")
        return context


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis is, and what to say to it. `path` is a socket, in place of host and port."""

    host: str
    port: int
    path: str
    database: int
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)
    tls: Tls | None = field(repr=False)

    def __str__(self) -> str:
        """As a log may show it."""
        if self.path:
            return f"unix:{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"

    @property
    def private(self) -> bool:
        """Whether nobody can reach it from another machine by this address."""
        try:
            return bool(self.path) or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse(text: str) -> RedisAddress:
    """Raises ValueError with what to do, which holds no secret."""
    url = _split(text)
    parameters = dict(parse_qsl(url.query, keep_blank_values=True))
    _refuse_unknown(url.scheme, parameters)
    socket = url.scheme == "unix"
    path = unquote(url.path, errors="strict") if socket else ""
    if bool(path) != socket or bool(url.hostname) == socket or url.fragment:
        raise ValueError(ADVICE)
    return RedisAddress(
        host=url.hostname or "",
        port=0 if socket else url.port or 6379,
        path=path,
        database=_database("" if socket else url.path.strip("/"), parameters.get("db", "")),
        username=_decoded(url.username) or None,
        password=_decoded(url.password),
        tls=_tls(parameters) if url.scheme == "rediss" else None,
    )


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        # Both are looked at only when they are asked for.
        _ = url.port, _decoded(url.password)
    except ValueError:
        raise ValueError(ADVICE) from None
    if url.scheme not in _PARAMETERS:
        raise ValueError(ADVICE)
    return url


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text, errors="strict")


def _refuse_unknown(scheme: str, parameters: Mapping[str, str]) -> None:
    for name in parameters:
        if name not in _PARAMETERS[scheme]:
            known = ", ".join(_PARAMETERS[scheme])
            raise ValueError(
                f"the parameter {name!r} is not known; {scheme}: takes {known}, "
                "and TLS is spoken where the address begins with rediss:"
            )


def _database(*given: str) -> int:
    numbers = [number for number in given if number]
    if len(numbers) > 1 or not all(n.isascii() and n.isdigit() for n in numbers):
        raise ValueError("give the number of one database, as /2 or ?db=2")
    return int(numbers[0]) if numbers else 0


def _tls(parameters: Mapping[str, str]) -> Tls:
    files = [Path(parameters[n]).expanduser() if parameters.get(n) else None for n in _FILES]
    tls = Tls(*files)
    if tls.key is not None and tls.certificate is None:
        raise ValueError("ssl_keyfile needs an ssl_certfile")
    try:
        tls.context()
    except (OSError, ValueError) as error:
        raise ValueError(f"its {', '.join(_FILES)} cannot be used ({error})") from None
    return tls
