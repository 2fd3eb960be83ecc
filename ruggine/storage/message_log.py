"""The log of every chat: the write path with its group commit, and the reads.

Drafts that arrive while a commit is in flight wait for the next one, and one transaction holds
all of them; nothing waits for a timer, so an idle node commits a lone message at once. Within
the transaction `chats.last_seq` is raised and the entries are inserted: the order of commits is
the order of `seq`, without holes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from ruggine import errors
from ruggine.errors import Refusal
from ruggine.model import MESSAGE, Appended, Draft, Entry, Page, User
from ruggine.storage.database import Cursor, Database

MAX_BATCH = 256
"""Drafts in one transaction: past this a commit's fixed cost no longer matters."""

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
        self._committing = False

    def append(self, draft: Draft, answer: Answer) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise errors.Unavailable
        self._waiting.append((draft, answer))
        if not self._committing:
            self._committing = True
            Deferred.fromCoroutine(self._commit_all()).addErrback(self._broken)

    async def page(
        self, chat_id: int, *, above: int, before: int | None, after: int | None, limit: int
    ) -> Page:
        return await self._database.read(_page_txn, chat_id, above, before, after, limit)

    async def entries_after(self, chat_id: int, seq: int, limit: int) -> list[Entry]:
        return await self._database.read(_entries_after_txn, chat_id, seq, limit)

    async def exists(self, chat_id: int, seq: int) -> bool:
        return await self._database.read(_exists_txn, chat_id, seq)

    async def _commit_all(self) -> None:
        """The next batch is on its way to the disk while the last one's senders are answered."""
        try:
            batch, committed = self._begin()
            while batch:
                outcomes = await committed
                following, following_committed = self._begin()
                self._answer(batch, outcomes)
                if not following:
                    following, following_committed = self._begin()
                batch, committed = following, following_committed
        finally:
            self._committing = False

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

    async def _commit(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        try:
            return await self._database.write(_append_txn, drafts)
        except Refusal as refusal:
            return [refusal] * len(drafts)
        except Exception as error:
            if len(drafts) == 1:
                self.log.error("A message could not be stored: {error}", error=repr(error))
                return [errors.Unavailable()]
        # One draft that the database rejects must not fail its neighbours: each for itself.
        return [(await self._commit([draft]))[0] for draft in drafts]

    def _broken(self, failure: Any) -> None:
        self.log.failure("The message log has stopped", failure)


def _append_txn(cursor: Cursor, drafts: Sequence[Draft]) -> list[Outcome]:
    """Store each draft that is new; say of each what became of it, in their order."""
    known = _known_txn(cursor, drafts)
    fresh: dict[int, list[int]] = defaultdict(list)
    repeated: list[int] = []
    outcomes: list[Outcome | None] = [None] * len(drafts)
    first_of: dict[tuple[str, str], int] = {}
    for index, draft in enumerate(drafts):
        key = (draft.sender.id, draft.client_id) if draft.client_id is not None else None
        if key is not None and key in known:
            outcomes[index] = _repeat(draft, known[key])
        elif key is not None and key in first_of:
            repeated.append(index)
        else:
            fresh[draft.chat_id].append(index)
            if key is not None:
                first_of[key] = index
    _store_txn(cursor, drafts, fresh, outcomes)
    for index in repeated:
        draft = drafts[index]
        original = outcomes[first_of[draft.sender.id, draft.client_id or ""]]
        outcomes[index] = (
            _repeat(draft, original.entry) if isinstance(original, Appended) else original
        )
    return [outcome for outcome in outcomes if outcome is not None]


def _store_txn(
    cursor: Cursor,
    drafts: Sequence[Draft],
    fresh: dict[int, list[int]],
    outcomes: list[Outcome | None],
) -> None:
    rows = []
    # In the order of the chats' ids, so that two writers cannot wait for each other.
    for chat_id, indexes in sorted(fresh.items()):
        row = cursor.execute(
            "UPDATE chats SET last_seq = last_seq + ? WHERE id = ? AND closed = 0 "
            "RETURNING last_seq",
            (len(indexes), chat_id),
        ).fetchone()
        if row is None:
            for index in indexes:
                outcomes[index] = errors.NotFound("This account was deleted.")
            continue
        for seq, index in enumerate(indexes, row[0] - len(indexes) + 1):
            draft = drafts[index]
            outcomes[index] = Appended(_entry(draft, seq), duplicate=False)
            rows.append(
                (
                    chat_id, seq, MESSAGE, draft.sender.id, draft.content, draft.time_ms,
                    draft.client_id, draft.reply_to,
                )
            )  # fmt: skip
    cursor.executemany(
        "INSERT INTO entries "
        "(chat_id, seq, kind, sender_id, content, time_ms, client_id, reply_to) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _known_txn(cursor: Cursor, drafts: Sequence[Draft]) -> dict[tuple[str, str], Entry]:
    """The entries that earlier sends with the same client_id have stored."""
    known = {}
    for draft in drafts:
        if draft.client_id is None:
            continue
        row = cursor.execute(
            "SELECT chat_id, seq, kind, content, time_ms, client_id, reply_to FROM entries "
            "WHERE sender_id = ? AND client_id = ?",
            (draft.sender.id, draft.client_id),
        ).fetchone()
        if row is not None:
            chat_id, seq, kind, *rest = row
            known[draft.sender.id, draft.client_id] = Entry(chat_id, seq, kind, draft.sender, *rest)
    return known


def _repeat(draft: Draft, stored: Entry) -> Outcome:
    same = (draft.chat_id, draft.content, draft.reply_to) == (
        stored.chat_id,
        stored.content,
        stored.reply_to,
    )
    return Appended(stored, duplicate=True) if same else errors.ClientIdConflict()


def _entry(draft: Draft, seq: int) -> Entry:
    return Entry(
        draft.chat_id, seq, MESSAGE, draft.sender, draft.content, draft.time_ms, draft.client_id,
        draft.reply_to,
    )  # fmt: skip


_SELECT = (
    "SELECT e.chat_id, e.seq, e.kind, u.id, u.name, e.content, e.time_ms, e.client_id, e.reply_to "
    "FROM entries AS e JOIN users AS u ON u.id = e.sender_id WHERE e.chat_id = ? "
)


def _read(row: tuple[Any, ...]) -> Entry:
    chat_id, seq, kind, sender_id, sender_name, *rest = row
    return Entry(chat_id, seq, kind, User(sender_id, sender_name), *rest)


def _page_txn(
    cursor: Cursor, chat_id: int, above: int, before: int | None, after: int | None, limit: int
) -> Page:
    """`after` pages forward, otherwise the newest ones below `before`; oldest first either way."""
    rows = cursor.execute(
        _SELECT
        + "AND e.seq > ? AND e.seq < ? AND e.kind = 'message' "
        + ("ORDER BY e.seq LIMIT ?" if after is not None else "ORDER BY e.seq DESC LIMIT ?"),
        (chat_id, max(above, after or 0), before or 2**63 - 1, limit + 1),
    ).fetchall()
    entries = [_read(row) for row in rows[:limit]]
    if after is None:
        entries.reverse()
    return Page(tuple(entries), has_more=len(rows) > limit)


def _entries_after_txn(cursor: Cursor, chat_id: int, seq: int, limit: int) -> list[Entry]:
    rows = cursor.execute(_SELECT + "AND e.seq > ? ORDER BY e.seq LIMIT ?", (chat_id, seq, limit))
    return [_read(row) for row in rows]


def _exists_txn(cursor: Cursor, chat_id: int, seq: int) -> bool:
    row = cursor.execute(
        "SELECT 1 FROM entries WHERE chat_id = ? AND seq = ?", (chat_id, seq)
    ).fetchone()
    return row is not None
