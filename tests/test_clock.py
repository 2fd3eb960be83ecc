"""Somebody sets the clock of the machine: nobody notices but by the time that is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ruggine.clock import steady
from tests.cast import SocketPerson, Telephone
from tests.daemon import Daemon

TWISTD_WITH_A_CLOCK_TO_SET = """
import os, time
real = time.time
def shown():
    with open(os.environ["SET_AHEAD"]) as file:
        return real() + float(file.read())
time.time = shown
from twisted.scripts.twistd import run
run()
"""

YEAR_S = 365 * 24 * 3600


class ClockTower(Daemon):
    """A daemon whose wall clock can be set; what else measures time goes on evenly."""

    def __init__(self, folder: Path) -> None:
        self.ahead = folder / "ahead"
        self.set_ahead(0)
        super().__init__(folder, env={"SET_AHEAD": str(self.ahead)})
        self.program = [sys.executable, "-c", TWISTD_WITH_A_CLOCK_TO_SET]

    def set_ahead(self, seconds: float) -> None:
        new = self.ahead.with_suffix(".new")
        new.write_text(str(seconds), "utf-8")
        new.rename(self.ahead)


@pytest.fixture
def tower(tmp_path: Path) -> Iterator[ClockTower]:
    tower = ClockTower(tmp_path)
    tower.start()
    yield tower
    tower.stop()


def test_setting_the_clock_changes_neither_order_nor_sessions(tower: ClockTower) -> None:
    """An hour on, back, ten years on, a leap second, 1970: all stay connected, in order.

    What is timed goes on too: who said nothing for a moment is not cut off as idle for years, and
    who goes in 1970 is told to be gone before 2026 comes again.
    """
    luigi, dory = SocketPerson(tower, "luigi"), SocketPerson(tower, "dory")
    silent = Telephone(tower.tcp_port)
    seqs = []
    for ahead in (3600, -3600, 10 * YEAR_S, 1, 0, -time.time() + 60):
        tower.set_ahead(ahead)
        time.sleep(0.5)  # for every timer that would be due by this clock
        seqs.append(luigi.sends(dory, f"ahead {ahead}"))
        dory.receives(luigi, f"ahead {ahead}")
        shown = luigi.socket.request(
            "get_messages", chat_type="private", to_user=dory.name, limit=1
        )
        assert abs(shown["messages"][0]["timestamp"] - time.time() - ahead) < 2
        with Telephone(tower.tcp_port) as line:
            assert line.ask(f"/validate_session {luigi.token}") == f"OK: {luigi.name}"
    assert seqs == [1, 2, 3, 4, 5, 6]
    assert len(luigi.history(dory)) == 6
    assert silent.ask(f"/validate_session {dory.token}") == f"OK: {dory.name}"
    silent.hang_up()
    dory.leaves()
    while luigi.socket.status(dory.name, 10)["online"]:
        pass
    luigi.leaves()


def test_steady_time_passes_and_does_not_jump() -> None:
    shown, passed = [1000.0], [5.0]
    clock = steady(lambda: shown[0], lambda: passed[0])
    assert clock() == 1000
    shown[0] = 99_999
    passed[0] += 7
    assert clock() == 1007
