"""The README's quick start is played, line by line, with the programs it names.

A block `console NAME` is a terminal. In it `$` begins a command; a `/` or `>` begins what is
typed; the rest is what must appear. `…` stands for anything, alone on a line for any lines;
`rg1_Luigi…` for a token, the same wherever it stands again. Only ports and the database are moved,
so that the test can run beside a daemon of yours.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ruggine.free_port import free_port
from tests import needs
from tests.daemon import heed_ctrl_c

ROOT = Path(__file__).parent.parent
PATIENCE_S = 180
_BLOCK = re.compile(r"^```console (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(r"rg1_[A-Z]\w*…")
_SCREEN = re.compile(r"\x1b(\[[0-9;]*[A-Za-z]|[78])")
_SOME_TIME = '"message_type":"user_status"'
"""May come at any moment, as the README says."""

_PROMPTS = re.compile(r"^(> )+")


class Terminal:
    """One shell of a person who follows the README."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        self.process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    def run(self, command: str) -> None:
        """Start a command; the one before must have ended well."""
        self.finish()
        self._lines = queue.Queue()
        self.process = subprocess.Popen(
            command, shell=True, cwd=ROOT, env=self._env, start_new_session=True,
            preexec_fn=heed_ctrl_c,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self.process, self._lines), daemon=True).start()

    def type(self, line: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def see(self) -> str:
        """The next line on the screen."""
        line = self._lines.get(timeout=PATIENCE_S)
        assert line is not None, "the program has ended"
        return line

    def finish(self) -> None:
        if self.process is not None:
            assert self.process.wait(PATIENCE_S) == 0

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(15)

    @staticmethod
    def _read(process: subprocess.Popen[bytes], lines: queue.Queue[str | None]) -> None:
        assert process.stdout is not None
        for raw in process.stdout:
            text = _PROMPTS.sub("", _SCREEN.sub("", raw.decode()).rstrip("\r\n"))
            if text.strip() or raw == b"\n":
                lines.put(text)
        lines.put(None)


class Reader:
    """Does what the README says and compares what it shows."""

    def __init__(self, env: dict[str, str], moved: dict[str, str]) -> None:
        self._env = env
        self._moved = moved
        self._terminals: dict[str, Terminal] = {}
        self._tokens: dict[str, str] = {}

    def follow(self, terminal_name: str, block: str) -> None:
        terminal = self._terminals.setdefault(terminal_name, Terminal(self._env))
        anything = False
        for line in block.splitlines():
            text = self._here(line)
            if text.startswith("$ "):
                terminal.run(text.removeprefix("$ "))
            elif text.startswith(("/", "> ")):
                terminal.type(self._with_tokens(text.removeprefix("> ")))
            elif text == "…":
                anything = True
                continue
            else:
                self._expect(terminal, text, anything)
            anything = False

    def leave(self) -> None:
        for terminal in reversed(self._terminals.values()):
            terminal.stop()

    def _here(self, line: str) -> str:
        for old, new in self._moved.items():
            line = line.replace(old, new)
        return line

    def _with_tokens(self, text: str) -> str:
        return _TOKEN.sub(lambda found: self._tokens[found[0]], text)

    def _expect(self, terminal: Terminal, text: str, anything: bool) -> None:
        names = _TOKEN.findall(text)
        pattern = ".*".join(map(re.escape, _TOKEN.sub("\0", text).split("…")))
        pattern = pattern.replace(re.escape("\0"), r"(rg1_[\w-]{43})")
        while (found := re.fullmatch(pattern, line := terminal.see())) is None:
            assert anything or _SOME_TIME in line, f"expected: {text}\nseen:     {line}"
        self._tokens.update(zip(names, found.groups(), strict=True))


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Somebody with the README, on a machine where other daemons may run."""
    ports = {name: free_port() for name in ("TCP", "WEBSOCKET", "HTTP")}
    env = {
        **needs.with_nc(),
        **{f"RUGGINE_{n}": f"tcp:{port}:interface=127.0.0.1" for n, port in ports.items()},
        "RUGGINE_DATABASE": f"sqlite:{tmp_path}/data/ruggine.db",
        # The client's two threads write to one buffered stdout, which may lose a line.
        "PYTHONUNBUFFERED": "1",
    }
    moved = {":5001": f":{ports['WEBSOCKET']}", ":8080": f":{ports['TCP']}"}
    moved["127.0.0.1 8080"] = f"127.0.0.1 {ports['TCP']}"
    reader = Reader(env, moved)
    yield reader
    reader.leave()


def test_the_quick_start_works_as_it_is_written(reader: Reader) -> None:
    """Two people, four terminals, no client of ours."""
    blocks = _BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
    assert [name for name, _ in blocks][:3] == ["daemon", "accounts", "dory"]
    for terminal, block in blocks:
        reader.follow(terminal, block)
