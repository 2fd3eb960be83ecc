"""Notifications by the platform's own means: notify-send, osascript, PowerShell."""

from __future__ import annotations

import base64
import re
import shutil
import sys
import time
from collections.abc import Callable

from client_tk import wording
from client_tk.desktop.run import start
from client_tk.texts import ngettext

MOST = 200
"""Characters of a message that are shown."""

EVERY_S = 1.0

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_APPLE = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
_WINDOWS = (
    "function d{[Text.Encoding]::UTF8.GetString("
    "[Convert]::FromBase64String([Console]::In.ReadLine()))};$t=d;$b=d;"
    "[void][Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,"
    "ContentType=WindowsRuntime];"
    "$x=[Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(1);"
    "$n=$x.GetElementsByTagName('text');"
    "[void]$n.Item(0).AppendChild($x.CreateTextNode($t));"
    "[void]$n.Item(1).AppendChild($x.CreateTextNode($b));"
    "[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier('Ruggine')"
    ".Show([Windows.UI.Notifications.ToastNotification]::new($x))"
)


class Notifier:
    """Tk thread. Shows at most one a second; what comes faster is counted and told with the next,
    or after that second if `later` (such as `after` of a Tk window, in milliseconds) is given.

    What others have written is passed as an argument or through a pipe, never as part of a
    program.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[int, Callable[[], None]], object] | None = None,
    ) -> None:
        self._clock = clock
        self._later = later
        self._last_s = float("-inf")
        self._held = 0

    def notify(self, title: str, text: str) -> None:
        """Nothing happens where the platform has no means."""
        now_s = self._clock()
        left_s = self._last_s + EVERY_S - now_s
        if left_s > 0:
            self._hold(left_s)
            return
        if self._held:
            more = ngettext("{title} (and {count} more)", "{title} (and {count} more)", self._held)
            title = more.format(title=title, count=self._held)
        self._tell(title, text)

    def _hold(self, left_s: float) -> None:
        self._held += 1
        if self._held == 1 and self._later is not None:
            self._later(int(left_s * 1000) + 1, self._tell_held)

    def _tell_held(self) -> None:
        if self._held:
            self._tell("", wording.missed(self._held))

    def _tell(self, title: str, text: str) -> None:
        self._last_s = self._clock()
        self._held = 0
        _show(_plain(title) or "Ruggine", _plain(text))


def _show(title: str, text: str) -> None:
    if sys.platform == "darwin":
        # "-": the program comes through the pipe, and what follows cannot be taken for options
        start(["osascript", "-", title, text], _APPLE)
    elif sys.platform == "win32":
        # Base64, because the console has an encoding of its own.
        lines = "".join(base64.b64encode(t.encode()).decode() + "\n" for t in (title, text))
        start(["powershell", "-NoProfile", "-NonInteractive", "-Command", _WINDOWS], lines)
    else:
        program = shutil.which("notify-send")
        if program is not None:
            named = ["--app-name=Ruggine", "--category=im.received", "--icon=mail-unread"]
            start([program, *named, "--", title, _escaped(text)])


def _plain(text: str) -> str:
    short = _UNSEEN.sub(" ", text[: 2 * MOST]).strip()
    return short if len(short) <= MOST else short[: MOST - 1] + "…"


def _escaped(text: str) -> str:
    """The body of a freedesktop notification is markup, and notify-send reads it with the escapes
    of C: without the last step "\\074b\\076" would become a tag behind our back."""
    marked = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return marked.replace("\\", "\\\\")
