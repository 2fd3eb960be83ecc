"""A list that is read page by page, while it changes between the pages."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain import paging
from ruggine.domain.messages import LISTED_S, Messages
from ruggine.model import Asked, Draft, User
from ruggine.storage.chats import ChatStore
from ruggine.storage.database import Database
from ruggine.storage.friends import FriendStore
from ruggine.storage.message_log import MessageLog
from tests.storage.conftest import Town

_PEERS = 7
Read = Callable[[Asked], Awaitable[tuple[list[str], str | None]]]


class Village:
    """Luigi, who has a chat with everybody and some friends, and a clock that only goes forward."""

    def __init__(self, database: Database, town: Town, luigi: User, peers: list[User]) -> None:
        self.luigi, self.peers = luigi, peers
        self.friends = FriendStore(database)
        self._log, self._town = MessageLog(database), town
        self.now_s = 1000.0
        self.befriended: set[str] = set()
        self.messages = Messages(
            log=self._log, chats=ChatStore(database), edits=_none(), directory=_none(),
            hub=_none(), clock=lambda: self.now_s, max_message_length=100,
        )  # fmt: skip

    async def say(self, peer: User) -> None:
        self.now_s += 1
        chat = await self._town.chat(self.luigi, peer)
        stored: Deferred[object] = Deferred()
        draft = Draft(chat.id, peer, "ciao", int(self.now_s * 1000))
        self._log.append(draft, stored.callback)
        await stored

    async def befriend(self, peer: User) -> None:
        await self.friends.request(peer, self.luigi, "", self.now_s)
        await self.friends.accept(self.luigi, peer, self.now_s)

    async def happen(self, what: str, peer: User) -> None:
        if what == "say":
            await self.say(peer)
        elif what == "befriend" and peer.id not in self.befriended:
            await self.befriend(peer)
            self.befriended.add(peer.id)
        elif what == "unfriend" and peer.id in self.befriended:
            await self.friends.remove(self.luigi, peer)
            self.befriended.discard(peer.id)

    async def some_friends(self, asked: Asked) -> tuple[list[str], str | None]:
        after = paging.name_after(asked)
        found = await self.friends.friends(self.luigi.id, after, asked.limit + 1)
        part = paging.by_name(found, (), asked)
        return [user.id for user, _ in part.items], _cursor(part.rest)

    async def some_chats(self, asked: Asked) -> tuple[list[str], str | None]:
        part = await self.messages.summaries(self.luigi, asked)
        peers = [summary.chat.peer_of(self.luigi.id).id for summary in part.items]
        return peers, _cursor(part.rest)


def _none() -> Any:
    """What the lists have no need of."""
    return None


def _cursor(rest: tuple[object, ...] | None) -> str | None:
    return paging.write(rest) if rest is not None else None


@pytest.mark.parametrize("seed", range(20))
@pytest_twisted.ensureDeferred
async def test_what_is_there_all_the_while_comes_once(
    database: Database, town: Town, seed: int
) -> None:
    chance = random.Random(seed)
    luigi = await town.user("luigi")
    peers = [await town.user(f"peer{number}") for number in range(_PEERS)]
    village = Village(database, town, luigi, peers)
    for peer in peers:
        await village.happen("say", peer)
        await village.happen("befriend", peer)
    everybody = {peer.id for peer in peers}
    await _compare(village, village.some_chats, lambda: everybody, chance)
    await _compare(village, village.some_friends, lambda: village.befriended, chance)


async def _compare(
    village: Village, read: Read, listed: Callable[[], set[str]], chance: random.Random
) -> None:
    seen: list[str] = []
    throughout = set(listed())
    asked = Asked(chance.randint(1, 3))
    while True:
        found, cursor = await read(asked)
        seen += found
        if cursor is None:
            break
        asked = Asked(asked.limit, cursor)
        for _ in range(chance.randrange(6)):
            what = chance.choice(["say", "befriend", "unfriend"])
            await village.happen(what, chance.choice(village.peers))
            throughout &= listed()
    assert len(seen) == len(set(seen))
    assert throughout <= set(seen)


@pytest_twisted.ensureDeferred
async def test_a_list_of_chats_is_gone_on_with_in_time_only(database: Database, town: Town) -> None:
    luigi, dory, ugo = [await town.user(name) for name in ("luigi", "dory", "ugo")]
    village = Village(database, town, luigi, [dory, ugo])
    await village.say(dory)
    await village.say(ugo)
    _, cursor = await village.some_chats(Asked(1))
    village.now_s += LISTED_S
    assert await village.some_chats(Asked(1, cursor)) == ([dory.id], None)
    village.now_s += 1
    with pytest.raises(errors.InvalidRequest):
        await village.some_chats(Asked(1, cursor))


@pytest.mark.parametrize(
    "cursor", ["mine", "", "é", paging.write(("a", 1)), paging.write((10**30,)), "bnVsbA"]
)
def test_a_cursor_not_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        paging.read(cursor, (0,))
