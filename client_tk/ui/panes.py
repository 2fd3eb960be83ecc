"""The three parts of the window, side by side."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from client_tk.settings import Settings

_LEAST_LEFT_PX, _LEAST_CENTRE_PX, _LEAST_RIGHT_PX = 200, 340, 160


class Panes(tk.PanedWindow):
    """The outer parts can be hidden, and keep their width, in the settings too."""

    def __init__(self, parent: tk.Misc, settings: Settings) -> None:
        super().__init__(parent, orient="horizontal", sashwidth=1, bd=0, opaqueresize=True)
        self._settings = settings
        self.left = ttk.Frame(self, style="Surface.TFrame")
        self.centre = ttk.Frame(self, style="TFrame")
        self.right = ttk.Frame(self, style="Surface.TFrame")
        self.left_shown = self.right_shown = False
        self.add(self.centre, minsize=_LEAST_CENTRE_PX, stretch="always")
        self.show_left(True)

    def show_left(self, wanted: bool) -> None:
        if wanted and not self.left_shown:
            self.add(
                self.left, minsize=_LEAST_LEFT_PX, width=self._settings.sidebar_px,
                stretch="never", before=self.centre,
            )  # fmt: skip
        elif not wanted and self.left_shown:
            self.remember()
            self.forget(self.left)
        self.left_shown = wanted

    def show_right(self, wanted: bool) -> None:
        if wanted and not self.right_shown:
            self.add(
                self.right, minsize=_LEAST_RIGHT_PX, width=self._settings.members_px,
                stretch="never",
            )  # fmt: skip
        elif not wanted and self.right_shown:
            self.remember()
            self.forget(self.right)
        self.right_shown = wanted

    def remember(self) -> None:
        """Write down how wide the outer parts are."""
        if self.left_shown and self.left.winfo_ismapped():
            self._settings.sidebar_px = self.left.winfo_width()
        if self.right_shown and self.right.winfo_ismapped():
            self._settings.members_px = self.right.winfo_width()
