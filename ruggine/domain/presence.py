"""Who comes and goes, told to those who know them.

Each node looks once a second at who is connected anywhere, and tells its own connections what has
changed: nothing has to arrive from another node for that, so a node that dies without a word is
noticed too, when what it left in Redis expires.
"""

from __future__ import annotations

from collections.abc import Iterable

from ruggine.domain import ports
from ruggine.domain.hub import Hub
from ruggine.domain.recent import Recent
from ruggine.events import UserStatus

TICK_S = 1.0
GRACE_S = 3.0
"""For a user who changes connections: nobody hears of it."""

MAX_GRACE_S = 300.0
FORGIVEN_AFTER_S = 600.0
"""Who comes and goes again and again is given twice as long each time: all who know them would be
written to, and one person can have very many fellow members."""

REJOIN_S = 6.0
"""For the other nodes, after the bus was away, to say again who is connected to them."""

_CHUNK = 200
_REMEMBERED = 100_000


class Presence:
    """Call `tick` every TICK_S seconds."""

    def __init__(self, *, hub: Hub, friends: ports.FriendStore, clock: ports.Clock) -> None:
        self._hub = hub
        self._friends = friends
        self._clock = clock
        self._last_seen_s: dict[str, float] = {}
        self._departures: Recent[str, tuple[float, int]] = Recent(_REMEMBERED)
        self._bus_back_s: float | None = None
        self._bus_away = self._ticking = False

    async def tick(self) -> None:
        """Tell of who has come, and of who has been away for GRACE_S."""
        if self._ticking:
            return
        self._ticking = True
        try:
            online = await self._hub.online_everywhere()
            if online is not None:
                self._note_return()
                await self._compare(online)
            self._bus_away = online is None
        finally:
            self._ticking = False

    def _note_return(self) -> None:
        now_s = self._clock()
        if self._bus_away:
            self._bus_back_s = now_s
        elif self._bus_back_s is not None and not 0 <= now_s - self._bus_back_s < REJOIN_S:
            self._bus_back_s = None

    async def _compare(self, online: set[str]) -> None:
        now_s = self._clock()
        seen = self._last_seen_s
        came = online - seen.keys()
        gone = {
            user_id: last_s
            for user_id, last_s in seen.items()
            if user_id not in online
            and self._bus_back_s is None
            and not 0 <= now_s - last_s < self._grace_s(user_id, now_s)
        }
        for user_id in gone:
            self._departures.put(user_id, (now_s, self._departures_lately(user_id, now_s) + 1))
        self._last_seen_s = {
            **{user_id: last_s for user_id, last_s in seen.items() if user_id not in gone},
            **dict.fromkeys(online, now_s),
        }
        await self._tell([(user_id, True, now_s) for user_id in came])
        await self._tell([(user_id, False, last_s) for user_id, last_s in gone.items()])

    def _grace_s(self, user_id: str, now_s: float) -> float:
        doubled = 2.0 ** min(self._departures_lately(user_id, now_s), 10)
        return min(GRACE_S * doubled, MAX_GRACE_S)

    def _departures_lately(self, user_id: str, now_s: float) -> int:
        last_s, count = self._departures.get(user_id) or (0.0, 0)
        return count if 0 <= now_s - last_s < FORGIVEN_AFTER_S else 0

    async def _tell(self, changes: Iterable[tuple[str, bool, float]]) -> None:
        pending = {user_id: (is_online, at_s) for user_id, is_online, at_s in changes}
        here = set(self._hub.online_here())
        ids = list(pending)
        for start in range(0, len(ids), _CHUNK):
            for user, others in await self._friends.acquainted(ids[start : start + _CHUNK]):
                notice = UserStatus(user, *pending[user.id])
                self._hub.tell_here(here.intersection(others), notice)
