"""Another user of the machine reads what the daemon leaves on the disk."""

from __future__ import annotations

import signal
import stat
from pathlib import Path

import pytest

from tests.cast import Telephone
from tests.daemon import PASSWORD, Daemon, wait_until


@pytest.fixture
def logs(own_daemon: Daemon) -> tuple[Path, Path]:
    """Of the daemon, and of its figures. They hold names, and when people were there."""
    performance = own_daemon.folder / "performance"
    own_daemon._options = ("--performance-log", str(performance))
    own_daemon.of_twistd += ["--logfile", str(own_daemon.log_file)]
    return own_daemon.log_file, performance


def private(file: Path) -> bool:
    return stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("umask", [0, 0o022])
@pytest.mark.parametrize("before", ["nothing", "a file for everybody"])
def test_every_file_is_for_its_owner_only(
    umask: int, before: str, own_daemon: Daemon, logs: tuple[Path, Path]
) -> None:
    """Also a log that is begun after another one was moved away."""
    if before != "nothing":
        for file in logs:
            file.touch()
            file.chmod(0o666)
    own_daemon.start(umask=umask, start_new_session=True)
    with Telephone(own_daemon.tcp_port) as line:
        line.ask(f"/register luigi {PASSWORD}")
    wait_until(lambda: all(file.exists() and file.stat().st_size for file in logs))
    assert all(map(private, logs))
    assert all(map(private, own_daemon.database.parent.iterdir()))
    log, _ = logs
    log.rename(log.with_suffix(".1"))
    own_daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: log.exists() and log.stat().st_size)
    assert private(log)
