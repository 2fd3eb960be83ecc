"""The write path: one order without holes, each message once, neighbours safe from each other."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import LogEvent

from ruggine import errors
from ruggine.model import Appended, Chat, Draft, Span, User
from ruggine.storage import message_log
from ruggine.storage.database import Database
from ruggine.storage.message_log import MessageLog, Outcome
from tests.storage.conftest import Town


class Talk:
    """Luigi's and Dory's chat, and its log."""

    def __init__(self, log: MessageLog, luigi: User, dory: User, chat: Chat) -> None:
        self.log = log
        self.luigi, self.dory, self.chat = luigi, dory, chat

    def draft(self, content: str, client_id: str | None = None, **values: Any) -> Draft:
        values = {"chat_id": self.chat.id, "sender": self.luigi, "time_ms": 1500, **values}
        return Draft(content=content, client_id=client_id, **values)

    def send(self, content: str, client_id: str | None = None, **values: Any) -> Deferred[Outcome]:
        """Fires with what became of it."""
        outcome: Deferred[Outcome] = Deferred()
        self.log.append(self.draft(content, client_id, **values), outcome.callback)
        return outcome

    async def stored(self) -> list[tuple[int, str]]:
        entries = await self.log.entries_after(self.chat.id, 0, 10_000)
        return [(entry.seq, entry.content) for entry in entries]


@pytest_twisted.async_fixture
async def talk(database: Database, town: Town) -> Talk:
    luigi, dory = await town.user("luigi"), await town.user("dory")
    return Talk(MessageLog(database), luigi, dory, await town.chat(luigi, dory))


def seq_of(outcome: Outcome) -> int:
    assert isinstance(outcome, Appended), outcome
    return outcome.entry.seq


@pytest_twisted.ensureDeferred
async def test_many_at_once_get_their_places_in_the_order_of_asking(talk: Talk) -> None:
    """More than one batch's worth, and in far fewer transactions than messages."""
    count = 3 * message_log.MAX_BATCH
    outcomes = await gatherResults([talk.send(f"n. {number}") for number in range(count)])
    assert [seq_of(outcome) for outcome in outcomes] == list(range(1, count + 1))
    assert await talk.stored() == [(number + 1, f"n. {number}") for number in range(count)]


@pytest_twisted.ensureDeferred
async def test_messages_that_arrive_during_a_commit_share_the_next_one(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lone message waits for nobody; the rest go together."""
    sizes: list[int] = []
    append = message_log._append_txn

    def counting(cursor: Any, drafts: Any) -> Any:
        sizes.append(len(drafts))
        return append(cursor, drafts)

    monkeypatch.setattr(message_log, "_append_txn", counting)
    await gatherResults([talk.send(f"n. {number}") for number in range(100)])
    assert sizes == [1, 99]


@pytest_twisted.ensureDeferred
async def test_the_same_client_id_again_is_the_same_message(talk: Talk) -> None:
    """At once, in the same batch, or later; and it takes no place."""
    first, second, other = await gatherResults(
        [talk.send("ciao", "0f8e0001"), talk.send("ciao", "0f8e0001"), talk.send("altro")]
    )
    later = await talk.send("ciao", "0f8e0001", time_ms=9999)
    assert [seq_of(outcome) for outcome in (first, second, later, other)] == [1, 1, 1, 2]
    assert [outcome.duplicate for outcome in (first, second, later)] == [False, True, True]
    assert later.entry.time_ms == 1500
    assert await talk.stored() == [(1, "ciao"), (2, "altro")]


@pytest_twisted.ensureDeferred
async def test_the_same_client_id_in_one_batch_is_the_same_message(talk: Talk) -> None:
    first = talk.send("first, and alone in its batch")
    one, two, three = await gatherResults(
        [talk.send("ciao", "0f8e0001"), talk.send("ciao", "0f8e0001"), talk.send("no", "0f8e0001")]
    )
    await first
    assert (seq_of(one), seq_of(two)) == (2, 2)
    assert two.duplicate
    assert isinstance(three, errors.ClientIdConflict)
    assert len(await talk.stored()) == 2


@pytest_twisted.ensureDeferred
async def test_a_client_id_that_was_refused_elsewhere_in_the_batch_is_free(
    talk: Talk, town: Town
) -> None:
    """Why the first was refused need not hold for the second."""
    ugo, ada = await town.user("ugo"), await town.user("ada")
    strangers = await town.chat(ugo, ada)
    first = talk.send("first, and alone in its batch")
    refused, stored = await gatherResults(
        [talk.send("ciao", "0f8e0001", chat_id=strangers.id), talk.send("ciao", "0f8e0001")]
    )
    await first
    assert isinstance(refused, errors.NotAMember)
    assert seq_of(stored) == 2
    assert not stored.duplicate


@pytest_twisted.ensureDeferred
async def test_a_client_id_used_for_another_message_is_a_conflict(talk: Talk, town: Town) -> None:
    """Another content, another chat, another reply; but another sender may have the same id."""
    await talk.send("ciao", "0f8e0001")
    ugo = await town.user("ugo")
    elsewhere = await town.chat(talk.luigi, ugo)
    for values in ({"content": "altro"}, {"chat_id": elsewhere.id}, {"reply_to": 1}):
        outcome = await talk.send(values.pop("content", "ciao"), "0f8e0001", **values)
        assert isinstance(outcome, errors.ClientIdConflict)
    assert seq_of(await talk.send("ciao", "0f8e0001", sender=talk.dory)) == 2


@pytest_twisted.ensureDeferred
async def test_one_that_the_database_rejects_does_not_fail_its_neighbours(
    talk: Talk, logged_errors: list[LogEvent]
) -> None:
    outcomes = await gatherResults(
        [talk.send("alone")]
        + [talk.send(str(n), time_ms=2**70 if n == 1 else 1500) for n in range(3)]
    )
    assert isinstance(outcomes[2], errors.Unavailable)
    assert [seq_of(outcome) for outcome in (outcomes[1], outcomes[3])] == [2, 3]
    assert [content for _, content in await talk.stored()] == ["alone", "0", "2"]
    assert all("OverflowError" in event["error"] for event in logged_errors)
    logged_errors.clear()


@pytest_twisted.ensureDeferred
async def test_a_closed_chat_takes_nothing(talk: Talk, town: Town) -> None:
    await town.accounts.delete(talk.dory, 200.0, "")
    assert isinstance(await talk.send("ci sei?"), errors.NotFound)
    assert await talk.stored() == []


@pytest_twisted.ensureDeferred
async def test_while_storage_is_down_a_send_is_refused_and_later_works(
    talk: Talk, database: Database, logged_errors: list[LogEvent], tmp_path: Path
) -> None:
    """Another program that holds the write lock, for longer than we wait."""
    await talk.send("prima")
    stranger = sqlite3.connect(tmp_path / "it.db", isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    for connection in database._writer.connections.values():
        connection.execute("PRAGMA busy_timeout = 50")
    assert isinstance(await talk.send("durante"), errors.Unavailable)
    stranger.execute("ROLLBACK")
    assert seq_of(await talk.send("dopo")) == 2
    assert logged_errors
    logged_errors.clear()


@pytest_twisted.ensureDeferred
async def test_too_many_that_wait_are_refused_at_once(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_log, "MAX_WAITING", 3)
    outcomes = [talk.send(str(number)) for number in range(4)]
    with pytest.raises(errors.Unavailable):
        talk.send("one too many")
    assert [seq_of(outcome) for outcome in await gatherResults(outcomes)] == [1, 2, 3, 4]


@pytest_twisted.ensureDeferred
async def test_nobody_reads_a_message_before_its_sender_is_answered(
    talk: Talk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the database, where a read finds it, and its answer is still on the way."""
    stored: Deferred[None] = Deferred()
    heard: Deferred[None] = Deferred()
    write = database.write

    async def slowly_heard(*args: Any) -> Any:
        outcomes = await write(*args)
        stored.callback(None)
        await heard
        return outcomes

    monkeypatch.setattr(database, "write", slowly_heard)
    happened: list[str] = []
    talk.log.append(talk.draft("ciao"), lambda _: happened.append("answered"))
    await stored
    reading = Deferred.fromCoroutine(talk.stored())
    reading.addCallback(lambda _: happened.append("read"))
    assert await talk.log.exists(talk.chat.id, 1)
    assert await talk.log.entries_after(talk.chat.id + 1, 0, 10) == []
    heard.callback(None)
    await reading
    assert happened == ["answered", "read"]


@pytest_twisted.ensureDeferred
async def test_reading_goes_on_while_a_send_waits_behind_a_lock(talk: Talk, tmp_path: Path) -> None:
    await talk.send("prima")
    stranger = sqlite3.connect(tmp_path / "it.db", isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    sending = talk.send("durante", time_ms=1501)
    assert await talk.stored() == [(1, "prima")]
    assert not sending.called
    stranger.execute("ROLLBACK")
    assert seq_of(await sending) == 2


@pytest_twisted.ensureDeferred
async def test_pages(talk: Talk, database: Database) -> None:
    await gatherResults([talk.send(str(number)) for number in range(1, 11)])

    async def page(**values: Any) -> tuple[list[int], bool]:
        span = Span(values.pop("above", 0), values.pop("upto", 99))
        asked = {"before": None, "after": None, "limit": 3, **values}
        found = await database.read(message_log._page_txn, talk.chat.id, span, **asked)
        return [entry.seq for entry in found.entries], found.has_more

    assert await page() == ([8, 9, 10], True)
    assert await page(before=4) == ([1, 2, 3], False)
    assert await page(before=5) == ([2, 3, 4], True)
    assert await page(after=0) == ([1, 2, 3], True)
    assert await page(after=7) == ([8, 9, 10], False)
    assert await page(after=10) == ([], False)
    assert await page(above=9) == ([10], False)
    assert await page(above=5, after=2) == ([6, 7, 8], True)
    assert await page(upto=4) == ([2, 3, 4], True)
    assert await page(upto=4, after=2) == ([3, 4], False)
    assert await page(limit=100) == (list(range(1, 11)), False)
