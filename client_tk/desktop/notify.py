"""Notifications by the platform's own means: notify-send, osascript, PowerShell."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable

from client_tk.desktop.run import start
from client_tk.texts import ngettext

MOST = 200
"""Characters of a message that are shown."""

EVERY_S = 1.0

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_APPLE = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
_WINDOWS = (
    "$t=[Console]::In.ReadLine();$b=[Console]::In.ReadLine();"
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
    """Tk thread. Shows at most one a second; what comes faster is counted and told with the next.

    What others have written is passed as an argument or through a pipe, never as part of a
    program.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_s = float("-inf")
        self._held = 0

    def notify(self, title: str, text: str) -> None:
        """Nothing happens where the platform has no means."""
        now_s = self._clock()
        if now_s - self._last_s < EVERY_S:
            self._held += 1
            return
        self._last_s = now_s
        if self._held:
            more = ngettext("and {count} more", "and {count} more", self._held)
            title = f"{title} ({more.format(count=self._held)})"
            self._held = 0
        _show(_plain(title) or "Ruggine", _plain(text))


def _show(title: str, text: str) -> None:
    if sys.platform == "darwin":
        start(["osascript", "-e", _APPLE, title, text])
    elif sys.platform == "win32":
        start(["powershell", "-NoProfile", "-Command", _WINDOWS], f"{title}\n{text}\n")
    else:
        program = shutil.which("notify-send")
        if program is not None:
            named = ["--app-name=Ruggine", "--category=im.received", "--icon=mail-unread"]
            start([program, *named, "--", title, _escaped(text)])


def _plain(text: str) -> str:
    short = _UNSEEN.sub(" ", text[: 2 * MOST]).strip()
    return short if len(short) <= MOST else short[: MOST - 1] + "…"


def _escaped(text: str) -> str:
    """The body of a freedesktop notification is markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
