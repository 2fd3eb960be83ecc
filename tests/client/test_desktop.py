"""What is handed to the desktop's own programs."""

from __future__ import annotations

import base64
import json
import os
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import pytest

from client_tk.desktop import emoji, links, notify, theme_of, urgency
from client_tk.desktop.run import start
from client_tk.errands import Errand
from tests.client.errand import result_of
from tests.daemon import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the programs of a Linux desktop")


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that write down how they were called."""
    log = tmp_path / "called"
    for name in ("notify-send", "xdg-open"):
        program(tmp_path, name, f"open({str(log)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')")
    for name in ("osascript", "powershell"):
        both = "[*sys.argv[1:], sys.stdin.read()]"
        program(tmp_path, name, f"open({str(log)!r}, 'a').write(json.dumps({both}) + '\\n')")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return log


def program(folder: Path, name: str, body: str) -> None:
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n", "utf-8")
    path.chmod(0o755)


def calls(log: Path, count: int) -> list[list[str]]:
    wait_until(lambda: log.exists() and len(log.read_text("utf-8").splitlines()) >= count)
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('ciao "tutti"', 'ciao "tutti"'),
        ("--help", "--help"),
        ("$(touch /tmp/x) `id`", "$(touch /tmp/x) `id`"),
        ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
        ("riga\nriga\x00\u202e", "riga riga"),
        ("a\u061cb\u2028c\ud800", "a b c"),
        (r"C:\new \074b\076", r"C:\\new \\074b\\076"),
        ("x" * 500, "x" * 199 + "…"),
    ],
)
def test_what_others_write_is_only_text(text: str, shown: str, called: Path) -> None:
    notify.Notifier().notify("luigi", text)
    [arguments] = calls(called, 1)
    assert arguments[-3:] == ["--", "luigi", shown]


HOSTILE = '-i" & (do shell script "id") $(id)'


def test_on_macos_no_text_is_an_option_or_a_program(
    called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    notify.Notifier().notify(HOSTILE, "--help")
    [[dash, title, text, script]] = calls(called, 1)
    assert (dash, title, text) == ("-", HOSTILE, "--help")
    assert script.startswith("on run argv\n")


def test_on_windows_texts_come_through_the_pipe_in_any_script(
    called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    notify.Notifier().notify(HOSTILE, "perché 👍")
    [[*arguments, given]] = calls(called, 1)
    assert [base64.b64decode(line).decode() for line in given.split()] == [HOSTILE, "perché 👍"]
    assert HOSTILE not in " ".join(arguments)


def test_what_comes_fast_is_told_after_a_second_where_there_is_a_timer(called: Path) -> None:
    due: list[tuple[int, Callable[[], None]]] = []
    now_s = [0.0]
    notifier = notify.Notifier(lambda: now_s[0], lambda ms, tell: due.append((ms, tell)))
    for at_s in (0.0, 0.25, 0.5):
        now_s[0] = at_s
        notifier.notify("luigi", "ciao")
    [(wait_ms, tell)] = due
    assert 750 <= wait_ms <= 760
    assert len(calls(called, 1)) == 1
    now_s[0] = 1.01
    tell()
    assert [call[-2:] for call in calls(called, 2)] == [
        ["luigi", "ciao"],
        ["Ruggine", "2 new messages"],
    ]
    tell()
    notifier.notify("luigi", "e ora?")
    assert len(calls(called, 2)) == 2
    assert len(due) == 2


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
    for url in ("file:///etc/passwd", "javascript:alert(1)", "-rf", "", "ssh://host", "https://a\0b",
                "https://a b", "https://"):  # fmt: skip
        links.open_link(url)
    links.open_link("https://ruggine.example/?a=1&b=$(id)")
    assert calls(called, 1) == [["https://ruggine.example/?a=1&b=$(id)"]]


def test_whether_emoji_can_be_drawn_is_tried_once(
    tmp_path: Path, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a child that may die of it; here it has no display."""
    program(tmp_path, "fc-list", "print('a font')")
    monkeypatch.setenv("DISPLAY", ":4711")
    memory = tmp_path / "data" / "emoji"
    assert result_of(emoji.can_draw(memory)) is False
    assert memory.read_text("utf-8").endswith("=no")
    memory.write_text(memory.read_text("utf-8").replace("=no", "=yes"), "utf-8")
    assert result_of(emoji.can_draw(memory)) is True
    memory.write_text("another library=yes", "utf-8")
    assert result_of(emoji.can_draw(memory)) is False


def answering(found: bool) -> Callable[[], Errand[bool]]:
    def answer() -> Errand[bool]:
        return found
        yield

    return answer


def test_without_a_font_of_emoji_they_are_named(
    tmp_path: Path, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emoji, "_survives", answering(True))
    program(tmp_path, "fc-list", "print('' if 'charset=1f44d' in sys.argv[1] else 'DejaVu Sans')")
    assert result_of(emoji.can_draw(tmp_path / "emoji")) is False
    program(tmp_path, "fc-list", "print('Noto Color Emoji')")
    assert result_of(emoji.can_draw(tmp_path / "emoji")) is True


def test_another_font_of_emoji_is_tried_anew(
    tmp_path: Path, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the first in colour, which an old libXft does not survive."""
    program(tmp_path, "fc-list", "print('a font')")
    monkeypatch.setattr(emoji, "_survives", answering(True))
    memory = tmp_path / "emoji"
    program(tmp_path, "fc-match", "print('/fonts/DejaVuSans.ttf', end='')")
    assert result_of(emoji.can_draw(memory)) is True
    monkeypatch.setattr(emoji, "_survives", answering(False))
    assert result_of(emoji.can_draw(memory)) is True
    program(tmp_path, "fc-match", "print('/fonts/NotoColorEmoji.ttf', end='')")
    assert result_of(emoji.can_draw(memory)) is False
    assert "NotoColorEmoji" in memory.read_text("utf-8")


def test_a_busy_machine_is_not_taken_for_one_without_emoji(
    tmp_path: Path, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "fc-list", "print('a font')")
    monkeypatch.setattr(emoji, "_PATIENCE_S", 0.0)
    memory = tmp_path / "emoji"
    assert result_of(emoji.can_draw(memory)) is False
    assert not memory.exists()


@pytest.mark.parametrize(
    ("scheme", "high", "gtk", "theme"),
    [
        ("'default'", "false", "", "light"),
        ("'prefer-dark'", "false", "", "dark"),
        ("'default'", "false", "Adwaita:dark", "dark"),
        ("'prefer-dark'", "true", "", "contrast"),
        ("'default'", "false", "HighContrastInverse", "contrast"),
    ],
)
def test_the_theme_of_the_desktop_is_told(
    scheme: str, high: str, gtk: str, theme: str,
    tmp_path: Path, called: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    answers = {"color-scheme": scheme, "high-contrast": high}
    program(tmp_path, "gsettings", f"print({answers}[sys.argv[-1]])")
    monkeypatch.setenv("GTK_THEME", gtk)
    assert result_of(theme_of.system_theme()) == theme


def test_a_desktop_that_says_nothing_is_light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GTK_THEME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    assert result_of(theme_of.system_theme()) == "light"


class Window:
    """Stands for the window of Tk on macOS: `wm attributes` of its manual page."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def wm_attributes(self, option: str, value: bool) -> None:
        self.asked.append((option, value))
        if len(self.asked) > 1:
            raise tk.TclError("no such attribute")


def test_on_macos_the_icon_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window()
    urgency.urge(window)
    assert window.asked == []
    monkeypatch.setattr(sys, "platform", "darwin")
    urgency.urge(window)
    urgency.urge(window)
    assert window.asked == [("-notify", True)] * 2


@pytest.mark.parametrize("argument", ["a\0b", "\ud800"])
def test_an_argument_that_cannot_be_given_is_no_fault(argument: str) -> None:
    start([sys.executable, "-c", "", argument])


def test_a_program_that_does_not_listen_is_no_fault() -> None:
    start([sys.executable, "-c", ""], "x" * 1_000_000)


def test_a_program_that_is_not_there_is_no_fault() -> None:
    start(["/nowhere/to/be/found"])
