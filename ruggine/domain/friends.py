"""Friends and blocks."""

from __future__ import annotations

from ruggine.domain import paging, ports
from ruggine.domain.directory import Directory
from ruggine.domain.hub import Hub
from ruggine.domain.paging import Seen
from ruggine.events import (
    FriendRemoved,
    FriendRequestAccepted,
    FriendRequested,
    FriendRequestRejected,
)
from ruggine.model import Asked, FriendRequest, Part, User, Who


class Friends:
    """Every method that takes a Who raises NotFound for no such user."""

    def __init__(
        self,
        *,
        store: ports.FriendStore,
        directory: Directory,
        hub: Hub,
        clock: ports.Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._hub = hub
        self._clock = clock

    async def request(self, user: User, who: Who, message: str) -> bool:
        """Ask; whether they are friends at once, because the other had asked.

        Raises AlreadyDone, InvalidRequest, Forbidden where either has blocked the other.
        """
        other = await self._directory.user(who)
        accepted = await self._store.request(user, other, message, self._clock())
        notice = FriendRequestAccepted(user) if accepted else FriendRequested(user, message)
        self._hub.tell(other.id, notice)
        return accepted

    async def accept(self, user: User, who: Who) -> None:
        """Raises NotFound, AlreadyDone."""
        other = await self._directory.user(who)
        await self._store.accept(user, other, self._clock())
        self._hub.tell(other.id, FriendRequestAccepted(user))

    async def reject(self, user: User, who: Who) -> None:
        """Raises NotFound, AlreadyDone."""
        other = await self._directory.user(who)
        await self._store.reject(user, other)
        self._hub.tell(other.id, FriendRequestRejected(user))

    async def remove(self, user: User, who: Who) -> None:
        """End a friendship, or take one's own request back. Raises NotFound."""
        other = await self._directory.user(who)
        await self._store.remove(user, other)
        self._hub.tell(other.id, FriendRemoved(user))

    async def friends(self, user: User, asked: Asked) -> Part[Seen]:
        """By name."""
        found = await self._store.friends(user.id, paging.name_after(asked), asked.limit + 1)
        return paging.by_name(found, await self._hub.online(), asked)

    async def received(self, user: User, asked: Asked) -> Part[FriendRequest]:
        """Oldest first."""
        found = await self._store.received(user.id, paging.time_after(asked), asked.limit + 1)
        return paging.part(found, asked, _place)

    async def sent(self, user: User, asked: Asked) -> Part[FriendRequest]:
        """Oldest first."""
        found = await self._store.sent(user.id, paging.time_after(asked), asked.limit + 1)
        return paging.part(found, asked, _place)

    async def block(self, user: User, who: Who) -> None:
        """Also ends a friendship, and requests between them. Raises AlreadyDone, InvalidRequest."""
        other = await self._directory.user(who)
        if await self._store.block(user, other, self._clock()):
            self._hub.tell(other.id, FriendRemoved(user))

    async def unblock(self, user: User, who: Who) -> None:
        """Raises NotFound."""
        await self._store.unblock(user, await self._directory.user(who))

    async def blocked(self, user: User, asked: Asked) -> Part[Seen]:
        """By name."""
        found = await self._store.blocked(user.id, paging.name_after(asked), asked.limit + 1)
        return paging.by_name(found, (), asked)


def _place(request: FriendRequest) -> paging.ByTime:
    return request.created_s, paging.key(request.user)
