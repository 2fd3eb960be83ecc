"""Going somewhere by typing a part of its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk.model import ChatKey
from client_tk.ui.finding import ranked
from client_tk.ui.switcher import Switcher, items
from tests.client.identities import user_id
from tests.client.ui.fake_state import Play, play

GITA = "5f0c1a2b-7425-40de-944b-e07fc1f90ae7"
UFFICIO = "5f0c1a2b-7425-40de-944b-e07fc1f90ae8"


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Play]:
    with play(tmp_path) as made:
        made.town.people = {"luigi": True, "dory": True, "ugo": False}
        made.town.add_group(GITA, "gita al lago", "member")
        made.town.add_group(UFFICIO, "Ufficio", "member")
        yield made.sign_in()


@pytest.mark.parametrize(
    ("query", "names", "found"),
    [
        ("", ["b", "a"], ["b", "a"]),
        ("lago", ["villaggio lago", "lago", "lagom", "xlago"],
         ["lago", "lagom", "villaggio lago", "xlago"]),
        ("gl", ["gita al lago", "ugo"], ["gita al lago"]),
        ("al gi", ["gita al lago", "al mare"], ["gita al lago"]),
        ("PERU", ["Perù"], ["Perù"]),
        ("zz", ["a"], []),
    ],
)  # fmt: skip
def test_the_best_comes_first(query: str, names: list[str], found: list[str]) -> None:
    assert ranked(query, names) == found


def test_what_fits_alike_keeps_its_order() -> None:
    assert ranked("a", ["ab", "aa", "ac"]) == ["ab", "aa", "ac"]


def test_chats_come_before_people_and_the_present_one_last(on: Play) -> None:
    on.state.select(ChatKey("group", GITA))
    names = [item.name for item in items(on.state)]
    assert names == ["Ufficio", "gita al lago", "dory", "luigi", "ugo"]


def test_typing_and_enter_go_there(on: Play) -> None:
    dialog = on.open(Switcher)
    on.stage.focus(dialog.entry)
    on.stage.write(dialog.entry, "lago")
    on.stage.press(dialog.entry, "<Return>")
    assert on.visited == [ChatKey("group", GITA)]
    assert not dialog.winfo_exists()


def test_the_arrows_choose_while_one_types(on: Play) -> None:
    dialog = on.open(Switcher)
    on.stage.focus(dialog.entry)
    on.stage.press(dialog.entry, "<Down>", "<Down>", "<Up>")
    assert dialog.table.at == 1
    on.stage.press(dialog.entry, "<Return>")
    assert on.visited == [items(on.state)[1].key]


def test_esc_leaves_everything_as_it_was(on: Play) -> None:
    dialog = on.open(Switcher)
    on.stage.focus(dialog.entry)
    on.stage.press(dialog.entry, "<Escape>")
    assert not dialog.winfo_exists()
    assert on.visited == []


def test_somebody_without_a_chat_is_found_too(on: Play) -> None:
    dialog = on.open(Switcher)
    on.stage.focus(dialog.entry)
    on.stage.write(dialog.entry, "ugo")
    on.stage.press(dialog.entry, "<Return>")
    assert on.visited == [ChatKey("private", user_id("ugo"))]


def test_the_first_row_can_be_seen(on: Play) -> None:
    dialog = on.open(Switcher)
    assert dialog.table.at == 0
    assert dialog.table.tree.yview()[0] == 0.0
