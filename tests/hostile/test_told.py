"""What the ports tell a stranger about the software behind them: its name, and no version."""

from __future__ import annotations

import socket

import pytest

from tests.daemon import Daemon

_UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: {version}\r\n"
_KEY = "Sec-WebSocket-Key: cnVnZ2luZSBkb2N0b3IhIQ==\r\n"
REQUESTS = {
    "the page": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "the figures": "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    "a probe": "HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n",
    "nothing there is": "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
    "a form": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "another method": "BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": "ciao\r\n\r\n",
    "a handshake": f"GET / HTTP/1.1\r\nHost: x\r\n{_UPGRADE}{_KEY}\r\n".format(version=13),
    "a handshake of old": f"GET / HTTP/1.1\r\nHost: x\r\n{_UPGRADE}{_KEY}\r\n".format(version=8),
}


@pytest.mark.parametrize("port", ["websocket_port", "http_port"])
@pytest.mark.parametrize("request_for", REQUESTS)
def test_no_answer_tells_a_version(port: str, request_for: str, daemon: Daemon) -> None:
    with socket.create_connection(("127.0.0.1", getattr(daemon, port)), 5) as visitor:
        visitor.sendall(REQUESTS[request_for].encode())
        answer = head_and_page(visitor).lower()
    assert answer.startswith(b"http/1.1 ")
    servers = [line for line in answer.splitlines() if line.startswith(b"server:")]
    assert servers in ([], [b"server: ruggine"])
    for library in (b"twisted", b"autobahn", b"python/"):
        assert library not in answer


def head_and_page(visitor: socket.socket) -> bytes:
    """All that is sent; after a handshake that succeeds, nothing more would come."""
    answer = b""
    while not (answer.startswith(b"HTTP/1.1 101 ") and b"\r\n\r\n" in answer):
        received = visitor.recv(65_536)
        if not received:
            break
        answer += received
    return answer
