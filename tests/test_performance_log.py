"""The performance log of a real daemon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest_twisted
from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent

from ruggine.monitoring.performance_log import PerformanceLog
from tests.daemon import Daemon, wait_until

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ users_online=0 groups=0 messages_since_start=0 "
    r"messages_in_all=0 cpu_percent=\d+\.\d rss_mb=\d\d+\.\d connections=0\n"
)


def test_a_line_is_written_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "performance.log"
    daemon = Daemon(tmp_path, "--performance-log", str(path)).start()
    wait_until(lambda: path.exists() and path.read_text() != "")
    daemon.stop()
    assert LINE.fullmatch(path.read_text())


@pytest_twisted.ensureDeferred
async def test_a_file_that_cannot_be_written_is_said_once(
    tmp_path: Path, logged_errors: list[LogEvent]
) -> None:
    async def totals() -> dict[str, int]:
        return {"messages": 1, "groups": 1}

    folder = tmp_path / "moved away"
    log = PerformanceLog(folder / "performance.log", CollectorRegistry(), totals)
    await Deferred.fromCoroutine(log.write())
    await Deferred.fromCoroutine(log.write())
    assert len(logged_errors) == 1
    logged_errors.clear()
    folder.mkdir()
    await Deferred.fromCoroutine(log.write())
    assert (folder / "performance.log").read_text().count("\n") == 1
