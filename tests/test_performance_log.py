"""The performance log of a real daemon."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent

from ruggine.monitoring import performance_log
from ruggine.monitoring.performance_log import PerformanceLog
from tests.daemon import Daemon, wait_until

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ users_online=0 groups=0 messages_since_start=0 "
    r"messages_in_all=0 cpu_percent=\d+\.\d rss_mb=\d\d+\.\d connections=0\n"
)


def test_a_line_is_written_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "performance.log"
    daemon = Daemon(tmp_path, "--performance-log", str(path)).start()
    wait_until(lambda: path.exists() and path.read_text("utf-8") != "")
    daemon.stop()
    assert LINE.fullmatch(path.read_text("utf-8"))


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
    assert (folder / "performance.log").read_text("utf-8").count("\n") == 1


class FullDisk(io.FileIO):
    """With room for ten bytes more, and then for none."""

    def write(self, data: Any) -> int:
        return super().write(data[:10])


@pytest_twisted.ensureDeferred
async def test_half_a_line_does_not_stay_on_a_full_disk(
    tmp_path: Path, logged_errors: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def totals() -> dict[str, int]:
        return {"messages": 1, "groups": 1}

    path = tmp_path / "performance.log"
    log = PerformanceLog(path, CollectorRegistry(), totals)
    await Deferred.fromCoroutine(log.write())
    with monkeypatch.context() as full:
        full.setattr(performance_log, "FileIO", FullDisk)
        await Deferred.fromCoroutine(log.write())
    assert "No space left" in logged_errors.pop()["error"]
    await Deferred.fromCoroutine(log.write())
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert all(line.endswith("connections=0") for line in lines)


class Figures(Collector):
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def collect(self) -> Iterable[Metric]:
        self.asked += 1
        connections = GaugeMetricFamily("ruggine_connections", "Open", labels=["port"])
        connections.add_metric(["line"], 2)
        connections.add_metric(["websocket"], 3)
        return [connections, GaugeMetricFamily("ruggine_users_online", "Here", value=4)]

    def describe(self) -> Iterable[Metric]:
        return []


async def one_line_of(path: Path, figures: Figures) -> dict[str, str]:
    async def totals() -> dict[str, int]:
        return {"messages": 1, "groups": 1}

    registry = CollectorRegistry()
    registry.register(figures)
    await Deferred.fromCoroutine(PerformanceLog(path, registry, totals).write())
    return dict(field.split("=") for field in path.read_text("utf-8").split()[1:])


@pytest_twisted.ensureDeferred
async def test_the_figures_are_worked_out_once_for_a_line(tmp_path: Path) -> None:
    figures = Figures()
    line = await one_line_of(tmp_path / "performance.log", figures)
    assert (line["connections"], line["users_online"]) == ("5", "4")
    assert figures.asked == 1


@pytest_twisted.ensureDeferred
async def test_the_first_line_does_not_count_what_was_before(tmp_path: Path) -> None:
    """This process has used its processor for long, and the log has been there for no time."""
    line = await one_line_of(tmp_path / "performance.log", Figures())
    assert float(line["cpu_percent"]) <= 100 * (os.cpu_count() or 1)
