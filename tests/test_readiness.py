"""/readyz says within seconds whether messages can be stored: on a full disk, and behind a lock."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.cast import WebSocket, register
from tests.daemon import Daemon, wait_until
from tests.faults.disks import SmallDisk, why_not

SOON_S = 5


def ready(daemon: Daemon) -> bool:
    """Asks as a load balancer does."""
    connection = HTTPConnection("127.0.0.1", daemon.http_port, timeout=SOON_S)
    with closing(connection):
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        word = json.loads(answer.read())["database"]
    assert (answer.status, word) in ((200, "ok"), (503, "unavailable"))
    return answer.status == 200


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if reason := why_not():
        pytest.skip(reason)
    disk = SmallDisk(tmp_path / "small", kib=4 << 10)
    yield disk
    disk.close()


def test_a_full_disk_is_told_within_seconds_and_so_is_its_end(
    disk: SmallDisk, tmp_path: Path
) -> None:
    """Also with room left over in SQLite's log, in which a small write still fits."""
    daemon = Daemon(tmp_path, "--database", f"sqlite:{disk.path}/ruggine.db").start()
    _, token = register(daemon, "luigi")
    socket = WebSocket(daemon.url, token)
    note = {
        "chat_type": "private", "to_user": socket.welcome["username"], "content": "🚀" * 4000,
    }  # fmt: skip
    for _ in range(3):
        assert ready(daemon)
        disk.fill()
        # The log may have room for some more, which are stored.
        wait_until(lambda: socket.request("send_message", **note).get("code") == "unavailable")
        wait_until(lambda: not ready(daemon), SOON_S)
        disk.empty()
        wait_until(lambda: ready(daemon), SOON_S)
        assert socket.request("send_message", **note)["message_type"] == "message_sent"
    socket.hang_up()
    said = [line for line in daemon.log().splitlines() if "The database can" in line]
    assert len(said) <= 2 * 3, said
    daemon.kill()


def test_another_programs_lock_is_told_within_seconds(own_daemon: Daemon) -> None:
    own_daemon.start()
    assert ready(own_daemon)
    other = sqlite3.connect(own_daemon.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wait_until(lambda: not ready(own_daemon), SOON_S)
    other.execute("ROLLBACK")
    wait_until(lambda: ready(own_daemon), SOON_S)
    other.close()
    own_daemon.stop()
