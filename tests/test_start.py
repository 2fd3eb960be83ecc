"""Starting: what a person sees when it works, and the one line when it cannot."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ruggine import config
from ruggine.free_port import free_port
from ruggine.storage.migrate import migrate
from tests.daemon import TWISTD, Daemon, wait_until

ROOT = Path(__file__).parent.parent


def test_it_says_what_it_does(own_daemon: Daemon) -> None:
    """Start-up prints the texts of the reference, exactly."""
    own_daemon.start()
    texts = [line.split("Z ", 1)[1] for line in own_daemon.log().splitlines()]
    for text in (
        "[INFO] Database connected successfully",
        "[INFO] Redis not configured, using the embedded bus",
        f"[INFO] TCP Server listening on 127.0.0.1:{own_daemon.tcp_port}",
        f"[INFO] WebSocket Server listening on 127.0.0.1:{own_daemon.websocket_port}",
    ):
        assert text in texts


def test_what_it_makes_is_for_its_owner_only(own_daemon: Daemon) -> None:
    """The folder is 0700 and the file 0600."""
    own_daemon.start()
    assert stat.S_IMODE(own_daemon.database.parent.stat().st_mode) == 0o700
    for file in own_daemon.database.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_health_is_served(daemon: Daemon) -> None:
    """/healthz and /readyz answer 200 with a JSON object."""
    for path, body in (("healthz", b'{"status":"ok"}'), ("readyz", b'"database":"ok"')):
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http_port}/{path}") as answer:
            assert answer.status == 200
            assert body in answer.read()


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 100)


def _another_programs(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name)")


def _newer(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _damaged(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection)
    connection.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 8192 + whole[12288:])


DATABASES = {
    "garbage": (_garbage, "cannot be used"),
    "another program's": (_another_programs, "another program"),
    "newer": (_newer, "newer Ruggine"),
    "damaged": (_damaged, "restore a backup"),
}


@pytest.mark.parametrize("kind", DATABASES)
def test_a_database_it_cannot_use_ends_the_start(
    kind: str, own_daemon: Daemon, tmp_path: Path
) -> None:
    """One line names the option and what to do; the file is left as it was."""
    make, sentence = DATABASES[kind]
    path = tmp_path / "it.db"
    make(path)
    before = path.read_bytes()
    assert sentence in refused(own_daemon, "--database", f"sqlite:{path}")
    assert path.read_bytes() == before


def test_a_database_folder_it_may_not_make_ends_the_start(own_daemon: Daemon) -> None:
    """The system's own words and what to do."""
    assert "permissions" in refused(own_daemon, "--database", "sqlite:/proc/nowhere/it.db")


def test_a_database_in_use_ends_the_start(own_daemon: Daemon) -> None:
    """Without a Redis two would not hear of each other's messages. A dead one is no user."""
    own_daemon.start()
    second = Daemon(own_daemon.folder)
    for redis in ((), ("--redis", f"redis://127.0.0.1:{free_port()}")):
        second._options = redis
        second.spawn()
        assert second.process.wait(10) not in (0, None)
        last = second.log().splitlines()[-1]
        assert "ruggine: --database: " in last, last
        assert "is in use by another daemon; stop that one, or" in last
    own_daemon.kill()
    heir = Daemon(own_daemon.folder).start()
    heir.stop()


def test_a_port_in_use_ends_the_start(own_daemon: Daemon) -> None:
    """The line names the option and the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1"
        assert address in refused(own_daemon, "--websocket", address)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--tcp", "nonsense"),
        ("--websocket", "tcp:70000"),
        ("--http", "tcp:x"),
        ("--durability", "somewhat"),
        ("--log-level", "loud"),
        ("--log-format", "xml"),
        ("--redis", "localhost"),
        ("--max-line-length", "12"),
        ("--ping-interval", "soon"),
    ],
)
def test_a_bad_value_ends_the_start(option: str, value: str, own_daemon: Daemon) -> None:
    """One line, which names the option."""
    refused(own_daemon, option, value)


def refused(daemon: Daemon, option: str, value: str) -> str:
    """Start a daemon that cannot; returns its last line."""
    daemon._options = (option, value)
    daemon.spawn()
    assert daemon.process.wait(10) not in (0, None)
    log = daemon.log()
    assert "Traceback" not in log
    last = log.splitlines()[-1]
    assert re.search(rf"ruggine: {option}: ", last), log
    return last


def test_the_help_has_every_option_and_what_matters_first() -> None:
    """In the order of docs/operating.md, with the defaults."""
    done = subprocess.run([TWISTD, "ruggine", "--help"], capture_output=True, encoding="utf-8")
    shown = re.findall(r"^  --(\S+) VALUE", done.stdout, re.MULTILINE)
    assert shown == [option.name for option in config.OPTIONS]
    for option in config.OPTIONS:
        assert f"[{option.default or 'none'}]" in done.stdout


@pytest.mark.parametrize("words", [["--nonsense"], ["--tcp"], ["start"]])
def test_what_is_not_understood_is_said_in_one_line(words: list[str]) -> None:
    """Twisted would print its whole help before it."""
    done = subprocess.run([TWISTD, "ruggine", *words], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ruggine: ")
    assert done.stderr.endswith("; twistd ruggine --help lists all options\n")
    assert words[0] in done.stderr


def test_it_daemonizes_by_itself(tmp_path: Path) -> None:
    """`twistd ruggine` returns when it runs in the background, and logs into twistd.log."""
    daemon = Daemon(tmp_path)
    ports = {
        "--tcp": daemon.tcp_port,
        "--websocket": daemon.websocket_port,
        "--http": daemon.http_port,
    }
    options = [f"{name}=tcp:{port}:interface=127.0.0.1" for name, port in ports.items()]
    subprocess.run([TWISTD, "ruggine", *options], cwd=tmp_path, check=True, timeout=15)
    pid = int((tmp_path / "twistd.pid").read_text("utf-8"))
    wait_until(lambda: "WebSocket Server listening" in (tmp_path / "twistd.log").read_text("utf-8"))
    os.kill(pid, 15)
    wait_until(lambda: not (tmp_path / "twistd.pid").exists(), 10)
    assert "Traceback" not in (tmp_path / "twistd.log").read_text("utf-8")


def test_in_the_background_the_reason_is_shown_too(tmp_path: Path) -> None:
    """Whole, where twistd tells a hundred bytes."""
    daemon = Daemon(tmp_path, "--http", "tcp:1:interface=192.0.2.1")
    daemon.of_twistd = []
    done = subprocess.run(
        daemon.command(), cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=30
    )
    assert done.returncode == 1
    reason = done.stderr.splitlines()[0]
    assert reason.startswith("ruggine: --http: tcp:1:interface=192.0.2.1 cannot be opened (")
    assert reason.endswith("; stop what uses it, or give another address.")
    assert "Traceback" not in done.stderr
    assert reason.removeprefix("ruggine: ") in (tmp_path / "twistd.log").read_text("utf-8")


def test_in_the_background_it_lets_go_of_who_started_it(tmp_path: Path) -> None:
    """An ssh that started it can end: nothing of the daemon waits for its pipes."""
    daemon = Daemon(tmp_path)
    daemon.of_twistd = []
    subprocess.run(daemon.command(), cwd=tmp_path, capture_output=True, check=True, timeout=30)
    pid_file = tmp_path / "twistd.pid"
    os.kill(int(pid_file.read_text("utf-8")), 15)
    wait_until(lambda: not pid_file.exists(), 10)


def test_a_plain_installation_offers_the_plugin(tmp_path: Path) -> None:
    """After `pip install .` into an empty environment `twistd --help` lists ruggine."""
    source = tmp_path / "source"
    shutil.copytree(
        ROOT,
        source,
        ignore=shutil.ignore_patterns(".git", ".venv", "*.egg-info", "build", ".*_cache"),
    )
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--target", target, source], check=True)
    code = "from twisted.scripts.twistd import run; run()"
    listed = subprocess.run(
        [sys.executable, "-P", "-c", code, "--help"],
        env={**os.environ, "PYTHONPATH": str(target)}, cwd=tmp_path,
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert "A self-hosted real-time chat" in listed.stdout
    assert (target / "ruggine/storage/schema/0001_core.sql").exists()
    assert (target / "twisted/plugins/ruggine_plugin.py").exists()
    assert not (target / "twisted/__init__.py").exists()
