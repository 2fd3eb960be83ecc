"""Where the daemon listens."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest
from twisted.internet.protocol import Factory

from ruggine.daemon import Port

CROWD = 300


@pytest.mark.parametrize(("words", "welcome"), [("", CROWD), (":backlog=20", 25)])
def test_a_crowd_that_comes_at_once_finds_a_place(words: str, welcome: int) -> None:
    """Before one of them is accepted: the reactor does not run meanwhile."""
    from twisted.internet import reactor

    port = Port("tcp", "Test", f"tcp:0:interface=127.0.0.1{words}", Factory(), reactor)
    port.open()
    listening: Any = port._listening
    with contextlib.ExitStack() as crowd:
        crowd.callback(listening.stopListening)
        came = 0
        with contextlib.suppress(TimeoutError):
            for _ in range(CROWD):
                address = ("127.0.0.1", listening.getHost().port)
                crowd.enter_context(socket.create_connection(address, 0.3))
                came += 1
    assert came >= welcome - 5
    assert came <= welcome
