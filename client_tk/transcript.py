"""The part of one chat that is shown: a window of rows over the store, or over the daemon's log.

Usually the window lies in the cached run of the chat. When somebody jumps to a place before it, the
window is `detached`: its rows come from the daemon and are not kept, until it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from client_tk import rows as row_values
from client_tk.model import ChatKey, Me, Page, Progress, Row
from client_tk.store import Store, StoredChat, Waiting
from ruggine.wire.frames import Frame
from ruggine.wire.requests import GetMessages
from ruggine.wire.results import GetMessagesResult

PAGE = 100
MOST_ROWS = 600
_END = 2**63 - 1

Where = Callable[[ChatKey], dict[str, Any]]
"""How a request names a chat."""


class Transcript:
    """Tk thread only. Nothing is shown before one of the `open…`.

    `start` is where it was opened, None for where it was left. `is_stale` says that it was opened
    without all that is known by now of what is unread.
    """

    def __init__(self, store: Store, chat: StoredChat, me: Me, where: Where) -> None:
        self._store = store
        self.chat = chat
        self._me = me
        self._where = where
        self.rows: list[Row] = []
        self.has_newer = False
        self.detached = False
        self._from = 1
        self.loading = False
        self._wanted: GetMessages | None = None
        self.at_end = False
        self.start: int | None = None
        self.new_from: int | None = None
        self.is_stale = False
        self._seeks_new = False

    # Where it is

    def open(self) -> GetMessages | None:
        """At the first unread message, or at a mention that was not seen, or at the end; what has
        to be asked of the daemon for that, if it is not cached."""
        chat = self.chat
        if chat.unread and chat.read_seq + 1 < chat.low:
            self._seeks_new = self.loading = True
            return self._ask(after=max(chat.read_seq - PAGE // 2, 0))
        self.mark_new()
        self.start = self.new_from or next(iter(chat.mentions), None)
        if self.start is not None:
            return self.open_at(self.start)
        self.open_at_end()
        return None

    def open_at_end(self) -> None:
        self.rows = self._store.before(self.chat.id, _END, PAGE)
        self.has_newer = self.detached = self.loading = self._seeks_new = False
        self._wanted = None

    def open_at(self, seq: int) -> GetMessages | None:
        """Around `seq`; what has to be asked of the daemon for that, if it is not cached."""
        if seq >= self.chat.low:
            before = self._store.before(self.chat.id, seq, PAGE // 2)
            self.rows = before + self._store.after(self.chat.id, seq - 1, PAGE // 2)
            self.has_newer = not self._is_last(self.rows)
            self.detached = self.loading = self._seeks_new = False
            self._wanted = None
            return None
        self.loading, self._seeks_new = True, False
        return self._ask(after=max(seq - PAGE // 2, 0))

    def open_cached(self) -> None:
        """As near to what was wanted as one can come without the daemon."""
        self.loading = False
        if self._seeks_new and not self.rows:
            self.open_at(self.chat.low)
            self.is_stale = True

    @property
    def has_older(self) -> bool:
        if self.detached:
            return self._from > 1
        first = self._first
        return self.chat.low > 1 or bool(self._store.before(self.chat.id, first, 1))

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

    # What is new in it

    def mark_new(self) -> None:
        """The line stands above the first unread message; one above what was read since is moved
        there."""
        read = self.chat.read_seq
        if (self.new_from is None or self.new_from <= read) and self._knows(read + 1):
            self.new_from = self._first_unread(read)

    def _first_unread(self, after: int) -> int | None:
        if not self.detached:
            return self._store.first_unread(self.chat.id, after, self._me.id)
        return next((row.seq for row in self.rows if self._is_unread(row, after)), None)

    def _is_unread(self, row: Row, after: int) -> bool:
        said = row.kind == "message" and not row.deleted and row.sender != self._me.id
        return said and (row.seq or 0) > after

    def leads(self, reached: int, first: int, *, by_hand: bool) -> bool:
        """Whether somebody who had come to `reached` has come to `first` without being carried over
        anything: no unread message lies between, or they are all loaded, and scrolled over by
        hand."""
        if not self._knows(reached + 1):
            return False
        unread = self._first_unread(reached)
        return unread is None or unread >= (self._first if by_hand else first)

    def _knows(self, seq: int) -> bool:
        """Whether no entry is missing from there to the rows that are shown."""
        return (self._from if self.detached else self.chat.low) <= seq

    def read_to(self, last: int) -> int:
        """How far the log is read when the row `last` is: after the last row only changes of
        others follow."""
        is_end = not self.has_newer and self.rows and self.rows[-1].seq == last
        return self.chat.cursor if is_end else last

    # More of it

    def older(self) -> GetMessages | None:
        """Show the page before; what has to be asked of the daemon for that, if anything."""
        if self.loading or not self.has_older:
            return None
        if self.detached:
            self.loading = True
            return self._ask(before=self._from)
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
        where = self._where(self.chat.key)
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
            self._from = (found[0].seq or 1) if result.has_more and found else 1
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

    def _take_after(self, after: int, found: list[Row], has_more: bool) -> None:
        follows = self.detached and bool(self.rows) and self.rows[-1].seq == after
        if not follows:
            self.rows, self._from = [], after + 1
        self.detached = self.has_newer = True
        self.rows += found
        if not has_more or (found and (found[-1].seq or 0) >= self.chat.low - 1):
            self._join()
        if len(self.rows) > MOST_ROWS:
            del self.rows[:-MOST_ROWS]
            self._from = self._first
        self._find_new(has_more=has_more)

    def _find_new(self, *, has_more: bool) -> None:
        """The page that was wanted for its first unread message has come."""
        if not self._seeks_new:
            return
        self.mark_new()
        self.start = self.new_from
        self._seeks_new = self.new_from is None and self.detached and has_more
        if self.new_from is None and not self._seeks_new:
            self.open_at_end()

    def seek(self) -> GetMessages | None:
        """What has to be asked for next, while the first unread message is not found."""
        return self.newer() if self._seeks_new else None

    def _join(self) -> None:
        """The window has come to the cached run: from here on they are one."""
        chat, low = self.chat, self.chat.low
        older = [row for row in self.rows if (row.seq or 0) < low]
        chat.low = min(self._from, low)
        with self._store.writing():
            self._store.put(chat.id, older)
            self._store.save_chat(chat)
        self.rows = older + self._store.after(chat.id, low - 1, PAGE)
        self.detached, self.has_newer = False, not self._is_last(self.rows)

    # What happens in it

    def add(self, row: Row) -> None:
        """A new entry; shown if the end of the chat is."""
        if self.detached or self.has_newer or (self.loading and not self.rows):
            return
        self.rows.append(row)
        if len(self.rows) > MOST_ROWS:
            self._trim()

    def _trim(self) -> None:
        """Never what was not read yet, while its end is followed."""
        if (self.rows[PAGE].seq or 0) <= self.chat.read_seq and self.at_end:
            del self.rows[:PAGE]
        elif len(self.rows) > 2 * MOST_ROWS:
            del self.rows[-PAGE:]
            self.has_newer = True

    def change(self, seq: int, frame: Frame) -> None:
        for index, row in enumerate(self.rows):
            if row.seq == seq:
                self.rows[index] = row_values.changed(row, frame)

    # As it is shown

    def page(
        self, waiting: list[Waiting], reads: dict[str, int], names: Mapping[str, str],
        *, opened: int, reached: int,
    ) -> Page:  # fmt: skip
        others = {who: seq for who, seq in reads.items() if who != self._me.id}
        read_to = max(others.values(), default=0)
        rows = [self._shown(row, read_to) for row in self.rows]
        quotes = self._quotes()
        people = others.keys() | _people_in([*self.rows, *(row for _seq, row in quotes)])
        if not self.has_newer:
            rows += [_waiting_row(message, self._me.id) for message in waiting]
        return Page(
            key=self.chat.key,
            me=self._me.id,
            rows=tuple(rows),
            opened=opened,
            start=self.start,
            new_from=self.new_from,
            unread=self.chat.unread,
            ahead=self._ahead(max(reached, self.chat.read_seq)),
            has_older=self.has_older,
            has_newer=self.has_newer,
            loading=self.loading,
            read_by=tuple(sorted(others.items())),
            quotes=quotes,
            names={who: names[who] for who in people if who in names},
        )

    def _ahead(self, reached: int) -> int | None:
        """The first message of others after `reached`, of those that are shown."""
        found = None
        for row in reversed(self.rows):
            if (row.seq or 0) <= reached:
                break
            found = row.seq if self._is_unread(row, reached) else found
        return found

    def _shown(self, row: Row, read_to: int) -> Row:
        if row.sender != self._me.id or row.kind != "message" or row.deleted:
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


def _people_in(rows: list[Row]) -> set[str]:
    """The user id of everybody who is named in them."""
    found: set[str] = set()
    for row in rows:
        found.update((row.sender, row.subject), *(who for _emoji, who in row.reactions))
    return found


def _waiting_row(message: Waiting, me: str) -> Row:
    progress: Progress = "refused" if message.refusal else "stored" if message.seq else "waiting"
    return Row(
        seq=None, sender=me, content=message.content, time_s=message.time_s,
        client_id=message.client_id, reply_to=message.reply_to,
        progress=progress, refusal=message.refusal,
    )  # fmt: skip
