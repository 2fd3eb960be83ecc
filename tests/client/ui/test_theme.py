"""Colours and sizes change while everything is there already."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import font, ttk

import pytest

from client_tk.ui.banner import Banner
from client_tk.ui.palette import DARK, LIGHT, PALETTES
from tests.client.ui.stage import Stage, stage


@pytest.fixture
def on_stage() -> Iterator[Stage]:
    with stage() as made:
        yield made


def test_what_exists_and_what_will_exist_is_recoloured(on_stage: Stage) -> None:
    """Classic widgets and ttk ones."""
    text, menu = tk.Text(on_stage.root), tk.Menu(on_stage.root)
    box = ttk.Combobox(on_stage.root, values=["a"])
    on_stage.theme.apply("dark")
    popdown = box.tk.call("ttk::combobox::PopdownWindow", box)
    on_stage.theme.apply("light")
    on_stage.theme.apply("dark")
    assert text.cget("background") == DARK.background
    assert str(menu.cget("background")) == DARK.surface
    assert str(box.tk.call(f"{popdown}.f.l", "cget", "-background")) == DARK.background
    assert tk.Text(on_stage.root).cget("background") == DARK.background
    assert ttk.Style(on_stage.root).lookup("TFrame", "background") == DARK.surface
    on_stage.theme.apply("no such theme")
    assert on_stage.theme.palette == LIGHT
    assert text.cget("foreground") == LIGHT.text


def test_zoom_changes_fonts_and_rows(on_stage: Stage) -> None:
    """Within its limits."""
    body = font.nametofont("Body", on_stage.root)
    style = ttk.Style(on_stage.root)
    size, height = int(body.cget("size")), int(style.lookup("Treeview", "rowheight"))
    on_stage.theme.zoom(200)
    assert int(body.cget("size")) == 2 * size
    assert int(style.lookup("Treeview", "rowheight")) > height
    on_stage.theme.zoom(1000)
    assert on_stage.theme.fonts.percent == 250


def test_listeners_are_told_until_they_end(on_stage: Stage) -> None:
    """Or until their widget is destroyed."""
    told: list[str] = []
    end = on_stage.theme.on_change(lambda: told.append("a"))
    frame = tk.Frame(on_stage.root)
    on_stage.theme.follow(frame, lambda: told.append("b"))
    on_stage.theme.apply("dark")
    end()
    frame.destroy()
    on_stage.theme.apply("light")
    assert told == ["b", "a", "b"]


@pytest.mark.parametrize("name", PALETTES)
def test_every_style_can_be_drawn(on_stage: Stage, name: str) -> None:
    """In all palettes; a button is no larger than its text asks for."""
    on_stage.theme.apply(name)
    for style in ("TButton", "Accent.TButton", "Flat.TButton", "Danger.TButton"):
        ttk.Button(on_stage.root, text="x", style=style).pack()
    button = ttk.Button(on_stage.root, text="x")
    for kind in (ttk.Entry, ttk.Checkbutton, ttk.Radiobutton, ttk.Combobox, ttk.Notebook):
        kind(on_stage.root).pack()
    button.pack()
    on_stage.settle()
    assert button.winfo_height() < 2.4 * on_stage.theme.fonts.linespace()


def test_the_banner_comes_and_goes(on_stage: Stage) -> None:
    """Below the first widget; its button only where there is something to do."""
    pressed: list[bool] = []
    head = ttk.Label(on_stage.root, text="head")
    head.pack(fill="x")
    rest = ttk.Label(on_stage.root, text="rest")
    rest.pack(fill="both", expand=True)
    banner = Banner(on_stage.root, on_stage.theme, lambda: pressed.append(True))
    banner.show("Offline", "Retry now")
    on_stage.settle()
    assert head.winfo_y() < banner.winfo_y() < rest.winfo_y()
    button = banner._button
    button.invoke()
    assert pressed == [True]
    banner.show("Connecting…")
    on_stage.settle()
    assert not button.winfo_ismapped()
    banner.hide()
    on_stage.settle()
    assert not banner.winfo_ismapped()
