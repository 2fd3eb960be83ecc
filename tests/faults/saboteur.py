"""A daemon with one bug: `python -m tests.faults.saboteur BUG -n ruggine …`, as twistd is called.

Each bug is one that somebody could really make. Together they show what the checker finds.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as default_reactor
from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain.hub import Hub
from ruggine.domain.messages import Messages
from ruggine.domain.resume import Resume
from ruggine.model import Appended
from ruggine.net.chat_socket import ChatSocket
from ruggine.net.framing import FramedEntry
from ruggine.storage import database, lineage, message_log
from ruggine.storage.message_log import MessageLog

reactor: Any = default_reactor
BUGS: dict[str, Callable[[], None]] = {}


def bug(make: Callable[[], None]) -> Callable[[], None]:
    BUGS[make.__name__] = make
    return make


@bug
def acknowledged_before_the_commit() -> None:
    """Answers and delivers from within the transaction."""
    append = message_log._append_txn

    async def commit(self: MessageLog, drafts: Any) -> Any:
        done: Deferred[Any] = Deferred()

        def append_txn(cursor: Any, drafts: Any) -> Any:
            outcomes = append(cursor, drafts)
            reactor.callFromThread(done.callback, outcomes)
            time.sleep(0.02)
            return outcomes

        Deferred.fromCoroutine(self._database.write(append_txn, drafts)).addErrback(lambda _: None)
        return await done

    MessageLog._commit = commit


@bug
def never_synchronous() -> None:
    """The operating system may write it when it likes."""
    database._SYNCHRONOUS["full"] = "OFF"


def _deliver_but(change: Callable[[ChatSocket, Any, int, Callable[..., None]], None]) -> None:
    deliver, numbers = ChatSocket.deliver, itertools.count(1)

    def sabotaged(self: ChatSocket, framed: Any) -> None:
        change(self, framed, next(numbers), deliver)

    ChatSocket.deliver = sabotaged


@bug
def one_delivery_in_10000_dropped() -> None:
    def change(self: ChatSocket, framed: Any, number: int, deliver: Any) -> None:
        if number % 10_000:
            deliver(self, framed)

    _deliver_but(change)


@bug
def a_delivery_doubled() -> None:
    def change(self: ChatSocket, framed: Any, number: int, deliver: Any) -> None:
        deliver(self, framed)
        if number % 1000 == 0:
            deliver(self, framed)

    _deliver_but(change)


@bug
def two_deliveries_swapped() -> None:
    """Of one connection; often, because it shows only where both are of one chat."""
    kept: list[Any] = []

    def change(self: ChatSocket, framed: Any, number: int, deliver: Any) -> None:
        if number % 200 == 0:
            kept[:] = [self, framed]
            return
        deliver(self, framed)
        if kept and kept[0] is self:
            deliver(*kept)
            kept.clear()

    _deliver_but(change)


@bug
def a_seq_used_again_after_a_rollback() -> None:
    """Publishes what a transaction has done that is rolled back then."""
    append, numbers = message_log._append_txn, itertools.count(1)

    async def commit(self: MessageLog, drafts: Any) -> Any:
        if next(numbers) % 100:
            return await self._database.write(append, drafts)
        kept: list[Any] = []

        def append_txn(cursor: Any, drafts: Any) -> Any:
            kept.extend(append(cursor, drafts))
            raise errors.Unavailable

        try:
            await self._database.write(append_txn, drafts)
        except errors.Unavailable:
            return kept

    MessageLog._commit = commit


@bug
def no_unique_index() -> None:
    """A repeated send is taken for a new one."""
    message_log._known_txn = lambda cursor, drafts: {}
    insert = message_log._store_txn

    def store_txn(cursor: Any, drafts: Any, *rest: Any) -> None:
        cursor.execute("DROP INDEX IF EXISTS entries_by_client_id")
        insert(cursor, drafts, *rest)

    message_log._store_txn = store_txn


@bug
def a_stale_membership() -> None:
    """Who has left a group is still written to."""
    Hub._unfollow_left = lambda self, here, user_id, seq: None


@bug
def a_revoked_connection_kept() -> None:
    Hub._end_sessions = lambda self, user_id, session_ids: None


@bug
def a_page_off_by_one() -> None:
    """What follows a cursor begins one too late, where it is resumed."""
    resume = Hub._resume_chat

    async def off_by_one(self: Hub, user: Any, connection: Any, missed: Any) -> int:
        if missed.above + 1 <= self._last_for(user, missed):
            missed = type(missed)(missed.chat, missed.above + 1, missed.upto)
        return await resume(self, user, connection, missed)

    Hub._resume_chat = off_by_one


@bug
def an_error_answered_though_stored() -> None:
    answer, numbers = MessageLog._answer, itertools.count(1)

    def sabotaged(self: MessageLog, batch: Any, outcomes: Any) -> None:
        refuse = next(numbers) % 100 == 0
        answer(self, batch, [errors.Forbidden() for _ in batch] if refuse else outcomes)

    MessageLog._answer = sabotaged


@bug
def another_order_on_the_second_node() -> None:
    """Numbers what it delivers by itself: two neighbours have each other's content."""
    from ruggine import tap

    previous: dict[int, Any] = {}

    def framed(chat: Any, entry: Any) -> Any:
        before = previous.get(chat.id)
        previous[chat.id] = entry
        if before is not None and entry.seq % 50 == 0 and before.kind == entry.kind == "message":
            fields = {f: getattr(entry, f) for f in entry.__struct_fields__}
            fields |= {"sender": before.sender, "content": before.content}
            entry = type(entry)(**fields)
        return FramedEntry(chat, entry)

    tap.FramedEntry = framed


@bug
def an_entry_under_the_id_of_another_chat() -> None:
    """As a cache would show that is asked by a name that two chats have had."""
    from ruggine import tap

    numbers, others = itertools.count(1), ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"]

    def framed(chat: Any, entry: Any) -> Any:
        if next(numbers) % 50 == 0 and chat.kind == "private":
            chat = type(chat)(chat.id, chat.kind, others[0], chat.members)
        elif chat.kind == "private":
            others[0] = chat.public_id
        return FramedEntry(chat, entry)

    tap.FramedEntry = framed


@bug
def answered_twice() -> None:
    answer, numbers = MessageLog._answer, itertools.count(1)

    def sabotaged(self: MessageLog, batch: Any, outcomes: Any) -> None:
        answer(self, batch, outcomes)
        if next(numbers) % 100 == 0:
            answer(self, batch, outcomes)

    MessageLog._answer = sabotaged


@bug
def a_duplicate_answered_with_the_present_end() -> None:
    """A repeated send is told where the chat is now, and not where the message is."""
    repeat = message_log._repeat

    def sabotaged(draft: Any, stored: Any) -> Any:
        fields = {f: getattr(stored, f) for f in stored.__struct_fields__}
        return repeat(draft, type(stored)(**(fields | {"seq": stored.seq + 1})))

    message_log._repeat = sabotaged


@bug
def a_backup_of_this_run_taken_for_the_database() -> None:
    """Only a start is noted, and a cursor beyond the end counts as caught up."""
    lineage._is_the_last = lambda generation, commits, noted, log_there: (
        generation == noted.generation
    )
    look_up = Resume._look_up

    async def caught_up(self: Resume, user: Any, cursor: Any, absence: Any) -> bool:
        await look_up(self, user, cursor, absence)
        return True

    Resume._look_up = caught_up


@bug
def a_message_published_before_it_is_answered() -> None:
    stored = Messages._stored

    def sabotaged(self: Messages, chat: Any, answer: Any, received_s: float, outcome: Any) -> None:
        if isinstance(outcome, Appended):
            self._hub.publish(chat, outcome.entry)
        stored(self, chat, answer, received_s, outcome)

    Messages._stored = sabotaged


if __name__ == "__main__":
    from twisted.scripts.twistd import run

    BUGS[sys.argv.pop(1)]()
    run()
