"""A database that is taken away while the daemon runs: it ends, and acknowledges nothing more."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.cast import WebSocket, register
from tests.daemon import Daemon


def _folder_made_again(database: Path) -> None:
    shutil.rmtree(database.parent)
    database.parent.mkdir()


def _folder_renamed(database: Path) -> None:
    database.parent.rename(database.parent.with_name("moved"))


def _replaced(database: Path) -> None:
    backup = database.with_name("backup.db")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    backup.rename(database)


def _removed(database: Path) -> None:
    database.unlink()


def _log_removed(database: Path) -> None:
    """As if it were already stopped, before a restore."""
    database.with_name(database.name + "-wal").unlink()


TAKEN = [_folder_made_again, _folder_renamed, _replaced, _removed, _log_removed]


def _ended(daemon: Daemon) -> str:
    """The only line that says why."""
    assert daemon.process.wait(10) == 74, daemon.log()
    [line] = [line for line in daemon.log().splitlines() if "[ERROR]" in line or "[CRITI" in line]
    return line


@pytest.mark.parametrize("take", TAKEN)
def test_it_says_so_once_and_ends_before_anything_is_acknowledged(
    take: Callable[[Path], None], own_daemon: Daemon
) -> None:
    own_daemon.start()
    _, token = register(own_daemon, "luigi")
    socket = WebSocket(own_daemon.url, token)
    name = socket.welcome["username"]
    note = {"message_type": "send_message", "chat_type": "private", "to_user": name}
    socket.say(**note, content="uno")
    socket.hear_until("incoming_message")
    take(own_daemon.database)
    socket.say(**note, content="due")
    line = _ended(own_daemon)
    assert "was removed or replaced while the daemon ran" in line
    assert "stop the daemon before you restore" in line
    with pytest.raises(ConnectionClosed):
        socket.hear()


@pytest.mark.parametrize("take", TAKEN)
def test_it_is_noticed_in_a_silence_too(take: Callable[[Path], None], own_daemon: Daemon) -> None:
    """And no new file is made in its place."""
    own_daemon.start()
    take(own_daemon.database)
    there = own_daemon.database.exists()
    assert "was removed or replaced" in _ended(own_daemon)
    assert own_daemon.database.exists() == there


def test_what_was_acknowledged_before_the_log_was_removed_is_kept(own_daemon: Daemon) -> None:
    """It is only in the log until SQLite copies it, which nobody else could do any more."""
    own_daemon.start()
    _, token = register(own_daemon, "luigi")
    _log_removed(own_daemon.database)
    _ended(own_daemon)
    own_daemon._checked = len(own_daemon.log())
    own_daemon.start()
    socket = WebSocket(own_daemon.url, token)
    assert socket.welcome["success"]
    socket.hang_up()
