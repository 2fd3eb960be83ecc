"""The daemon under load."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ruggine.bench.people import People


class Server:
    """Where a daemon listens, who talks there, and what its process costs."""

    def __init__(
        self,
        websocket: tuple[str, int],
        people: People,
        pid: int | None = None,
        database: Path | None = None,
    ) -> None:
        """`database` is its file, if the daemon is ours."""
        self.websocket = websocket
        self.people = people
        self.pid = pid
        self.database = database

    def memory_mb(self) -> float | None:
        """Resident now, in MB of 10^6 bytes; None where it cannot be read."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines():
                name, _, value = line.partition(":")
                if name == "VmRSS":
                    return int(value.split()[0]) * 1024 / 1e6
        return None

    def processor_s(self) -> float:
        """Processor seconds that the process has used; 0 where it cannot be read."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def processor_figures(self, since_s: float, count: int) -> dict[str, float]:
        """What each of so many things cost since then; empty where it cannot be read."""
        if self.memory_mb() is None:
            return {}
        return {"processor_us_each": (self.processor_s() - since_s) / count * 1e6}
