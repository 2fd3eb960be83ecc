"""Options that change while the daemon runs, and those that it says take a restart."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cast import Telephone
from tests.daemon import PASSWORD, Daemon

RELOADED = "[INFO] The configuration: reloaded"


class Operator:
    """Edits a file, and asks the daemon to read it."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self._file = daemon.folder / "ruggine.conf"
        daemon._options = ("--config", str(self._file), "--log-level", "", "--rate-limits", "")

    def writes(self, *lines: str) -> None:
        self._file.write_text("".join(f"RUGGINE_{line}\n" for line in lines), "utf-8")

    def asks(self, answer: str = RELOADED) -> None:
        self.daemon._begun = len(self.daemon.log())
        self.daemon.process.send_signal(signal.SIGUSR1)
        self.daemon.wait_for(answer)

    def log_since(self) -> str:
        return self.daemon.log()[self.daemon._begun :]


@pytest.fixture
def operator(own_daemon: Daemon) -> Operator:
    return Operator(own_daemon)


@contextmanager
def luigi(daemon: Daemon) -> Iterator[Telephone]:
    with Telephone(daemon.tcp_port) as line:
        line.ask(f"/auth {line.ask(f'/register luigi {PASSWORD}').split()[-1]}")
        yield line


def sent_at_once(line: Telephone) -> int:
    """How many messages get through of five."""
    return sum(line.ask("/private - luigi ciao").startswith("OK") for _ in range(5))


def test_rates_change_at_once(operator: Operator) -> None:
    """For who is connected, too."""
    operator.writes("MESSAGES_RATE=1/h:2")
    operator.daemon.start()
    with luigi(operator.daemon) as line:
        assert sent_at_once(line) == 2
        operator.writes("MESSAGES_RATE=1/h:100")
        operator.asks()
        assert sent_at_once(line) == 5


def test_the_log_level_changes_at_once(operator: Operator) -> None:
    """The way of each message is shown from then on, and no more after that."""
    operator.writes("LOG_LEVEL=info")
    operator.daemon.start()
    with luigi(operator.daemon) as line:
        for level, shown in (("debug", True), ("info", False)):
            operator.writes(f"LOG_LEVEL={level}")
            operator.asks()
            assert line.ask("/watch -") == "OK: Watching"
            assert line.ask("/private - luigi ciao").startswith("OK: Message sent")
            assert line.hear().startswith("MSG @luigi")
            assert ("[TCP:WATCH] Delivered message" in operator.log_since()) is shown


def test_what_takes_a_restart_is_said(operator: Operator) -> None:
    """By name, and not for what is as it was."""
    operator.writes("LOG_LEVEL=info")
    operator.daemon.start()
    operator.writes("MAX_LINE_LENGTH=4096", "SESSION_IDLE=60", "RATE_LIMITS=off")
    operator.asks()
    said = operator.log_since()
    for option in ("max-line-length", "session-idle", "rate-limits"):
        assert f"[WARN] --{option} has changed, and takes a restart" in said
    assert said.count("takes a restart") == 3


@pytest.mark.parametrize("fault", ["LOG_LEVEL=loud", "MESSAGES_RATE=fast", "NONSENSE=1", ""])
def test_a_file_with_a_fault_changes_nothing(fault: str, operator: Operator) -> None:
    operator.writes("MESSAGES_RATE=1/h:2")
    operator.daemon.start()
    operator.writes("MESSAGES_RATE=1/h:100", fault)
    if not fault:
        Path(operator.daemon.folder / "ruggine.conf").unlink()
    operator.asks("[ERROR] The configuration: not reloaded (")
    with luigi(operator.daemon) as line:
        assert sent_at_once(line) == 2
    operator.daemon.process.terminate()
    assert operator.daemon.process.wait(10) == 0
