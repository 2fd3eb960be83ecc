"""What a daemon does when it is asked to stop or to reload, and by whom: real processes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import stat
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.cast import Telephone, WebSocket
from tests.daemon import LISTENING, PASSWORD, Daemon, wait_until

ROOT = Path(__file__).parent.parent
REOPENED = "[INFO] The log file: reloaded"


@pytest.fixture
def in_a_file(own_daemon: Daemon) -> Daemon:
    """A daemon in the foreground that logs into a file of its own."""
    own_daemon.of_twistd += ["--logfile", str(own_daemon.log_file)]
    return own_daemon


@contextmanager
def somebody(daemon: Daemon) -> Iterator[WebSocket]:
    """A connected user."""
    with Telephone(daemon.tcp_port) as line:
        token = line.ask(f"/register luigi {PASSWORD}").split()[-1]
    luigi = WebSocket(daemon.url, token)
    yield luigi
    luigi.hang_up()


def ends_well(daemon: Daemon, luigi: WebSocket) -> None:
    """Those who are connected are told, and the status is that of a success."""
    assert luigi.hear()["message_type"] == "server_shutdown"
    assert daemon.process.wait(10) == 0
    daemon.check_log()


def still_serves(daemon: Daemon, luigi: WebSocket) -> None:
    """Also those who were connected."""
    assert luigi.ask(message_type="ping")["message_type"] == "pong"
    assert daemon.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_in_the_foreground_it_ends_well(number: signal.Signals, own_daemon: Daemon) -> None:
    """On request, by Ctrl-C and by the terminal that closes; twistd's pid file goes too."""
    own_daemon.of_twistd = ["-n"]
    own_daemon.start()
    pid_file = own_daemon.folder / "twistd.pid"
    assert int(pid_file.read_text("utf-8")) == own_daemon.process.pid
    with somebody(own_daemon) as luigi:
        own_daemon.process.send_signal(number)
        ends_well(own_daemon, luigi)
    assert f"Stopping, as {number.name} asks" in own_daemon.log()
    assert not pid_file.exists()


class Terminal:
    """A terminal, as the one of an ssh session, in which a program can be started."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        self._shown = b""

    def start(self, daemon: Daemon, **streams: Any) -> None:
        """Returns when the daemon has said in the terminal, or in its log, that it listens."""
        screen = {"stdin": self._slave, "stdout": self._slave, "stderr": self._slave}
        daemon.spawn(start_new_session=True, preexec_fn=self._take_over, **{**screen, **streams})
        while LISTENING.encode() not in self._shown and LISTENING not in daemon.log():
            assert daemon.process.poll() is None
            self._look()

    def _take_over(self) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)

    def _look(self) -> None:
        if select.select([self._master], [], [], 0.05)[0]:
            self._shown += os.read(self._master, 65_536)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


@pytest.mark.parametrize("log", ["in the terminal", "in a file"])
def test_a_terminal_that_closes_ends_it_well(log: str, own_daemon: Daemon) -> None:
    """It can write nothing there any more; who is connected is told all the same."""
    if log == "in a file":
        own_daemon.of_twistd += ["--logfile", str(own_daemon.log_file)]
    terminal = Terminal()
    terminal.start(own_daemon)
    with somebody(own_daemon) as luigi:
        terminal.close()
        ends_well(own_daemon, luigi)


def test_under_nohup_it_outlives_the_terminal(own_daemon: Daemon) -> None:
    own_daemon.program = ["nohup", *own_daemon.program]
    terminal = Terminal()
    with own_daemon.log_file.open("ab") as log:
        terminal.start(own_daemon, stdout=log, stderr=log)
    with somebody(own_daemon) as luigi:
        terminal.close()
        own_daemon.process.send_signal(signal.SIGHUP)
        still_serves(own_daemon, luigi)


def log_is_moved_and(number: signal.Signals, daemon: Daemon, process: int | None = None) -> Path:
    """Move the log away and send the signal; returns where the log is now."""
    moved = daemon.log_file.with_suffix(".1")
    daemon.log_file.rename(moved)
    os.kill(process or daemon.process.pid, number)
    wait_until(lambda: daemon.log_file.exists() and REOPENED in daemon.log())
    return moved


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_with_a_log_file_and_no_terminal_it_reloads(
    number: signal.Signals, in_a_file: Daemon
) -> None:
    in_a_file.start(start_new_session=True)
    with somebody(in_a_file) as luigi:
        moved = log_is_moved_and(number, in_a_file)
        size = moved.stat().st_size
        still_serves(in_a_file, luigi)
        in_a_file.stop()
    assert moved.stat().st_size == size
    assert "Stopping, as SIGTERM asks" in in_a_file.log()


def test_started_by_systemd_it_reloads(own_daemon: Daemon) -> None:
    """`systemctl reload ruggine`. The journal is not ours to reopen."""
    by_systemd = 'SYSTEMD_EXEC_PID=$$ exec "$@"'
    own_daemon.program = ["sh", "-c", by_systemd, "systemd", *own_daemon.program]
    own_daemon.start()
    with somebody(own_daemon) as luigi:
        own_daemon.process.send_signal(signal.SIGHUP)
        own_daemon.wait_for("Nothing to reload")
        still_serves(own_daemon, luigi)


@pytest.fixture
def in_the_background(own_daemon: Daemon) -> Iterator[tuple[Daemon, int]]:
    """`twistd ruggine`, and its process number, which must end well in the end."""
    pid_file = own_daemon.folder / "twistd.pid"
    own_daemon.of_twistd = ["--logfile", str(own_daemon.log_file), "--pidfile", str(pid_file)]
    subprocess.run(own_daemon.command(), cwd=own_daemon.folder, check=True, timeout=30)
    wait_until(lambda: LISTENING in own_daemon.log(), 15)
    number = int(pid_file.read_text("utf-8"))
    yield own_daemon, number
    os.kill(number, signal.SIGTERM)
    wait_until(lambda: not pid_file.exists(), 10)
    assert "[INFO] Server Shut Down." in own_daemon.log()
    own_daemon.check_log()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_in_the_background_it_reloads(
    number: signal.Signals, in_the_background: tuple[Daemon, int]
) -> None:
    daemon, process = in_the_background
    log_is_moved_and(number, daemon, process)
    with somebody(daemon) as luigi:
        assert luigi.ask(message_type="ping")["message_type"] == "pong"


def test_logrotate_rotates(in_the_background: tuple[Daemon, int], tmp_path: Path) -> None:
    """As deploy/ruggine.logrotate has it, with the folders of this test."""
    needs.require("logrotate")
    daemon, _ = in_the_background
    owner = f"{tmp_path.owner()} {tmp_path.group()}"
    snippet = (ROOT / "deploy" / "ruggine.logrotate").read_text("utf-8")
    for there, here in (
        ("/var/log/ruggine/*.log", str(daemon.log_file)),
        ("/var/lib/ruggine", str(daemon.folder)),
        ("su ruggine ruggine", f"su {owner}"),
    ):
        assert there in snippet
        snippet = snippet.replace(there, here)
    rules = tmp_path / "rules"
    rules.write_text(snippet, "utf-8")
    rules.chmod(0o600)
    logrotate = [needs.of_root("logrotate") or "", "--force", "--state", tmp_path / "state", rules]
    rotated = daemon.log_file.with_name(f"{daemon.log_file.name}.1")
    subprocess.run(logrotate, check=True, timeout=30)
    wait_until(lambda: daemon.log_file.exists() and REOPENED in daemon.log())
    assert LISTENING in rotated.read_text("utf-8")
    assert stat.S_IMODE(daemon.log_file.stat().st_mode) == 0o600


def test_a_log_file_that_cannot_be_opened_anew_stays(in_a_file: Daemon) -> None:
    """The daemon says so where it can, and serves on."""
    in_a_file.start(start_new_session=True)
    moved = in_a_file.log_file.with_suffix(".1")
    in_a_file.log_file.rename(moved)
    in_a_file.log_file.mkdir()
    with somebody(in_a_file) as luigi:
        in_a_file.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "[ERROR] The log file: not reloaded" in moved.read_text("utf-8"))
        still_serves(in_a_file, luigi)
    in_a_file.process.terminate()
    assert in_a_file.process.wait(10) == 0
