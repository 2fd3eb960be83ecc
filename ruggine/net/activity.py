"""How many connections there are, in the log, for who looks for one that is missing."""

from __future__ import annotations

from twisted.logger import Logger

from ruggine.domain import ports


class Activity:
    """Implements `ruggine.domain.ports.ConnectionNote` for the debug level."""

    log = Logger()

    def __init__(self) -> None:
        self._websockets = 0

    def __call__(self, connection: ports.Connection, count: int, change: int) -> None:
        if connection.port == "websocket":
            self._websockets += change
            self.log.debug("[PERF] Active WebSocket connections: {count}", count=self._websockets)
        self.log.debug(
            "[DEBUG] User {user_id} has {count} active connections",
            user_id=connection.session.user.id,
            count=count,
        )
