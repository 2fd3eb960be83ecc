"""The daemon under load: one of our own on a processor of its own, or one that runs already."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_START_S = 20


class Server:
    """Where a daemon listens, and what its process costs; `database` is its file, if it is ours."""

    def __init__(
        self,
        tcp: tuple[str, int],
        websocket: tuple[str, int],
        pid: int | None,
        database: Path | None = None,
    ) -> None:
        self.tcp = tcp
        self.websocket = websocket
        self.pid = pid
        self.database = database

    def memory_mb(self) -> dict[str, float]:
        """Resident memory now and at most, in MB of 10^6 bytes; empty where it cannot be read."""
        names = {"VmRSS": "now", "VmHWM": "most"}
        found = {}
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in names:
                    found[names[name]] = round(int(value.split()[0]) * 1024 / 1e6, 1)
        return found

    def processor_s(self) -> float:
        """Processor seconds that the process has used; 0 where it cannot be read."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def own_server(options: list[str], folder: Path | None) -> Iterator[Server]:
    """A daemon of this checkout with an empty database, on processor 0 where there are two.

    Its database is on the disk of `folder`, or of the system's temporary folder.
    """
    work = Path(tempfile.mkdtemp(prefix="ruggine-bench-", dir=folder))
    ports = [free_port() for _ in range(3)]
    arguments = [
        str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile=", "ruggine",
        "--rate-limits=off",
        *(
            f"--{name}=tcp:{port}:interface=127.0.0.1"
            for name, port in zip(("tcp", "websocket", "http"), ports, strict=True)
        ),
        f"--database=sqlite:{work}/data/ruggine.db", "--max-waiting-logins=100", *options,
    ]  # fmt: skip
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd=work)
    try:
        pin(process.pid, 0)
        pin(0, 1)
        wait_for(ports[2], process, work / "log")
        yield Server(
            ("127.0.0.1", ports[0]), ("127.0.0.1", ports[1]), process.pid, work / "data/ruggine.db"
        )
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(work)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pin(pid: int, processor: int) -> None:
    """The load must not take the daemon's processor from it."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {processor})


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"bench: the daemon did not start:\n{log.read_text('utf-8', 'replace')}")
