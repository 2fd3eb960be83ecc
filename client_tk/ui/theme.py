"""Colours and fonts of the whole program, which can be changed while it runs."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import TclError, ttk
from typing import Any

from client_tk.ui.fonts import Fonts
from client_tk.ui.icons import Icons
from client_tk.ui.palette import PALETTES, Palette
from client_tk.ui.styles import Styles


class Theme:
    """One for each `tk.Tk`; Tk thread only. `name` is one of "light", "dark" and "contrast".

    `emoji` is False where the fonts of this machine cannot draw emoji: then nothing beyond the
    basic plane of Unicode may reach a widget.
    """

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._listeners: list[Callable[[], object]] = []
        self.fonts = Fonts(root)
        self.icons = Icons(root)
        self.scale = float(root.tk.call("tk", "scaling")) * 72 / 96
        self.emoji = True
        self.name = "light"
        self._styles = Styles(root, self.scale)
        self._refresh()

    @property
    def palette(self) -> Palette:
        return PALETTES[self.name]

    def px(self, size: float) -> int:
        """Pixels of this screen for so many at 96 dpi and the present zoom."""
        return round(size * self.scale * self.fonts.percent / 100)

    def apply(self, name: str) -> None:
        """Change the colours of everything that exists and will exist."""
        name = name if name in PALETTES else "light"
        if name != self.name:
            self.name = name
            self._refresh()

    def zoom(self, percent: int) -> None:
        """Change the size of all text, within 80 and 250 per cent."""
        before = self.fonts.percent
        self.fonts.zoom(percent)
        if self.fonts.percent != before:
            self._refresh()

    def on_change(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Have it called after each change of colours or sizes. Returns how to end that."""
        self._listeners.append(callback)

        def end() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return end

    def follow(self, widget: tk.Misc, callback: Callable[[], object]) -> None:
        """`on_change` until the widget is destroyed, and once now."""
        end = self.on_change(callback)
        widget.bind("<Destroy>", lambda e: end() if e.widget is widget else None, add="+")
        callback()

    def _refresh(self) -> None:
        former, self.icons = self.icons, Icons(self._root)
        self._styles.apply(self.palette, self.fonts)
        for pattern, value in _defaults(self.palette).items():
            self._root.option_add(pattern, value, 60)
        _recolour(self._root, self.palette)
        for callback in tuple(self._listeners):
            callback()
        del former  # a widget cannot be configured while an image that it shows is gone


def _defaults(palette: Palette) -> dict[str, str]:
    """For classic widgets that will be made."""
    found: dict[str, str] = {"*Menu.relief": "flat", "*Menu.borderWidth": "1"}
    for kind in ("Text", "Listbox", "Menu", "Toplevel", "Canvas", "Panedwindow"):
        for option, value in _options(kind, palette).items():
            found[f"*{kind}.{_camel(option)}"] = str(value)
    for option, value in _options("Listbox", palette).items():
        found[f"*TCombobox*Listbox.{_camel(option)}"] = str(value)
    found["*TCombobox*Listbox.font"] = found["*Menu.font"] = "Body"
    return found


_CAMEL = {
    "selectbackground": "selectBackground", "selectforeground": "selectForeground",
    "insertbackground": "insertBackground", "activebackground": "activeBackground",
    "activeforeground": "activeForeground", "disabledforeground": "disabledForeground",
    "highlightbackground": "highlightBackground", "highlightcolor": "highlightColor",
    "highlightthickness": "highlightThickness", "borderwidth": "borderWidth",
    "activeborderwidth": "activeBorderWidth", "selectcolor": "selectColor",
    "selectborderwidth": "selectBorderWidth",
}  # fmt: skip


def _camel(option: str) -> str:
    return _CAMEL.get(option, option)


def _options(kind: str, palette: Palette) -> dict[str, Any]:
    """Of a classic widget of this class."""
    select = {"selectbackground": palette.selection, "selectforeground": palette.text}
    ring = {"highlightbackground": palette.line, "highlightcolor": palette.focus}
    field = {"background": palette.background, "foreground": palette.text}
    match kind:
        case "Text":
            return field | select | ring | {"insertbackground": palette.text}
        case "Listbox":
            return field | select | ring | {"borderwidth": 0, "selectborderwidth": 0}
        case "Menu":
            return {
                "background": palette.surface, "foreground": palette.text,
                "activebackground": palette.current, "activeforeground": palette.text,
                "disabledforeground": palette.muted, "selectcolor": palette.text,
                "activeborderwidth": 0,
            }  # fmt: skip
        case "Panedwindow":
            return {"background": palette.line}
        case "Canvas":
            return {"background": palette.surface, **ring}
        case "Toplevel":  # with an edge, where nobody else frames windows
            edge = {"highlightbackground": palette.line, "highlightcolor": palette.line}
            return {"background": palette.surface, "highlightthickness": 1, **edge}
        case "Tk" | "Ruggine":
            return {"background": palette.surface}
    return {}


def _recolour(widget: tk.Misc, palette: Palette) -> None:
    """All classic widgets that exist, and the lists of comboboxes, which tkinter does not know."""
    kind = "Tk" if isinstance(widget, tk.Tk) else widget.winfo_class()
    options = _options(kind, palette)
    if options:
        widget.configure(**options)
    if isinstance(widget, ttk.Combobox):
        _recolour_list(widget, palette)
    for child in widget.winfo_children():
        _recolour(child, palette)


def _recolour_list(box: ttk.Combobox, palette: Palette) -> None:
    try:
        popdown = box.tk.call("ttk::combobox::PopdownWindow", box)
        options = _options("Listbox", palette).items()
        flat = [part for option, value in options for part in (f"-{option}", value)]
        box.tk.call(f"{popdown}.f.l", "configure", *flat)
    except TclError:
        return
