"""A scrollbar that is not there while everything can be seen."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any


class Scrollbar(ttk.Scrollbar):
    """To be placed with `grid` or `pack`; it keeps its room and only hides what it draws."""

    def __init__(self, parent: tk.Misc, command: Callable[..., Any], **options: Any) -> None:
        super().__init__(parent, orient="vertical", command=command, takefocus=False, **options)

    def set(self, first: float | str, last: float | str) -> None:
        everything = float(first) <= 0.0 and float(last) >= 1.0
        self.state(["disabled" if everything else "!disabled"])
        super().set(first, last)
