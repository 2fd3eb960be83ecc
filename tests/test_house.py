"""The daemons that the proof of delivery starts for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from ruggine.delivery.house import Node


@pytest_twisted.ensureDeferred
async def test_a_daemon_that_does_not_start_says_why(tmp_path: Path) -> None:
    """Its log is in a folder that is soon deleted."""
    node = Node(reactor, tmp_path, {"durability": "hope"})
    with pytest.raises(RuntimeError, match="--durability: choose one of"):
        await node.start()
