"""`ruggine doctor`, typed as an operator types it, for installations with a real fault each."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ruggine.doctor import files
from ruggine.doctor.reach import Address, address_of
from ruggine.free_port import free_port
from ruggine.storage.migrate import migrate
from tests.cast import SocketPerson
from tests.daemon import Daemon
from tests.redis import Redis

RUGGINE = Path(sys.executable).with_name("ruggine")


def ruggine(*arguments: object, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit status, and all that was printed."""
    done = subprocess.run(
        [RUGGINE, *(str(argument) for argument in arguments)],
        capture_output=True, encoding="utf-8", timeout=120, env={**os.environ, **(env or {})},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def examined(*options: object, env: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """The exit status, and the findings by their titles."""
    status, printed = ruggine("doctor", "--json", *options, env=env)
    found = {finding["title"]: finding for finding in json.loads(printed)["findings"]}
    return status, found


def ports_of(daemon: Daemon) -> list[str]:
    ports = {
        "tcp": daemon.tcp_port,
        "websocket": daemon.websocket_port,
        "http": daemon.http_port,
    }
    return [f"--{name}=tcp:{port}:interface=127.0.0.1" for name, port in ports.items()]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A good one, with a chat of three entries, as a daemon leaves it when it stops."""
    path = tmp_path / "data" / "ruggine.db"
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
        connection.execute("INSERT INTO users VALUES (1, 'u', 'dory', 'dory', NULL, 0, NULL)")
        connection.execute(
            "INSERT INTO chats (id, kind, low_user_id, high_user_id, last_seq) "
            "VALUES (1, 'private', 'u', 'u', 3)"
        )
        connection.executemany(
            "INSERT INTO entries (chat_id, seq, kind, sender, content, time_ms) "
            "VALUES (1, ?, 'message', 1, 'ciao', 1000)",
            [(1,), (2,), (3,)],
        )
    path.chmod(0o600)
    return path


def test_a_running_daemon_is_well(daemon: Daemon) -> None:
    """Also while somebody talks; limits that are off are pointed out."""
    luigi = SocketPerson(daemon, "luigi")
    luigi.sends(luigi, "nota")
    options = [*ports_of(daemon), f"--database=sqlite:{daemon.database}", "--rate-limits=off"]
    status, printed = ruggine("doctor", *options)
    assert status == 0, printed
    assert "FAULT" not in printed
    assert "entries, none missing" in printed
    assert "warning  rate limits     off" in printed
    assert printed.endswith("No fault, 1 warning.\n")
    luigi.leaves()


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    """No daemon listens, which is no fault."""
    daemon = Daemon(tmp_path)
    status, found = examined(*ports_of(daemon), f"--database=sqlite:{daemon.database}")
    assert status == 0
    assert found["database"]["text"].endswith("will be made at the first start")
    assert found["line port"]["verdict"] == "warning"
    assert "twistd -n ruggine starts one" in found["line port"]["text"]
    assert not daemon.database.parent.exists()


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8192])


def _sql(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(statement)

    return change


def _wal_left(path: Path) -> None:
    path.rename(path.with_name("ruggine.db-wal"))


AILMENTS: dict[str, tuple[Callable[[Path], Any], str, str, str]] = {
    "nothing": (lambda path: None, "integrity", "ok", "MB"),
    "empty": (lambda path: path.write_bytes(b""), "database", "fault", "restore a backup"),
    "garbage": (lambda path: path.write_bytes(b"x" * 9000), "database", "fault", "restore"),
    "truncated": (_truncated, "database", "fault", "restore a backup"),
    "only its log is left": (_wal_left, "database", "fault", "has messages of it"),
    "a hole": (
        _sql("DELETE FROM entries WHERE seq = 2"), "logs", "fault",
        "chat 1 has 2 entries up to 3 and should have 3",
    ),
    "newer": (_sql("PRAGMA user_version = 99"), "schema", "fault", "newer Ruggine"),
    "older": (_sql("PRAGMA user_version = 1"), "schema", "warning", "make a backup"),
    "another's": (_sql("PRAGMA application_id = 1"), "schema", "fault", "another program"),
    "from the future": (
        _sql("UPDATE entries SET time_ms = 9999999999000"), "clock", "warning", "set the clock",
    ),
    "readable by all": (lambda path: path.chmod(0o644), "file modes", "warning", "chmod 600"),
    "in an open folder": (
        lambda path: path.parent.chmod(0o755), "file modes", "warning", "chmod 700",
    ),
}  # fmt: skip


@pytest.mark.parametrize("ailment", AILMENTS)
def test_what_ails_a_database_is_named_and_not_touched(ailment: str, database: Path) -> None:
    """With what to do; a fault shows in the exit status, a warning does not."""
    spoil, title, verdict, text = AILMENTS[ailment]
    spoil(database)
    before = {path: path.read_bytes() for path in database.parent.iterdir()}
    status, found = examined(f"--database=sqlite:{database}", *ports_of(Daemon(database.parent)))
    assert found[title]["verdict"] == verdict, found
    assert text in found[title]["text"], found
    assert status == (1 if verdict == "fault" else 0)
    assert {path: path.read_bytes() for path in database.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("free", "verdict"), [(10 << 30, "ok"), (500 << 20, "warning"), (50 << 20, "fault")]
)
def test_little_space_is_a_warning_and_none_a_fault(
    free: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits are set so that this machine's disk has as much as the test says."""
    real = files.shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(files, "LEAST_SPACE", files.LEAST_SPACE + real - free)
    monkeypatch.setattr(files, "LITTLE_SPACE", files.LITTLE_SPACE + real - free)
    [space, *_] = files.check_files(tmp_path / "none.db")
    assert (space.title, space.verdict) == ("disk space", verdict)


def test_a_port_that_somebody_else_has_is_a_fault(tmp_path: Path) -> None:
    """Whether that says something else, or nothing."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def greet() -> None:
            for greeting in (b"SSH-2.0-OpenSSH\r\n", b""):
                connection, _ = other.accept()
                connection.sendall(greeting)
                connection.recv(1000)
                connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        port = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
        daemon = Daemon(tmp_path)
        rest = [option for option in ports_of(daemon) if "--http" in option]
        status, found = examined(
            f"--tcp={port}", f"--websocket={port}", *rest, f"--database=sqlite:{tmp_path}/it.db"
        )
        thread.join(10)
    assert status == 1
    assert "SSH-2.0-OpenSSH" in found["line port"]["text"]
    assert found["WebSocket port"]["verdict"] == "fault"


def test_redis_is_asked_and_its_password_is_told_to_nobody(
    running_redis: Redis, tmp_path: Path
) -> None:
    """There, not there, and there with another password."""
    here = [f"--database=sqlite:{tmp_path}/it.db", *ports_of(Daemon(tmp_path))]
    assert examined(*here, "--redis", running_redis.url)[1]["Redis"]["verdict"] == "ok"
    status, found = examined(*here, "--redis", f"redis://127.0.0.1:{free_port()}")
    assert (status, found["Redis"]["verdict"]) == (1, "fault")
    secret = {"RUGGINE_REDIS": f"redis://:segretissima@127.0.0.1:{running_redis.port}"}
    status, printed = ruggine("doctor", *here, env=secret)
    assert status == 1
    assert "AUTH was refused" in printed
    assert "segretissima" not in printed


def test_a_bad_option_is_the_only_finding() -> None:
    status, found = examined("--tcp", "nonsense")
    assert (status, list(found)) == (1, ["configuration"])
    assert "--tcp" in found["configuration"]["text"]


def test_a_misspelt_variable_is_pointed_out(tmp_path: Path) -> None:
    _, found = examined(f"--database=sqlite:{tmp_path}/it.db", env={"RUGGINE_REDISS": "x"})
    assert "RUGGINE_REDISS" in found["configuration"]["text"]


@pytest.mark.parametrize("wrong", [(), ("doktor",), ("doctor", "--delivery", "0")])
def test_what_it_does_not_understand_is_status_2(wrong: tuple[str, ...]) -> None:
    status, printed = ruggine(*wrong)
    assert status == 2
    assert "usage: ruggine" in printed


def test_help_and_version() -> None:
    assert ruggine("--version")[0] == 0
    status, printed = ruggine("doctor", "--help")
    assert status == 0
    assert "--delivery N" in printed
    assert "--max-outgoing-buffer" in printed


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("tcp:8080:interface=127.0.0.1", Address("127.0.0.1", 8080, tls=False)),
        ("tcp:8080", Address("127.0.0.1", 8080, tls=False)),
        ("tcp:port=80:interface=0.0.0.0", Address("127.0.0.1", 80, tls=False)),
        (r"tcp6:8080:interface=\:\:1", Address("::1", 8080, tls=False)),
        ("ssl:8443:privateKey=key.pem", Address("127.0.0.1", 8443, tls=True)),
        ("unix:/run/ruggine", None),
    ],
)
def test_where_an_endpoint_can_be_reached(endpoint: str, address: Address | None) -> None:
    assert address_of(endpoint) == address


# Delivery


def test_delivery_is_tried_on_the_running_daemon(own_daemon: Daemon) -> None:
    """With its limits on; the accounts that were used are deleted in the end."""
    own_daemon._options = ("--rate-limits", "on")
    own_daemon.start()
    database = f"--database=sqlite:{own_daemon.database}"
    status, found = examined("--delivery", 100, *ports_of(own_daemon), database)
    assert status == 0, found
    assert found["delivery"]["text"].startswith("to the running daemon: ")
    assert found["delivery"]["text"].endswith(": 0 lost, 0 duplicated")
    assert "p99" in found["latency"]["text"]
    with closing(sqlite3.connect(own_daemon.database)) as connection:
        left = connection.execute("SELECT COUNT(*) FROM users WHERE deleted_s IS NULL").fetchone()
    assert left == (0,)


def test_another_database_than_the_running_daemons_is_noticed(
    own_daemon: Daemon, database: Path
) -> None:
    own_daemon.database = own_daemon.folder / "elsewhere" / "ruggine.db"
    own_daemon.start()
    options = ["--delivery", 10, *ports_of(own_daemon), f"--database=sqlite:{database}"]
    status, found = examined(*options)
    assert status == 1
    assert "is not the running daemon's" in found["delivery"]["text"]


def test_delivery_is_tried_on_a_daemon_of_its_own_that_is_killed(tmp_path: Path) -> None:
    """Where none runs. What is there is not touched."""
    daemon = Daemon(tmp_path)
    options = [*ports_of(daemon), f"--database=sqlite:{daemon.database}"]
    status, printed = ruggine("doctor", "--delivery", 200, *options)
    assert status == 0, printed
    assert "to a daemon of its own: " in printed
    assert " 4 kills, " in printed
    assert ": 0 lost, 0 duplicated" in printed
    assert not daemon.database.parent.exists()
