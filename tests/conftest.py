"""What every test can ask for; no test passes while an error was logged unexpectedly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from tests.daemon import Daemon
from tests.redis import Redis

pytest_plugins = ["tests.left_out"]

# How long an example takes says nothing on a machine that is busy with something else.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any")


@pytest.fixture(autouse=True)
def logged_errors() -> Iterator[list[LogEvent]]:
    """Errors logged in this process; a test that expects some clears the list."""
    logged: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_level", LogLevel.info) in (LogLevel.error, LogLevel.critical):
            logged.append(event)

    globalLogPublisher.addObserver(observe)
    yield logged
    globalLogPublisher.removeObserver(observe)
    assert not logged, logged


@pytest.fixture(scope="session")
def running_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all tests that only talk to it; it must end well in the end."""
    daemon = Daemon(tmp_path_factory.mktemp("daemon")).start()
    yield daemon
    daemon.stop()


@pytest.fixture
def daemon(running_daemon: Daemon) -> Iterator[Daemon]:
    """The shared daemon; its log must be clean after each test."""
    yield running_daemon
    running_daemon.check_log()


@pytest.fixture
def own_daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that is not started yet, for tests that stop, kill or configure one."""
    daemon = Daemon(tmp_path)
    yield daemon
    if getattr(daemon, "process", None) is not None and daemon.process.poll() is None:
        daemon.stop()


@pytest.fixture(scope="session")
def running_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A real Redis with the repository's redis.conf."""
    redis = Redis(tmp_path_factory.mktemp("redis")).start()
    yield redis
    redis.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A real Redis that is not started yet, for tests that stop or kill it."""
    redis = Redis(tmp_path)
    yield redis
    redis.stop()


@pytest.fixture(scope="session")
def running_nodes(
    running_redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Daemon, Daemon]]:
    """Two daemons on one database, joined by Redis."""
    folder = tmp_path_factory.mktemp("nodes")
    first = Daemon(folder, "--redis", running_redis.url).start()
    second = Daemon(folder, "--redis", running_redis.url).start()
    for node in (first, second):
        node.wait_for("[INFO] Redis connected successfully")
    yield first, second
    first.stop()
    second.stop()


@pytest.fixture
def nodes(running_nodes: tuple[Daemon, Daemon]) -> Iterator[tuple[Daemon, Daemon]]:
    """The two shared nodes; their logs must be clean after each test."""
    yield running_nodes
    for node in running_nodes:
        node.check_log()
