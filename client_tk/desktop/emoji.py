"""Whether this machine can draw colour emoji.

With an old libXft and a font of colour emoji, X ends the whole program at the first one that is
drawn, and nothing can catch that (cpython issue 77044). So a child process tries it, once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from client_tk.desktop.run import output

_PATIENCE_S = 20
_SAMPLE = "\U0001f44d\U0001f600\u2764\ufe0f"


def can_draw(memory: Path) -> bool:
    """What was found out before, kept in the file `memory`, or is now. Blocks for seconds."""
    if sys.platform != "linux":
        return True
    key = _machine()
    try:
        known = memory.read_text()
    except (OSError, UnicodeDecodeError):
        known = ""
    if known.startswith(key + "="):
        return known == f"{key}=yes"
    found = _survives()
    if found is None:
        return False
    memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    memory.write_text(f"{key}={'yes' if found else 'no'}")
    return found


def _machine() -> str:
    """Changes when the library does, and when another font is there to draw emoji with."""
    return f"{_library()} {output(['fc-match', '--format=%{file}', 'emoji'])}"


def _library() -> str:
    for pattern in ("lib/*/libXft.so.2.*", "lib64/libXft.so.2.*", "lib/libXft.so.2.*"):
        for library in Path("/usr").glob(pattern):
            return library.name
    return "libXft"


def _survives() -> bool | None:
    """None where that could not be found out: the machine may only have been busy."""
    try:
        child = subprocess.run(
            [sys.executable, "-m", "client_tk.desktop.emoji"],
            timeout=_PATIENCE_S, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return child.returncode == 0


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
