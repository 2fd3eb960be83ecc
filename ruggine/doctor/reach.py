"""Whether the ports and Redis answer, each as what it should be. Blocks, a few seconds at most."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from ruggine.config import Config
from ruggine.doctor.finding import Finding, fault, ok, warning
from ruggine.redis_address import RedisAddress

_PATIENCE_S = 2.0
_UPGRADE = (
    "GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: cnVnZ2luZSBkb2N0b3IhIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_READY = "GET /readyz HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n"
_PROBES = {
    "tcp": ("line port", "/help\n", b"OK: "),
    "websocket": ("WebSocket port", _UPGRADE, b"HTTP/1.1 101 "),
    "http": ("health port", _READY, b" 200 "),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where an endpoint can be reached from this machine."""

    host: str
    port: int
    tls: bool


def address_of(endpoint: str) -> Address | None:
    """Of a Twisted endpoint; None for kinds that the doctor does not know."""
    kind, *rest = (part.replace("\\:", ":") for part in re.split(r"(?<!\\):", endpoint))
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    port = named.get("port") or next((part for part in rest if "=" not in part), "")
    if kind not in ("tcp", "tcp6", "ssl") or not port.isdigit():
        return None
    host = named.get("interface", "")
    everywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared only
    return Address(everywhere.get(host, host), int(port), kind == "ssl")


def check_ports(chosen: Config) -> Iterator[Finding]:
    """The line port, the WebSocket port and the health port."""
    for option, (title, request, expected) in _PROBES.items():
        endpoint = getattr(chosen, option)
        address = address_of(endpoint)
        if address is None:
            yield warning(title, f"{endpoint} was not checked: only tcp: and ssl: can be")
        else:
            yield _check_port(title, address, request, expected)


def _check_port(title: str, address: Address, request: str, expected: bytes) -> Finding:
    where = f"{address.host}:{address.port}"
    try:
        with closing(_connect(address)) as connection:
            connection.sendall(request.format(host=address.host, port=address.port).encode())
            answer = connection.recv(1024)
    except ConnectionRefusedError:
        return warning(title, f"no daemon listens at {where}; twistd -n ruggine starts one")
    except OSError as error:
        return fault(title, f"{where}: {error or 'no answer'}; see what listens there")
    first = answer.split(b"\r\n")[0].decode("ascii", "replace").strip()[:80]
    if expected in answer:
        return ok(title, f"{where} answers")
    return fault(
        title, f"{where} says {first!r}, which is not Ruggine as it should be; see its log"
    )


def _connect(address: Address) -> socket.socket:
    plain = socket.create_connection((address.host, address.port), _PATIENCE_S)
    if not address.tls:
        return plain
    # Who answers is not the question here, and the name in the certificate is another one.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)


def check_redis(redis: RedisAddress | None) -> Iterator[Finding]:
    """Whether it lets us in and answers. The password is in nothing that is said."""
    if redis is None:
        yield ok("Redis", "not configured, and not needed for one daemon")
        return
    try:
        problem = _ask_redis(redis)
    except OSError as error:
        problem = f"no answer ({error})"
    if problem:
        yield fault("Redis", f"{redis}: {problem}; start it, or correct --redis")
    elif redis.password is None and not redis.private:
        text = f"{redis} answers without a password: whoever reaches it reads messages"
        yield warning(
            "Redis",
            f"{text} (`ruggine deploy redis` writes a redis.conf that says how to close it)",
        )
    else:
        yield ok("Redis", f"{redis} answers")


def _ask_redis(redis: RedisAddress) -> str:
    """Empty if all is well."""
    commands = [["PING"]]
    if redis.password is not None:
        commands.insert(0, ["AUTH", *([redis.username] if redis.username else []), redis.password])
    with (
        closing(_connect_to_redis(redis)) as connection,
        connection.makefile("rb") as replies,
    ):
        for command in [*commands, ["SELECT", str(redis.database)]]:
            parts = [part.encode() for part in command]
            encoded = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
            connection.sendall(b"*%d\r\n%s" % (len(parts), encoded))
            reply = replies.readline(200)
            if reply[:1] != b"+":
                return (
                    f"{command[0]} was refused ({reply[1:60].decode('ascii', 'replace').strip()})"
                )
    return ""


def _connect_to_redis(redis: RedisAddress) -> socket.socket:
    if redis.path:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_PATIENCE_S)
        connection.connect(redis.path)
        return connection
    plain = socket.create_connection((redis.host, redis.port), _PATIENCE_S)
    if redis.tls is None:
        return plain
    return redis.tls.context().wrap_socket(plain, server_hostname=redis.host)
