"""`ruggine bench` measures a daemon that runs, or says why it cannot."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ruggine.bench.bystanders import talking
from ruggine.bench.people import Registered
from ruggine.bench.progress import no_progress
from tests.bench.test_own import SMALL, medians
from tests.daemon import Daemon


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("ruggine")), "bench", *arguments],
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


def at(daemon: Daemon) -> tuple[str, ...]:
    return f"--tcp={daemon.tcp_port}", f"--websocket=127.0.0.1:{daemon.websocket_port}", *SMALL


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("limited"), "--rate-limits", "on").start()
    yield daemon
    daemon.stop()


def test_it_measures_every_part_that_can_be_measured_without_limits(own_daemon: Daemon) -> None:
    own_daemon.start()
    done = bench(*at(own_daemon), "--json", f"--pid={own_daemon.process.pid}")
    assert done.returncode == 0, done.stderr
    found = medians(done.stdout)
    assert list(found) == [
        "30 connections", "private", "group of 5", "at 500 a second", "under load",
        "connect storm", "slow readers",
    ]  # fmt: skip
    assert "not measured: flood. This daemon has its rate limits off" in done.stdout


def test_it_measures_the_flood_where_there_are_limits(limited: Daemon) -> None:
    done = bench("stress", *at(limited))
    assert done.returncode == 0, done.stderr
    assert "refused_per_second" in done.stdout
    for name in ("connect storm", "slow readers"):
        assert f"not measured: {name}. This daemon has its rate limits on; start it with " in (
            done.stdout
        )


def test_who_keeps_talking_beside_a_load_and_is_refused_is_noticed(limited: Daemon) -> None:
    people = Registered(("127.0.0.1", limited.tcp_port), no_progress).first(2)
    address = ("127.0.0.1", limited.websocket_port)
    with talking(address, people, 200) as bystanders:
        time.sleep(0.5)
        with pytest.raises(SystemExit, match=r"rate_limited.*beside the load"):
            bystanders.stop()


def test_what_cannot_be_measured_at_all_is_a_failure(limited: Daemon) -> None:
    done = bench("throughput", *at(limited))
    assert done.returncode == 1
    assert "bench: not measured: private. " in done.stderr
    assert "--rate-limits=off" in done.stderr


def test_what_the_daemon_costs_is_told_only_where_its_process_is_known(daemon: Daemon) -> None:
    done = bench("throughput", *at(daemon))
    assert done.returncode == 0, done.stderr
    assert "messages_per_second" in done.stdout
    assert "processor_us_each" not in done.stdout


def test_memory_needs_a_process(daemon: Daemon) -> None:
    done = bench("memory", *at(daemon))
    assert done.returncode == 1
    assert "--pid" in done.stderr


def test_a_group_that_is_too_large_is_refused(own_daemon: Daemon) -> None:
    own_daemon._options = ("--max-group-members", "3")
    own_daemon.start()
    done = bench("throughput", *at(own_daemon))
    assert done.returncode == 1
    assert "--max-group-members" in done.stderr


def test_where_no_daemon_is_it_says_what_to_do() -> None:
    done = bench("--tcp=127.0.0.1:9", "--websocket=127.0.0.1:9")
    assert done.returncode == 1
    assert "bench: no daemon answers" in done.stderr
    assert "--rate-limits=off" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "wrong",
    ["--pairs=0", "--seconds=nan", "--rate=-1", "--runs=x", "--groups=1", "--json=memory", "speed"],
)
def test_what_cannot_be_understood_is_refused(wrong: str) -> None:
    done = bench(wrong)
    assert done.returncode == 2
    assert wrong.partition("=")[0] in done.stderr


@pytest.mark.parametrize("wrong", ["--seconds=16", "--plot=a.txt", "--compare=none.json"])
def test_what_cannot_be_done_is_refused_at_once(wrong: str) -> None:
    done = bench(wrong)
    assert done.returncode == 1
    assert wrong.partition("=")[0] in done.stderr


def test_help_has_the_parts_and_examples() -> None:
    done = bench("--help")
    assert "  stress " in done.stdout
    assert "examples:\n" in done.stdout
