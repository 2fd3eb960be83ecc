"""The rule for reading, against a person who does anything in any order with a real window."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.client.ui.reader import GROUP, LUIGI, Reader
from tests.client.ui.stage import Stage, stage

Step = Callable[[Reader], None]


def opens(reader: Reader) -> None:
    unread = reader.log.unread()
    was = reader.state.selected
    reader.goes_to(GROUP)
    if was != GROUP:
        reader.check_opened(unread)


def restarts(missed: int, mention: bool) -> Step:
    def step(reader: Reader) -> None:
        shown = reader.state.selected == GROUP
        reader.restarts(missed, mention=mention)
        if shown:
            reader.check_opened(reader.log.unread())

    return step


SCROLLS = [
    ("scroll", "3", "units"), ("scroll", "-3", "units"), ("scroll", "1", "pages"),
    ("scroll", "-1", "pages"), ("moveto", "0.0"), ("moveto", "0.5"), ("moveto", "1.0"),
]  # fmt: skip

STEPS: st.SearchStrategy[Step] = st.one_of(
    st.just(opens),
    st.just(lambda r: r.goes_to(LUIGI)),
    st.builds(restarts, st.sampled_from([0, 1, 30, 130]), st.booleans()),
    st.builds(
        lambda count, mention: lambda r: r.receives(count, mention=mention),
        st.sampled_from([1, 2, 7, 60]), st.booleans(),
    ),
    st.builds(lambda how: lambda r: r.scrolls(how), st.sampled_from(SCROLLS)),
    st.builds(lambda looking: lambda r: r.looks(looking), st.booleans()),
    st.builds(lambda s: lambda r: r.waits(s), st.sampled_from([0.1, 0.3, 0.6, 0.6])),
    st.builds(
        lambda w, h: lambda r: r.resizes(w, h),
        st.sampled_from([640, 900]), st.sampled_from([420, 640, 800]),
    ),
    st.just(lambda r: r.presses_newest()),
    st.just(lambda r: r.sends()),
)  # fmt: skip

_numbers = itertools.count()


@pytest.fixture(scope="module")
def made() -> Iterator[Stage]:
    with stage("900x640") as it:
        yield it


@settings(
    max_examples=30, deadline=None, phases=[Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.sampled_from([0, 5, 200]), st.lists(STEPS, min_size=5, max_size=25))
def test_nothing_is_read_that_nobody_has_seen(
    made: Stage, tmp_path: Path, before: int, steps: list[Step]
) -> None:
    reader = Reader(made, tmp_path / str(next(_numbers))).begins()
    try:
        reader.receives(before + 1, mention=True)
        for step in [lambda r: r.looks(True), *steps]:
            step(reader)
            reader.check()
    finally:
        reader.window.destroy()
        reader.state.close()
