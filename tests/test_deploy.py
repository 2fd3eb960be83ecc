"""What stands in deploy/ is what the programs that read it accept."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import needs
from tests.daemon import TWISTD

DEPLOY = Path(__file__).parent.parent / "deploy"
UNIT = DEPLOY / "ruggine.service"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with this environment's twistd, for `verify` looks whether it is there."""
    needs.require("systemd")
    installed = tmp_path / UNIT.name
    installed.write_text(
        UNIT.read_text("utf-8").replace("/opt/ruggine/bin/twistd", str(TWISTD)), "utf-8"
    )
    return installed


def test_systemd_accepts_the_unit(unit: Path) -> None:
    """No unknown or misspelt line."""
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, encoding="utf-8", timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_would_refuse_a_broken_unit(unit: Path) -> None:
    """So that the test above can fail."""
    unit.write_text(unit.read_text("utf-8").replace("Type=exec", "Type=exce"), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, encoding="utf-8", timeout=30
    )
    assert "exce" in done.stderr


def test_the_unit_is_hardened() -> None:
    """Its own user, a state directory, and what the issue tracker asked for."""
    lines = UNIT.read_text("utf-8").splitlines()
    for line in (
        "User=ruggine",
        "StateDirectory=ruggine",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "Restart=on-failure",
    ):
        assert line in lines
    assert any(re.fullmatch(r"LimitNOFILE=\d{5,}", line) for line in lines)
    assert any("twistd --nodaemon" in line for line in lines)


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    needs.require("promtool")
    return subprocess.run(
        ["promtool", *arguments], capture_output=True, encoding="utf-8", timeout=60
    )


def test_each_alert_wakes_somebody_in_bad_times_and_nobody_in_good_ones() -> None:
    done = promtool("test", "rules", DEPLOY / "prometheus/ruggine.rules.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("told", "instead"),
    [("> 0.005", "> 0.05"), ("> 0.005", "> 0.001"), ("100e6 *", "200e6 *"), ("0.99,", "0.95,")],
)
def test_an_alert_at_another_level_would_be_noticed(
    tmp_path: Path, told: str, instead: str
) -> None:
    """So that the test above can fail."""
    shutil.copytree(DEPLOY / "prometheus", tmp_path, dirs_exist_ok=True)
    rules = tmp_path / "ruggine.rules.yml"
    assert rules.read_text("utf-8").count(told) == 1
    rules.write_text(rules.read_text("utf-8").replace(told, instead), "utf-8")
    assert promtool("test", "rules", tmp_path / "ruggine.rules.test.yml").returncode != 0


def test_the_rules_are_tried_each_in_good_and_in_bad_times() -> None:
    """Without promtool too: a new alert comes with its trial."""
    alerts = set(
        re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus/ruggine.rules.yml").read_text("utf-8"))
    )
    trials = (DEPLOY / "prometheus/ruggine.rules.test.yml").read_text("utf-8")
    silent = set(re.findall(r"\{eval_time: 40m, alertname: (\w+)\}", trials))
    assert silent == alerts
    assert set(re.findall(r"alertname: (\w+)\n        exp_alerts", trials)) == alerts
