"""How much of the reactor's time somebody gets in a turn and in a second, whatever they ask for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

SLICE_S = 0.001
"""Of each turn of the reactor, for the steps of everybody together: the others wait no longer."""

LONGEST_STEP_S = 0.005
"""A step that seems to take longer was interrupted by other programs, which is not charged."""

REST = 2.0
"""After such a turn, as a multiple of what it took, there is none. While the reactor rests the
threads of the database get on, which have to wait for it otherwise."""

LONGEST_REST_S = REST * (SLICE_S + LONGEST_STEP_S)
"""Where other programs interrupt a turn for seconds, nobody waits for twice as long."""

Step = Callable[[], None]
"""A small piece of work."""


class Budget:
    """So many seconds of work in each second, and so many at once: a token bucket, of which only
    the time is kept at which it will be full again."""

    __slots__ = ("_at_once_s", "_full_at_s", "_share", "listed", "steps")

    def __init__(self, share: float, at_once_s: float) -> None:
        self._share = share
        self._at_once_s = at_once_s
        self._full_at_s = 0.0
        self.steps: deque[Step] = deque()
        self.listed = False
        """Whether the pace knows of the steps."""

    def charge(self, now_s: float, cost_s: float) -> None:
        self._full_at_s = max(self._full_at_s, now_s) + cost_s / self._share

    def wait_s(self, now_s: float) -> float:
        """Until there is something left; 0 where there is."""
        return max(0.0, self._full_at_s - now_s - self._at_once_s / self._share)


class Pace:
    """Lets those take turns who have work that can wait.

    Each step is measured and charged to a budget, and waits for as long as that has nothing left.
    All steps of a turn of the reactor together have SLICE_S, and the budgets take turns, so that
    many who ask for much keep waiting only themselves.
    """

    log = Logger()

    def __init__(self, reactor: Any, timer: Callable[[], float]) -> None:
        """`timer` measures steps, in seconds."""
        self._reactor = reactor
        self._timer = timer
        self._ready: deque[Budget] = deque()
        self._due = False
        self._rest_until_s = 0.0
        self.waits = 0
        """How often somebody had to wait because their budget was used up."""

    def add(self, budget: Budget, step: Step) -> None:
        """Take the step when it is the budget's turn, after the steps that it has already."""
        budget.steps.append(step)
        if not budget.listed:
            budget.listed = True
            self._list(budget)

    def charge(self, budget: Budget, cost_s: float) -> None:
        """For work that was done elsewhere."""
        budget.charge(self._reactor.seconds(), cost_s)

    def wait_s(self, budget: Budget) -> float:
        """How long a step would have to wait at least."""
        return budget.wait_s(self._reactor.seconds())

    def _list(self, budget: Budget) -> None:
        wait_s = self.wait_s(budget)
        if wait_s > 0:
            self.waits += 1
            self._reactor.callLater(wait_s, self._make_ready, budget)
        else:
            self._make_ready(budget)

    def _make_ready(self, budget: Budget) -> None:
        self._ready.append(budget)
        self._call_turn()

    def _call_turn(self) -> None:
        if not self._due:
            self._due = True
            rest_s = max(0.0, self._rest_until_s - self._reactor.seconds())
            self._reactor.callLater(rest_s, self._turn)

    def _turn(self) -> None:
        begun, took_s = self._timer(), 0.0
        while self._ready and took_s < SLICE_S:
            self._step_of(self._ready.popleft())
            took_s = self._timer() - begun
        self._rest_until_s = self._reactor.seconds() + min(REST * took_s, LONGEST_REST_S)
        self._due = False
        if self._ready:
            self._call_turn()

    def _step_of(self, budget: Budget) -> None:
        begun = self._timer()
        try:
            budget.steps.popleft()()
        except Exception:
            self.log.failure("A step of a connection's work failed in a way that nobody foresaw")
        self.charge(budget, min(self._timer() - begun, LONGEST_STEP_S))
        if budget.steps:
            self._list(budget)
        else:
            budget.listed = False
