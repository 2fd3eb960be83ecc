"""A backup takes the database's place, in each order in which a person does it: nobody goes on from
where they were in what is lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.daemon import Daemon
from tests.test_resume import Returner, epoch_of, until_caught_up


def _back_up(daemon: Daemon) -> Path:
    backup = daemon.folder / "backup.db"
    source, target = sqlite3.connect(daemon.database), sqlite3.connect(backup)
    with closing(source), closing(target):
        source.backup(target)
    return backup


def _put_in_place(daemon: Daemon, backup: Path) -> None:
    shutil.copy(backup, daemon.database)
    for left in ("-wal", "-shm"):
        daemon.database.with_name(daemon.database.name + left).unlink(missing_ok=True)


def _as_the_document_says(daemon: Daemon, backup: Path) -> None:
    daemon.stop()
    _put_in_place(daemon, backup)


def _after_a_crash(daemon: Daemon, backup: Path) -> None:
    daemon.kill()
    _put_in_place(daemon, backup)


def _before_it_is_stopped(daemon: Daemon, backup: Path) -> None:
    """It ends by itself; the log that it leaves is removed as the document says."""
    backup.rename(daemon.database)
    assert daemon.process.wait(10) == 74
    for left in ("-wal", "-shm"):
        daemon.database.with_name(daemon.database.name + left).unlink(missing_ok=True)


ORDERS = [_as_the_document_says, _after_a_crash, _before_it_is_stopped]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("restore", ORDERS)
def test_who_has_seen_what_is_lost_is_told(
    restore: Callable[[Daemon, Path], None], restarted: bool, own_daemon: Daemon
) -> None:
    """Whether or not the daemon was started again since the backup; and they get what takes the
    place of what is lost, also when there is more of it."""
    daemon = own_daemon.start()
    luigi, dory = Returner(daemon, "luigi"), Returner(daemon, "dory")
    luigi.types(daemon, f"/private - {dory.name} uno")
    epoch = epoch_of(daemon, dory)
    backup = _back_up(daemon)
    if restarted:
        daemon.stop()
        daemon.start()
    luigi.types(daemon, *(f"/private - {dory.name} perso {n}" for n in range(4)))
    restore(daemon, backup)
    daemon.start()
    luigi.types(daemon, *(f"/private - {dory.name} nuovo {n}" for n in range(9)))
    cursor = {"chat_type": "private", "to_user": luigi.name, "seq": 5}
    socket = dory.returns(daemon, epoch, cursor)
    assert socket.welcome["resume"] == "reset"
    socket.hang_up()
    socket = dory.returns(daemon, socket.welcome["epoch"], {**cursor, "seq": 0})
    heard = [(frame["seq"], frame["content"]) for frame in until_caught_up(socket)]
    assert heard == [(1, "uno"), *((n + 2, f"nuovo {n}") for n in range(9))]
    socket.hang_up()
    daemon.kill()


def test_a_service_manager_that_starts_it_anew_mixes_nothing(own_daemon: Daemon) -> None:
    """At once after the replacing, with the log of the file that was replaced: that log has all
    that is missing in the backup, so nothing is lost."""
    daemon = own_daemon.start()
    luigi, dory = Returner(daemon, "luigi"), Returner(daemon, "dory")
    epoch = epoch_of(daemon, dory)
    luigi.types(daemon, f"/private - {dory.name} uno")
    backup = _back_up(daemon)
    luigi.types(daemon, *(f"/private - {dory.name} n. {n}" for n in range(2, 6)))
    backup.rename(daemon.database)
    assert daemon.process.wait(10) == 74
    daemon.start()
    socket = dory.returns(daemon, epoch, {"chat_type": "private", "to_user": luigi.name, "seq": 3})
    assert socket.welcome["resume"] == "ok"
    assert [frame["content"] for frame in until_caught_up(socket)] == ["n. 4", "n. 5"]
    socket.hang_up()
    daemon.kill()
