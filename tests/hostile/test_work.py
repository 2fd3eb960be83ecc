"""Whoever makes much work for the daemon waits, and nobody else does."""

from __future__ import annotations

import dataclasses
import re
import time
import urllib.request
from collections.abc import Iterator

import pytest

from ruggine.bench.people import Person
from tests.daemon import Daemon, wait_until
from tests.hostile.harness import (
    HOST,
    PAIR_OPTIONS,
    Attack,
    Target,
    attacking,
    pair_talking,
    register,
    target_of,
)
from tests.hostile.work import ATTACKS

SIZE = 3
_PATIENCE_S = 60
_LOOK_S = 0.5
"""Each look at the figures is work as well."""


@pytest.fixture(scope="module")
def limited_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("attacked"), *PAIR_OPTIONS).start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def target(limited_daemon: Daemon) -> Target:
    return target_of(limited_daemon, SIZE)


@pytest.fixture(scope="module")
def pair(limited_daemon: Daemon) -> list[Person]:
    return [register(limited_daemon, name) for name in ("luigi", "dory")]


@pytest.mark.parametrize(("number", "attack"), enumerate(ATTACKS), ids=[a.name for a in ATTACKS])
def test_an_attacker_waits_and_a_pair_elsewhere_talks_on(
    limited_daemon: Daemon, target: Target, pair: list[Person], number: int, attack: Attack
) -> None:
    """None of the pair's messages is lost or late for good, and the log stays clean."""
    source = dataclasses.replace(target, source=f"127.0.1.{number + 1}")
    with pair_talking(limited_daemon, pair) as talk:
        before = waits(limited_daemon)
        with attacking(attack, source, SIZE):
            wait_until(lambda: waits(limited_daemon) > before, _PATIENCE_S)
        assert talk.stop().messages
    limited_daemon.check_log()


def waits(daemon: Daemon) -> int:
    """How often somebody had to wait so far."""
    time.sleep(_LOOK_S)
    with urllib.request.urlopen(f"http://{HOST}:{daemon.http_port}/metrics", timeout=20) as answer:
        [found] = re.findall(rb"^ruggine_work_waits_total (\d+)", answer.read(), re.MULTILINE)
    return int(found)
