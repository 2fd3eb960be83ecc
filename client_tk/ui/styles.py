"""The ttk styles of the program, on top of `clam`, which every Tk has."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any

from client_tk.ui.fonts import Fonts
from client_tk.ui.palette import Palette
from client_tk.ui.shapes import Shapes


class Styles:
    """Applied again after each change of colours or sizes."""

    def __init__(self, root: tk.Misc, scale: float) -> None:
        self._style = ttk.Style(root)
        self._scale = scale
        self._style.theme_use("clam")
        self._shapes = Shapes(root, self._style, scale)
        self._painted: Palette | None = None
        _lay_out(self._style)

    def apply(self, palette: Palette, fonts: Fonts) -> None:
        if palette != self._painted:
            self._shapes.paint(palette)
            self._painted = palette
        self._general(palette)
        self._frames(palette)
        self._labels(palette)
        self._buttons(palette, fonts)
        self._fields(palette, fonts)
        self._lists(palette, fonts)
        self._tabs(palette, fonts)

    def _general(self, p: Palette) -> None:
        self._style.configure(
            ".", background=p.surface, foreground=p.text, font="Body", troughcolor=p.surface,
            bordercolor=p.line, lightcolor=p.surface, darkcolor=p.surface, focuscolor=p.focus,
            selectbackground=p.selection, selectforeground=p.text, insertcolor=p.text,
            fieldbackground=p.background, borderwidth=0, relief="flat",
        )  # fmt: skip
        self._style.map(
            ".",
            foreground=[("disabled", p.muted)],
            selectbackground=[],
            selectforeground=[],
            background=[],
            bordercolor=[],
            lightcolor=[],
            darkcolor=[],
        )

    def _frames(self, p: Palette) -> None:
        for name, ground in (
            ("TFrame", p.surface), ("Surface.TFrame", p.surface), ("Raised.TFrame", p.surface),
            ("Background.TFrame", p.background), ("Field.TFrame", p.surface),
            ("Notice.TFrame", p.notice),
            ("Line.TFrame", p.line), ("Accent.TFrame", p.accent),
        ):  # fmt: skip
            self._style.configure(name, background=ground)
        self._style.configure("TSeparator", background=p.line)
        self._style.configure("TLabelframe", background=p.surface, bordercolor=p.line)
        self._style.configure("TLabelframe.Label", background=p.surface, foreground=p.muted)
        self._style.configure("TProgressbar", background=p.accent, troughcolor=p.raised)

    def _labels(self, p: Palette) -> None:
        grounds = {"": p.surface, "Surface.": p.surface, "Raised.": p.surface,
                   "Background.": p.background, "Notice.": p.notice}  # fmt: skip
        for on, ground in grounds.items():
            configure = self._style.configure
            configure(f"{on}TLabel", background=ground, foreground=p.text, font="Body")
            configure(f"Muted.{on}TLabel", background=ground, foreground=p.muted, font="Small")
            configure(f"Title.{on}TLabel", background=ground, foreground=p.text, font="Title")
            configure(f"Bold.{on}TLabel", background=ground, foreground=p.text, font="Bold")
            configure(f"Danger.{on}TLabel", background=ground, foreground=p.danger, font="Body")
            configure(f"Accent.{on}TLabel", background=ground, foreground=p.accent, font="Bold")
        self._style.configure(
            "Tooltip.TLabel", background=p.text, foreground=p.background, font="Small",
            padding=(8, 4),
        )  # fmt: skip
        self._style.configure("Pill.TLabel", background=p.background, font="Small")

    def _buttons(self, p: Palette, fonts: Fonts) -> None:
        high, wide = round(fonts.linespace() * 0.3), round(fonts.linespace() * 0.8)
        for name, colour in (
            ("TButton", p.text), ("Flat.TButton", p.text), ("Danger.TButton", p.danger),
            ("Accent.TButton", p.on_accent), ("Notice.TButton", p.text),
        ):  # fmt: skip
            self._style.configure(
                name, foreground=colour, background=p.surface, font="Body", anchor="center",
                padding=(wide, high), shiftrelief=0,
            )  # fmt: skip
            self._style.map(
                name, foreground=[("disabled", p.muted)], background=[], relief=[],
            )  # fmt: skip
        self._style.configure("Accent.TButton", font="Bold")
        self._style.configure("Flat.TButton", padding=(round(wide * 0.6), high))
        self._style.configure("Notice.TButton", background=p.notice, padding=(wide, high // 2))
        for name in ("TCheckbutton", "TRadiobutton"):
            self._style.configure(
                name, background=p.surface, foreground=p.text, padding=(2, high // 2)
            )
            self._style.map(name, background=[], foreground=[("disabled", p.muted)])

    def _fields(self, p: Palette, fonts: Fonts) -> None:
        high, wide = round(fonts.linespace() * 0.3), round(fonts.linespace() * 0.5)
        for name in ("TEntry", "TCombobox", "TSpinbox"):
            self._style.configure(
                name, foreground=p.text, background=p.surface, fieldbackground=p.background,
                padding=(wide, high), insertcolor=p.text,
            )  # fmt: skip
            self._style.map(
                name, foreground=[("disabled", p.muted)], fieldbackground=[], background=[],
                selectbackground=[("!focus", p.background), ("focus", p.selection)],
                selectforeground=[("focus", p.text)],
            )  # fmt: skip

    def _lists(self, p: Palette, fonts: Fonts) -> None:
        self._style.configure(
            "Treeview", background=p.background, fieldbackground=p.background, foreground=p.text,
            rowheight=round(fonts.linespace() * 1.55), bordercolor=p.line,
            lightcolor=p.background, darkcolor=p.background, borderwidth=1, font="Body",
        )  # fmt: skip
        self._style.map(
            "Treeview",
            background=[("selected", "focus", p.selection), ("selected", p.current)],
            foreground=[("selected", p.text)],
            bordercolor=[("focus", p.focus)], lightcolor=[("focus", p.focus)],
        )  # fmt: skip
        self._style.configure(
            "Bare.Treeview", background=p.surface, fieldbackground=p.surface,
            bordercolor=p.surface, lightcolor=p.surface, darkcolor=p.surface,
        )  # fmt: skip
        self._style.configure(
            "Treeview.Heading", background=p.surface, foreground=p.muted, font="Small",
            relief="flat", padding=(6, 4), borderwidth=0,
        )  # fmt: skip
        self._style.map("Treeview.Heading", background=[("active", p.hover)], relief=[])

    def _tabs(self, p: Palette, fonts: Fonts) -> None:
        high, wide = round(fonts.linespace() * 0.35), round(fonts.linespace() * 0.9)
        self._style.configure(
            "TNotebook", background=p.surface, bordercolor=p.line, borderwidth=0,
            tabmargins=(0, 0, 0, 0), lightcolor=p.surface, darkcolor=p.surface,
        )  # fmt: skip
        self._style.configure(
            "TNotebook.Tab", background=p.surface, foreground=p.muted, padding=(wide, high),
            font="Body", focusthickness=2, focuscolor=p.focus,
        )  # fmt: skip
        self._style.map(
            "TNotebook.Tab", foreground=[("selected", p.accent), ("active", p.text)],
            background=[], expand=[], padding=[], lightcolor=[], bordercolor=[],
        )  # fmt: skip


def _lay_out(style: ttk.Style) -> None:
    """Which of our shapes take the place of those of `clam`."""
    for kind in ("Plain", "Accent", "Flat", "Danger", "Notice"):
        name = "TButton" if kind == "Plain" else f"{kind}.TButton"
        style.layout(name, _nest(f"{kind}.button", "Button.padding", "Button.label"))
    style.layout("TEntry", _nest("Round.field", "Entry.padding", "Entry.textarea"))
    style.layout("Field.TFrame", _nest("Round.field"))
    arrow: Any = ("Chevron.downarrow", {"side": "right", "sticky": ""})
    inner = _nest("Combobox.padding", "Combobox.textarea")
    style.layout("TCombobox", [("Round.field", {"sticky": "nswe", "children": [arrow, *inner]})])
    for kind in ("Check", "Radio"):
        label: Any = (f"{kind}button.label", {"side": "left", "sticky": "nswe"})
        sign: Any = (f"{kind}.sign", {"side": "left", "sticky": ""})
        ring: Any = ("Ring.focus", {"sticky": "nswe", "children": [sign, label]})
        style.layout(f"T{kind}button", [ring])
    style.layout("Vertical.TScrollbar", _nest("Thin.trough", "Thin.thumb", sticky="ns"))
    style.layout(
        "TNotebook.Tab", _nest("Under.tab", "Notebook.padding", "Ring.focus", "Notebook.label")
    )


def _nest(*elements: str, sticky: str = "nswe") -> list[Any]:
    """A layout of elements, each within the one before."""
    children: list[Any] = []
    for element in reversed(elements):
        options: dict[str, Any] = {"sticky": sticky, "expand": "1"}
        if children:
            options["children"] = children
        children = [(element, options)]
    return children
