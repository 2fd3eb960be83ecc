"""Whatever the locale says and whoever reads: the program starts, and ends without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cast import Telephone, WebSocket
from tests.daemon import LISTENING, PASSWORD, TWISTD, Daemon

RUGGINE = TWISTD.with_name("ruggine")
CLIENT = (sys.executable, "-m", "client_tk")
ASCII = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
LOCALES = {
    "POSIX": ASCII,
    "C": {**ASCII, "LC_ALL": "C"},
    "ASCII, strictly": {**ASCII, "PYTHONIOENCODING": "ascii"},
    "Latin-1": {**ASCII, "PYTHONIOENCODING": "iso-8859-1"},
    "UTF-8": {"LC_ALL": "C.UTF-8"},
}
PROGRAMS = [
    (TWISTD, "ruggine", "--help"),
    (TWISTD, "ruggine", "--version"),
    (RUGGINE, "--help"),
    (RUGGINE, "doctor", "--help"),
    (
        RUGGINE, "doctor", "--database=sqlite:/nowhere/caffè/it.db",
        *(f"--{port}=tcp:1" for port in ("tcp", "websocket", "http")),
    ),
    (RUGGINE, "bench", "--help"),
    (*CLIENT, "--help"),
    (sys.executable, "-m", "benchmarks", "--help"),
]  # fmt: skip


def named(command: Sequence[object]) -> str:
    return " ".join(str(word).rpartition("/")[2] for word in command)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_daemon_talks_in_every_locale(locale: str, tmp_path: Path) -> None:
    """Also with a folder whose name the locale cannot spell, and a log that cannot hold a ✅."""
    folder = tmp_path / "caffè"
    folder.mkdir()
    daemon = Daemon(folder, "--performance-log", str(folder / "più"), env=LOCALES[locale]).start()
    with Telephone(daemon.tcp_port) as line:
        token = line.ask(f"/register luigi {PASSWORD}").split()[-1]
        luigi = WebSocket(daemon.url, token)
        line.ask(f"/send_private_message {token} luigi è già qui 🚀")
        assert luigi.hear()["content"] == "è già qui 🚀"
        assert line.ask_lines(f"/get_private_messages {token} luigi")[1].endswith("è già qui 🚀")
        luigi.hang_up()
    daemon.stop()
    said = daemon.log_file.read_bytes()
    assert ("✅".encode() if locale == "UTF-8" else rb"\u2705") in said


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_a_program_can_say_what_it_has_to_say(program: Sequence[object]) -> None:
    """Its help, and what it finds, where only ASCII can be shown."""
    done = subprocess.run(
        [str(word) for word in program], env={**os.environ, **LOCALES["ASCII, strictly"]},
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.stdout
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_a_program_whose_reader_has_gone_ends_without_a_word(program: Sequence[object]) -> None:
    """`ruggine doctor | head -1`, with a reader that is gone before the first word."""
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [str(word) for word in program], env=buffered, stdout=closed, stderr=subprocess.PIPE,
            timeout=60,
        )  # fmt: skip
    assert done.stderr == b""
    assert done.returncode == 128 + signal.SIGPIPE


def test_a_daemon_whose_log_nobody_reads_serves_on(tmp_path: Path) -> None:
    """`twistd -n ruggine | head`: a reader of the log is no part of the chat."""
    daemon = Daemon(tmp_path)
    process = subprocess.Popen(
        daemon.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=tmp_path,
    )  # fmt: skip
    assert process.stdout is not None
    while LISTENING.encode() not in process.stdout.readline():
        assert process.poll() is None
    process.stdout.close()
    with Telephone(daemon.tcp_port) as line:
        assert line.ask(f"/register luigi {PASSWORD}").startswith("OK: ")
    process.terminate()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(10) == 0
