"""The benchmark measures a real daemon, and would notice what it promises to notice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import group
from ruggine.bench import private
from ruggine.bench.sockets import Incoming
from tests.daemon import Daemon

ROOT = Path(__file__).parent.parent


def test_it_measures_a_daemon_of_its_own() -> None:
    """Every message arrived; what the figures are is no matter here."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--json", "--pairs=2", "--seconds=0.5", "--rate=100",
         "--runs=2"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    results = json.loads(done.stdout)
    assert results["all it takes"]["messages"] > 0
    assert results["at 100 a second"]["messages"] == 50
    assert results["memory_mb"]["now"] > 0


def test_it_measures_a_peer_in_the_same_run_and_compares_with_an_earlier_one(
    tmp_path: Path,
) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps({"all it takes": {"per_second": 1.0, "messages": 0}}))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--pairs=2", "--seconds=0.5", "--runs=1",
         "--peers", "asyncio",
         "--compare", str(earlier)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert re.search(r"^asyncio: \d+ messages/s, .* the daemon has [\d.]+ times", done.stdout, re.M)
    assert re.search(r"^all it takes, now to then: per_second × [\d.]+$", done.stdout, re.M)


def test_it_measures_a_daemon_that_runs(own_daemon: Daemon) -> None:
    own_daemon.start()
    done = bench(
        *at(own_daemon), "--pairs=2", "--seconds=0.3", "--runs=1", f"--pid={own_daemon.process.pid}"
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^all it takes: \d+ acknowledged and delivered messages/s", done.stdout, re.M)
    assert "memory of the daemon" in done.stdout


def test_a_daemon_with_limits_is_not_to_be_measured(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, "--rate-limits", "on", "--registrations-rate", "1/h:2").start()
    done = bench(*at(daemon), "--pairs=2")
    daemon.stop()
    assert done.returncode == 1
    assert "--rate-limits=off" in done.stderr


def test_where_no_daemon_is_it_says_what_to_do() -> None:
    done = bench("--tcp=127.0.0.1:9", "--websocket=127.0.0.1:9")
    assert done.returncode == 1
    assert "bench: no daemon answers" in done.stderr
    assert "--rate-limits=off" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("wrong", ["--pairs=0", "--seconds=nan", "--rate=-1", "--runs=x"])
def test_what_cannot_be_measured_is_refused(wrong: str) -> None:
    done = bench(wrong)
    assert done.returncode == 2
    assert wrong.partition("=")[0] in done.stderr


def at(daemon: Daemon) -> tuple[str, str]:
    return f"--tcp={daemon.tcp_port}", f"--websocket=127.0.0.1:{daemon.websocket_port}"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("ruggine")), "bench", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_it_measures_groups() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.group", "--json", "--quiet", "--sizes", "2", "12",
         "--rounds=1", "--seconds=0.5"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    results = json.loads(done.stdout)
    assert results.keys() == {"2", "12"}
    assert results["12"]["deliveries_per_second"] > 0


def test_it_measures_and_plots_growth(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.growth", "--json", "--quiet", "--idle", "0", "5",
         "--stored", "10", "200", "--members", "2", "5", "--pairs=2", "--rounds=1",
         "--seconds=0.3", "--plot", str(tmp_path / "growth.svg")],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    results = json.loads(done.stdout)
    assert [list(figures) for figures in results.values()] == [
        ["0", "5"],
        ["10", "200"],
        ["2", "5"],
    ]
    for figures in results.values():
        assert all(values["processor_us_each"] > 0 for values in figures.values())
    assert (tmp_path / "growth.svg").read_text().rstrip().endswith("</svg>")


def test_a_member_who_receives_something_else_is_noticed() -> None:
    fan = group.Fan.__new__(group.Fan)
    fan.sent = fan.acknowledged = fan.heard = 2
    fan._witness, fan._others = (group.Reader(Silent()), [group.Reader(Silent())])  # type: ignore[arg-type]
    for reader in (fan._witness, *fan._others):
        reader.size, reader.checksum = 10, 7
    fan._verify()
    fan._others[0].checksum = 8
    with pytest.raises(SystemExit, match="1 members have received something else"):
        fan._verify()


def test_it_measures_connections() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.connections", "--json", "--quiet", "--counts", "150"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    results = json.loads(done.stdout)
    assert results["150"]["connected_per_second"] > 0
    assert results["150"]["memory_mb"] > results["150"]["empty_memory_mb"] > 0


class Silent:
    """A socket that says nothing."""

    def __init__(self, *_: Any) -> None: ...

    def send(self, frame: dict[str, Any]) -> None: ...


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> private.Pair:
    monkeypatch.setattr(private, "LoadSocket", Silent)
    server: Any = type("Server", (), {"websocket": ("", 0)})
    pair = private.Pair(server, ("a", "b"), ("", ""))
    for _ in range(2):
        pair.send()
    return pair


def arrive(pair: private.Pair, number: int, seq: int) -> None:
    for end in (pair.sender, pair.receiver):
        pair.take(end, Incoming("incoming_message", seq=seq, content=f"{number} x"))


def acknowledge(pair: private.Pair, number: int, seq: int) -> None:
    pair.take(pair.sender, Incoming("message_sent", seq=seq, client_id=f"x-{number}"))


def test_all_well(pair: private.Pair) -> None:
    for number in range(2):
        acknowledge(pair, number, number + 5)
        arrive(pair, number, number + 5)
    pair.verify()


def test_a_lost_message_is_noticed(pair: private.Pair) -> None:
    acknowledge(pair, 0, 5)
    arrive(pair, 0, 5)
    acknowledge(pair, 1, 6)
    with pytest.raises(SystemExit, match="1 arrived"):
        pair.verify()


def test_a_doubled_message_is_noticed(pair: private.Pair) -> None:
    arrive(pair, 0, 5)
    with pytest.raises(SystemExit, match="doubled"):
        arrive(pair, 0, 5)


def test_a_hole_is_noticed(pair: private.Pair) -> None:
    arrive(pair, 0, 5)
    with pytest.raises(SystemExit, match="seq 7 follows 5"):
        arrive(pair, 1, 7)


def test_an_acknowledgement_of_another_place_is_noticed(pair: private.Pair) -> None:
    for number in range(2):
        acknowledge(pair, number, number + 6)
        arrive(pair, number, number + 5)
    with pytest.raises(SystemExit):
        pair.verify()
