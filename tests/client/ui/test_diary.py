"""`ruggine-tk --log-level debug`, as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk import demo
from client_tk.model import Server
from tests.cast import WebSocket, register
from tests.daemon import PASSWORD, TOKEN, Daemon, wait_until

START_S = 30.0


@pytest.fixture
def daemon(own_daemon: Daemon) -> Iterator[Daemon]:
    yield own_daemon.start()
    own_daemon.stop()


def test_it_tells_how_it_connects_and_who_has_written_and_no_message(
    daemon: Daemon, tmp_path: Path
) -> None:
    name, token = register(daemon, "alice")
    writer, other = register(daemon, "bob")
    server = Server("127.0.0.1", daemon.tcp_port, daemon.websocket_port)
    demo.sign_in(tmp_path, server, name, token)
    told = tmp_path / "told"
    program = [sys.executable, "-m", "client_tk", "--profile", name, "--folder", str(tmp_path)]
    with told.open("wb") as out:
        client = subprocess.Popen([*program, "--log-level", "debug"], stdout=out, env=os.environ)
    try:
        user_id = WebSocket(daemon.url, token).welcome["user_id"]
        lines = [
            f"[WS:CLIENT] Connected to ws://127.0.0.1:{daemon.websocket_port}",
            f"[WS:CLIENT] Authentication successful for user: {user_id}",
            f"[WS:CLIENT] New message from {writer}",
            f"[APP] Starting with the profile '{name}'",
            "[APP] Caught up with what was missed",
        ]
        wait_until(lambda: lines[1] in told.read_text("utf-8"), START_S)
        bob = WebSocket(daemon.url, other)
        bob.say(message_type="send_message", to_user=name, content="un segreto")
        wait_until(lambda: all(line in told.read_text("utf-8") for line in lines), START_S)
    finally:
        client.terminate()
        client.wait()
    text = told.read_text("utf-8")
    assert all(line in text.splitlines() for line in lines)
    assert "un segreto" not in text
    assert not TOKEN.search(text)
    assert PASSWORD not in text
