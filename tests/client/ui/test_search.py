"""Searching in what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk.model import ChatKey
from client_tk.ui.search import Found, Search, snippet
from ruggine.wire import requests, results
from tests.client.identities import user_id
from tests.client.ui.fake_state import Play, play

DORY = ChatKey("private", user_id("dory"))


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Play]:
    with play(tmp_path) as made:
        yield made.sign_in()


def message(seq: int, content: str) -> results.MessageItem:
    return results.MessageItem(
        chat_type="private", to_user="dory", to_user_id="id-of-dory",
        chat_id="chat-of-dory-luigi", seq=seq, sender="dory", sender_id="id-of-dory",
        content=content,
        timestamp=1_763_870_400.0, edited=False, deleted=False, reactions=[],
    )  # fmt: skip


def search_for(on: Play, dialog: Search, words: str) -> requests.Search:
    dialog.entry.delete(0, "end")
    on.stage.focus(dialog.entry)
    on.stage.write(dialog.entry, words)
    on.stage.press(dialog.entry, "<Return>")
    return on.waiting(requests.Search)


def test_a_find_is_opened_with_enter(on: Play) -> None:
    dialog = on.open(Search)
    request = search_for(on, dialog, "lago")
    assert (request.query, request.chat_type) == ("lago", None)
    on.grant(request, results.SearchResult(messages=[message(7, "al lago")], has_more=False))
    on.stage.settle()
    on.stage.focus(dialog.table.tree)
    on.stage.press(dialog.table.tree, "<Return>")
    assert on.opened == [(DORY, 7)]


def test_a_find_is_not_covered_and_the_others_are_not_lost(on: Play) -> None:
    dialog = on.open(Search)
    found = [message(7, "al lago"), message(5, "dal lago")]
    on.grant(search_for(on, dialog, "lago"), results.SearchResult(messages=found, has_more=False))
    on.stage.settle()
    on.stage.press(dialog.table.tree, "<Down>", "<Return>")
    assert on.opened == [(DORY, 5)]
    assert not dialog.winfo_viewable()
    assert dialog.is_about(None)
    assert not dialog.is_about(DORY)
    dialog.to_front()
    on.stage.settle()
    assert dialog.winfo_viewable()
    assert dialog.table.key == Found(DORY, 5)


def test_here_is_the_chat_that_is_shown(on: Play) -> None:
    dialog = on.open(Search, DORY)
    request = search_for(on, dialog, "lago")
    assert request.to_user_id == user_id("dory")
    dialog._everywhere.set(True)
    dialog._moved()
    assert on.waiting(requests.Search).to_user_id is None


def test_a_query_that_is_given_is_asked_at_once(on: Play) -> None:
    on.open(Search, None, "@luigi")
    assert on.waiting(requests.Search).query == "@luigi"


def test_more_goes_on_at_the_cursor(on: Play) -> None:
    dialog = on.open(Search)
    request = search_for(on, dialog, "x")
    assert dialog.more_button.instate(["disabled"])
    page = [message(9, "x"), message(8, "x")]
    on.grant(request, results.SearchResult(messages=page, has_more=True, cursor="c1"))
    dialog.more_button.invoke()
    more = on.waiting(requests.Search)
    assert (more.query, more.cursor) == ("x", "c1")
    on.grant(more, results.SearchResult(messages=[message(7, "x")], has_more=False))
    assert [found.seq for found in dialog.table.listed] == [9, 8, 7]
    assert dialog.more_button.instate(["disabled"])


def test_an_answer_to_an_earlier_question_is_not_shown(on: Play) -> None:
    dialog = on.open(Search)
    first = search_for(on, dialog, "one")
    second = search_for(on, dialog, "two")
    on.grant(second, results.SearchResult(messages=[message(2, "two")], has_more=False))
    on.grant(first, results.SearchResult(messages=[message(1, "one")], has_more=False))
    assert dialog.table.listed == [Found(DORY, 2)]


def test_nothing_found_is_said(on: Play) -> None:
    dialog = on.open(Search)
    on.grant(search_for(on, dialog, "x"), results.SearchResult(messages=[], has_more=False))
    assert str(dialog.table._empty.cget("text")) == "Nothing is found."


def test_blanks_are_not_searched_for(on: Play) -> None:
    dialog = on.open(Search)
    dialog.entry.insert(0, "  ")
    dialog._search()
    on.settle()
    assert on.asked == []


def test_a_sender_narrows_it(on: Play) -> None:
    dialog = on.open(Search)
    dialog.sender.set("dory")
    assert search_for(on, dialog, "x").sender == "dory"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("al lago", "al lago"),
        ("a\nb\u202e lago", "a b lago"),
        ("blah " * 40 + "lago e mare", "…"),
        ("lago" + "x" * 500, "lagox"),
    ],
)
def test_a_snippet_shows_the_words_in_one_line(content: str, expected: str) -> None:
    shown = snippet(content, "lago", 60)
    assert shown.startswith(expected)
    assert "lago" in shown
    assert len(shown) <= 60
    assert "\n" not in shown
