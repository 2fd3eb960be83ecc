"""Whose job is next, where more wait than can be done: addresses take turns, known ones first."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

from ruggine.model import Origin

J = TypeVar("J")

STRANGERS_AT_ONCE = 2
KNOWN_AT_ONCE = 2
AT_ONCE = 3
"""Neither of the two can take every place, whatever comes from it."""


class Turns(Generic[J]):
    """At most `size` jobs that wait, and at most `AT_ONCE` that have the turn.

    When one more comes, the newest job of the address with the most is dropped: of a stranger,
    unless known addresses fill more than half of the places themselves.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: _Lane[J] = _Lane(KNOWN_AT_ONCE)
        self._strangers: _Lane[J] = _Lane(STRANGERS_AT_ONCE)

    def add(self, origin: Origin, job: J) -> J | None:
        """Returns the job that is dropped, if one is; it may be this one."""
        self._lane(origin).add(origin.network, job)
        if len(self._known) + len(self._strangers) <= self._size:
            return None
        crowded = len(self._known) > self._size // 2
        return (self._known if crowded else self._strangers).drop()

    def begin(self) -> J | None:
        """Give the turn to the next job, if there is one and a place for it."""
        if self._known.running + self._strangers.running >= AT_ONCE:
            return None
        for lane in (self._known, self._strangers):
            if lane.ready():
                return lane.begin()
        return None

    def end(self, origin: Origin) -> None:
        """A job from there has had its turn."""
        self._lane(origin).running -= 1

    def strangers_wait(self) -> bool:
        """Whether somebody who is not known waits for a turn."""
        return len(self._strangers) > 0

    def _lane(self, origin: Origin) -> _Lane[J]:
        return self._known if origin.known else self._strangers


class _Lane(Generic[J]):
    """A queue for each address; the address whose turn is next stands first."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._queues: OrderedDict[str, deque[J]] = OrderedDict()
        self._waiting = 0
        self.running = 0

    def __len__(self) -> int:
        return self._waiting

    def ready(self) -> bool:
        return self._waiting > 0 and self.running < self._at_once

    def add(self, network: str, job: J) -> None:
        self._queues.setdefault(network, deque()).append(job)
        self._waiting += 1

    def begin(self) -> J:
        network, queue = self._queues.popitem(last=False)
        job = queue.popleft()
        if queue:
            self._queues[network] = queue
        self._waiting -= 1
        self.running += 1
        return job

    def drop(self) -> J:
        """Of addresses with equally many jobs, the one that came last loses its newest."""
        network = max(reversed(self._queues), key=lambda network: len(self._queues[network]))
        job = self._queues[network].pop()
        if not self._queues[network]:
            del self._queues[network]
        self._waiting -= 1
        return job
