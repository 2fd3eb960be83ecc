"""The performance log: a line every two minutes, to be read years later with what everybody has."""

from __future__ import annotations

import errno
import os
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from prometheus_client import CollectorRegistry
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from ruggine import errors
from ruggine.private_file import opener

EVERY_S = 120.0

Totals = Callable[[], Awaitable[dict[str, int]]]


class PerformanceLog:
    """Appends lines to a file, which may be moved away at any time; another one is begun then."""

    log = Logger()

    def __init__(self, path: Path, registry: CollectorRegistry, totals: Totals) -> None:
        self._path = path
        self._registry = registry
        self._totals = totals
        self._before_s = time.monotonic()
        self._processor_s = time.process_time()
        self._trouble = ""

    async def write(self) -> None:
        """One line. A file or a database that fails is said in the daemon's log, once."""
        try:
            line = self._line(await self._totals())
            await deferToThread(self._append, line)
        except (OSError, errors.Unavailable) as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                self.log.error(
                    "The performance log {path} could not be written: {error}",
                    path=str(self._path), error=self._trouble,
                )  # fmt: skip
        else:
            self._trouble = ""

    def _append(self, line: str) -> None:
        """In a thread: a disk may take its time.

        Half a line for which there was room is taken back; the next one would stand behind it.
        """
        whole = line.encode()
        with FileIO(self._path, "a", opener=opener) as file:
            written = file.write(whole)
            if written < len(whole):
                file.truncate(file.tell() - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _line(self, totals: dict[str, int]) -> str:
        value = self._values()
        fields = {
            "users_online": f"{value['ruggine_users_online']:.0f}",
            "groups": totals["groups"],
            "messages_since_start": f"{value['ruggine_messages_stored_total']:.0f}",
            "messages_in_all": totals["messages"],
            "cpu_percent": f"{self._processor_share() * 100:.1f}",
            "rss_mb": f"{value['process_resident_memory_bytes'] / 1e6:.1f}",
            "connections": f"{value['ruggine_connections']:.0f}",
        }
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{now} {' '.join(f'{name}={value}' for name, value in fields.items())}\n"

    def _processor_share(self) -> float:
        """Of one processor, since the last line; in the first one since the start of the parts."""
        now_s, processor_s = time.monotonic(), time.process_time()
        share = (processor_s - self._processor_s) / max(now_s - self._before_s, 1e-3)
        self._before_s, self._processor_s = now_s, processor_s
        return share

    def _values(self) -> defaultdict[str, float]:
        """By name, added up over the labels; 0 where the system does not say.

        All at once: get_sample_value would have every figure worked out anew for each that is asked
        for, while everybody waits.
        """
        values: defaultdict[str, float] = defaultdict(float)
        for family in self._registry.collect():
            for sample in family.samples:
                values[sample.name] += sample.value
        return values
