"""Chats as their members see them."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain.paging import NEVER_MS
from ruggine.model import Belonging, Chat, ChatSummary, Draft, User
from ruggine.storage.database import Database
from ruggine.storage.message_log import MessageLog
from tests.storage.conftest import Town


class Room:
    """Luigi, Dory and a log."""

    def __init__(self, database: Database, town: Town, luigi: User, dory: User) -> None:
        self.town, self.chats = town, town.chats
        self.luigi, self.dory = luigi, dory
        self._log = MessageLog(database)

    async def say(self, chat: Chat, sender: User, content: str, time_ms: int = 1500) -> None:
        stored: Deferred[object] = Deferred()
        self._log.append(Draft(chat.id, sender, content, time_ms), stored.callback)
        await stored

    async def summaries(self, user: User) -> list[ChatSummary]:
        return await self.chats.summaries(user.id, NEVER_MS, (NEVER_MS, ""), 100)


@pytest_twisted.async_fixture
async def room(database: Database, town: Town) -> Room:
    return Room(database, town, await town.user("luigi"), await town.user("dory"))


@pytest_twisted.ensureDeferred
async def test_two_people_have_one_chat_whoever_asks(room: Room) -> None:
    first, made = await room.chats.private(room.luigi, room.dory)
    again, made_again = await room.chats.private(room.dory, room.luigi)
    assert (first, made, made_again) == (again, True, False)
    assert first.peer_of(room.luigi.id) == room.dory
    assert first.peer_of(room.dory.id) == room.luigi
    assert await room.chats.find_private(room.dory.id, room.luigi.id) == first


@pytest_twisted.ensureDeferred
async def test_notes_to_oneself_have_one_member(room: Room) -> None:
    chat = await room.town.chat(room.luigi, room.luigi)
    assert chat.members == (room.luigi,)
    assert chat.peer_of(room.luigi.id) == room.luigi
    assert await room.chats.of_users([room.luigi.id]) == [Belonging(room.luigi.id, chat, 0, 0)]


@pytest_twisted.ensureDeferred
async def test_a_chat_with_nobody_is_not_made(room: Room) -> None:
    await room.town.accounts.delete(room.dory, 200.0, "")
    with pytest.raises(errors.NotFound):
        await room.chats.private(room.luigi, room.dory)


@pytest_twisted.ensureDeferred
async def test_unread_counts_what_others_said_past_the_marks(room: Room) -> None:
    chat = await room.town.chat(room.luigi, room.dory)
    assert await room.summaries(room.dory) == []
    for sender, content in ((room.luigi, "uno"), (room.luigi, "due"), (room.dory, "tre")):
        await room.say(chat, sender, content)
    [summary] = await room.summaries(room.dory)
    assert (summary.seq, summary.read_seq, summary.unread) == (3, 0, 2)
    assert summary.last is not None
    assert summary.last.content == "tre"
    await room.chats.mark_read(room.dory.id, chat.id, 1)
    assert [s.unread for s in await room.summaries(room.dory)] == [1]
    await room.chats.discard(room.dory.id, chat.id)
    [summary] = await room.summaries(room.dory)
    assert (summary.unread, summary.last) == (0, None)
    span = await room.chats.span(room.dory.id, chat.id)
    assert span is not None
    assert (span.above, span.ended) == (3, False)
    [summary] = await room.summaries(room.luigi)
    assert (summary.unread, summary.last is None) == (1, False)


@pytest_twisted.ensureDeferred
async def test_a_read_mark_only_moves_forward_and_not_past_the_end(room: Room) -> None:
    chat = await room.town.chat(room.luigi, room.dory)
    await room.say(chat, room.luigi, "uno")
    await room.say(chat, room.luigi, "due")
    marks = []
    moved = []
    for seq in (1, 0, 99):
        moved.append(await room.chats.mark_read(room.dory.id, chat.id, seq))
        marks += [s.read_seq for s in await room.summaries(room.dory)]
    assert marks == [1, 1, 2]
    assert moved == [1, None, 2]


@pytest_twisted.ensureDeferred
async def test_the_newest_chat_comes_first(room: Room) -> None:
    ugo = await room.town.user("ugo")
    for peer, time_ms in ((room.dory, 3000), (ugo, 2000)):
        await room.say(await room.town.chat(room.luigi, peer), room.luigi, "ciao", time_ms)
    seen = [s.chat.peer_of(room.luigi.id).name for s in await room.summaries(room.luigi)]
    assert seen == ["dory", "ugo"]


@pytest_twisted.ensureDeferred
async def test_a_deleted_user_frees_the_name_and_stays_in_the_log(room: Room) -> None:
    chat = await room.town.chat(room.luigi, room.dory)
    await room.say(chat, room.dory, "addio")
    await room.town.accounts.delete(room.dory, 200.0, "")
    again = await room.town.user("dory")
    [summary] = await room.summaries(room.luigi)
    name = summary.chat.peer_of(room.luigi.id).name
    assert name.startswith("deleted~")
    assert await room.town.accounts.named(name) == User(room.dory.id, name)
    assert await room.town.accounts.named("DORY") == again
    assert await room.town.accounts.everybody("", 10) == [again, room.luigi]
    assert await room.town.accounts.credentials(name, "") is None
