"""Garbage is collected after a storm, and not within it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from ruggine import collector


class Knot:
    """Something that only a collection can find to be garbage."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    collector.hold_back()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def old_garbage() -> weakref.ref[Knot]:
    """Which has outlived the collections of what is young."""
    knot = Knot()
    gc.collect()
    return weakref.ref(knot)


def collect() -> None:
    """It waits for nothing."""
    with pytest.raises(StopIteration):
        collector.collect().send(None)


def test_a_storm_begins_no_full_collection_and_its_end_does() -> None:
    garbage = old_garbage()
    storm = [[object(), {}] for _ in range(400_000)]
    assert garbage() is not None
    collect()
    assert garbage() is None
    assert len(storm) == 400_000


def test_nothing_is_collected_in_a_calm() -> None:
    garbage = old_garbage()
    collect()
    assert garbage() is not None
