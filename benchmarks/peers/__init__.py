"""Two small relays that store each message before it is acknowledged and delivered, and do nothing
else: no accounts, no membership, no idempotency. They are what the daemon is measured against in
the same run, and they speak just as much of its protocol as the load does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.server import pin, wait_for
from ruggine.bench.people import People, Person
from ruggine.bench.server import Server
from ruggine.free_port import free_port

_HERE = Path(__file__).parent
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ruggine" / "peers"


class Names(People):
    """Whoever says a name is it."""

    def _make(self, count: int) -> list[Person]:
        known = len(self._all)
        return [(f"bench.{number}",) * 2 for number in range(known, known + count)]

    def group(self, members: list[Person]) -> str:
        return "everybody who is connected"


def asyncio_command() -> list[str]:
    return [sys.executable, str(_HERE / "relay_asyncio.py")]


def node_command() -> list[str]:
    """Installs what it needs the first time. Raises SystemExit where there is no Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SystemExit("bench: the relay in Node.js needs node and npm (Debian: nodejs npm)")
    _CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "relay_node.js"):
        shutil.copy(_HERE / name, _CACHE / name)
    if not (_CACHE / "node_modules").exists():
        subprocess.run([npm, "install", "--silent", "--no-fund"], cwd=_CACHE, check=True)
    return [node, str(_CACHE / "relay_node.js")]


PEERS: dict[str, Callable[[], list[str]]] = {
    "asyncio": asyncio_command,
    "node": node_command,
}
"""On `websockets` with sqlite3, and on Node.js' `ws` with better-sqlite3."""


def _answers(port: int) -> None:
    """Raises OSError while nobody does."""
    socket.create_connection(("127.0.0.1", port), 1).close()


@contextlib.contextmanager
def peer(command: list[str], folder: Path | None) -> Iterator[Server]:
    """One of them, on the processor and the disk that the daemon has."""
    work, port = Path(tempfile.mkdtemp(prefix="ruggine-peer-", dir=folder)), free_port()
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(port), str(work / "it.db")], stdout=log, stderr=log, cwd=work
        )
    try:
        pin(process.pid, 0)
        wait_for(lambda: _answers(port), process, work / "log")
        yield Server(("127.0.0.1", port), Names(), process.pid)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(work)
