"""The daemon under load."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


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
