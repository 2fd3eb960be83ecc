"""When Redis counts as gone, and when as back."""

from __future__ import annotations

from ruggine.bus.beat import Beat


def beating(beats: int, *, lag: int = 0) -> Beat:
    """A node whose beats come back, `lag` beats late."""
    beat = Beat()
    for _ in range(beats):
        beat.hear(beat.next() - lag)
    return beat


def test_three_beats_without_an_echo_are_an_absence() -> None:
    """At 0.5 s a beat, that and one reading of the database are less than 3 s."""
    beat = beating(10)
    for _ in range(2):
        beat.next()
        assert not beat.overdue()
    beat.next()
    assert beat.overdue()


def test_at_a_start_the_absence_shows_after_two() -> None:
    beat = Beat()
    beat.next()
    assert not beat.overdue()
    beat.next()
    assert beat.overdue()


def test_a_node_that_stood_still_itself_does_not_blame_redis() -> None:
    """However long it was, only one beat was not answered."""
    beat = beating(10)
    beat.next()
    assert not beat.overdue()


def test_a_redis_that_lags_by_seconds_is_away_though_its_echoes_never_stop() -> None:
    assert not beating(10, lag=1).overdue()
    late = beating(10, lag=3)
    assert late.overdue()
    assert not late.hear(late.next() - 3)


def test_new_connections_have_time_to_prove_themselves() -> None:
    beat = beating(10, lag=5)
    beat.forgive()
    assert not beat.overdue()


def test_a_beat_that_was_never_sent_proves_nothing_for_later() -> None:
    """Nobody can look ahead on another's behalf."""
    beat = beating(3)
    assert beat.hear(10**9)
    for _ in range(3):
        beat.next()
    assert beat.overdue()
