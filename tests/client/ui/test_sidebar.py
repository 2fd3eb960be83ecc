"""The list of chats as a person meets it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from client_tk.model import ChatKey, ChatLine
from client_tk.ui import sidebar_list
from client_tk.ui.sidebar import Sidebar
from client_tk.ui.sidebar_list import kept_order
from tests.client.ui.stage import Stage, stage


@pytest.fixture
def on_stage() -> Iterator[Stage]:
    with stage("300x500") as made:
        yield made


@pytest.fixture
def sidebar(on_stage: Stage) -> Sidebar:
    made = Sidebar(on_stage.root, on_stage.theme, on_stage.actor)
    made.pack(fill="both", expand=True)
    on_stage.settle()
    return made


def key(number: int) -> ChatKey:
    return ChatKey("private", f"user{number}")


def lines(*numbers: int) -> list[ChatLine]:
    return [ChatLine(key(n), f"user{n}", preview=f"preview {n}", time_s=1e9) for n in numbers]


def texts(sidebar: Sidebar) -> list[str]:
    canvas = sidebar.list.canvas
    found = [i for i in canvas.find_all() if canvas.type(i) == "text"]
    return [canvas.itemcget(i, "text") for i in found]


def order(sidebar: Sidebar) -> list[str]:
    return [found.id for found in sidebar.list.keys]


def test_a_chat_is_drawn_with_all_that_is_known(on_stage: Stage, sidebar: Sidebar) -> None:
    """Counts as numbers, mentions by shape, a draft by a word."""
    shown = [
        ChatLine(ChatKey("group", "g"), "Castle", unread=12, mentions=2, preview="hello"),
        ChatLine(key(1), "luigi", online=True, draft="I wanted to", preview="bye"),
        ChatLine(key(2), "A very long name indeed that will never fit in here", muted=True),
    ]
    sidebar.show(shown, None)
    on_stage.settle()
    found = texts(sidebar)
    for text in ("#", "Castle", "12", "@2", "hello", "L", "Draft: ", "I wanted to"):
        assert text in found
    assert "bye" not in found
    assert any(text.startswith("A very") and text.endswith("…") for text in found)


def test_a_click_selects(on_stage: Stage, sidebar: Sidebar) -> None:
    """The right button opens the menu of that chat."""
    sidebar.show(lines(1, 2, 3), key(1))
    on_stage.settle()
    height = sidebar.list._painter.height
    on_stage.click(sidebar.list.canvas, 30, height + 5)
    assert on_stage.actor.take("select") == [("select", key(2))]
    sidebar.list.canvas.event_generate("<Button-3>", x=30, y=5, rootx=40, rooty=50)
    assert on_stage.actor.take("menu") == [("menu", key(1), 40, 50)]


def test_the_order_is_stable_under_the_mouse(on_stage: Stage, sidebar: Sidebar) -> None:
    """Counts change in place; the new order comes when the mouse leaves."""
    sidebar.show(lines(1, 2, 3), None)
    canvas = sidebar.list.canvas
    canvas.event_generate("<Motion>", x=20, y=20)
    changed = lines(3, 4, 1)
    changed[0] = replace(changed[0], unread=77)
    sidebar.show(changed, None)
    on_stage.settle()
    assert order(sidebar) == ["user1", "user3", "user4"]
    assert "77" in texts(sidebar)
    canvas.event_generate("<Leave>", x=20, y=20)  # a click that the window manager looks at first
    on_stage.settle()
    assert order(sidebar) == ["user1", "user3", "user4"]
    canvas.event_generate("<Leave>", x=2000, y=20)
    on_stage.settle()
    assert order(sidebar) == ["user3", "user4", "user1"]
    sidebar.show(lines(1, 3, 4), None)
    assert order(sidebar) == ["user1", "user3", "user4"]


def test_who_leaves_over_a_menu_has_left_too(
    on_stage: Stage, sidebar: Sidebar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidebar_list, "_LOOK_MS", 10)
    sidebar.show(lines(1, 2), None)
    canvas = sidebar.list.canvas
    pointer_x = canvas.winfo_rootx() + 20
    monkeypatch.setattr(canvas, "winfo_pointerx", lambda: pointer_x)
    monkeypatch.setattr(canvas, "winfo_pointery", lambda: canvas.winfo_rooty() + 20)
    canvas.event_generate("<Motion>", x=20, y=20)
    sidebar.show(lines(2, 1), None)
    canvas.event_generate("<Leave>", x=20, y=20)
    on_stage.settle()
    assert order(sidebar) == ["user1", "user2"]
    pointer_x = 5000
    looked = tk.BooleanVar(canvas)
    canvas.after(50, looked.set, True)
    canvas.wait_variable(looked)
    on_stage.settle()
    assert order(sidebar) == ["user2", "user1"]


def test_kept_order() -> None:
    """What is gone goes, what is new comes last."""
    assert kept_order([key(1), key(2), key(3)], [key(9), key(3), key(1)]) == [
        key(1), key(3), key(9),
    ]  # fmt: skip


def test_the_keyboard_moves_and_selects(on_stage: Stage, sidebar: Sidebar) -> None:
    """From end to end, and what is reached can be seen."""
    sidebar.show(lines(*range(100)), key(0))
    canvas = sidebar.list.canvas
    on_stage.focus(canvas)
    on_stage.press(canvas, "<Down>", "<Down>", "<Up>", "<Return>")
    on_stage.press(canvas, "<End>", "<Return>")
    assert canvas.canvasy(0) > 1000
    assert "user99" in texts(sidebar)
    on_stage.press(canvas, "<Home>", "<Next>", "<Return>", "<Prior>", "<Return>")
    chosen = [call[1] for call in on_stage.actor.take("select")]
    assert chosen[:2] == [key(1), key(99)]
    assert chosen[2] not in (key(0), key(99))
    assert chosen[3] == key(0)


def test_writing_finds(on_stage: Stage, sidebar: Sidebar) -> None:
    """Also with the focus in the list; Enter takes the first, Esc all again."""
    sidebar.show(lines(*range(30)), None)
    on_stage.focus(sidebar.list.canvas)
    on_stage.write(sidebar.list.canvas, "2")
    on_stage.focus(sidebar.entry)
    on_stage.write(sidebar.entry, "7")
    assert order(sidebar) == ["user27"]
    on_stage.press(sidebar.entry, "<Escape>")
    assert len(order(sidebar)) == 30
    on_stage.write(sidebar.entry, "user11\n")
    assert on_stage.actor.take("select") == [("select", key(11))]
    assert sidebar.filter_text == ""
    sidebar.show(lines(1, 2), None, "2")
    assert order(sidebar) == ["user2"]


def test_an_empty_list_says_why(on_stage: Stage, sidebar: Sidebar) -> None:
    """No chats at all, or none that was looked for."""
    sidebar.show([], None)
    assert "No chats yet" in sidebar._empty.cget("text")
    sidebar.show(lines(1), None, "zzz")
    on_stage.settle()
    assert sidebar._empty.cget("text") == "Nothing found"
    assert sidebar._empty.winfo_ismapped()


def test_only_what_can_be_seen_is_drawn(on_stage: Stage, sidebar: Sidebar) -> None:
    """However many chats there are."""
    sidebar.show(lines(*range(3000)), None)
    on_stage.settle()
    assert len(sidebar.list.canvas.find_all()) < 150


def test_the_filter_is_of_words(sidebar: Sidebar) -> None:
    """In any order and case."""
    sidebar.show([ChatLine(key(1), "Release Two"), ChatLine(key(2), "Release One")], None, "TWO re")
    assert order(sidebar) == ["user1"]
