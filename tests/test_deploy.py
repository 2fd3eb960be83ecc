"""What stands in deploy/ is what the programs that read it accept."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.daemon import TWISTD

UNIT = Path(__file__).parent.parent / "deploy" / "ruggine.service"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with this environment's twistd, for `verify` looks whether it is there."""
    installed = tmp_path / UNIT.name
    installed.write_text(UNIT.read_text().replace("/opt/ruggine/bin/twistd", str(TWISTD)))
    return installed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")
def test_systemd_accepts_the_unit(unit: Path) -> None:
    """No unknown or misspelt line."""
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")
def test_systemd_would_refuse_a_broken_unit(unit: Path) -> None:
    """So that the test above can fail."""
    unit.write_text(unit.read_text().replace("Type=exec", "Type=exce"))
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=30
    )
    assert "exce" in done.stderr


def test_the_unit_is_hardened() -> None:
    """Its own user, a state directory, and what the issue tracker asked for."""
    lines = UNIT.read_text().splitlines()
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
