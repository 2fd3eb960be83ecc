"""Garbage is collected on the Tk thread only."""

from __future__ import annotations

import gc
import tkinter as tk

EVERY_MS = 30_000


class Collector:
    """A collection that the network thread happens to start would end widgets and variables of Tk
    there, and Tcl belongs to one thread: at best that fails, at worst it waits for ever."""

    def __init__(self, root: tk.Misc) -> None:
        """Collections by themselves are off from now on, in the whole process."""
        gc.disable()
        self._root = root
        self._planned = root.after(EVERY_MS, self._collect)

    def _collect(self) -> None:
        gc.collect()
        self._planned = self._root.after(EVERY_MS, self._collect)

    def close(self) -> None:
        """Before the window is destroyed."""
        self._root.after_cancel(self._planned)
