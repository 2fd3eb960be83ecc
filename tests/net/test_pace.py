"""How much of a turn and of a second somebody gets."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from ruggine.net.pace import LONGEST_REST_S, LONGEST_STEP_S, SLICE_S, Budget, Pace


class Workshop:
    """Steps that take as long as they say."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._worked_s = 0.0
        self.pace = Pace(self.clock, lambda: self._worked_s)
        self.done: list[str] = []

    def add(self, budget: Budget, name: str, took_s: float) -> None:
        def step() -> None:
            self._worked_s += took_s
            self.done.append(name)

        self.pace.add(budget, step)

    def one_turn(self) -> list[str]:
        """What is done in the next one."""
        self.done = []
        self.clock.advance(min(c.getTime() for c in self.clock.calls) - self.clock.seconds())
        return self.done


def test_a_turn_is_over_when_its_slice_is_used_up() -> None:
    shop, budget = Workshop(), Budget(1.0, 1.0)
    for name in "abcdef":
        shop.add(budget, name, SLICE_S / 2)
    assert [shop.one_turn() for _ in range(3)] == [["a", "b"], ["c", "d"], ["e", "f"]]


def test_between_turns_the_reactor_rests_for_twice_what_they_took() -> None:
    shop, budget = Workshop(), Budget(1.0, 1.0)
    shop.add(budget, "a", 2 * SLICE_S)
    shop.clock.advance(0)
    shop.add(budget, "b", 0.0)
    shop.clock.advance(3.9 * SLICE_S)
    assert shop.done == ["a"]
    shop.clock.advance(0.2 * SLICE_S)
    assert shop.done == ["a", "b"]


def test_nobody_waits_for_long_because_the_machine_stood_still() -> None:
    """A turn that other programs interrupted for two seconds was followed by four of rest."""
    shop, budget = Workshop(), Budget(1.0, 1.0)
    shop.add(budget, "a", 2.0)
    shop.clock.advance(0)
    shop.add(budget, "b", 0.0)
    shop.clock.advance(LONGEST_REST_S)
    assert shop.done == ["a", "b"]


def test_budgets_take_turns_however_much_one_of_them_wants() -> None:
    shop = Workshop()
    much, little = Budget(1.0, 1.0), Budget(1.0, 1.0)
    for _ in range(100):
        shop.add(much, "much", SLICE_S / 4)
    shop.add(little, "little", SLICE_S / 4)
    assert shop.one_turn() == ["much", "little", "much", "much"]


def test_who_has_used_up_what_there_is_at_once_waits_for_their_share() -> None:
    shop, budget = Workshop(), Budget(0.1, 0.008)
    for _ in range(6):
        shop.add(budget, "step", 0.004)
    seen = []
    for _ in range(150):
        seen.append(len(shop.done))
        shop.clock.advance(0.001)
    # Three at once (the third for what is left), with a rest after each; then one in 40 ms.
    at_ms = [seen.index(count) - 1 for count in range(1, 7)]
    assert at_ms == pytest.approx([0, 8, 16, 40, 80, 120], abs=1.5)


def test_who_waits_does_not_keep_others_waiting() -> None:
    shop = Workshop()
    spent, fresh = Budget(0.1, 0.001), Budget(0.1, 0.001)
    shop.pace.charge(spent, 10)
    shop.add(spent, "spent", 0.0)
    shop.add(fresh, "fresh", 0.0)
    shop.clock.advance(0)
    assert shop.done == ["fresh"]


def test_a_step_that_another_program_interrupts_is_not_charged_for_that() -> None:
    shop, budget = Workshop(), Budget(1.0, LONGEST_STEP_S)
    shop.add(budget, "interrupted", 100.0)
    shop.clock.advance(0)
    assert shop.pace.wait_s(budget) == 0


def test_a_step_that_fails_is_logged_and_the_next_one_is_taken(
    logged_errors: list[LogEvent],
) -> None:
    shop, budget = Workshop(), Budget(1.0, 1.0)

    def fail() -> None:
        raise ZeroDivisionError

    shop.pace.add(budget, fail)
    shop.add(budget, "next", 0.0)
    shop.clock.advance(0)
    assert shop.done == ["next"]
    assert len(logged_errors) == 1
    logged_errors.clear()


@pytest.mark.parametrize("cost_s", [0.0, 0.5, 1.0])
def test_a_budget_is_full_again_after_what_was_taken(cost_s: float) -> None:
    budget = Budget(0.5, 1.0)
    budget.charge(0.0, 1.0 + cost_s)
    assert budget.wait_s(0.0) == 2 * cost_s
    assert budget.wait_s(2 * cost_s) == 0
