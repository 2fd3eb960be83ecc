"""Days, times and languages."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from client_tk import texts, wording
from client_tk.net import reasons

NOW_S = time.mktime((2026, 11, 23, 15, 0, 0, 0, 0, -1))
DAY_S = 86_400


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    texts.use("en")
    yield
    texts.use("en")


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        (0, "Today"),
        (1, "Yesterday"),
        (2, "Saturday 21 November"),
        (-1, "Tuesday 24 November"),
        (365, "Sunday 23 November 2025"),
    ],
)
def test_days_are_named(days: int, shown: str) -> None:
    assert texts.day(NOW_S - days * DAY_S, NOW_S) == shown


def test_yesterday_begins_at_midnight() -> None:
    midnight = time.mktime((2026, 11, 23, 0, 0, 0, 0, 0, -1))
    assert texts.day(midnight - 1, midnight) == "Yesterday"
    assert texts.day(midnight, midnight + 1) == "Today"


@pytest.fixture
def new_zealand(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Noon is the day before in UTC there, but only in summer."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "NZST-12NZDT,M9.5.0,M4.1.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(("month", "day"), [(9, 27), (4, 5)])
@pytest.mark.usefixtures("new_zealand")
def test_days_are_told_apart_where_summer_time_begins_and_ends(month: int, day: int) -> None:
    afternoons = [time.mktime((2026, month, day + n, 15, 0, 0, 0, 0, -1)) for n in (-2, -1, 0)]
    before, yesterday, today = afternoons
    assert texts.day(today, today) == "Today"
    assert texts.day(yesterday, today) == "Yesterday"
    assert texts.day(before, today).startswith("Friday ")
    assert texts.when(yesterday, today) != texts.clock(yesterday)


@pytest.mark.parametrize("time_s", [1e20, -1e18, 1e12, float("nan"), float("inf")])
def test_a_time_that_no_calendar_has_is_no_fault(time_s: float) -> None:
    """A server may claim anything."""
    epoch = time.strftime("%H:%M", time.localtime(0))
    assert texts.clock(time_s) == epoch
    assert texts.day(time_s, NOW_S)
    assert texts.when(time_s, NOW_S)


def test_lists_show_the_time_today_and_the_date_before() -> None:
    assert texts.when(NOW_S - 60, NOW_S) == "14:59"
    assert texts.when(NOW_S - 2 * DAY_S, NOW_S) == "21 Nov"
    assert texts.when(NOW_S - 400 * DAY_S, NOW_S) == "19 Oct 2025"


@pytest.mark.parametrize(
    ("environment", "italian"),
    [
        ({"LANG": "it_IT.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "C", "LANGUAGE": "it"}, True),
        ({"LANG": "it_IT.UTF-8", "LANGUAGE": "en:it"}, False),
        ({"LC_ALL": "C.UTF-8", "LANG": "it_IT.UTF-8"}, False),
        ({"LANG": "xx_YY"}, False),
        ({}, False),
    ],
)
def test_the_environment_says_which_language(
    environment: dict[str, str], italian: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    texts.use(None)
    assert (texts.day(NOW_S, NOW_S) == "Oggi") is italian


@pytest.mark.parametrize(
    "reason", [value for name, value in vars(reasons).items() if name.isupper() and name[0] != "_"]
)
def test_every_reason_has_a_sentence_with_the_servers_name(reason: str) -> None:
    sentence = wording.unreachable(reason, "detail", "chat.example")
    assert "chat.example" in sentence
    assert sentence != wording.unreachable("?", "detail", "chat.example") or reason == "broken"
