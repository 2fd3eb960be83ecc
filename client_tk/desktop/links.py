"""Opening a link with the person's own browser."""

from __future__ import annotations

import os
import re
import sys

from client_tk.desktop.run import start

_WEB = re.compile(r"https?://[^\x00-\x20\x7f]+", re.IGNORECASE)


def open_link(url: str) -> None:
    """Only http and https: others could start any program. Does not wait for the browser."""
    if not _WEB.fullmatch(url):
        return
    if sys.platform == "win32":
        os.startfile(url)  # noqa: S606 - the browser, for a checked address
    else:
        start(["open" if sys.platform == "darwin" else "xdg-open", url])
