"""What a machine lacks is installed or named, and no test that was left out counts as passed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs

ROOT = Path(__file__).parent.parent
ONE_LEFT_OUT = """
import pytest
def test_done(): pass
@pytest.mark.parametrize("size", ["small", "large"])
def test_of_a(size): pytest.skip(f"this machine lacks a {size} dog")
"""


def run(folder: Path, text: str, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(text, "utf-8")
    plain = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.left_out", "--rootdir", folder,
         "-c", os.devnull, *options, folder],
        cwd=ROOT, env={**plain, **env}, capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("workers", [[], ["--numprocesses=2"]])
def test_each_one_is_named_with_its_reason(tmp_path: Path, workers: list[str]) -> None:
    done = run(tmp_path, ONE_LEFT_OUT, *workers)
    assert done.returncode == 0
    for size in ("small", "large"):
        assert f"test_of_a[{size}]: this machine lacks a {size} dog" in done.stdout
    assert "1 passed, 2 skipped" in done.stdout


@pytest.mark.parametrize("workers", [[], ["--numprocesses=2"]])
def test_on_ci_nothing_may_be_left_out(tmp_path: Path, workers: list[str]) -> None:
    assert run(tmp_path, ONE_LEFT_OUT, *workers, CI="true").returncode == 1
    assert run(tmp_path, "def test_done(): pass", *workers, CI="true").returncode == 0


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The only folder of a PATH: what it holds is what the machine has."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/env").symlink_to("/usr/bin/env")
    return tmp_path / "bin"


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    (folder / name).chmod(0o755)


def look(path: Path, name: str) -> str:
    """What `./dev` prints about this need."""
    done = subprocess.run(
        [sys.executable, ROOT / "tests/needs.py", name],
        env={"PATH": str(path)}, capture_output=True, encoding="utf-8", timeout=30, check=True,
    )  # fmt: skip
    return done.stdout


def test_what_is_missing_is_installed_in_one_call(bare: Path) -> None:
    program(bare, "apt-get", f'[ "$2" = update ] || echo "$@" > {bare}/called')
    program(bare, "sudo", 'shift; exec "$@"')
    program(bare, "true", "")
    told = look(bare, "strace")
    assert told.splitlines()[0] == "./dev: installing Debian packages: strace"
    installed = (bare / "called").read_text("utf-8").split()
    assert installed == ["-qq", "install", "-y", "--no-install-recommends", "strace"]


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("apt-get", "sudo apt-get install -y strace"),
        ("dnf", "sudo dnf install strace"),
    ],
)
def test_where_it_cannot_be_installed_the_command_is_printed(
    bare: Path, tool: str, command: str
) -> None:
    program(bare, tool, "exit 1")
    program(bare, "sudo", "exit 1")
    told = look(bare, "strace")
    assert "./dev: this machine lacks strace." in told
    assert told.splitlines()[-1] == f"./dev: to install that:  {command}"


def test_nothing_is_said_where_nothing_is_missing(bare: Path) -> None:
    program(bare, "strace", "")
    assert look(bare, "strace") == ""


def test_a_mac_is_told_of_homebrew(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare, "brew", "")
    monkeypatch.setenv("PATH", str(bare))
    assert needs.command_for(["tk", "browser"]) == [
        "brew", "install", "python-tk", "chromium", "chromedriver",
    ]  # fmt: skip


def test_the_stand_in_for_nc_speaks_and_hears(tmp_path: Path) -> None:
    """It is what the documents' examples run with where there is no nc."""
    listener = subprocess.Popen(
        [sys.executable, "-c", "import socket\n"
         "with socket.create_server(('127.0.0.1', 0)) as s:\n"
         "    print(s.getsockname()[1], flush=True)\n"
         "    c, _ = s.accept()\n"
         "    with c: c.sendall(b'heard ' + c.makefile('rb').read())\n"],
        stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert listener.stdout is not None
    port = listener.stdout.readline().strip()
    done = subprocess.run(
        [sys.executable, ROOT / "tests/stand_in/nc", "-N", "127.0.0.1", port],
        input="a\nb\n", capture_output=True, encoding="utf-8", timeout=20, check=True,
    )  # fmt: skip
    listener.wait(10)
    assert done.stdout == "heard a\nb\n"
