"""Whether the desktop is light, dark or of high contrast."""

from __future__ import annotations

import os
import sys

from client_tk.desktop.run import output


def system_theme() -> str:
    """ "light", "dark" or "contrast"; "light" where it cannot be told. Blocks for seconds at worst:
    not for the Tk thread."""
    if sys.platform == "darwin":
        return "dark" if output(["defaults", "read", "-g", "AppleInterfaceStyle"]) else "light"
    if sys.platform == "win32":
        return _of_windows()
    return _of_gtk()


def _of_gtk() -> str:
    schema = "org.gnome.desktop"
    if output(["gsettings", "get", f"{schema}.a11y.interface", "high-contrast"]) == "true":
        return "contrast"
    name = os.environ.get("GTK_THEME", "").lower()
    scheme = output(["gsettings", "get", f"{schema}.interface", "color-scheme"])
    return "dark" if "dark" in name or "dark" in scheme else "light"


def _of_windows() -> str:
    if sys.platform != "win32":
        return "light"
    import winreg

    path = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
            light, _kind = winreg.QueryValueEx(key, "AppsUseLightTheme")
    except OSError:
        return "light"
    return "light" if light else "dark"
