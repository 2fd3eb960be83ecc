"""Sessions by the hash of their token, kept in Redis for a minute for all nodes.

Whoever can write to Redis may put back what a node has kept there. So a kept session is believed
only as long as this node would have heard of its end: those that have ended lately are remembered
here, and what was kept before this node has listened without a break is not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from ruggine.bus.link import Link
from ruggine.bus.local import SESSION_TTL_S
from ruggine.bus.seals import Seals
from ruggine.domain.recent import Recent
from ruggine.model import EndedSession, Session

_ENDED = b"ended"
_ENDED_LATELY = 20_000
_SESSIONS = msgspec.json.Decoder(Session)


class RedisSessionCache:
    """Implements `ruggine.domain.ports.SessionCache`."""

    def __init__(
        self, link: Link, seals: Seals, listening_since: Callable[[], float | None]
    ) -> None:
        """`listening_since`: in Unix seconds, since when this node misses nothing; None: it may."""
        self._link = link
        self._seals = seals
        self._listening_since = listening_since
        self._ended: Recent[str, bool] = Recent(_ENDED_LATELY)

    async def get(self, token_hash: bytes) -> Session | None:
        if self._listening_since() is None:
            return None
        key = _key(token_hash)
        stored = await self._link.ask("GET", key)
        if stored is None or stored == _ENDED:
            return None
        return self._believed(key, stored)

    def _believed(self, key: str, stored: bytes) -> Session | None:
        opened = self._seals.open_lasting(key, _SESSIONS, stored, SESSION_TTL_S)
        since_s = self._listening_since()
        if opened is None or since_s is None:
            return None
        session: Session = opened[0]
        if opened[1].time_s < since_s or self._ended.get(session.id):
            return None
        return session

    def put(self, token_hash: bytes, session: Session) -> None:
        """NX: a node that read the session just before it ended must not bring it back."""
        key = _key(token_hash)
        self._link.send("SET", key, self._seals.seal(key, session), "EX", SESSION_TTL_S, "NX")

    async def forget(self, ended: Collection[EndedSession]) -> None:
        self.note_ended([session.id for session in ended])
        begun = [
            self._link.begin("SET", _key(session.token_hash), _ENDED, "EX", 2 * SESSION_TTL_S)
            for session in ended
        ]
        for answer in [self._link.bounded(answer) for answer in begun if answer is not None]:
            await answer

    def note_ended(self, session_ids: Collection[str]) -> None:
        """These have ended, here or on another node."""
        for session_id in session_ids:
            self._ended.put(session_id, True)


def _key(token_hash: bytes) -> str:
    return f"session:{token_hash.hex()}"
