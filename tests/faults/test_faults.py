"""The fault suite at its smallest: `./dev faults --size release` plays hundreds of times more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.__main__ import CANARY
from tests.faults.experiments import EXPERIMENTS, NEEDS
from tests.faults.running import run
from tests.faults.sizes import SIZES


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_promise_is_kept(experiment: str, tmp_path: Path) -> None:
    """And the canary, whose disk is never told to keep anything, must lose something."""
    if reason := NEEDS[experiment]():
        pytest.skip(reason)
    summary = run(tmp_path, experiment)
    kept = "lost, as it must" if experiment == CANARY else "kept"
    assert summary["verdict"] == kept, summary["violations"][:5]
    if experiment != CANARY:  # which ends with its first loss
        assert len(summary["schedule"]) == SIZES["ci"][experiment]
    assert summary["counts"]["Acknowledged"] > 50
    assert summary["counts"]["Received"] > summary["counts"]["Acknowledged"]


def test_the_same_seed_plays_the_same_schedule(tmp_path: Path) -> None:
    options = ("--count", "3", "--seed")
    first = run(tmp_path / "1", "network", *options, "7")
    again = run(tmp_path / "2", "network", *options, "7")
    other = run(tmp_path / "3", "network", *options, "8")
    assert first["schedule"] == again["schedule"] != other["schedule"]
