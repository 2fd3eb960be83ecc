"""Too fast is refused with the time to wait, and waiting that long is enough."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from ruggine import errors
from ruggine.config import load
from ruggine.domain import limits
from ruggine.domain.limits import LoginFailures, RateLimits, network_of
from ruggine.model import Origin, Rate, Rates

RATES = load({}, {}).rates
assert RATES is not None


def wait_of(charge: Callable[[], None]) -> float:
    """How long a charge is refused for; 0 if it is not."""
    try:
        charge()
    except errors.RateLimited as refusal:
        found = refusal
    else:
        return 0.0
    assert found.retry_after_s is not None
    assert f"{found.retry_after_s:g} s" in found.sentence
    return found.retry_after_s


def messages(clock: Clock, key: str = "luigi", rates: Rates | None = RATES) -> RateLimits:
    return RateLimits(rates, clock.seconds)


def test_a_burst_and_then_a_steady_rate() -> None:
    """30 at once and 10 a second, for each key and each kind on its own."""
    clock = Clock()
    limited = messages(clock)
    for _ in range(30):
        limited.charge("messages", "luigi")
    assert wait_of(lambda: limited.charge("messages", "luigi")) == pytest.approx(0.15, abs=0.06)
    limited.charge("messages", "dory")
    limited.charge("commands", "luigi")
    clock.advance(1)
    for _ in range(10):
        limited.charge("messages", "luigi")
    assert wait_of(lambda: limited.charge("messages", "luigi"))


@given(
    st.floats(0.01, 1000), st.integers(1, 100), st.lists(st.floats(0, 5), min_size=1, max_size=60)
)
def test_never_more_than_the_rate_and_never_less(
    per_second: float, burst: int, pauses: list[float]
) -> None:
    """Whatever is asked: burst + rate x time is the bound; who waits as told is let in."""
    clock = Clock()
    rate = Rate(per_second, burst)
    limited = RateLimits(Rates(*[rate] * len(Rates.__struct_fields__)), clock.seconds)
    let_in = 0
    for pause in pauses:
        clock.advance(pause)
        wait_s = wait_of(lambda: limited.charge("messages", "x"))
        let_in += not wait_s
        if wait_s:
            clock.advance(wait_s)
            limited.charge("messages", "x")
            let_in += 1
        assert let_in <= burst + per_second * clock.seconds() + 1e-3


def test_what_is_off_limits_nothing() -> None:
    limited, failures = messages(Clock(), rates=None), LoginFailures(Clock().seconds, enabled=False)
    for _ in range(10_000):
        limited.charge("registrations", "x")
        guess(failures)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_REMEMBERED", 100)
    limited, failures = messages(Clock()), LoginFailures(Clock().seconds, enabled=True)
    for number in range(1000):
        limited.charge("logins", str(number))
        guess(failures, str(number))
    assert len(limited._full_at_s._items) == len(failures._failures._items) == 100


STRANGER = Origin("198.51.100.9", known=False)
OWNER = Origin("192.0.2.7", known=True)


def guess(
    failures: LoginFailures, name: str = "luigi", origin: Origin = STRANGER, *, right: bool = False
) -> None:
    with failures.attempt(name, origin) as verdict:
        verdict(right)


def test_wrong_passwords_wait_longer_and_longer() -> None:
    """Five are free; then 1, 2, 4 … and at most 300 seconds. The case of the name is nothing."""
    clock = Clock()
    failures = LoginFailures(clock.seconds, enabled=True)
    for _ in range(5):
        guess(failures)
    waits = []
    for _ in range(12):
        waits.append(wait_of(lambda: guess(failures, "LUIGI")))
        clock.advance(waits[-1])
        guess(failures)
    assert waits[:4] == pytest.approx([1, 2, 4, 8], abs=0.2)
    assert waits[-1] == pytest.approx(300, abs=0.2)


def test_the_right_password_and_time_forgive() -> None:
    clock = Clock()
    failures = LoginFailures(clock.seconds, enabled=True)
    for _ in range(5):
        guess(failures)
    clock.advance(1)
    guess(failures, right=True)
    for _ in range(5):
        guess(failures)
    assert wait_of(lambda: guess(failures))
    clock.advance(1801)
    for _ in range(5):
        guess(failures)


def test_who_guesses_from_afar_does_not_slow_the_owner_down() -> None:
    failures = LoginFailures(Clock().seconds, enabled=True)
    for number in range(5):
        guess(failures, origin=Origin(f"198.51.100.{number}", known=False))
    assert wait_of(lambda: guess(failures))
    guess(failures, origin=OWNER)


def test_a_try_that_was_not_verified_is_no_failure() -> None:
    """Such as one that found no place in the queue: whoever tries again did not guess wrong."""
    failures = LoginFailures(Clock().seconds, enabled=True)
    for _ in range(100):
        with pytest.raises(errors.Unavailable), failures.attempt("luigi", STRANGER):
            raise errors.Unavailable
    guess(failures)


def test_tries_at_once_gain_nothing() -> None:
    """However many are begun before the first is verified, a pause comes after the fifth."""
    clock = Clock()
    failures = LoginFailures(clock.seconds, enabled=True)
    guess(failures)
    with contextlib.ExitStack() as under_way:
        verdicts = [under_way.enter_context(failures.attempt("luigi", STRANGER)) for _ in range(4)]
        for origin in (STRANGER, Origin("203.0.113.1", known=False)):
            with pytest.raises(errors.Unavailable):
                guess(failures, origin=origin)
        guess(failures, origin=OWNER)
        guess(failures, "dory")
        for verdict in verdicts:
            verdict(False)
    clock.advance(wait_of(lambda: guess(failures)))
    with failures.attempt("luigi", STRANGER), pytest.raises(errors.Unavailable):
        guess(failures)
    guess(failures)
    assert not failures._in_flight


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_one_customer_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_several_tokens_at_once_are_all_taken_or_none() -> None:
    clock = Clock()
    limited = messages(clock)
    limited.charge("invitations", "luigi", 20)
    assert wait_of(lambda: limited.charge("invitations", "luigi", 11)) == pytest.approx(120, abs=1)
    limited.charge("invitations", "luigi", 10)
    assert wait_of(lambda: limited.charge("invitations", "luigi"))


def test_what_can_never_be_had_at_once_is_not_put_off() -> None:
    limited = messages(Clock())
    with pytest.raises(errors.InvalidRequest, match="asks for 31 at once, and the limit is 30"):
        limited.charge("invitations", "luigi", 31)
    limited.charge("invitations", "luigi", 30)
