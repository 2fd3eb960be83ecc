"""The keyboard shortcuts: one table, bound once, shown as it is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from client_tk.ui import keys
from client_tk.ui.shortcuts import Shortcuts, rows
from tests.client.ui.stage import Stage, stage


@pytest.fixture
def place() -> Iterator[Stage]:
    with stage() as made:
        yield made


def test_no_two_shortcuts_have_the_same_keys() -> None:
    bound = [key for shortcut in keys.table() if shortcut.bound for key in shortcut.keys]
    assert len(bound) == len(set(bound))
    ids = [shortcut.id for shortcut in keys.table()]
    assert len(ids) == len(set(ids))


def test_every_sequence_is_one_that_tk_knows(place: Stage) -> None:
    for shortcut in keys.table():
        for key in shortcut.keys if shortcut.bound else ():
            for sequence in keys.sequences(key):
                place.root.bind(sequence, lambda _event: None)


@pytest.mark.parametrize(
    ("keys_", "sequences"),
    [
        ("Ctrl+K", ["<Control-Key-k>", "<Control-Key-K>"]),
        ("Ctrl++", ["<Control-Key-plus>", "<Control-Key-equal>", "<Control-Key-KP_Add>"]),
        ("Alt+Shift+Up", ["<Alt-Shift-Key-Up>"]),
        ("Shift+PgUp", ["<Shift-Key-Prior>"]),
    ],
)
def test_the_sequences_of_keys(keys_: str, sequences: list[str]) -> None:
    assert keys.sequences(keys_) == sequences


def test_on_a_mac_it_is_the_command_key() -> None:
    assert keys.sequences("Ctrl+K", "aqua")[0] == "<Command-Key-k>"
    assert keys.shown("Ctrl+K", "aqua") == "⌘K"


def test_ctrl_k_in_a_text_opens_the_switcher_and_kills_no_line(place: Stage) -> None:
    pressed: list[str] = []
    text = a_text(place, "one two")
    keys.bind(place.root, {"switcher": lambda: pressed.append("switcher")})
    place.focus(text)
    place.press(text, "<Control-k>")
    assert pressed == ["switcher"]
    assert text.get("1.0", "end-1c") == "one two"


def test_what_the_window_has_no_use_for_means_what_it_always_means(place: Stage) -> None:
    text = a_text(place, "one two")
    keys.bind(place.root, {"newest": lambda: False})
    place.focus(text)
    place.press(text, "<Control-End>")
    assert text.index("insert") == text.index("end-1c")


def test_more_modifiers_are_another_shortcut(place: Stage) -> None:
    pressed: list[str] = []
    text = a_text(place, "")
    names = ("search_here", "search_everywhere", "switcher")
    keys.bind(place.root, {name: lambda name=name: pressed.append(name) for name in names})
    place.focus(text)
    place.press(text, "<Control-Shift-F>", "<Control-f>", "<Control-Shift-K>", "<Control-Mod1-k>")
    assert pressed == ["search_everywhere", "search_here"]


def test_caps_lock_changes_nothing(place: Stage) -> None:
    pressed: list[str] = []
    text = a_text(place, "")
    keys.bind(place.root, {"search_everywhere": lambda: pressed.append("everywhere")})
    place.focus(text)
    place.press(text, "<Control-Shift-f>")
    assert pressed == ["everywhere"]


def test_the_widget_comes_first(place: Stage) -> None:
    """Esc in the composer is the composer's, where it has something to cancel."""
    pressed: list[str] = []
    text = a_text(place, "")

    def own(_event: object) -> str:
        pressed.append("own")
        return "break"

    text.bind("<Escape>", own)
    keys.bind(place.root, {"dismiss": lambda: pressed.append("dismiss")})
    place.focus(text)
    place.press(text, "<Escape>")
    assert pressed == ["own"]


def test_another_window_keeps_its_own_keys(place: Stage) -> None:
    pressed: list[str] = []
    keys.bind(place.root, {"dismiss": lambda: pressed.append("dismiss")})
    other = tk.Toplevel(place.root)
    entry = tk.Entry(other)
    entry.pack()
    place.settle()
    place.focus(entry)
    place.press(entry, "<Escape>")
    assert pressed == []


def test_in_another_window_only_what_is_for_everywhere_works(place: Stage) -> None:
    pressed: list[str] = []
    names = ("zoom_in", "next_pane")
    keys.bind(place.root, {name: lambda name=name: pressed.append(name) for name in names})
    other = tk.Toplevel(place.root)
    entry = tk.Entry(other)
    entry.pack()
    place.focus(entry)
    place.press(entry, "<F6>", "<Control-plus>")
    assert pressed == ["zoom_in"]


def test_the_help_shows_the_whole_table(place: Stage) -> None:
    shown = [text for _scope, text, _keys in rows("x11")]
    assert set(shown) == {shortcut.text for shortcut in keys.table()}
    dialog = Shortcuts(place.root, place.theme)
    place.settle()
    assert len(dialog.table.listed) == len(shown)
    place.focus(dialog.table.tree)
    place.press(dialog.table.tree, "<Escape>")
    assert not dialog.winfo_exists()


def test_chats_by_number_are_one_row() -> None:
    assert [keys_ for _scope, _text, keys_ in rows("x11")].count("Alt+1 … Alt+9") == 1


def a_text(place: Stage, content: str) -> tk.Text:
    text = tk.Text(place.root)
    text.pack()
    text.insert("1.0", content)
    text.mark_set("insert", "1.0")
    place.settle()
    return text
