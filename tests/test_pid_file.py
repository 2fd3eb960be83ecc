"""A pid file that is left from another day keeps no daemon from starting."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import LISTENING, Daemon, wait_until


@pytest.fixture
def pid_file(own_daemon: Daemon) -> Path:
    """twistd's own default, in the folder in which it is started."""
    own_daemon.of_twistd = ["-n"]
    return own_daemon.folder / "twistd.pid"


@pytest.fixture
def another_program() -> Iterator[int]:
    """The number of a process that has nothing to do with us."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


LEFT_OVER = {
    "another program's number": lambda another: b"%d" % another,
    "a number that nobody has": lambda _: b"4194304999",
    "the number of this user's own process": lambda _: b"%d\n" % os.getpid(),
    "the number of the first process of the system": lambda _: b"1",
    "empty": lambda _: b"",
    "zeros": lambda _: bytes(5),
}


@pytest.mark.parametrize("kind", LEFT_OVER)
def test_one_of_a_daemon_that_runs_no_more_is_replaced(
    kind: str, another_program: int, pid_file: Path, own_daemon: Daemon
) -> None:
    """Whoever has that number now."""
    pid_file.write_bytes(LEFT_OVER[kind](another_program))
    own_daemon.start()
    assert int(pid_file.read_text("utf-8")) == own_daemon.process.pid
    own_daemon.stop()
    assert not pid_file.exists()


def test_a_killed_daemon_starts_again(pid_file: Path, own_daemon: Daemon) -> None:
    own_daemon.start()
    own_daemon.kill()
    assert pid_file.exists()
    own_daemon.start()
    assert int(pid_file.read_text("utf-8")) == own_daemon.process.pid


@pytest.mark.parametrize("database", ["the same", "another"])
def test_one_of_a_daemon_that_runs_is_kept(
    database: str, pid_file: Path, own_daemon: Daemon
) -> None:
    """The second start is refused in one line, and takes nothing away from the first."""
    own_daemon.start()
    second = Daemon(own_daemon.folder)
    second.of_twistd = ["-n"]
    if database == "another":
        second._options = ("--database", f"sqlite:{own_daemon.folder}/another.db")
    second.spawn()
    assert second.process.wait(20) == 1
    last = second.log().splitlines()[-1]
    assert re.match(r"ruggine: --pidfile: .*/twistd.pid is in use by a daemon that runs", last)
    assert f"(process {own_daemon.process.pid})" in last
    assert int(pid_file.read_text("utf-8")) == own_daemon.process.pid


def test_a_file_that_is_something_else_is_left_alone(pid_file: Path, own_daemon: Daemon) -> None:
    """Such as after a slip in --pidfile."""
    pid_file.write_text("12 eggs, 500 g of flour", "utf-8")
    own_daemon.spawn()
    assert own_daemon.process.wait(20) == 1
    assert "eggs" in pid_file.read_text("utf-8")
    assert "ruggine: --pidfile: " in own_daemon.log()


def test_a_folder_that_is_not_there_is_told(own_daemon: Daemon) -> None:
    own_daemon.of_twistd = ["-n", "--pidfile=/nowhere/it.pid"]
    own_daemon.spawn()
    assert own_daemon.process.wait(20) == 1
    assert own_daemon.log().splitlines()[-1].startswith("ruggine: --pidfile: /nowhere is not a")


@pytest.mark.parametrize("foreground", [True, False])
def test_a_start_that_fails_leaves_none(
    foreground: bool, pid_file: Path, own_daemon: Daemon
) -> None:
    own_daemon.of_twistd = ["-n"] if foreground else []
    own_daemon._options = ("--http", "tcp:1:interface=192.0.2.1")
    own_daemon.spawn()
    assert own_daemon.process.wait(20) == 1
    assert not pid_file.exists()


def test_in_the_background_the_lock_is_the_daemons(own_daemon: Daemon, pid_file: Path) -> None:
    """`twistd ruggine` ends when the daemon runs; what it leaves behind is held."""
    own_daemon.of_twistd = ["--logfile", str(own_daemon.log_file)]
    subprocess.run(own_daemon.command(), cwd=own_daemon.folder, check=True, timeout=30)
    wait_until(lambda: LISTENING in own_daemon.log(), 15)
    number = int(pid_file.read_text("utf-8"))
    again = subprocess.run(
        own_daemon.command(), cwd=own_daemon.folder, capture_output=True, encoding="utf-8"
    )
    assert "is in use by a daemon that runs" in again.stderr
    assert again.returncode == 1
    os.kill(number, signal.SIGTERM)
    wait_until(lambda: not pid_file.exists(), 10)
