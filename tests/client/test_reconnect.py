"""When the client tries again."""

from __future__ import annotations

import pytest

from client_tk.reconnect import FIRST_S, MOST_S, Backoff, may_retry


def test_waits_are_drawn_below_a_bound_that_doubles() -> None:
    bounds: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    backoff = Backoff(draw)
    waits = [backoff.next_s() for _ in range(9)]
    assert waits == [1, 2, 4, 8, 16, MOST_S, MOST_S, MOST_S, MOST_S]
    assert {low for low, _ in bounds} == {FIRST_S}
    backoff.reset()
    assert backoff.next_s() == 2 * FIRST_S


def test_a_thousand_clients_do_not_come_back_at_once() -> None:
    """After a restart of the daemon the first try is everybody's."""
    waits = sorted(Backoff().next_s() for _ in range(1000))
    assert FIRST_S <= waits[0] < 1.1 * FIRST_S
    assert 1.9 * FIRST_S < waits[-1] <= 2 * FIRST_S


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1009, 1011, 4000, 4003, 4004, 4499])
def test_these_invite_a_reconnect(code: int) -> None:
    assert may_retry(code)


@pytest.mark.parametrize("code", [4500, 4501, 4502, 4503, 4504, 4999])
def test_these_do_not(code: int) -> None:
    assert not may_retry(code)
