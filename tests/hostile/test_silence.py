"""Connections that say nothing keep nobody out, however many there are."""

from __future__ import annotations

import contextlib
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Telephone
from tests.daemon import TWISTD, Daemon
from tests.hostile.harness import HOST, pair_talking, register, target_of

FILES = 320
"""That the daemon may have open: 128 for the chat, 64 of them for strangers."""
ADDRESSES = 20
OF_ADDRESS = 30
MORE_THAN_FIT = ADDRESSES * OF_ADDRESS


@pytest.fixture
def small_daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, "--messages-rate", "1000/s:1000")
    daemon.program = ["sh", "-c", f'ulimit -n {FILES} && exec "$0" "$@"', TWISTD]
    daemon.start()
    yield daemon
    daemon.stop()


def silent(port: int, source: str) -> socket.socket:
    return socket.create_connection((HOST, port), 20, (source, 0))


def gone(connection: socket.socket) -> bool:
    """Whether the daemon has closed it, as far as can be seen at once."""
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
    except OSError:
        return True


def probe(daemon: Daemon, path: str) -> int:
    with urllib.request.urlopen(f"http://{HOST}:{daemon.http_port}{path}", timeout=20) as answer:
        return int(answer.status)


def test_those_who_are_in_and_newcomers_and_probes_are_served(small_daemon: Daemon) -> None:
    """With twice as many silent connections as there are files, from many addresses."""
    pair = [register(small_daemon, name) for name in ("luigi", "dory")]
    target = target_of(small_daemon)
    with contextlib.ExitStack() as stack, pair_talking(small_daemon, pair) as talk:
        crowd = []
        for number in range(MORE_THAN_FIT):
            _, port = (target.line, target.websocket, target.http)[number % 3]
            # One that is cut at once may hear of it while it connects.
            with contextlib.suppress(ConnectionResetError):
                crowd.append(silent(port, f"127.0.2.{1 + number % ADDRESSES}"))
                stack.callback(crowd[-1].close)
        assert register(small_daemon, "ugo")
        assert [probe(small_daemon, path) for path in ("/healthz", "/readyz")] == [200, 200]
        assert talk.stop().messages
        assert sum(not gone(there) for there in crowd) < FILES


def test_of_one_address_the_one_that_has_waited_longest_makes_room(tmp_path: Path) -> None:
    """Over all ports together; another address is not concerned."""
    daemon = Daemon(tmp_path, "--max-strangers-per-address", "3").start()
    target = target_of(daemon)
    ports = [port for _, port in (target.line, target.websocket, target.http, target.line)]
    elsewhere = silent(daemon.tcp_port, "127.0.3.1")
    crowd = []
    for port in ports:
        crowd.append(silent(port, "127.0.3.2"))
        # Each port accepts in its own time: wait until this one has been let in.
        assert register(daemon, f"guest{len(crowd)}")
    crowd[0].settimeout(20)
    with contextlib.suppress(ConnectionResetError):
        assert crowd[0].recv(1) == b""
    assert not any(gone(there) for there in (elsewhere, *crowd[1:]))
    for there in (elsewhere, *crowd):
        there.close()
    daemon.stop()


def test_who_shows_a_session_is_no_stranger_any_more(tmp_path: Path) -> None:
    """So a class behind one router has 256 places, of which those who are in lose none."""
    daemon = Daemon(
        tmp_path, "--max-strangers-per-address", "1", "--max-connections-per-address", "3"
    ).start()
    _, token = register(daemon, "luigi")
    with contextlib.ExitStack() as stack:
        inside = []
        for said in ("/validate_session", "/auth", "/list_friends"):
            inside.append(stack.enter_context(Telephone(daemon.tcp_port)))
            assert inside[-1].ask(f"{said} {token}").startswith("OK: ")
        with contextlib.suppress(ConnectionResetError):
            assert stack.enter_context(Telephone(daemon.tcp_port)).hear() == ""
        for line in inside:
            assert line.ask(f"/validate_session {token}") == "OK: luigi"
    daemon.stop()
