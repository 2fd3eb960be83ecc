"""What counts as read: only what was in sight, for half a second, of somebody who looked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from client_tk import reports
from client_tk.model import ChatKey
from client_tk.reading import DWELL_S, Reading, Sight, Span
from tests.client.world import LUIGI, World

UGO = ChatKey("private", "ugo")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Dory is signed in and looks at her window; no chat is shown."""
    world = World(tmp_path)
    world.signs_in()
    world.opens()
    world.answer("list_chats", chats=[])
    world.state.seen(focused=True, visible=True)
    return world


def comes(world: World, first: int, last: int, **contents: str) -> None:
    for seq in range(first, last + 1):
        world.message("luigi", contents.get(f"n{seq}", f"n. {seq}"), seq=seq)


def item(seq: int, content: str = "") -> dict[str, Any]:
    return {"seq": seq, "from": "luigi", "content": content or f"n. {seq}", "edited": False,
            "deleted": False, "reactions": [], "timestamp": 1000.0 + seq}  # fmt: skip


def listed(world: World, **fields: Any) -> None:
    values = {"seq": 0, "read_seq": 0, "unread": 0, "last_message": None, "muted": False}
    world.answer(
        "list_chats", chats=[{"chat_type": "private", "to_user": "luigi", **values, **fields}]
    )


def comes_back(world: World) -> None:
    world.restart()
    world.state.seen(focused=True, visible=True)
    world.state.resume("rg1_x")
    world.take(reports.SignedIn("dory", "rg1_x"))
    world.opens("ok")


def marks(world: World) -> list[int]:
    return [frame["seq"] for frame in world.said("mark_read")]


def badge(world: World) -> tuple[int, int]:
    [line] = world.state.chats()
    return line.unread, line.mentions


# Half a second


def test_what_was_in_sight_through_half_a_second_was_seen() -> None:
    reading = Reading()
    reading.see(Span(1, 10), 100.0)
    assert reading.due_s() == 100.0 + DWELL_S
    assert reading.seen(100.0 + DWELL_S - 0.01) is None
    assert reading.seen(100.0 + DWELL_S) == Span(1, 10)
    assert reading.due_s() is None


def test_who_scrolls_has_seen_what_stayed_in_sight() -> None:
    reading = Reading()
    for n in range(6):
        reading.seen(n * 0.125)
        reading.see(Span(1 + n, 10 + n), n * 0.125)
    assert reading.seen(0.75) == Span(6, 12)
    assert reading.due_s() == 0.375 + DWELL_S
    assert reading.seen(2.0) == Span(6, 15)


def test_what_flashed_by_was_not_seen() -> None:
    reading = Reading()
    reading.see(Span(500, 600), 0.0)
    reading.see(Span(1, 10), DWELL_S / 2)
    assert reading.seen(DWELL_S) is None
    assert reading.seen(DWELL_S * 1.5) == Span(1, 10)


def test_who_looks_away_begins_anew() -> None:
    reading = Reading()
    reading.see(Span(1, 10), 0.0)
    reading.look_away()
    reading.see(Span(1, 10), 0.4)
    assert reading.seen(0.6) is None
    assert reading.seen(0.4 + DWELL_S) == Span(1, 10)


# The mark


def test_the_mark_goes_as_far_as_one_has_scrolled(world: World) -> None:
    comes(world, 1, 600)
    world.state.select(LUIGI)
    page = world.state.page
    assert page is not None
    assert (page.start, page.new_from) == (1, 1)
    world.shows(1, 20)
    world.passes(DWELL_S)
    assert (marks(world), badge(world)) == ([20], (580, 0))
    world.shows(15, 40)
    world.passes(DWELL_S / 2)
    assert marks(world) == []
    world.passes(DWELL_S / 2)
    assert (marks(world), badge(world)) == ([40], (560, 0))


@pytest.mark.parametrize("how", [{"focused": False}, {"visible": False}])
def test_nothing_is_read_of_a_window_that_nobody_looks_at(
    world: World, how: dict[str, bool]
) -> None:
    comes(world, 1, 5)
    world.state.select(LUIGI)
    world.state.seen(**how)
    world.shows_all()
    world.passes(60)
    assert (marks(world), badge(world)) == ([], (5, 0))
    world.state.seen(focused=True, visible=True)
    world.passes(DWELL_S - 0.01)
    assert marks(world) == []
    world.passes(0.02)
    assert marks(world) == [5]


def test_a_window_that_shows_the_end_by_mistake_reads_nothing(world: World) -> None:
    """As in a first layout, or with a page that was cached."""
    comes(world, 1, 600)
    world.state.select(LUIGI)
    world.shows(30, 50)
    world.passes(60)
    assert (marks(world), badge(world)) == ([], (600, 0))
    world.shows(1, 20)
    world.passes(DWELL_S)
    assert marks(world) == [20]


def test_what_is_told_of_another_showing_counts_for_nothing(world: World) -> None:
    comes(world, 1, 5)
    world.message("ugo", "ciao", seq=1, to_user="dory")
    world.state.select(LUIGI)
    world.shows_all()
    assert world.state.page is not None
    before = world.state.page.opened
    world.state.select(UGO)
    world.state.sees(Sight(before, 1, 5, at_end=True))
    world.passes(60)
    assert marks(world) == []


def test_a_jump_to_a_place_reads_nothing_and_one_to_the_newest_all(world: World) -> None:
    comes(world, 1, 600)
    world.state.select(LUIGI)
    world.state.open_at(LUIGI, 500)
    world.shows(490, 510)
    world.shows(492, 512, by_hand=True)
    world.passes(60)
    assert marks(world) == []
    world.state.shown.go_to_end()
    world.shows(580, 600, by_hand=True)
    world.passes(DWELL_S)
    assert (marks(world), badge(world)) == ([600], (0, 0))


def test_who_scrolls_far_at_once_has_passed_what_is_loaded(world: World) -> None:
    comes(world, 1, 50)
    world.state.select(LUIGI)
    world.shows(1, 20)
    world.shows(30, 50, by_hand=True)
    world.passes(DWELL_S)
    assert (marks(world), badge(world)) == ([50], (0, 0))


def test_own_messages_and_changes_between_do_not_stand_in_the_way(world: World) -> None:
    comes(world, 1, 3)
    world.has_read(3)
    for seq in (4, 5):
        world.message("dory", "mia, dal telefono", seq=seq)
    where = {"chat_type": "private", "to_user": "dory", "from": "luigi", "timestamp": 1.0}
    world.hear("reaction", **where, seq=6, ref=4, emoji="👍", active=True)
    world.message("luigi", "nuova", seq=7)
    world.hear("reaction", **where, seq=8, ref=4, emoji="👍", active=False)
    world.state.select(LUIGI)
    world.shows(5, 7)
    world.passes(DWELL_S)
    assert marks(world) == [8]


# What comes before one's eyes


def test_what_comes_before_ones_eyes_has_no_badge_while_one_looks(world: World) -> None:
    comes(world, 1, 1)
    world.state.select(LUIGI)
    world.looks()
    world.message("luigi", "@dory ciao", seq=2)
    assert (badge(world), world.state.unread) == ((0, 0), 0)
    world.state.seen(focused=False)
    assert (badge(world), world.state.unread) == ((1, 1), 1)
    world.state.seen(focused=True)
    world.looks()
    world.message("luigi", "e tu?", seq=3)
    world.shows_all()
    world.passes(DWELL_S)
    assert badge(world) == (0, 0)
    assert marks(world) == [1, 2, 3]


def test_what_comes_while_one_is_away_is_below_the_line(world: World) -> None:
    comes(world, 1, 1)
    world.state.select(LUIGI)
    world.looks()
    world.state.seen(focused=False)
    comes(world, 2, 3)
    world.shows_all()

    def line() -> tuple[int | None, int | None]:
        assert world.state.page is not None
        return world.state.page.new_from, world.state.page.ahead

    assert line() == (2, 2)
    world.looks()
    assert line() == (2, None)
    world.state.seen(focused=False)
    comes(world, 4, 5)
    assert line() == (4, 4)


# Monday


def test_on_monday_the_group_opens_at_the_line(world: World) -> None:
    """It was open when the program was closed: nothing of the weekend is in the cache."""
    comes(world, 1, 40)
    world.state.select(LUIGI)
    world.looks()
    assert marks(world) == [40]
    comes_back(world)
    world.shows_all()
    comes(world, 41, 170, n41="@dory, la chiave?")
    world.hear("caught_up")
    listed(world, seq=170, read_seq=40, unread=130)
    page = world.state.page
    assert page is not None
    assert (page.new_from, page.ahead) == (41, 41)
    assert badge(world) == (130, 1)
    world.passes(60)  # the end is in sight by mistake
    world.shows(160, 170)
    world.passes(60)
    assert (marks(world), badge(world)) == ([], (130, 1))
    world.shows(38, 60)
    world.passes(DWELL_S)
    assert (marks(world), badge(world)) == ([60], (110, 0))


def test_after_a_long_time_the_line_is_where_one_had_come(world: World) -> None:
    """More was missed than is sent."""
    comes(world, 1, 40)
    world.state.select(LUIGI)
    world.looks()
    assert marks(world) == [40]
    comes_back(world)
    world.shows_all()
    world.hear("gap", chat_type="private", to_user="luigi", **{"from": 41, "to": 900})
    comes(world, 901, 1400)
    world.hear("caught_up")
    world.shows_all()
    world.passes(5)
    listed(world, seq=1400, read_seq=40, unread=1360)
    assert marks(world) == []
    world.answer("get_messages", messages=[item(n) for n in range(1, 101)], has_more=True)
    page = world.state.page
    assert page is not None
    assert (page.start, page.new_from, page.has_newer) == (41, 41, True)
    assert badge(world) == (1360, 0)
    world.shows(30, 60)
    world.passes(DWELL_S)
    assert (marks(world), badge(world)[0]) == ([60], 1340)
    for first in range(101, 901, 100):
        world.shows(first - 40, first - 1, by_hand=True)
        world.passes(DWELL_S)
        world.state.shown.load_newer()
        rows = [item(n) for n in range(first, first + 100)]
        world.answer("get_messages", messages=rows, has_more=True)
    assert world.state.page is not None
    assert world.shown()[-1] == "n. 1000"  # it is one with what was sent
    assert world.state.page.has_newer
    world.restart()
    assert world.state.page is not None
    assert world.state.page.new_from == 801


def test_without_the_daemon_a_chat_opens_with_what_is_kept(world: World) -> None:
    """And nothing is read of it: what comes before was never shown."""
    world.state.seen(focused=True)
    world.hear("gap", chat_type="private", to_user="luigi", **{"from": 1, "to": 900})
    comes(world, 901, 910)
    world.take(reports.Closed(1006, "lost"))
    world.state.select(LUIGI)
    assert world.shown()[0] == "n. 901"
    world.shows_all()
    world.passes(0.5)
    assert badge(world)[0] == 10
    world.passes(60)
    world.opens("ok")
    world.hear("caught_up")
    listed(world, seq=910, read_seq=0, unread=910)
    world.answer("get_messages", messages=[item(n) for n in range(1, 101)], has_more=True)
    assert world.state.page is not None
    assert world.state.page.start == 1


def test_a_mention_keeps_its_mark_until_it_was_seen(world: World) -> None:
    """Though one has gone past it to the end; and the chat opens there then."""
    comes(world, 1, 300, n5="@dory vieni?", n6="@dory?")
    world.state.select(LUIGI)
    world.state.shown.go_to_end()
    world.shows(280, 300, by_hand=True)
    world.passes(DWELL_S)
    assert (marks(world), badge(world)) == ([300], (0, 2))
    comes_back(world)
    world.hear("caught_up")
    listed(world, seq=300, read_seq=300)
    assert badge(world) == (0, 2)
    world.state.select(LUIGI)
    assert world.state.page is not None
    assert (world.state.page.start, world.state.page.new_from) == (5, None)
    world.shows(1, 5)
    world.passes(DWELL_S)
    assert badge(world) == (0, 1)
    world.has_read(300)
    assert badge(world) == (0, 1)
    comes(world, 301, 301)
    world.has_read(301)
    assert badge(world) == (0, 0)


@pytest.mark.parametrize("change", ["message_deleted", "message_edited"])
def test_a_mention_that_was_taken_back_has_no_mark(world: World, change: str) -> None:
    comes(world, 1, 2, n1="@dory vieni?")
    content = {"content": "niente"} if change == "message_edited" else {}
    world.hear(change, chat_type="private", to_user="dory", **{"from": "luigi"}, timestamp=1.0,
               seq=3, ref=1, **content)  # fmt: skip
    assert badge(world)[1] == 0
