"""The embedded bus: one node, so there is nobody to tell."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ruggine.domain.recent import Recent
from ruggine.events import AnyEvent
from ruggine.model import EndedSession, Session

SESSION_TTL_S = 60
"""How long a session may be believed without a look at the database."""

_CACHED_SESSIONS = 20_000


class LocalBus:
    """Implements `ruggine.domain.ports.Bus`."""

    async def subscribe(self, channels: Collection[str]) -> None:
        return

    def unsubscribe(self, channels: Collection[str]) -> None:
        return

    def publish(self, channel: str, event: AnyEvent) -> None:
        return

    async def online_elsewhere(self) -> set[str]:
        return set()


class LocalSessionCache:
    """Implements `ruggine.domain.ports.SessionCache` in memory; exact on the only node."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._sessions: Recent[bytes, tuple[Session | None, float]] = Recent(_CACHED_SESSIONS)

    async def get(self, token_hash: bytes) -> Session | None:
        session, _ = self._fresh(token_hash)
        return session

    def put(self, token_hash: bytes, session: Session) -> None:
        """Who read the session just before it ended must not bring it back."""
        _, ended = self._fresh(token_hash)
        if not ended:
            self._keep(token_hash, session)

    async def forget(self, ended: Collection[EndedSession]) -> None:
        for session in ended:
            self._keep(session.token_hash, None)

    def _keep(self, token_hash: bytes, session: Session | None) -> None:
        self._sessions.put(token_hash, (session, self._monotonic() + SESSION_TTL_S))

    def _fresh(self, token_hash: bytes) -> tuple[Session | None, bool]:
        """The session if it is known, and whether it is known to have ended."""
        kept = self._sessions.get(token_hash)
        if kept is None or kept[1] <= self._monotonic():
            return None, False
        return kept[0], kept[0] is None
