"""A daemon of our own under load, on a processor of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.seed import Seeded
from ruggine.bench.server import Server
from ruggine.free_port import free_port

_START_S = 60


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
        f"--database=sqlite:{work}/data/ruggine.db", "--max-waiting-logins=100",
        # All who take part come from one address.
        "--max-connections=1000000", "--max-strangers=1000000",
        "--max-connections-per-address=1000000", "--max-strangers-per-address=1000000",
        *options,
    ]  # fmt: skip
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd=work)
    try:
        pin(process.pid, 0)
        pin(0, 1)
        wait_for(lambda: _ready(ports[2]), process, work / "log")
        database = work / "data/ruggine.db"
        yield Server(("127.0.0.1", ports[1]), Seeded(database), process.pid, database)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(work)


def _ready(port: int) -> None:
    """Raises OSError until the daemon can store messages, which is after it listens."""
    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()


def pin(pid: int, processor: int) -> None:
    """The load must not take the daemon's processor from it."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {processor})


def wait_for(ask: Callable[[], object], process: subprocess.Popen[bytes], log: Path) -> None:
    """Until `ask` raises no OSError. Raises SystemExit where that takes too long, or it ends."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            ask()
            return
        time.sleep(0.05)
    status = process.poll()
    how = f"was not ready after {_START_S} s" if status is None else f"ended with status {status}"
    raise SystemExit(f"bench: the daemon {how}:\n{log.read_text('utf-8', 'replace')}")
