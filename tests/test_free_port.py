"""What keeps a port free for a daemon that is started, killed and started again."""

from __future__ import annotations

import socket
import sys

import pytest

from ruggine.free_port import free_port

KEPT = 200
TRIES = 3000
"""Of the 28 232 ports that Linux gives of itself (ip(7)): without protection 21 would be ours."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a port free")


def listening(port: int) -> socket.socket:
    """As Twisted, Redis and Node listen."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen()
    return made


def test_whoever_listens_on_any_port_gets_another() -> None:
    ours = {free_port() for _ in range(KEPT)}
    assert len(ours) == KEPT
    for _ in range(TRIES):
        with listening(0) as other:
            assert other.getsockname()[1] not in ours


def test_a_daemon_listens_there_twice_while_nobody_else_may() -> None:
    port = free_port()
    for _ in range(2):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with listening(port):
            socket.create_connection(("127.0.0.1", port), 5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)
