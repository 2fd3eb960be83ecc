"""People chat through a real nginx and a real HAProxy, as deploy/ sets them up, and each has their
own address there."""

from __future__ import annotations

import json
import socket
import sqlite3
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from websockets.sync.client import connect

from ruggine.free_port import free_port
from tests import needs
from tests.cast import Telephone, WebSocket, register
from tests.certificates import certify, new_key
from tests.daemon import PASSWORD, Daemon, wait_until
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
OWNER, STRANGER = "127.0.0.5", "127.0.0.6"
"""Who come from addresses of their own, which are not the proxy's."""
LIES = {"X-Forwarded-For": OWNER, "Forwarded": f"for={OWNER}"}
"""What a stranger may write into their own request."""


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


Ask = Callable[..., str]
"""Logs in or registers from an address; the code of the refusal, or "ok"."""


def who_guesses_keeps_nobody_else_out(daemon: Daemon, ask: Ask) -> None:
    right = {"username": "luigi", "password": PASSWORD}
    assert ask(OWNER, "register", **right) == "ok"
    wrong = {"username": "luigi", "password": "guessed-wrong-1"}
    answers = [ask(STRANGER, "login", **wrong) for _ in range(6)]
    assert answers == ["invalid_credentials"] * 5 + ["rate_limited"]
    assert ask(OWNER, "login", **right) == "ok"
    with closing(sqlite3.connect(daemon.database)) as database:
        rows = database.execute("SELECT address FROM session_events")
        assert {address for (address,) in rows} == {OWNER, STRANGER}


def by_websocket(port: int, tls: ssl.SSLContext, source: str, name: str, **values: str) -> str:
    with connect(
        f"wss://localhost:{port}",
        sock=socket.create_connection(("127.0.0.1", port), PATIENCE_S, (source, 0)),
        ssl=tls,
        additional_headers=LIES if source == STRANGER else {},
    ) as there:
        there.send(json.dumps({"message_type": name, **values}))
        return str(json.loads(there.recv(PATIENCE_S)).get("code", "ok"))


def by_line(port: int, tls: ssl.SSLContext, source: str, name: str, **values: str) -> str:
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE_S, (source, 0))
    with tls.wrap_socket(plain, server_hostname="localhost") as line:
        line.sendall(f"/{name} {' '.join(values.values())}\n".encode())
        answer = line.makefile("r", encoding="utf-8").readline()
    return "ok" if answer.startswith("OK: ") else answer.split("[")[1].split()[0].strip("]")


@contextmanager
def through_nginx(daemon: Daemon, tmp_path: Path) -> Iterator[int]:
    """The port of the WebSocket."""
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
        yield port


def test_nginx(daemon: Daemon, trusting: ssl.SSLContext, tmp_path: Path) -> None:
    with through_nginx(daemon, tmp_path) as port:
        tokens = [register(daemon, name)[1] for name in ("luigi", "dory")]
        talk(f"wss://localhost:{port}", tokens, trusting)


def test_addresses_behind_nginx(
    own_daemon: Daemon, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    own_daemon._options = ("--rate-limits", "on", "--trusted-proxies", "127.0.0.1")
    with through_nginx(own_daemon.start(), tmp_path) as port:
        who_guesses_keeps_nobody_else_out(own_daemon, partial(by_websocket, port, trusting))


@pytest.fixture
def behind(own_daemon: Daemon) -> Daemon:
    """A daemon that hears by the PROXY protocol who connects."""
    end = "interface=127.0.0.1"
    own_daemon._options = (
        "--tcp", f"haproxy:tcp:{own_daemon.tcp_port}:{end}",
        "--websocket", f"haproxy:tcp:{own_daemon.websocket_port}:{end}",
        "--rate-limits", "on",
    )  # fmt: skip
    return own_daemon.start()


@contextmanager
def through_haproxy(behind: Daemon, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The line port and the one of the WebSocket."""
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
        yield line_port, websocket_port


def test_haproxy(behind: Daemon, trusting: ssl.SSLContext, tmp_path: Path) -> None:
    with through_haproxy(behind, tmp_path) as (line_port, websocket_port):
        with Telephone(line_port, trusting) as line:
            tokens = [
                line.ask(f"/register {name} {PASSWORD}").split()[-1] for name in ("luigi", "dory")
            ]
        talk(f"wss://localhost:{websocket_port}", tokens, trusting)


@pytest.mark.parametrize(("number", "ask"), [(0, by_line), (1, by_websocket)])
def test_addresses_behind_haproxy(
    behind: Daemon, trusting: ssl.SSLContext, tmp_path: Path, number: int, ask: Ask
) -> None:
    with through_haproxy(behind, tmp_path) as ports:
        who_guesses_keeps_nobody_else_out(behind, partial(ask, ports[number], trusting))


@pytest.mark.parametrize("name", ["nginx.conf", "haproxy.cfg"])
def test_the_document_shows_what_is_tried_here(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    assert text in (ROOT / "docs/operating.md").read_text("utf-8")
