"""Secrets in the keyring, by a child process, and in a file."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from client_tk import secret
from tests.client.errand import Errandboy, result_of
from tests.patience import stretched

TOKEN = "rg1_a-secret 'with' \"quotes\"\nand lines è 🦀"
BACKEND = """
import json, os, pathlib, time
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

class Keyring(KeyringBackend):
    priority = 5

    def __init__(self):
        super().__init__()
        self.file = pathlib.Path(os.environ["KEPT"])
        time.sleep(float(os.environ.get("SLOW", "0")))

    def _all(self):
        return json.loads(self.file.read_text("utf-8")) if self.file.exists() else {}

    def get_password(self, service, user):
        return self._all().get(f"{service} {user}")

    def set_password(self, service, user, password):
        self.file.write_text(json.dumps({**self._all(), f"{service} {user}": password}))

    def delete_password(self, service, user):
        kept = self._all()
        if "locked" in user or kept.pop(f"{service} {user}", None) is None:
            raise PasswordDeleteError("no")
        self.file.write_text(json.dumps(kept))
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keyring that writes into this file."""
    (tmp_path / "for_the_test.py").write_text(BACKEND, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "for_the_test.Keyring")
    monkeypatch.setenv("KEPT", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_a_secret_is_kept_and_forgotten(kept: Path) -> None:
    assert result_of(secret.read("ruggine", "dory")) is None
    assert result_of(secret.write("ruggine", "dory", TOKEN))
    assert result_of(secret.write("ruggine", "--help -c ; $x", "another"))
    assert result_of(secret.read("ruggine", "dory")) == TOKEN
    assert result_of(secret.read("ruggine", "--help -c ; $x")) == "another"
    assert result_of(secret.forget("ruggine", "dory"))
    assert result_of(secret.read("ruggine", "dory")) is None
    assert result_of(secret.forget("ruggine", "dory"))
    assert kept.exists()


def test_a_keyring_that_does_not_let_go(kept: Path) -> None:
    assert result_of(secret.write("ruggine", "locked", TOKEN))
    assert not result_of(secret.forget("ruggine", "locked"))


@pytest.mark.parametrize(
    "backend",
    ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "chain", "no.such.Keyring"],
)
def test_no_keyring(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept, and nobody is told that it was."""
    (tmp_path / "chain.py").write_text(
        "from keyring.backends.chainer import ChainerBackend\n"
        "class Keyring(ChainerBackend):\n    priority, backends = 1, []\n",
        "utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    name = "chain.Keyring" if backend == "chain" else backend
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    assert not result_of(secret.write("ruggine", "dory", TOKEN))
    assert result_of(secret.read("ruggine", "dory")) is None
    assert result_of(secret.forget("ruggine", "dory")) == (backend != "no.such.Keyring")


def test_a_keyring_that_hangs_is_given_up(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process too."""
    monkeypatch.setenv("SLOW", "60")
    monkeypatch.setattr(secret, "_PATIENCE_S", 1.0)
    began_s = time.monotonic()
    assert not result_of(secret.write("ruggine", "hanging", TOKEN))
    assert time.monotonic() - began_s < stretched(3)
    assert not any("hanging" in line for line in _processes())


def test_no_argument_holds_the_secret(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor the environment: all processes are looked at while the child runs."""
    monkeypatch.setenv("SLOW", "0.5")
    boy, kept_it, seen = Errandboy(), [], []
    boy.errands.run(secret.write("ruggine", "dory", "rg1_very-secret"), kept_it.append)

    def looked() -> object:
        seen.extend(_processes())
        return kept_it

    boy.until(looked)
    assert result_of(secret.read("ruggine", "dory")) == "rg1_very-secret"
    assert any("client_tk.secret set ruggine dory" in line for line in seen)
    assert not any("very-secret" in line for line in seen)


def test_the_parent_does_not_pay_for_the_keyring(kept: Path) -> None:
    program = (
        "import sys; from client_tk import secret; from tests.client.errand import result_of;"
        "result_of(secret.write('ruggine', 'dory', 'x'));"
        "print([name for name in sys.modules if name.startswith('keyring')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, encoding="utf-8", check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout == "[]\n"
    assert kept.exists()


_SHOWN = ("cmdline", "environ")


def _processes() -> list[str]:
    """Arguments and environment of every process, as far as they can be read."""
    if not Path("/proc/self").exists():
        listed = subprocess.run(["ps", "axeww"], capture_output=True, encoding="utf-8", check=True)
        return listed.stdout.splitlines()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            shown = [(process / name).read_text("utf-8", "replace") for name in _SHOWN]
            found += [text.replace("\0", " ") for text in shown]
    return found


# A file


def test_a_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "tokens" / "dory"
    path.parent.mkdir(mode=0o755)
    former = os.umask(0)
    try:
        secret.write_file(path, TOKEN)
    finally:
        os.umask(former)
    assert secret.read_file(path) == TOKEN
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)
    secret.write_file(path, "another")
    assert (secret.read_file(path), path.stat().st_mode & 0o777) == ("another", 0o600)
    secret.forget_file(path)
    secret.forget_file(path)
    assert secret.read_file(path) is None
    assert list(path.parent.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tokens" / "dory"
    secret.write_file(path, "former")

    def fail(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        secret.write_file(path, TOKEN)
    assert secret.read_file(path) == "former"
    assert list(path.parent.iterdir()) == [path]


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    path, other = tmp_path / "tokens" / "dory", tmp_path / "other"
    path.parent.mkdir()
    other.write_text("somebody else's", "utf-8")
    path.symlink_to(other)
    secret.write_file(path, TOKEN)
    assert other.read_text("utf-8") == "somebody else's"
    assert not path.is_symlink()


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * 70_000])
def test_what_is_no_secret(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "dory"
    if content is not None:
        path.write_bytes(content)
    assert secret.read_file(tmp_path) is None
    assert secret.read_file(path) in (None, "x" * 65536)
