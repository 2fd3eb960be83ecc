"""What an operator types who looks for a fault, as docs/operating.md ("When something does not
work") tells it, on a daemon that runs at the debug level."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cast import Telephone, WebSocket
from tests.daemon import PASSWORD, Daemon

OPERATING = (Path(__file__).parent.parent / "docs" / "operating.md").read_text("utf-8")
SECTION = (
    OPERATING.split("## When something does not work\n")[1].split("\n## ")[0].replace(r"\|", "|")
)


@pytest.fixture
def daemon(own_daemon: Daemon) -> Daemon:
    """Of its own: connections are counted."""
    return own_daemon.start()


def shell(command: str, daemon: Daemon) -> str:
    """A command of the document, on this daemon's ports, log and database."""
    assert command in SECTION, command
    for documented, here in (
        ("8080", daemon.tcp_port), ("5001", daemon.websocket_port), ("5002", daemon.http_port),
        ("ruggine.log", daemon.log_file), ("data/ruggine.db", daemon.database),
    ):  # fmt: skip
        command = command.replace(documented, str(here))
    return subprocess.run(
        command, shell=True, capture_output=True, encoding="utf-8", timeout=20, check=False
    ).stdout


def register(daemon: Daemon, name: str) -> str:
    with Telephone(daemon.tcp_port) as line:
        return line.ask(f"/register {name} {PASSWORD}").split()[-1]


def test_the_port_answers(daemon: Daemon) -> None:
    """Where others type `telnet 127.0.0.1 5001`: the port takes the connection, and says what it
    is to who does not speak its protocol."""
    said = shell("printf 'GET / HTTP/1.1\\r\\n\\r\\n' | nc 127.0.0.1 5001", daemon)
    assert said.startswith("HTTP/1.1 4")


def test_messages_that_do_not_come_are_followed_in_the_log(daemon: Daemon) -> None:
    luigi = WebSocket(daemon.url, register(daemon, "luigi"))
    dory = WebSocket(daemon.url, register(daemon, "dory"))
    luigi.request("send_message", to_user="dory", content="parola-segretissima")
    for nobody in ("nessuno", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"):
        named = "to_user_id" if "-" in nobody else "to_user"
        assert luigi.request("send_message", **{named: nobody}, content="x")["code"] == "not_found"
    secret = "rg1_" + "x" * 43
    luigi.request("block_user", username=secret)
    dory.event("incoming_message")
    said = shell("grep -E 'WS:BROADCAST|ERROR' ruggine.log", daemon)
    told = re.findall(r"\[DEBUG\] (\[WS:BROADCAST\] .*)", said)
    assert [line for line in told if "❌" in line] == [
        "[WS:BROADCAST] ❌ User 'nessuno' not found",
        "[WS:BROADCAST] ❌ User '3f2504e0-4f89-41d3-9a0c-0305e82c3301' not found",
        "[WS:BROADCAST] ❌ User '…' not found",
    ]
    assert sum("✅ Delivered message to user dory" in line for line in told) == 1
    assert "[ERROR]" not in said
    assert "segretissima" not in daemon.log()
    assert secret not in daemon.log()
    for socket in (luigi, dory):
        socket.hang_up()


def test_a_token_and_a_user_are_looked_up(daemon: Daemon) -> None:
    """Where a WebSocket says that authentication failed."""
    token = register(daemon, "luigi")
    with Telephone(daemon.tcp_port) as line:
        assert line.ask(f"/validate_session {token}") == "OK: luigi"
        assert line.ask("/validate_session token").endswith("[invalid_session]")
    socket = WebSocket(daemon.url)
    typed = '{"message_type":"auth","session_token":"token"}'
    assert typed in SECTION
    answer = socket.ask(**json.loads(typed.replace('"token"', f'"{token}"')))
    assert answer["success"]
    socket.hang_up()
    query = "SELECT id, name FROM users WHERE id = 'user-id'"
    assert query in SECTION
    with closing(sqlite3.connect(daemon.database)) as database:
        found = database.execute(query.replace("user-id", answer["user_id"])).fetchall()
    assert found == [(answer["user_id"], "luigi")]


def test_a_frame_is_typed_by_hand(daemon: Daemon) -> None:
    """As with `websocat ws://127.0.0.1:5001`; the frames are those of other guides."""
    socket = WebSocket(daemon.url, register(daemon, "luigi"))
    typed = (
        '{"message_type":"send_message","chat_type":"private","to_user":"luigi",'
        '"content":"test message"}'
    )
    assert socket.ask(**json.loads(typed))["message_type"] == "message_sent"
    assert socket.hear()["content"] == "test message"
    socket.hang_up()


def test_connections_are_counted_as_they_come_and_go(daemon: Daemon) -> None:
    token = register(daemon, "luigi")
    sockets = [WebSocket(daemon.url, token) for _ in range(2)]
    user_id = sockets[0].welcome["user_id"]
    with Telephone(daemon.tcp_port) as line:
        line.ask(f"/auth {token}")
        for socket in sockets:
            socket.hang_up()
            daemon.wait_for(f"[PERF] Active WebSocket connections: {1 - sockets.index(socket)}\n")
    daemon.wait_for(f"[DEBUG] User {user_id} has 0 active connections\n")
    said = shell("grep -E 'PERF|active connections' ruggine.log", daemon)
    told = [line.split("[DEBUG] ", 1)[1] for line in said.splitlines()]
    assert [line for line in told if line.startswith("[PERF]")] == [
        f"[PERF] Active WebSocket connections: {count}" for count in (1, 2, 1, 0)
    ]
    assert [line for line in told if line.startswith("[DEBUG]")] == [
        f"[DEBUG] User {user_id} has {count} active connections" for count in (1, 2, 3, 2, 1, 0)
    ]
