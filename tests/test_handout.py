"""`ruggine deploy` writes files out, and over nobody's work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ruggine.handout import HERE, KINDS, files_of
from tests.daemon import TWISTD

RUGGINE = TWISTD.with_name("ruggine")


def deploy(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RUGGINE, "deploy", *words], cwd=folder, capture_output=True, encoding="utf-8", timeout=60
    )


def test_every_file_of_the_folder_is_offered() -> None:
    offered = {file for name in KINDS for file in files_of(name)}
    assert {file for file in (HERE / "deploy").rglob("*") if file.is_file()} <= offered


def test_a_file_that_says_something_else_stays(tmp_path: Path) -> None:
    """An operator's own, and perhaps an older one that they have changed."""
    rules = tmp_path / "ruggine.logrotate"
    rules.write_text("mine", "utf-8")
    done = deploy(tmp_path, "logrotate")
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert rules.read_text("utf-8") == "mine"
    assert deploy(tmp_path, "logrotate", "--force").returncode == 0
    assert "postrotate" in rules.read_text("utf-8")
    again = deploy(tmp_path, "logrotate")
    assert (again.returncode, "is there already" in again.stdout) == (0, True)


@pytest.mark.parametrize("folder", ["/proc/nowhere", "file"])
def test_a_folder_that_cannot_be_written_is_told(folder: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = deploy(tmp_path, "redis", "--to", folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"ruggine: {folder}")
    assert "Traceback" not in done.stderr


def test_what_there_is_not_is_told(tmp_path: Path) -> None:
    done = deploy(tmp_path, "kubernetes")
    assert done.returncode == 2
    assert "systemd" in done.stderr
