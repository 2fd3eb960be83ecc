"""What is published: the sdist is the whole project, and the wheel alone is all that an operator
needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

from ruggine.handout import KINDS
from tests.cast import Telephone
from tests.daemon import PASSWORD, Daemon

ROOT = Path(__file__).parent.parent
NOT_OURS = (
    ".git", ".venv", "data", "build", "dist", "results", "*.egg-info", ".*_cache", "__pycache__",
    "dropin.cache", ".hypothesis", "twistd.*",
)  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as git would give it to somebody."""
    copy = tmp_path_factory.mktemp("source") / "ruggine"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_OURS), symlinks=True)
    return copy


@pytest.fixture(scope="module")
def published(source: Path) -> Path:
    """The folder with the sdist, and the wheel that was made from it."""
    dist = source.with_name("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", dist, source],
        check=True, stdout=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    return dist


def only(folder: Path, pattern: str) -> Path:
    [file] = folder.glob(pattern)
    return file


def names(folder: Path) -> set[str]:
    """Of files, also of those that a symbolic link leads to; what a build has left is not ours."""
    found = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.endswith(".egg-info")]
        found |= {str(Path(place, file).relative_to(folder)) for file in files}
    return found - {"PKG-INFO"}


def test_the_sdist_is_the_whole_project(source: Path, published: Path, tmp_path: Path) -> None:
    with tarfile.open(only(published, "*.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = only(tmp_path, "ruggine-*")
    assert names(unpacked) == names(source)
    for name in ("dev", ".ci/run"):
        assert os.access(unpacked / name, os.X_OK), name
    assert (unpacked / "deploy/redis.conf").read_bytes() == (ROOT / "redis.conf").read_bytes()
    helped = subprocess.run([unpacked / "dev", "help"], capture_output=True, encoding="utf-8")
    assert "./dev COMMAND" in helped.stdout


def test_the_wheel_has_what_an_operator_needs(published: Path) -> None:
    with zipfile.ZipFile(only(published, "*.whl")) as wheel:
        inside = set(wheel.namelist())
    for folder in ("deploy", "docs"):
        wanted = {f"ruggine/{folder}/{name}" for name in names(ROOT / folder)}
        assert {name for name in wanted if not name.endswith(".png")} <= inside
    assert "twisted/plugins/ruggine_plugin.py" in inside
    assert "twisted/__init__.py" not in inside
    assert not [name for name in inside if name.startswith(("tests/", "benchmarks/"))]


def test_the_package_index_shows_a_page_without_broken_links(published: Path) -> None:
    """It has neither our pictures nor our other documents."""
    with zipfile.ZipFile(only(published, "*.whl")) as wheel:
        [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        page = message_from_bytes(wheel.read(metadata)).get_payload()
    assert isinstance(page, str)
    assert "pip install ruggine" in page
    assert not re.findall(r"\]\((?!https://)[^)]*\)", page)


@pytest.fixture(scope="module")
def installed(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that has the wheel and what it asks for, alone."""
    place = tmp_path_factory.mktemp("operator") / "venv"
    venv.create(place, with_pip=True)
    pip = [place / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check"]
    subprocess.run([*pip, "--quiet", only(published, "*.whl")], check=True, timeout=300)
    return place / "bin"


def run(program: Path, *arguments: object, folder: Path) -> str:
    done = subprocess.run(
        [program, *map(str, arguments)], cwd=folder, capture_output=True, encoding="utf-8",
        timeout=60, check=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def daemon_of_the_wheel(installed: Path, tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    daemon.program = [installed / "twistd"]
    yield daemon.start()
    daemon.stop()


def test_two_commands_make_a_chat(daemon_of_the_wheel: Daemon) -> None:
    with Telephone(daemon_of_the_wheel.tcp_port) as line:
        assert line.ask(f"/register luigi {PASSWORD}").startswith("OK: Registered as luigi")


@pytest.mark.parametrize("kind", KINDS)
def test_the_operators_files_come_out_of_the_wheel(
    kind: str, installed: Path, tmp_path: Path
) -> None:
    """As they are here, but for the place of the programs."""
    said = run(installed / "ruggine", "deploy", kind, "--to", tmp_path / "out", folder=tmp_path)
    written = sorted((tmp_path / "out").iterdir())
    assert sorted(said.splitlines()) == [str(file) for file in written]
    ours = {file.name: file for pattern in KINDS[kind].patterns for file in ROOT.glob(pattern)}
    assert {file.name for file in written} == set(ours)
    for file in written:
        expected = ours[file.name].read_text("utf-8")
        assert file.read_text("utf-8") == expected.replace("/opt/ruggine/bin/", f"{installed}/")


def test_the_unit_runs_the_daemon_from_where_it_is(installed: Path, tmp_path: Path) -> None:
    unit = run(installed / "ruggine", "deploy", "systemd", "--to", "-", folder=tmp_path)
    [program] = re.findall(r"^ExecStart=(\S+)", unit, re.MULTILINE)
    assert os.access(program, os.X_OK)
    assert Path(program) == installed / "twistd"
