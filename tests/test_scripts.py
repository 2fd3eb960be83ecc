"""The scripts of docs/scripts.md, run by a shell with nc, as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ruggine.wire import lines
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
        before = f"password='una password segreta'\n{before}"
        text = "\n".join(
            ["set -u", before, SCRIPTS["quote"], *(SCRIPTS[name] for name in names), after]
        )
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


HOSTILE = (
    "uno\n/logout_all -\n/private - dory due",
    'a quote " and a backslash \\ and C:\\new',
    "\ttab \\n $(id) `id` % %s 'x' & text=\"x\"",
    "\n\nlines around\n\n",
    'text="quoted already"',
    "id=0f8e0001 not an id",
    "emoji 👩‍🚀 and ünïcödé",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_sent_as_it_is_and_nothing_else_is_done(desk: Desk, text: str) -> None:
    """A line break in a variable ended the command, and its second line was another one."""
    desk.output("login", "retry", before=f"text={shlex.quote(text)}")
    assert desk.history() == [f"luigi: {lines.escape(text)}"]
    sessions = desk.line.ask_lines(f"/sessions {desk.token}")
    assert desk.line.ask(f"/validate_session {desk.token}") == "OK: dory"
    assert len(sessions) == 2


def test_a_hostile_password_is_only_a_password(desk: Desk) -> None:
    password = 'a "b" \\ c\n/register mallory una-password\n'
    quoted = 'text="a \\"b\\" \\\\ c\\n/register mallory una-password\\n"'
    assert desk.line.ask(f"/register anna {quoted}").startswith("OK: Registered as anna")
    script = (
        f'password={shlex.quote(password)}; printf \'/login anna %s\\n\' "$(quote "$password")"'
    )
    typed = desk.output(before="", after=script)
    assert desk.line.ask(typed.rstrip("\n")).startswith("OK: Logged in as anna")
    assert "mallory" not in desk.line.ask(f"/all_users {desk.token}")


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
