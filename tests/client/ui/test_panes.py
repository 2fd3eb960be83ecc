"""The parts of the window: where it stands, how wide they are, who is listed in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from client_tk.model import Person
from client_tk.settings import Settings
from client_tk.ui.members import Members
from client_tk.ui.panes import Panes
from client_tk.ui.placement import on_screen, place
from client_tk.ui.preferences import Preferences
from client_tk.ui.shortcuts import Shortcuts
from tests.client.ui.stage import Stage, stage

LONG = "Wolfeschlegelsteinhausenbergerdo"


@pytest.fixture
def on_stage() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("800x600+10+20", "800x600+10+20"),
        ("800x600+1900+20", "800x600+480+20"),
        ("800x600+10+1000", "800x600+10+424"),
        ("800x600+-700+-50", "800x600+0+0"),
        ("5000x4000+0+0", "1280x1024+0+0"),
        ("800x600-0-0", "800x600+480+424"),
        ("1080x720", "1080x720"),
        ("", ""),
    ],
)
def test_a_window_that_was_elsewhere_comes_back_onto_the_screen(was: str, now: str) -> None:
    assert on_screen(was, 0, 0, 1280, 1024) == now


def test_a_screen_on_the_left_is_a_screen_too() -> None:
    assert on_screen("800x600+-900+20", -1280, 0, 2560, 1024) == "800x600+-900+20"
    assert on_screen("800x600+-2000+20", -1280, 0, 2560, 1024) == "800x600+-1280+20"


def test_the_window_is_put_there(on_stage: Stage) -> None:
    place(on_stage.root, "700x500+99000+20")
    on_stage.settle()
    assert on_stage.root.winfo_width() == 700
    assert on_stage.root.winfo_rootx() + 700 <= on_stage.root.winfo_screenwidth()


def test_the_outer_parts_keep_their_width(on_stage: Stage) -> None:
    """When they are hidden and shown again, and at the next start."""
    settings = Settings()
    on_stage.root.geometry("1200x600")
    panes = Panes(on_stage.root, settings)
    panes.pack(fill="both", expand=True)
    panes.show_right(True)
    on_stage.settle()
    assert (panes.left.winfo_width(), panes.right.winfo_width()) == (280, 220)
    panes.sash_place(0, 350, 1)
    panes.sash_place(1, 900, 1)
    on_stage.settle()
    panes.show_left(False)
    panes.show_right(False)
    on_stage.settle()
    assert settings.sidebar_px == 350
    assert settings.members_px == pytest.approx(299, abs=2)
    panes.show_left(True)
    on_stage.settle()
    assert panes.left.winfo_width() == 350
    panes.sash_place(0, 250, 1)
    on_stage.settle()
    panes.remember()
    assert settings.sidebar_px == 250


def members(on_stage: Stage, *people: Person) -> list[str]:
    on_stage.root.geometry("220x300")
    pane = Members(on_stage.root, on_stage.theme, on_stage.actor.start)
    pane.pack(fill="both", expand=True)
    pane.show(list(people))
    on_stage.settle()
    return [pane._list.item(iid, "text") for iid in pane._list.get_children()]


def test_of_a_long_name_the_beginning_and_the_role_are_seen(on_stage: Stage) -> None:
    people = Person("1", LONG, online=True, role="owner"), Person("2", "bob", online=False)
    shown = members(on_stage, *people)
    assert shown[0].startswith("●  Wolfe")
    assert shown[0].endswith("…   owner")
    assert on_stage.theme.fonts.measure(shown[0]) < 200
    assert shown[1] == "○  bob"


def test_the_whole_of_a_name_that_is_cut_is_told(on_stage: Stage) -> None:
    members(on_stage, Person("1", LONG, online=True), Person("2", "bob", online=True))
    pane = on_stage.root.winfo_children()[-1]
    assert isinstance(pane, Members)
    told = {}
    for iid in ("1", "2"):
        x, y, _width, _height = pane._list.bbox(iid)
        told[iid] = pane._cut_off_at(x, y + 2)
    assert told == {"1": LONG, "2": ""}


def test_a_list_begins_with_its_first_row(on_stage: Stage) -> None:
    """Though it gets the focus before it has a height."""
    dialog = Shortcuts(on_stage.root, on_stage.theme)
    on_stage.focus(dialog.table.tree)
    assert dialog.table.tree.bbox("r0")


def test_a_zoom_reaches_the_lists_and_the_settings_that_are_open(on_stage: Stage) -> None:
    settings = Settings()
    dialog = Shortcuts(on_stage.root, on_stage.theme)
    preferences = Preferences(on_stage.root, on_stage.theme, settings, lambda _name: None)
    on_stage.settle()
    width, height = dialog.table.tree.column(1, "width"), dialog.winfo_height()
    settings.zoom = 140
    on_stage.theme.zoom(140)
    on_stage.settle()
    assert dialog.table.tree.column(1, "width") > width * 1.2
    assert dialog.winfo_height() > height
    assert preferences.parts["zoom"].get() == "140 %"
