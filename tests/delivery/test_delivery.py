"""Delivery under random schedules: the real domain and storage, compared with a small model.

Two nodes on one database file, a bus that hypothesis makes lose, double, delay and reorder hints,
and clients that are cut and come back with their cursors. The databases' threads stand still when
they are told to, so that a crash falls before, between and after commit and answer; nothing here
sleeps or looks at a clock.

By default a run is short. A night's run is longer:

    DELIVERY_EXAMPLES=5000 DELIVERY_STEPS=80 python -m pytest tests/delivery
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from twisted.logger import LogEvent

from ruggine.domain import hub
from ruggine.model import User
from ruggine.storage import database, group_commit, message_log
from tests.delivery.world import DORY, TROUBLES, UGO, Then, Town, World, found_town

EXAMPLES = int(os.environ.get("DELIVERY_EXAMPLES", "150"))
STEPS = int(os.environ.get("DELIVERY_STEPS", "40"))

SIZES = [
    (message_log, "MAX_BATCH", 3),
    (group_commit, "MAX_WRITES", 2),
    (database, "_READS_AT_ONCE", 2),
    (hub, "_CHUNK", 3),
    (hub, "_RESUME_CHUNK", 2),
    (hub, "RESUMED", 6),
]

NODE, CLIENT, WHICH = st.integers(0, 1), st.integers(0, 3), st.integers(0, 7)
CHAT = st.integers(0, 2)
BACK = st.one_of(st.tuples(NODE, st.booleans()), st.none())
"""To which node who was cut comes back at once, and whether they read slowly."""

THEN = st.one_of(
    st.none(),
    st.tuples(NODE, st.one_of(st.integers(0, 5), st.integers(6, 60))),
    st.lists(st.integers(0, 31), max_size=16),
)
"""What goes on after a rule: everything, one node for so many moves, or some of the possible
moves."""

MESSAGES = st.lists(st.tuples(CLIENT, CHAT), min_size=1, max_size=4)


class Delivery(RuleBasedStateMachine):
    """Anything may happen to messages, hints, connections and nodes, in any order."""

    town: Town
    logged: list[LogEvent]

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.world = World(self.town, Path(self.folder.name))

    @initialize(late=st.booleans())
    def begin(self, late: bool) -> None:
        """Everybody is connected."""
        for number in range(len(self.world.clients)):
            self.world.come_back(number, number % 2, slow=False)
        self.world.go_on(None)
        self.world.late = late

    @rule(messages=MESSAGES, then=THEN)
    def send(self, messages: list[tuple[int, int]], then: Then) -> None:
        self._say(messages)
        self.world.go_on(then)

    def _say(self, messages: list[tuple[int, int]]) -> None:
        for number, chat in messages:
            self.world.send(number, chat, "ciao")

    @rule(number=CLIENT, which=WHICH, other=st.one_of(st.none(), CHAT), then=THEN)
    def send_again(self, number: int, which: int, other: int | None, then: Then) -> None:
        """What was answered or was not, from any device of its sender; or its client_id with
        something `other`."""
        self.world.send_again(number, which, other)
        self.world.go_on(then)

    @rule(user=st.sampled_from([UGO, DORY]), node=NODE, then=THEN)
    def join_or_leave(self, user: User, node: int, then: Then) -> None:
        """Not Luigi: without him the group would end."""
        self.world.join_or_leave(user, node)
        self.world.go_on(then)

    @rule(number=CLIENT, back=BACK, then=THEN)
    def cut(self, number: int, back: tuple[int, bool] | None, then: Then) -> None:
        self.world.cut(number)
        if back is not None:
            self.world.come_back(number, back[0], slow=back[1])
        self.world.go_on(then)

    @rule(numbers=st.sets(CLIENT, min_size=1), node=NODE, fresh=st.booleans(), then=THEN)
    def come_back(self, numbers: set[int], node: int, fresh: bool, then: Then) -> None:
        """Of those who are not connected; `fresh`, they have seen nothing and ask for nothing."""
        for number in sorted(numbers):
            self.world.come_back(number, node, slow=False, fresh=fresh)
        self.world.go_on(then)

    @rule(node=NODE, messages=MESSAGES, moves=st.integers(0, 12), back=BACK, then=THEN)
    def crash(
        self,
        node: int,
        messages: list[tuple[int, int]],
        moves: int,
        back: tuple[int, bool] | None,
        then: Then,
    ) -> None:
        """Amid messages. What was not answered is sent again by who is still there."""
        self._say(messages)
        self.world.go_on((node, moves))
        cut = self.world.crash(node)
        for number in cut if back is not None else ():
            self.world.come_back(number, back[0], slow=back[1])
        self.world.send_unanswered()
        self.world.go_on(then)

    @rule(node=NODE, what=st.sampled_from(TROUBLES), then=THEN)
    def trouble(self, node: int, what: str, then: Then) -> None:
        """Storage fails once; hints become late, or prompt; the bus goes, comes back, or may have
        lost something."""
        self.world.trouble(node, what)
        self.world.go_on(then)

    @rule(then=THEN)
    def wait(self, then: Then) -> None:
        self.world.go_on(then)

    # What must be

    @rule()
    def settle(self) -> None:
        self.world.settle()

    @invariant()
    def everybody_has_seen_everything(self) -> None:
        """Once nothing is on the way, who is connected has seen all but what was truly lost."""
        if self.world.quiet:
            self.world.check_seen()

    @invariant()
    def nothing_went_wrong(self) -> None:
        self.world.check_faults()
        troubles = ("The database cannot be", "A message could not be stored")
        self.logged[:] = [e for e in self.logged if not e["log_format"].startswith(troubles)]
        assert not self.logged

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.world.finish()
                self.nothing_went_wrong()
        finally:
            self.world.close()
            self.folder.cleanup()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    return found_town(tmp_path_factory.mktemp("town") / "it.db")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few messages fill a batch, a read of the log, and what is sent to who resumes."""
    for module, name, size in SIZES:
        monkeypatch.setattr(module, name, size)


@pytest.mark.usefixtures("small")
def test_delivery(town: Town, logged_errors: list[LogEvent]) -> None:
    machine: Any = type("Here", (Delivery,), {"town": town, "logged": logged_errors})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
