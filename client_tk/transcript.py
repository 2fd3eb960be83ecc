"""The part of one chat that is shown: a window of rows over the store, or over the daemon's log.

Usually the window lies in the cached run of the chat. When somebody jumps to a place before it, the
window is `detached`: its rows come from the daemon and are not kept, until it is left.
"""

from __future__ import annotations

from msgspec.structs import replace

from client_tk import rows as row_values
from client_tk.keys import fields_of
from client_tk.model import Page, Progress, Row
from client_tk.store import Store, StoredChat, Waiting
from ruggine.wire.frames import Frame
from ruggine.wire.requests import GetMessages
from ruggine.wire.results import GetMessagesResult

PAGE = 100
MOST_ROWS = 600
_END = 2**63 - 1


class Transcript:
    """Tk thread only."""

    def __init__(self, store: Store, chat: StoredChat, me: str) -> None:
        self._store = store
        self.chat = chat
        self._me = me
        self.rows: list[Row] = []
        self.has_newer = False
        self.detached = False
        self._detached_older = False
        self.loading = False
        self._wanted: GetMessages | None = None
        self.at_end = True
        self.new_from: int | None = None
        self._unread_after = chat.read_seq if chat.unread else None
        self.open_at_end()
        self._mark_new()

    # Where it is

    def open_at_end(self) -> None:
        self.rows = self._store.before(self.chat.id, _END, PAGE)
        self.has_newer = self.detached = self.loading = False
        self._wanted = None

    def open_at(self, seq: int) -> GetMessages | None:
        """Around `seq`; what has to be asked of the daemon for that, if it is not cached."""
        if seq >= self.chat.low:
            before = self._store.before(self.chat.id, seq, PAGE // 2)
            self.rows = before + self._store.after(self.chat.id, seq - 1, PAGE // 2)
            self.has_newer = not self._is_last(self.rows)
            self.detached = self.loading = False
            self._wanted = None
            return None
        self.loading = True
        return self._ask(after=max(seq - PAGE // 2, 0))

    @property
    def has_older(self) -> bool:
        if self.detached:
            return self._detached_older
        first = self._first
        return self.chat.low > 1 or bool(self._store.before(self.chat.id, first, 1))

    def _mark_new(self) -> None:
        """Once, when there is something to be marked."""
        after = self._unread_after
        if after is None or not self.rows:
            return
        self._unread_after = None
        new = (r.seq for r in self.rows if (r.seq or 0) > after and r.sender != self._me)
        self.new_from = next(new, None)

    @property
    def shows_end(self) -> bool:
        """Whether the newest entry is in view."""
        fetching = self.loading and not self.rows
        return self.at_end and not self.has_newer and not fetching

    @property
    def _first(self) -> int:
        return self.rows[0].seq or 0 if self.rows else min(self.chat.cursor + 1, _END)

    def _is_last(self, rows: list[Row]) -> bool:
        last = rows[-1].seq or 0 if rows else self.chat.cursor
        return not self._store.after(self.chat.id, last, 1)

    # More of it

    def older(self) -> GetMessages | None:
        """Show the page before; what has to be asked of the daemon for that, if anything."""
        if self.loading or not self.has_older:
            return None
        if self.detached:
            self.loading = True
            return self._ask(before=self._first)
        found = self._store.before(self.chat.id, self._first, PAGE)
        if found:
            self._prepend(found)
            return None
        self.loading = True
        return self._ask(before=self.chat.low)

    def newer(self) -> GetMessages | None:
        """Show the page after, likewise."""
        if self.loading or not self.has_newer:
            return None
        last = self.rows[-1].seq or 0 if self.rows else 0
        if self.detached:
            self.loading = True
            return self._ask(after=last)
        found = self._store.after(self.chat.id, last, PAGE)
        self.rows = (self.rows + found)[-MOST_ROWS:]
        self.has_newer = not self._is_last(self.rows)
        return None

    def _prepend(self, found: list[Row]) -> None:
        self.has_newer = self.has_newer or len(self.rows) + len(found) > MOST_ROWS
        self.rows = (found + self.rows)[:MOST_ROWS]

    def _ask(self, before: int | None = None, after: int | None = None) -> GetMessages:
        where = fields_of(self.chat.key)
        self._wanted = GetMessages(**where, before=before, after=after, limit=PAGE)
        return self._wanted

    def take_page(self, request: GetMessages, result: GetMessagesResult) -> None:
        """The daemon's answer to what `older`, `newer` or `open_at` has asked for.

        One that comes when the view has gone elsewhere is not wanted any more.
        """
        if request is not self._wanted:
            return
        self.loading = False
        found = _in_bounds(request, [row_values.of_item(item) for item in result.messages])
        if request.before is not None and not self.detached:
            self._keep_older(request.before, found, result.has_more)
        elif request.before is not None:
            self._detached_older = result.has_more
            self._prepend(found)
        else:
            self._take_after(request.after or 0, found, result.has_more)

    def _keep_older(self, before: int, found: list[Row], has_more: bool) -> None:
        if before != self.chat.low:
            return
        with self._store.writing():
            self._store.put(self.chat.id, found)
            self.chat.low = (found[0].seq or 1) if has_more and found else 1
            self._store.save_chat(self.chat)
        self.older()
        self._mark_new()

    def _take_after(self, after: int, found: list[Row], has_more: bool) -> None:
        last = self.rows[-1].seq if self.rows else None
        if self.detached and after == last:
            self.rows = (self.rows + found)[-MOST_ROWS:]
        else:
            self.rows, self.detached, self._detached_older = found, True, after > 0
        self.has_newer = True
        if not has_more:
            self.open_at_end()

    # What happens in it

    def add(self, row: Row) -> None:
        """A new entry; shown if the end of the chat is."""
        if self.detached or self.has_newer:
            return
        self.rows.append(row)
        if len(self.rows) <= MOST_ROWS:
            return
        if self.at_end:
            del self.rows[: -MOST_ROWS + PAGE]
        elif len(self.rows) > 2 * MOST_ROWS:
            del self.rows[-PAGE:]
            self.has_newer = True

    def change(self, seq: int, frame: Frame) -> None:
        for index, row in enumerate(self.rows):
            if row.seq == seq:
                self.rows[index] = row_values.changed(row, frame)

    # As it is shown

    def page(self, waiting: list[Waiting], reads: dict[str, int]) -> Page:
        read_to = max((seq for name, seq in reads.items() if name != self._me), default=0)
        rows = [self._shown(row, read_to) for row in self.rows]
        if not self.has_newer:
            rows += [_waiting_row(message, self._me) for message in waiting]
        return Page(
            key=self.chat.key,
            me=self._me,
            rows=tuple(rows),
            new_from=self.new_from,
            has_older=self.has_older,
            has_newer=self.has_newer,
            loading=self.loading,
            read_by=tuple(sorted((n, s) for n, s in reads.items() if n != self._me)),
            quotes=self._quotes(),
        )

    def _shown(self, row: Row, read_to: int) -> Row:
        if row.sender != self._me or row.kind != "message" or row.deleted:
            return row
        return replace(row, progress="read" if (row.seq or 0) <= read_to else "stored")

    def _quotes(self) -> tuple[tuple[int, Row], ...]:
        wanted = {row.reply_to for row in self.rows if row.reply_to is not None}
        here = {row.seq: row for row in self.rows if row.seq in wanted}
        found = ((seq, here.get(seq) or self._store.row(self.chat.id, seq)) for seq in wanted)
        return tuple(sorted((seq, row) for seq, row in found if row is not None))


def _in_bounds(request: GetMessages, rows: list[Row]) -> list[Row]:
    """Each once, in order, and none that was not asked for: a page never takes the place of what is
    known better."""
    after = request.after if request.after is not None else 0
    before = request.before if request.before is not None else _END
    found = {row.seq: row for row in rows if row.seq is not None and after < row.seq < before}
    return [found[seq] for seq in sorted(found)]


def _waiting_row(message: Waiting, me: str) -> Row:
    progress: Progress = "refused" if message.refusal else "stored" if message.seq else "waiting"
    return Row(
        seq=None, sender=me, content=message.content, time_s=message.time_s,
        client_id=message.client_id, reply_to=message.reply_to,
        progress=progress, refusal=message.refusal,
    )  # fmt: skip
