"""A real daemon in a process of its own, started as the README says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruggine.free_port import free_port
from tests.patience import PATIENCE_S, stretched

PASSWORD = "una-password-segreta"
TOKEN = re.compile(r"rg1_[A-Za-z0-9_-]{20,}")
LISTENING = "HTTP Server listening on"
TWISTD = Path(sys.executable).with_name("twistd")
_START_S = 60


def heed_ctrl_c() -> None:
    """Tests that run in the background of a script inherit that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Daemon:
    """`twistd -n ruggine` with free ports and its database under `folder`.

    Logs at debug level, so that whatever may never be logged shows up in `check_log`.
    """

    def __init__(self, folder: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.tcp_port, self.websocket_port, self.http_port = (free_port() for _ in range(3))
        self.database = folder / "data" / "ruggine.db"
        self.log_file = folder / f"log-{self.tcp_port}"
        self.program: list[str | Path] = [TWISTD]
        self.of_twistd = ["-n", "--pidfile="]
        self._options = options
        self._env = env or {}
        self._checked = self._begun = 0
        self.process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.websocket_port}"

    def start(self, **how: Any) -> Daemon:
        self.spawn(**how)
        self.wait_for(LISTENING, _START_S)
        return self

    def command(self) -> list[str | Path]:
        """What is started."""
        chosen = {
            "--tcp": f"tcp:{self.tcp_port}:interface=127.0.0.1",
            "--websocket": f"tcp:{self.websocket_port}:interface=127.0.0.1",
            "--http": f"tcp:{self.http_port}:interface=127.0.0.1",
            "--database": f"sqlite:{self.database}",
            "--log-level": "debug",
            "--rate-limits": "off",
        }
        chosen.update(zip(self._options[::2], self._options[1::2], strict=True))
        # One that is empty is left to the daemon.
        arguments = [part for pair in chosen.items() if pair[1] for part in pair]
        return [*self.program, *self.of_twistd, "ruggine", *arguments]

    def spawn(self, **how: Any) -> None:
        """Start without waiting; `how` goes to Popen."""
        self._begun = len(self.log()) if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, env={**os.environ, **self._env},
                **{
                    "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log,
                    "preexec_fn": heed_ctrl_c, **how,
                },
            )  # fmt: skip

    def stop(self) -> None:
        """SIGTERM; the daemon must end by itself with status 0, in time, and a clean log."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(stretched(10)) == 0, self.log()
        self.check_log()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    def wait_for(self, text: str, seconds: float = PATIENCE_S) -> None:
        """Until the log since the last start holds `text`."""

        def logged() -> bool:
            return text in self.log()[self._begun :]

        wait_until(lambda: logged() or self.process.poll() is not None, seconds)
        assert logged(), f"no {text!r} in:\n{self.log()}"

    def check_log(self) -> None:
        """Since the last look: no error, no traceback, no token, no password."""
        fresh, self._checked = self.log()[self._checked :], len(self.log())
        assert "[ERROR]" not in fresh, fresh
        assert "Traceback" not in fresh, fresh
        assert not TOKEN.search(fresh), "a token in the log"
        assert PASSWORD not in fresh, "a password in the log"


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Poll, for what another process does; raises AssertionError when time is up."""
    until = time.monotonic() + stretched(seconds)
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
