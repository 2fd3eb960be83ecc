"""What is handed to the desktop's own programs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from client_tk.desktop import emoji, links, notify
from client_tk.desktop.run import start
from tests.daemon import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the programs of a Linux desktop")


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that write down how they were called."""
    log = tmp_path / "called"
    for name in ("notify-send", "xdg-open"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            f"#!{sys.executable}\nimport json, sys\n"
            f"open({str(log)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return log


def calls(log: Path, count: int) -> list[list[str]]:
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) >= count)
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('ciao "tutti"', 'ciao "tutti"'),
        ("--help", "--help"),
        ("$(touch /tmp/x) `id`", "$(touch /tmp/x) `id`"),
        ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
        ("riga\nriga\x00\u202e", "riga riga"),
        ("x" * 500, "x" * 199 + "…"),
    ],
)
def test_what_others_write_is_only_text(text: str, shown: str, called: Path) -> None:
    notify.Notifier().notify("luigi", text)
    [arguments] = calls(called, 1)
    assert arguments[-3:] == ["--", "luigi", shown]


def test_what_comes_fast_is_told_with_the_next(called: Path) -> None:
    now_s = [0.0]
    notifier = notify.Notifier(lambda: now_s[0])
    for number in range(5):
        notifier.notify("luigi", f"n. {number}")
    assert len(calls(called, 1)) == 1
    now_s[0] = 2.0
    notifier.notify("luigi", "ultimo")
    assert [call[-2:] for call in calls(called, 2)] == [
        ["luigi", "n. 0"],
        ["luigi (and 4 more)", "ultimo"],
    ]


def test_only_web_addresses_are_opened(called: Path) -> None:
    for url in ("file:///etc/passwd", "javascript:alert(1)", "-rf", "", "ssh://host"):
        links.open_link(url)
    links.open_link("https://ruggine.example/?a=1&b=$(id)")
    assert calls(called, 1) == [["https://ruggine.example/?a=1&b=$(id)"]]


def test_whether_emoji_can_be_drawn_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a child that may die of it; here it has no display."""
    monkeypatch.setenv("DISPLAY", ":4711")
    memory = tmp_path / "data" / "emoji"
    assert emoji.can_draw(memory) is False
    assert memory.read_text().endswith("=no")
    memory.write_text(memory.read_text().replace("=no", "=yes"))
    assert emoji.can_draw(memory) is True
    memory.write_text("another library=yes")
    assert emoji.can_draw(memory) is False


def test_a_program_that_is_not_there_is_no_fault() -> None:
    start(["/nowhere/to/be/found"])
