"""Daemons of our own to try things on: started, killed and started again."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import ProcessProtocol, Protocol
from twisted.internet.task import deferLater

from ruggine.free_port import free_port

_START_S = 60.0
_POLL_S = 0.02
_LINES_TOLD = 5


class Node:
    """One `twistd ruggine`; its methods are for the reactor thread.

    `program` is what is started, with the usual arguments after it.
    """

    def __init__(
        self, reactor: Any, folder: Path, options: dict[str, str], program: list[str] | None = None
    ) -> None:
        self._reactor = reactor
        self._folder = folder
        self._program = program or [str(Path(sys.executable).with_name("twistd"))]
        self.tcp, self.websocket, self.http = (("127.0.0.1", free_port()) for _ in range(3))
        self.log = folder / f"log-{self.tcp[1]}"
        ports = {"tcp": self.tcp, "websocket": self.websocket, "http": self.http}
        self._options = {
            **{name: f"tcp:{port}:interface=127.0.0.1" for name, (_, port) in ports.items()},
            "database": f"sqlite:{folder}/data/ruggine.db",
            "rate-limits": "off",
            "max-waiting-logins": "100",
            **options,
        }
        self._process: Any = None
        self._ended: Deferred[int | None]

    def memory_mb(self) -> float:
        """Resident now, in MB of 10^6 bytes; 0 where it cannot be read (only Linux tells)."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        except OSError:
            return 0.0
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6

    async def start(self, under: Sequence[str] = ()) -> None:
        """Returns when it accepts connections. Raises RuntimeError if it ends instead.

        `under` is a program that runs it, such as strace, with its arguments.
        """
        command = [*under, *self._program, "-n", "--pidfile=", "ruggine"]
        command += [f"--{name}={value}" for name, value in self._options.items()]
        program = shutil.which(command[0]) or command[0]
        ended: Deferred[int | None] = Deferred()
        self._ended = ended
        with self.log.open("ab") as log:
            self._process = self._reactor.spawnProcess(
                _Ends(ended), program, command, env=None, path=str(self._folder),
                childFDs={1: log.fileno(), 2: log.fileno()},
            )  # fmt: skip
        began_s = self._reactor.seconds()
        while not ended.called and self._reactor.seconds() - began_s < _START_S:
            if await self._accepts():
                return
            await deferLater(self._reactor, _POLL_S)
        how = "ended" if ended.called else f"does not listen after {_START_S:.0f} s"
        raise RuntimeError(f"the daemon {how}; {self.log} ends so:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-_LINES_TOLD:])

    def pause(self) -> None:
        """It stands still from the next instruction on, and only `kill` can follow."""
        self._process.signalProcess("STOP")

    async def kill(self) -> None:
        """As if the machine had lost it: nothing is said, nothing is finished."""
        await self.signal("KILL")

    async def stop(self) -> int | None:
        """SIGTERM; returns the exit status, None if a signal ended it."""
        return await self.signal("TERM")

    async def signal(self, name: str) -> int | None:
        """Send a signal that ends it; returns the exit status when it has ended."""
        if not self._ended.called:
            self._process.signalProcess(name)
        return await self.ended()

    async def ended(self) -> int | None:
        """The exit status, when it has ended; None if a signal ended it."""
        again: Deferred[int | None] = Deferred()

        def pass_on(status: int | None) -> int | None:
            again.callback(status)
            return status

        self._ended.addCallback(pass_on)
        return await again

    async def _accepts(self) -> bool:
        try:
            probe: Any = await connectProtocol(
                HostnameEndpoint(self._reactor, *self.http), Protocol()
            )
        except ConnectError:
            return False
        probe.transport.loseConnection()
        return True


class _Ends(ProcessProtocol):
    def __init__(self, ended: Deferred[int | None]) -> None:
        self._ended = ended

    def processEnded(self, reason: Any) -> None:
        self._ended.callback(reason.value.exitCode)
