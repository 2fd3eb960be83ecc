"""Who is connected, as shutting down and metrics see it."""

from __future__ import annotations

from typing import Any

from ruggine.net.connections import Connections


class Connection:
    """Says how often it was asked for its port."""

    outgoing_bytes = 7

    def __init__(self, port: str) -> None:
        self._port = port
        self.asked = 0

    @property
    def port(self) -> str:
        self.asked += 1
        return self._port


def test_each_is_counted_once_under_its_port() -> None:
    connections, here = (
        Connections(),
        [Connection("line"), Connection("line"), Connection("websocket")],
    )
    others: list[Any] = here
    for connection in (*others, others[0]):
        connections.add(connection)
    assert (connections.count_of("line"), connections.count_of("websocket")) == (2, 1)
    assert connections.outgoing_bytes == 21
    for _ in range(2):
        connections.remove(others[0])
    assert (connections.count_of("line"), connections.count_of("websocket")) == (1, 1)
    assert connections.outgoing_bytes == 14


def test_counting_does_not_go_through_them() -> None:
    """It is done for each scrape, while everybody waits."""
    connections, connection = Connections(), Connection("line")
    there: Any = connection
    connections.add(there)
    asked = connection.asked
    assert connections.count_of("line") == 1
    assert connection.asked == asked
