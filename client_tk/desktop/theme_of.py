"""Whether the desktop is light, dark or of high contrast."""

from __future__ import annotations

import contextlib
import os
import sys

from client_tk.errands import Errand, output


def system_theme() -> Errand[str]:
    """ "light", "dark" or "contrast"; "light" where it cannot be told."""
    if sys.platform == "win32":
        return _of_windows()
    if sys.platform == "darwin":
        style = yield from output("defaults", "read", "-g", "AppleInterfaceStyle")
        return "dark" if style else "light"
    return (yield from _of_gtk())


def _of_gtk() -> Errand[str]:
    schema = "org.gnome.desktop"
    name = os.environ.get("GTK_THEME", "").lower()
    high = yield from output("gsettings", "get", f"{schema}.a11y.interface", "high-contrast")
    if high == "true" or "highcontrast" in name:
        return "contrast"
    scheme = yield from output("gsettings", "get", f"{schema}.interface", "color-scheme")
    return "dark" if "dark" in name or "dark" in scheme else "light"


def _of_windows() -> str:
    if sys.platform != "win32":
        return "light"
    import winreg

    def value(path: str, name: str) -> int:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
            return int(winreg.QueryValueEx(key, name)[0])

    with contextlib.suppress(OSError, ValueError):
        if value(r"Control Panel\Accessibility\HighContrast", "Flags") & 1:
            return "contrast"
    with contextlib.suppress(OSError, ValueError):
        themes = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        if value(themes, "AppsUseLightTheme") == 0:
            return "dark"
    return "light"
