"""However a page came about, the transcript shows the same as one that was drawn at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client_tk.model import ChatKey, Page, Row
from client_tk.ui.difference import edits
from client_tk.ui.transcript import Transcript
from tests.client.ui.stage import Actor, Stage, stage

KEY = ChatKey("group", "g")
TIME_S = 1_763_870_400.0


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Stage, Transcript, Transcript]]:
    with stage() as made:
        found = [Transcript(made.root, made.theme, Actor(), time_s=lambda: TIME_S) for _ in "ab"]
        for transcript in found:
            transcript.pack(fill="both", expand=True)
        made.settle()
        yield made, found[0], found[1]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Few different ones, so that pages have much in common."""
    seq = draw(st.integers(1, 12))
    return Row(
        seq=seq, sender=draw(st.sampled_from(["dory", "luigi"])), time_s=TIME_S + seq * 100,
        kind=draw(st.sampled_from(["message", "message", "message", "member_joined"])),
        content=draw(st.sampled_from(["a", "b\nc", "https://x.example d", "😀"])),
        edited=draw(st.booleans()), deleted=draw(st.sampled_from([False, False, True])),
        progress=draw(st.sampled_from(["", "stored", "read"])),
        reply_to=draw(st.sampled_from([None, None, 3])),
    )  # fmt: skip


@st.composite
def pages(draw: st.DrawFn) -> Page:
    found = {row.seq: row for row in draw(st.lists(rows(), max_size=12))}
    shown = tuple(found[seq] for seq in sorted(s for s in found if s is not None))
    quotes = tuple((3, row) for row in shown if row.seq == 3)
    new_from = draw(st.sampled_from([None, 2, 5]))
    return Page(key=KEY, me="dory", rows=shown, new_from=new_from, quotes=quotes)


def dump(transcript: Transcript) -> object:
    """Tags that begin or end at the same place have no order."""
    found = transcript.text.dump("1.0", "end", tag=True)
    kept = [(at, kind, value) for kind, value, at in found if value not in ("sel", "cursor")]
    return sorted(kept)


@settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(shown=st.lists(pages(), min_size=1, max_size=5))
def test_changes_lead_to_what_is_drawn_at_once(
    pair: tuple[Stage, Transcript, Transcript], shown: list[Page]
) -> None:
    """Text, tags and places, for any way from page to page."""
    _made, changed, fresh = pair
    for page in shown:
        changed.show(page)
        fresh.show(None)
        fresh.show(page)
        assert dump(changed) == dump(fresh)
        starts = [changed.blocks.first_line(at) for at in range(len(changed.blocks) + 1)]
        assert starts == [fresh.blocks.first_line(at) for at in range(len(fresh.blocks) + 1)]


@given(old=st.lists(st.integers(0, 5)), new=st.lists(st.integers(0, 5)))
def test_edits_make_one_list_into_the_other(old: list[int], new: list[int]) -> None:
    """And leave alone what is the same at both ends."""
    made = list(old)
    found = edits(old, new, lambda one, other: one % 2 == other % 2)
    for edit in found:
        made[edit.start : edit.end] = new[edit.first : edit.last]
    assert made == new
    if old == new:
        assert found == []


def test_one_row_more_is_one_edit() -> None:
    """However long the lists are."""
    old = list(range(600))
    [edit] = edits(old, [*old, 600], lambda one, other: one == other)
    assert edit == (600, 600, 600, 601)
