"""Whether this machine can draw colour emoji.

With an old libXft and a font of colour emoji, X ends the whole program at the first one that is
drawn, and nothing can catch that (cpython issue 77044). So a child process tries it, once.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from client_tk.errands import Errand, module, output

_PATIENCE_S = 20.0
_SAMPLE = "\U0001f44d\U0001f600\u2764\ufe0f"


def can_draw(memory: Path) -> Errand[bool]:
    """What was found out before, kept in the file `memory`, or is now."""
    if sys.platform != "linux":
        return True
    if not (yield from _has_font()):
        return False
    key = yield from _machine()
    try:
        known = memory.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        known = ""
    if known.startswith(key + "="):
        return known == f"{key}=yes"
    found = yield from _survives()
    if found is None:
        return False
    memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    memory.write_text(f"{key}={'yes' if found else 'no'}", "utf-8")
    return found


def _has_font() -> Errand[bool]:
    """Where nothing tells which fonts there are, it is tried."""
    if shutil.which("fc-list") is None:
        return True
    return bool((yield from output("fc-list", f":charset={ord(_SAMPLE[0]):x}", "family")))


def _machine() -> Errand[str]:
    """Changes when the library does, and when another font is there to draw emoji with."""
    font = yield from output("fc-match", "--format=%{file}", "emoji")
    return f"{_library()} {font}"


def _library() -> str:
    for pattern in ("lib/*/libXft.so.2.*", "lib64/libXft.so.2.*", "lib/libXft.so.2.*"):
        for library in Path("/usr").glob(pattern):
            return library.name
    return "libXft"


def _survives() -> Errand[bool | None]:
    """None where that could not be found out: the machine may only have been busy."""
    ended = yield module("client_tk.desktop.emoji", patience_s=_PATIENCE_S)
    return ended.status == 0 if ended.status is not None else None


def _try() -> None:
    """In the child: draw some, in a window that nobody sees for long."""
    import tkinter as tk

    root = tk.Tk()
    root.overrideredirect(True)
    root.geometry("1x1+0+0")
    tk.Label(root, text=_SAMPLE, font=("TkDefaultFont", 12)).pack()
    root.update()
    root.after(100, root.destroy)
    root.mainloop()


if __name__ == "__main__":
    _try()
