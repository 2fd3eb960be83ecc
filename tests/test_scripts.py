"""The scripts of docs/scripts.md, run by a shell with nc, as they stand there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.cast import Telephone
from tests.daemon import Daemon, wait_until

TEXT = (Path(__file__).parent.parent / "docs" / "scripts.md").read_text("utf-8")
SCRIPTS = dict(re.findall(r"^```sh (\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
SHOWN = dict(re.findall(r"^```text (\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


class Desk:
    """Luigi and Dory have accounts; scripts find the daemon where they say it is."""

    def __init__(self, daemon: Daemon, folder: Path) -> None:
        self.daemon = daemon
        self.folder = folder
        self.line = Telephone(daemon.tcp_port)
        for name in ("luigi", "dory"):
            answer = self.line.ask(f'/register {name} "una password segreta"')
            self.token = answer.split()[-1]

    def shell(self, *names: str, before: str = "", after: str = "") -> subprocess.Popen[str]:
        """Start these scripts, one after the other, in one shell."""
        text = "\n".join(["set -u", before, *(SCRIPTS[name] for name in names), after])
        text = text.replace("127.0.0.1 8080", f"127.0.0.1 {self.daemon.tcp_port}")
        return subprocess.Popen(
            ["sh", "-c", text.replace("sleep 5", "sleep 0.2")], cwd=self.folder, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env=needs.with_nc(),
        )  # fmt: skip

    def output(self, *names: str, before: str = "", after: str = "") -> str:
        shell = self.shell(*names, before=before, after=after)
        heard, _ = shell.communicate(timeout=20)
        assert shell.returncode == 0, heard
        return heard

    def history(self) -> list[str]:
        answer = self.line.ask_lines(f"/get_private_messages {self.token} luigi")
        return [line.split("] ", 1)[1] for line in answer[1:]]


@pytest.fixture
def desk(own_daemon: Daemon, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(own_daemon.start(), tmp_path)
    yield desk
    desk.line.hang_up()


def shown(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(SHOWN[name]).replace("…", ".*"))


def end(shell: subprocess.Popen[str]) -> str:
    os.killpg(shell.pid, signal.SIGTERM)
    heard, _ = shell.communicate(timeout=10)
    return heard


def test_log_in_send_retry_and_read(desk: Desk) -> None:
    heard = desk.output("login", "send", "retry", "read", before="text='e anche verificato'")
    for name in ("send", "read"):
        assert shown(name).search(heard), heard
    assert desk.history() == ["luigi: il backup è fatto", "luigi: e anche verificato"]


def test_a_send_is_repeated_until_the_daemon_is_there_and_stored_once(desk: Desk) -> None:
    desk.daemon.stop()
    shell = desk.shell("retry", before=f"text=ciao token={desk.token}")
    with pytest.raises(subprocess.TimeoutExpired):
        shell.wait(0.5)
    desk.daemon.start()
    shell.communicate(timeout=20)
    desk.line = Telephone(desk.daemon.tcp_port)
    answer = desk.line.ask_lines(f"/get_private_messages {desk.token} dory")
    assert len(answer) == 2
    assert answer[1].endswith("dory: ciao")


def test_the_loop_over_watch(desk: Desk) -> None:
    shell = desk.shell("login", "watch")
    assert shell.stdout is not None
    wait_until(lambda: "luigi" in desk.line.ask(f"/online_users {desk.token}"))
    desk.line.ask(f"/private {desk.token} luigi ciao  Luigi \\n *")
    assert shell.stdout.readline() == "dory writes in @dory: ciao  Luigi \\\\n *\n"
    end(shell)


def test_the_bot_answers_and_comes_back(desk: Desk) -> None:
    shell = desk.shell("login", "bot")

    def answered(times: int) -> bool:
        return sum(line.startswith("luigi: load: ") for line in desk.history()) == times

    wait_until(lambda: "luigi" in desk.line.ask(f"/online_users {desk.token}"))
    desk.line.ask(f"/private {desk.token} luigi !load")
    wait_until(lambda: answered(1))
    desk.daemon.stop()
    desk.daemon.start()
    desk.line = Telephone(desk.daemon.tcp_port)
    wait_until(lambda: "luigi" in desk.line.ask(f"/online_users {desk.token}"), 10)
    desk.line.ask(f"/private {desk.token} luigi !load")
    wait_until(lambda: answered(2))
    end(shell)
