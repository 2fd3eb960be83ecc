"""The log of every chat: the write path with its batches, and the reads.

Drafts that arrive while a batch is being committed wait for the next one, which holds all of
them; nothing waits for a timer, so an idle node commits a lone message at once. Within the
transaction `chats.last_seq` is raised and the entries are inserted: the order of commits is
the order of `seq`, without holes.
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from ruggine import errors
from ruggine.errors import Refusal
from ruggine.meters import Histogram
from ruggine.model import Appended, Draft, Entry, Page, Span, User
from ruggine.storage import chats, entries
from ruggine.storage.database import Cursor, Database

MAX_BATCH = 256
"""Drafts in one transaction: past this a commit's fixed cost no longer matters."""

_ROWS_AT_ONCE = 32
"""In one statement. Each gives up the interpreter's lock, and waits until it gets it back."""

_INSERT = (
    "INSERT INTO entries "
    "(chat_id, seq, kind, sender, content, time_ms, client_id, reply_to) VALUES "
)
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"

MAX_WAITING = 20_000
"""Drafts that may wait for a commit before more are refused."""

Outcome = Appended | Refusal
Answer = Callable[[Outcome], None]
Batch = list[tuple[Draft, Answer]]


class MessageLog:
    """Appends and reads entries. Implements `ruggine.domain.ports.MessageLog`."""

    log = Logger()

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: Batch = []
        self._in_flight: Batch = []
        self._answering: list[Deferred[None]] = []
        self._committing = False
        self.stored = 0
        self.commit_s = Histogram()
        self.batch = Histogram((1, 2, 4, 8, 16, 32, 64, 128, MAX_BATCH))

    @property
    def busy(self) -> bool:
        """Whether a commit is on its way."""
        return self._committing

    def append(self, draft: Draft, answer: Answer) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise errors.Unavailable
        self._waiting.append((draft, answer))
        if not self._committing:
            self._committing = True
            Deferred.fromCoroutine(self._commit_all()).addErrback(self._broken)

    async def page(
        self, user_id: str, chat_id: int, *, before: int | None, after: int | None, limit: int
    ) -> Page | None:
        return await self._database.read(_own_page_txn, user_id, chat_id, before, after, limit)

    async def entries_after(self, chat_id: int, seq: int, limit: int) -> list[Entry]:
        """A read may see what was committed a moment ago before its sender is answered.

        Who reads nothing of that waits for nobody: behind another program's lock a commit takes
        seconds.
        """
        read = await self._database.read(_entries_after_txn, chat_id, seq, limit)
        unanswered = {_mark(draft) for draft, _ in self._in_flight}
        if unanswered and any(_mark(entry) in unanswered for entry in read):
            answered: Deferred[None] = Deferred()
            self._answering.append(answered)
            await answered
        return read

    async def reactions(
        self, chat_id: int, seq: int, after: tuple[str, str], limit: int
    ) -> list[tuple[str, User]]:
        return await self._database.read(
            entries.some_reactions_txn, chat_id, seq, after=after, limit=limit
        )

    async def exists(self, chat_id: int, seq: int) -> bool:
        return await self._database.read(_exists_txn, chat_id, seq)

    async def _commit_all(self) -> None:
        """The next batch is on its way to the disk while the last one's senders are answered."""
        try:
            batch, committed = self._begin()
            while batch:
                self._in_flight = batch
                outcomes = await committed
                following, following_committed = self._begin()
                self._answer(batch, outcomes)
                self._all_answered()
                if not following:
                    following, following_committed = self._begin()
                batch, committed = following, following_committed
        finally:
            self._committing = False
            self._all_answered()

    def _begin(self) -> tuple[Batch, Awaitable[Sequence[Outcome]]]:
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        drafts = [draft for draft, _ in batch]
        return batch, Deferred.fromCoroutine(self._commit(drafts)) if drafts else succeed([])

    def _answer(self, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            try:
                answer(outcome)
            except Exception:
                self.log.failure("An answer after a commit failed")

    def _all_answered(self) -> None:
        """Who has read what this batch stored may show it now."""
        self._in_flight = []
        answering, self._answering = self._answering, []
        for answered in answering:
            answered.callback(None)

    async def _commit(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        began_s = time.perf_counter()
        try:
            outcomes = await self._database.write(_append_txn, drafts)
            self._count(outcomes, time.perf_counter() - began_s)
            return outcomes
        except Refusal as refusal:
            return [refusal] * len(drafts)
        except Exception as error:
            if len(drafts) == 1:
                self.log.error("A message could not be stored: {error}", error=repr(error))
                return [errors.Unavailable()]
        # One draft that the database rejects must not fail its neighbours: each for itself.
        return [(await self._commit([draft]))[0] for draft in drafts]

    def _count(self, outcomes: Sequence[Outcome], took_s: float) -> None:
        self.commit_s.observe(took_s)
        self.batch.observe(len(outcomes))
        self.stored += sum(1 for o in outcomes if isinstance(o, Appended) and not o.duplicate)

    def _broken(self, failure: Any) -> None:
        self.log.failure("The message log has stopped", failure)


def _mark(message: Draft | Entry) -> tuple[int, str, int]:
    """What an entry has in common with the draft that it was, and with few others."""
    return message.chat_id, message.sender.id, message.time_ms


def _append_txn(cursor: Cursor, drafts: Sequence[Draft]) -> list[Outcome]:
    """Store each draft that is new; say of each what became of it, in their order.

    Nearly all are new and allowed: so they are stored at once, and only where one is not, which
    the index of client_ids or a missing row tells, is each looked at.
    """
    cursor.execute("SAVEPOINT at_once")
    try:
        stored = _store_at_once_txn(cursor, drafts)
    except sqlite3.IntegrityError:
        stored = None
    if stored is None:
        cursor.execute("ROLLBACK TO at_once")
    cursor.execute("RELEASE at_once")
    return stored if stored is not None else _append_one_by_one_txn(cursor, drafts)


def _store_at_once_txn(cursor: Cursor, drafts: Sequence[Draft]) -> list[Outcome] | None:
    """Store all drafts, or return None. Raises IntegrityError where a client_id is known."""
    senders: dict[tuple[int, str], list[int]] = defaultdict(list)
    for index, draft in enumerate(drafts):
        senders[draft.chat_id, draft.sender.id].append(index)
    entries_by_index: dict[int, Entry] = {}
    # In the order of the chats' ids, so that two writers cannot wait for each other.
    for (chat_id, sender_id), indexes in sorted(senders.items()):
        row = cursor.execute(
            "UPDATE chats SET last_seq = last_seq + ?1 WHERE id = ?2 AND closed = 0 AND EXISTS ("
            "SELECT 1 FROM chat_members "
            "WHERE user_id = ?3 AND chat_id = ?2 AND left_seq IS NULL AND NOT barred"
            ") RETURNING last_seq",
            (len(indexes), chat_id, sender_id),
        ).fetchone()
        if row is None:
            return None
        for seq, index in enumerate(indexes, row[0] - len(indexes) + 1):
            entries_by_index[index] = _entry(drafts[index], seq)
    _insert_txn(cursor, tuple(entries_by_index.values()))
    return [Appended(entries_by_index[index], duplicate=False) for index in range(len(drafts))]


def _insert_txn(cursor: Cursor, new: Sequence[Entry]) -> None:
    numbers = _numbers_txn(cursor, {entry.sender.id for entry in new})
    for at in range(0, len(new), _ROWS_AT_ONCE):
        some = new[at : at + _ROWS_AT_ONCE]
        cursor.execute(
            _INSERT + ", ".join([_ROW] * len(some)),
            [
                value
                for e in some
                for value in (
                    e.chat_id, e.seq, e.kind, numbers[e.sender.id], e.content, e.time_ms,
                    e.client_id, e.reply_to,
                )
            ],
        )  # fmt: skip
    cursor.execute("UPDATE totals SET count = count + ? WHERE what = 'messages'", (len(new),))


def _append_one_by_one_txn(cursor: Cursor, drafts: Sequence[Draft]) -> list[Outcome]:
    """The same where some are repeated or refused."""
    known = _known_txn(cursor, drafts)
    fresh: dict[int, list[int]] = defaultdict(list)
    repeated: list[int] = []
    outcomes: list[Outcome | None] = [None] * len(drafts)
    seen: set[tuple[str, str]] = set()
    for index, draft in enumerate(drafts):
        key = (draft.sender.id, draft.client_id) if draft.client_id is not None else None
        if key is not None and key in known:
            outcomes[index] = _repeat(draft, known[key])
        elif key is not None and key in seen:
            repeated.append(index)
        else:
            fresh[draft.chat_id].append(index)
            if key is not None:
                seen.add(key)
    _store_txn(cursor, drafts, fresh, outcomes)
    for index in repeated:
        # Its namesake is stored by now, or was refused: for a reason that need not be this one's.
        outcomes[index] = _append_txn(cursor, [drafts[index]])[0]
    return [outcome for outcome in outcomes if outcome is not None]


def _store_txn(
    cursor: Cursor,
    drafts: Sequence[Draft],
    fresh: dict[int, list[int]],
    outcomes: list[Outcome | None],
) -> None:
    new: list[Entry] = []
    # In the order of the chats' ids, so that two writers cannot wait for each other.
    for chat_id, indexes in sorted(fresh.items()):
        refused = {
            sender_id: refusal
            for sender_id in {drafts[index].sender.id for index in indexes}
            if (refusal := _refusal_txn(cursor, chat_id, sender_id)) is not None
        }
        for index in indexes:
            outcomes[index] = refused.get(drafts[index].sender.id)
        allowed = [index for index in indexes if outcomes[index] is None]
        if allowed:
            new += _place_txn(cursor, chat_id, drafts, allowed, outcomes)
    _insert_txn(cursor, new)


def _numbers_txn(cursor: Cursor, user_ids: Iterable[str]) -> dict[str, int]:
    return {
        user_id: cursor.execute("SELECT number FROM users WHERE id = ?", (user_id,)).fetchone()[0]
        for user_id in user_ids
    }


def _refusal_txn(cursor: Cursor, chat_id: int, sender_id: str) -> Refusal | None:
    """Why a user may not send to a chat. Asked here, so that no cache can let anybody in."""
    row = cursor.execute(
        "SELECT left_seq, barred FROM chat_members WHERE user_id = ? AND chat_id = ?",
        (sender_id, chat_id),
    ).fetchone()
    if row is None or row[0] is not None:
        return errors.NotAMember()
    return errors.Forbidden("This user does not want to hear from you.") if row[1] else None


def _place_txn(
    cursor: Cursor,
    chat_id: int,
    drafts: Sequence[Draft],
    indexes: Sequence[int],
    outcomes: list[Outcome | None],
) -> list[Entry]:
    """Give these drafts of one chat their `seq`; returns what is to be inserted."""
    row = cursor.execute(
        "UPDATE chats SET last_seq = last_seq + ? WHERE id = ? AND closed = 0 RETURNING last_seq",
        (len(indexes), chat_id),
    ).fetchone()
    new = []
    for seq, index in enumerate(indexes, row[0] - len(indexes) + 1 if row else 0):
        if row is None:
            outcomes[index] = errors.NoSuchUser("This account was deleted.")
            continue
        new.append(_entry(drafts[index], seq))
        outcomes[index] = Appended(new[-1], duplicate=False)
    return new


def _known_txn(cursor: Cursor, drafts: Sequence[Draft]) -> dict[tuple[str, str], Entry]:
    """The entries that earlier sends with the same client_id have stored."""
    known = {}
    for draft in drafts:
        if draft.client_id is None:
            continue
        row = cursor.execute(
            entries.SELECT + "WHERE u.id = ? AND e.client_id = ?",
            (draft.sender.id, draft.client_id),
        ).fetchone()
        if row is not None:
            known[draft.sender.id, draft.client_id] = entries.entry(row)
    return known


def _repeat(draft: Draft, stored: Entry) -> Outcome:
    """What was edited or deleted since no longer has the content it was sent with."""
    same = (draft.chat_id, draft.reply_to) == (stored.chat_id, stored.reply_to) and (
        draft.content == stored.content or stored.edited or stored.deleted
    )
    return Appended(stored, duplicate=True) if same else errors.ClientIdConflict()


def _entry(draft: Draft, seq: int) -> Entry:
    return Entry(
        draft.chat_id, seq, "message", draft.sender, draft.content, draft.time_ms, draft.client_id,
        draft.reply_to,
    )  # fmt: skip


def _own_page_txn(
    cursor: Cursor, user_id: str, chat_id: int, before: int | None, after: int | None, limit: int
) -> Page | None:
    span = chats.span_txn(cursor, user_id, chat_id)
    return _page_txn(cursor, chat_id, span, before, after, limit) if span is not None else None


def _page_txn(
    cursor: Cursor, chat_id: int, span: Span, before: int | None, after: int | None, limit: int
) -> Page:
    """`after` pages forward, otherwise the newest ones below `before`; oldest first either way."""
    rows = cursor.execute(
        entries.SELECT
        + "WHERE e.chat_id = ? AND e.seq > ? AND e.seq < ? AND e.seq <= ? AND e.kind = 'message' "
        + ("ORDER BY e.seq LIMIT ?" if after is not None else "ORDER BY e.seq DESC LIMIT ?"),
        (chat_id, max(span.above, after or 0), before or 2**63 - 1, span.upto, limit + 1),
    ).fetchall()
    page = [entries.entry(row) for row in rows[:limit]]
    reactions = entries.reactions_txn(cursor, ((chat_id, entry.seq) for entry in page))
    given = {entry.seq: found for entry, found in zip(page, reactions, strict=False)}
    del page[len(reactions) :]
    if after is None:
        page.reverse()
    return Page(tuple(page), len(rows) > len(page), given)


def _entries_after_txn(cursor: Cursor, chat_id: int, seq: int, limit: int) -> list[Entry]:
    rows = cursor.execute(
        entries.SELECT + "WHERE e.chat_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?",
        (chat_id, seq, limit),
    )
    return [entries.entry(row) for row in rows]


def _exists_txn(cursor: Cursor, chat_id: int, seq: int) -> bool:
    row = cursor.execute(
        "SELECT 1 FROM entries WHERE chat_id = ? AND seq = ? AND kind = 'message'", (chat_id, seq)
    ).fetchone()
    return row is not None
