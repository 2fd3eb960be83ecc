"""Sessions: who holds a token, until when, and how it ends."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence

from ruggine import errors
from ruggine.domain import paging, ports
from ruggine.domain.hub import Hub
from ruggine.model import Asked, EndedSession, Part, Session, User

TOKEN_PREFIX = "rg1_"  # noqa: S105 - what every token begins with, so that scanners can find one
_TOKEN_BYTES = 32


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(
        self,
        *,
        store: ports.SessionStore,
        cache: ports.SessionCache,
        hub: Hub,
        clock: ports.Clock,
        idle_s: float,
        max_s: float,
    ) -> None:
        self._store = store
        self._cache = cache
        self._hub = hub
        self._clock = clock
        self._idle_s = idle_s
        self._max_s = max_s
        self._used: dict[str, set[str]] = {}

    def new(self, user: User, device: str) -> tuple[Session, str]:
        """A session that is stored nowhere yet, and its token, which is known nowhere else."""
        now_s = self._clock()
        session = Session(uuid.uuid4().hex[:16], user, device, now_s, now_s)
        return session, TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)

    async def begin(self, user: User, device: str, address: str, *, replace: bool = False) -> str:
        """A new session's token. Other sessions stay, but for those that have to make room."""
        session, token = self.new(user, device)
        in_use = self._used.get(user.id, set()).union(
            connection.session.id for connection in self._hub.connections_of(user.id)
        )
        await self.ended(
            await self._store.add(session, token_hash(token), address, in_use, replace=replace)
        )
        return token

    async def find(self, token: str) -> Session:
        """The session of a token. Raises InvalidSession."""
        key = token_hash(token)
        session = await self._cache.get(key)
        if session is None:
            session = await self._store.find(key)
            if session is None:
                raise errors.InvalidSession
            self._cache.put(key, session)
        now_s = self._clock()
        if session.last_seen_s + self._idle_s < now_s or session.created_s + self._max_s < now_s:
            raise errors.InvalidSession
        self._used.setdefault(session.user.id, set()).add(session.id)
        return session

    async def of_user(self, user: User, asked: Asked) -> Part[Session]:
        """The user's sessions, oldest first."""
        after = paging.time_after(asked)
        found = await self._store.of_user(user.id, after, asked.limit + 1)
        return paging.part(found, asked, lambda session: (session.created_s, session.id))

    async def logout(self, session: Session, address: str) -> None:
        """End one session and its connections, on every node."""
        await self.ended(
            await self._store.end(session.user.id, session.id, "logout", self._clock(), address)
        )

    async def logout_all(self, user: User, address: str) -> int:
        """End every session of a user; returns how many there were."""
        ended = await self._store.end_all(user.id, self._clock(), address)
        await self.ended(ended)
        return len(ended)

    async def revoke(self, user: User, session_id: str, address: str) -> None:
        """End one of the user's sessions. Raises NotFound."""
        ended = await self._store.end(user.id, session_id, "revoke", self._clock(), address)
        if not ended:
            raise errors.NotFound("You have no such session.")
        await self.ended(ended)

    async def sweep(self) -> None:
        """Note which sessions were used, and end the expired ones. Called now and then."""
        now_s = self._clock()
        by_user, self._used = self._used, {}
        used = set().union(*by_user.values())
        used.update(connection.session.id for connection in self._hub.connections())
        if used:
            await self._store.touch(used, now_s)
        await self.ended(await self._store.expire(now_s, now_s - self._idle_s, now_s - self._max_s))

    async def ended(self, ended: Sequence[EndedSession]) -> None:
        """Close the connections of sessions that the store has ended, and have every node forget
        them."""
        by_user: dict[str, list[str]] = {}
        for session in ended:
            by_user.setdefault(session.user_id, []).append(session.id)
        for user_id, session_ids in by_user.items():
            self._hub.sessions_ended(user_id, session_ids)
        await self._cache.forget(ended)
