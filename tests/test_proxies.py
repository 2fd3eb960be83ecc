"""People chat through a real nginx and a real HAProxy, as deploy/ sets them up."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ruggine.free_port import free_port
from tests import needs
from tests.cast import Telephone, WebSocket, register
from tests.certificates import certify, new_key
from tests.daemon import PASSWORD, Daemon, wait_until

DEPLOY = Path(__file__).parent.parent / "deploy"


def adapted(name: str, changes: dict[str, object]) -> str:
    """A file of deploy/ with the ports and places of a test; each is one that it has."""
    text = (DEPLOY / name).read_text("utf-8")
    for there, here in changes.items():
        assert there in text, there
        text = text.replace(there, str(here))
    return text


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def running(command: list[object], *ports: int) -> Iterator[None]:
    with subprocess.Popen([str(word) for word in command]) as process:
        try:
            wait_until(lambda: process.poll() is not None or all(map(listens, ports)), 15)
            assert process.poll() is None
            yield
        finally:
            process.terminate()


@pytest.fixture
def trusting(tmp_path: Path) -> ssl.SSLContext:
    """Knows the certificate of the proxy, cert.pem, whose key is key.pem."""
    certify(tmp_path, new_key())
    return ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))


def talk(url: str, tokens: list[str], trusting: ssl.SSLContext) -> None:
    luigi, dory = (WebSocket(url, token, ssl=trusting) for token in tokens)
    luigi.request("send_message", to_user_id=dory.welcome["user_id"], content="ciao")
    assert dory.hear()["content"] == "ciao"
    luigi.hang_up()
    dory.hang_up()


def test_nginx(daemon: Daemon, trusting: ssl.SSLContext, tmp_path: Path) -> None:
    needs.require("nginx")
    port = free_port()
    site = adapted(
        "nginx.conf",
        {
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "    listen [::]:443 ssl;\n": "",
            "/etc/letsencrypt/live/chat.example.org/fullchain.pem": tmp_path / "cert.pem",
            "/etc/letsencrypt/live/chat.example.org/privkey.pem": tmp_path / "key.pem",
            "127.0.0.1:5001": f"127.0.0.1:{daemon.websocket_port}",
        },
    )
    temporary = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"daemon off;\npid {tmp_path}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{site}}}\n",
        "utf-8",
    )
    with running([needs.of_root("nginx"), "-e", "stderr", "-c", whole], port):
        tokens = [register(daemon, name)[1] for name in ("luigi", "dory")]
        talk(f"wss://localhost:{port}", tokens, trusting)


@pytest.fixture
def behind(own_daemon: Daemon) -> Daemon:
    """A daemon that hears by the PROXY protocol who connects."""
    end = "interface=127.0.0.1"
    own_daemon._options = (
        "--tcp", f"haproxy:tcp:{own_daemon.tcp_port}:{end}",
        "--websocket", f"haproxy:tcp:{own_daemon.websocket_port}:{end}",
    )  # fmt: skip
    return own_daemon.start()


def test_haproxy(behind: Daemon, trusting: ssl.SSLContext, tmp_path: Path) -> None:
    needs.require("haproxy")
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "cert.pem").read_bytes() + (tmp_path / "key.pem").read_bytes())
    line_port, websocket_port = free_port(), free_port()
    rules = tmp_path / "haproxy.cfg"
    rules.write_text(
        adapted(
            "haproxy.cfg",
            {
                "bind :8443": f"bind 127.0.0.1:{line_port}",
                "bind :443": f"bind 127.0.0.1:{websocket_port}",
                "/etc/haproxy/ruggine.pem": both,
                "127.0.0.1:8080": f"127.0.0.1:{behind.tcp_port}",
                "127.0.0.1:5001": f"127.0.0.1:{behind.websocket_port}",
            },
        ),
        "utf-8",
    )
    with running([needs.of_root("haproxy"), "-db", "-f", rules], line_port, websocket_port):
        with Telephone(line_port, trusting) as line:
            tokens = [
                line.ask(f"/register {name} {PASSWORD}").split()[-1] for name in ("luigi", "dory")
            ]
        talk(f"wss://localhost:{websocket_port}", tokens, trusting)
