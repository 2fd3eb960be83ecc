"""Who is told to have come and to have gone, by a clock that the test sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest_twisted
from twisted.internet.task import Clock

from ruggine.domain.presence import GRACE_S, MAX_GRACE_S, REJOIN_S, Presence
from ruggine.events import AnyNotice
from ruggine.model import User

Told = list[tuple[str, bool]]

LUIGI, DORY = User("1", "luigi"), User("2", "dory")


class Place:
    """Luigi looks on from this node. It stands for the hub and for the store of friends."""

    def __init__(self) -> None:
        self.online: set[str] | None = {LUIGI.id}
        self.told: list[tuple[str, bool]] = []

    async def online_everywhere(self) -> set[str] | None:
        return self.online

    def online_here(self) -> Iterable[str]:
        return [LUIGI.id]

    def tell_here(self, user_ids: Collection[str], notice: AnyNotice) -> None:
        if LUIGI.id in user_ids:
            self.told.append((notice.user.name, notice.online))  # type: ignore[union-attr]

    async def acquainted(self, user_ids: Collection[str]) -> list[tuple[User, list[str]]]:
        return [(DORY, [LUIGI.id])] if DORY.id in user_ids else []


class Watch:
    def __init__(self) -> None:
        self.clock, self.place = Clock(), Place()
        anything: Any = self.place
        self.presence = Presence(hub=anything, friends=anything, clock=self.clock.seconds)

    async def after(
        self, seconds: float, *online: User, bus: bool = True
    ) -> list[tuple[str, bool]]:
        """What Luigi is told by a tick then."""
        self.clock.advance(seconds)
        self.place.online = {LUIGI.id, *(user.id for user in online)} if bus else None
        self.place.told = []
        await self.presence.tick()
        return self.place.told


@pytest_twisted.ensureDeferred
async def test_who_comes_and_goes_is_told_once() -> None:
    watch = Watch()
    assert await watch.after(1) == []
    assert await watch.after(1, DORY) == [("dory", True)]
    assert await watch.after(1, DORY) == []
    assert await watch.after(1) == []
    assert await watch.after(GRACE_S) == [("dory", False)]
    assert await watch.after(1) == []


@pytest_twisted.ensureDeferred
async def test_a_loop_of_coming_and_going_is_not_told() -> None:
    """Nobody makes the daemon write to their friends by connecting again and again."""
    watch = Watch()
    assert await watch.after(1, DORY) == [("dory", True)]
    for _ in range(20):
        assert await watch.after(1) == []
        assert await watch.after(1, DORY) == []


@pytest_twisted.ensureDeferred
async def test_a_slow_loop_is_told_less_and_less() -> None:
    """Whoever stays away for just long enough each time is seen to go a few times an hour."""
    watch = Watch()
    told: Told = []
    for _ in range(60):
        told += await watch.after(1, DORY)
        for _ in range(20):
            told += await watch.after(1)
    assert 2 <= len(told) <= 20  # of 120


@pytest_twisted.ensureDeferred
async def test_who_was_there_for_long_is_seen_to_go_at_once_again() -> None:
    watch = Watch()
    for _ in range(6):
        await watch.after(1, DORY)
        await watch.after(MAX_GRACE_S)
    await watch.after(1, DORY)
    assert await watch.after(GRACE_S) == []
    for _ in range(7):
        await watch.after(100, DORY)
    assert await watch.after(GRACE_S) == [("dory", False)]


@pytest_twisted.ensureDeferred
async def test_when_the_bus_is_back_the_other_nodes_have_time_to_say_who_is_there() -> None:
    """A node that came back later than this one was taken for one whose users had gone."""
    watch = Watch()
    await watch.after(1, DORY)
    for _ in range(10):
        assert await watch.after(1, bus=False) == []
    for _ in range(5):  # the other node is not back yet
        assert await watch.after(1) == []
    assert await watch.after(0.5, DORY) == []
    assert await watch.after(REJOIN_S, DORY) == []
    assert await watch.after(1) == []
    assert await watch.after(GRACE_S) == [("dory", False)]


@pytest_twisted.ensureDeferred
async def test_who_did_not_come_back_with_the_bus_is_gone_in_the_end() -> None:
    watch = Watch()
    await watch.after(1, DORY)
    await watch.after(10, bus=False)
    assert await watch.after(1) == []
    assert await watch.after(REJOIN_S) == [("dory", False)]
