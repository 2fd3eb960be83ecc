"""Daemons reach their Redis by every kind of address, and say there who they are."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ruggine.config import load
from ruggine.doctor.reach import check_redis
from ruggine.free_port import free_port
from tests.cast import SocketPerson
from tests.daemon import Daemon, wait_until
from tests.redis import Redis
from tests.test_tls import certify, new_key

HERE = "[INFO] Redis connected successfully"
ROOT = Path(__file__).parent.parent
SECRET = "p@ss:w/rd#%"
ENCODED = "p%40ss%3Aw%2Frd%23%25"


@contextlib.contextmanager
def joined(folder: Path, address: str) -> Iterator[tuple[Daemon, Daemon]]:
    """Two daemons that reach each other by this Redis; nothing that they log holds the password."""
    nodes = [Daemon(folder, env={"RUGGINE_REDIS": address}).start() for _ in range(2)]
    for node in nodes:
        node.wait_for(HERE)
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    luigi.sends(dory, "ciao")
    dory.receives(luigi, "ciao")
    yield nodes[0], nodes[1]
    for node in nodes:
        node.stop()
        assert SECRET not in node.log()
        assert ENCODED not in node.log()


def examined(address: str) -> tuple[str, str]:
    """What `ruggine doctor` says of it."""
    [finding] = check_redis(load({}, {"RUGGINE_REDIS": address}).redis)
    assert SECRET not in finding.text
    return finding.verdict, finding.text


def test_a_password_with_any_character(tmp_path: Path) -> None:
    """Percent-encoded; with a wrong one the log says so, and does not hold it."""
    redis = Redis(tmp_path, "--requirepass", SECRET).start()
    address = f"redis://:{ENCODED}@127.0.0.1:{redis.port}/1"
    with joined(tmp_path, address):
        assert examined(address)[0] == "ok"
    wrong = address.replace(ENCODED, "wrong-password")
    assert examined(wrong)[0] == "fault"
    daemon = Daemon(tmp_path, env={"RUGGINE_REDIS": wrong}).start()
    daemon.wait_for("[ERROR] RUGGINE_REDIS: Redis refuses this user, password or database number")
    assert "wrong-password" not in daemon.log()
    redis.ask("-a", SECRET, "CONFIG", "SET", "requirepass", "wrong-password")
    daemon.wait_for(HERE)
    assert daemon.log().count("[ERROR]") == 1
    daemon.kill()
    redis.stop()


def test_a_unix_socket(tmp_path: Path) -> None:
    """Also with a password, and without any port."""
    path = tmp_path / "redis.sock"
    redis = Redis(tmp_path, "--unixsocket", str(path), "--requirepass", SECRET).start()
    address = f"unix://:{ENCODED}@{path}?db=2"
    with joined(tmp_path, address):
        assert examined(address)[0] == "ok"
    redis.stop()
    assert examined(address)[0] == "fault"


@pytest.fixture
def tls_redis(tmp_path: Path) -> Iterator[tuple[int, Path, Path]]:
    """The port of a Redis behind TLS that lets in who has the certificate; that and its key."""
    redis = Redis(tmp_path).start()
    key, certificate = certify(tmp_path, new_key())
    port = free_port()
    front = [sys.executable, "-m", "tests.tls_front", str(port), certificate, key, str(redis.port)]
    with subprocess.Popen(front, cwd=ROOT) as process:
        wait_until(lambda: is_open(port))
        yield port, certificate, key
        process.kill()
    redis.stop()


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_tls(tmp_path: Path, tls_redis: tuple[int, Path, Path]) -> None:
    """Whom to trust, and who the daemon is, stand in the address."""
    port, certificate, key = tls_redis
    own = f"ssl_certfile={certificate}&ssl_keyfile={key}"
    address = f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}&{own}"
    with joined(tmp_path, address):
        assert examined(address)[0] == "ok"
    untrusted = f"rediss://localhost:{port}/0?{own}"
    level, text = examined(untrusted)
    assert level == "fault"
    assert "certificate" in text


def test_who_is_not_trusted_hears_nothing(
    own_daemon: Daemon, tls_redis: tuple[int, Path, Path]
) -> None:
    """A certificate from nobody who is known, or for another name: Redis counts as away."""
    port, certificate, key = tls_redis
    own = f"ssl_certfile={certificate}&ssl_keyfile={key}"
    for address in (
        f"rediss://localhost:{port}/0?{own}",
        f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}&{own}",
    ):
        own_daemon._env = {"RUGGINE_REDIS": address}
        own_daemon.start().wait_for("Redis at rediss://")
        assert HERE not in own_daemon.log()
        own_daemon.stop()


def test_a_redis_that_hangs_up_at_once_is_tried_again(own_daemon: Daemon, own_redis: Redis) -> None:
    """Before it has answered anything, as a proxy does whose Redis is away."""
    own_daemon._options = ("--redis", own_redis.url)
    with socket.create_server(("127.0.0.1", own_redis.port)) as rude:
        own_daemon.start()
        for _ in range(6):
            rude.accept()[0].close()
    own_daemon.wait_for("Redis at redis://")
    own_redis.start()
    own_daemon.wait_for(HERE)


def test_redis_tells_who_its_connections_are(own_daemon: Daemon, own_redis: Redis) -> None:
    """`redis-cli client list | grep -i websocket` finds them, also those that came back."""
    own_daemon._options = ("--redis", own_redis.url)
    own_redis.start()
    own_daemon.start().wait_for(HERE)

    def named() -> list[str]:
        return sorted(
            part.rsplit(":", 1)[1]
            for line in own_redis.ask("CLIENT", "LIST").splitlines()
            for part in line.split()
            if part.startswith("name=ruggine:websocket:")
        )

    wait_until(lambda: named() == ["commands", "events"])
    for kind in ("normal", "pubsub"):
        own_redis.ask("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    wait_until(lambda: own_daemon.log().count(HERE) == 2)
    wait_until(lambda: named() == ["commands", "events"])
