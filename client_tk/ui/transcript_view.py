"""Which part of a transcript can be seen, and how it stays there while the text changes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from typing import NamedTuple

from client_tk.reading import Sight
from client_tk.ui.blocks import Blocks
from client_tk.ui.scrollbar import Scrollbar
from client_tk.ui.transcript_text import identity

_TOUCHES = ("<Button-4>", "<Button-5>", "<MouseWheel>", "<Prior>", "<Next>", "<Home>", "<End>")


class Anchor(NamedTuple):
    """A line that can be seen: its row, how far from the end of the row's lines, which character,
    and how many pixels below the upper edge."""

    row: object
    from_end: int
    column: str
    y: int


Place = tuple[Anchor, ...]
"""The lines that could be seen, the first one first: one of them will still be there."""


class View:
    """`held` says that the view stays at the end, whatever is added there, but never so that the
    row `stop` leaves it at the top. `at_end` is what was found last."""

    def __init__(
        self, text: tk.Text, blocks: Blocks, bar: Scrollbar, looked: Callable[[], object]
    ) -> None:
        self._text, self._blocks, self._bar, self._looked = text, blocks, bar, looked
        self.held = True
        self.at_end = True
        self.more_below = False
        self.stop: int | None = None
        self._by_hand = False
        self._asked: dict[str, object] = {}
        self._due: str | None = None
        text.configure(yscrollcommand=self._moved)
        text.bind("<Configure>", lambda _event: self.hold(), add="+")
        for sequence in _TOUCHES:
            text.bind(sequence, lambda _event: self.touched(), add="+")

    def _moved(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        self.look_later()

    # Staying

    def hold(self) -> None:
        """At the end again, if that is where the view was, or as near as `stop` allows."""
        if not self.held:
            return
        self._text.yview_moveto(1.0)
        at = self._blocks.find_seq(self.stop) if self.stop is not None else None
        if at is not None and self._text.compare("@0,0", ">", self._blocks.start(at)):
            self._text.yview(self._blocks.start(at))

    def place(self) -> Place | None:
        """Where the view is."""
        if not len(self._blocks) or self._text.winfo_height() <= 1:
            return None
        found: list[Anchor] = []
        index = self._text.index("@0,0")
        bottom = self._text.winfo_height()
        while len(found) < 40:
            anchor = self._anchor(index)
            if anchor is None or anchor.y > bottom:
                break
            found.append(anchor)
            index = f"{int(index.split('.')[0]) + 1}.0"
        return tuple(found) or None

    def _anchor(self, index: str) -> Anchor | None:
        line, column = index.split(".")
        at = self._blocks.at_line(int(line))
        info = self._text.dlineinfo(index)
        if at is None or info is None:
            return None
        from_end = self._blocks.first_line(at + 1) - int(line)
        return Anchor(identity(self._blocks[at].row), from_end, column, info[1])

    def keep(self, place: Place | None) -> None:
        """After a change of the text: the same lines at the same height, or the end.

        Where none of them is left, the end is as good as any place, if it is the end of the chat.
        """
        if not self.held and place is not None and not self._restore(place):
            self.held = not self.more_below
        self.hold()

    def _restore(self, place: Place) -> bool:
        wanted = {anchor.row for anchor in place}
        here = {
            name: at for at in range(len(self._blocks))
            if (name := identity(self._blocks[at].row)) in wanted
        }  # fmt: skip
        for anchor in place:
            at = here.get(anchor.row)
            if at is None or anchor.from_end > self._blocks[at].lines:
                continue
            line = self._blocks.first_line(at + 1) - anchor.from_end
            self._put(f"{line}.{anchor.column}", anchor.y)
            return True
        return False

    def _put(self, index: str, y: int) -> None:
        """The line of this place so many pixels below the upper edge."""
        now = self._text.dlineinfo(index)
        if now is None:
            self._text.yview(index)
            now = self._text.dlineinfo(index)
        if now is not None and now[1] != y:
            self._text.yview_scroll(now[1] - y, "pixels")

    # Going

    def enter(self, place: Place | None) -> None:
        """Another chat is shown: where one was in it, or at its end."""
        self._asked.clear()
        self._by_hand = False
        self.held = place is None or not self._restore(place)
        self.hold()

    def go_to(self, at: int) -> None:
        """The block in the upper third."""
        self.held = False
        third = max(self._text.winfo_height() // 3, 1)
        index = self._blocks.start(at)
        self._text.yview(index)
        self._text.yview_scroll(-third, "pixels")
        self.look_later()

    def go_to_end(self) -> None:
        """The person wants to be there."""
        self.held = self._by_hand = True
        self._text.yview_moveto(1.0)
        self.look_later()

    # Looking

    def look_later(self) -> None:
        """Once everything is drawn."""
        if self._due is None:
            self._due = self._text.after_idle(self._look)

    def _look(self) -> None:
        self._due = None
        if self._text.winfo_height() <= 1:
            return
        self.held = self.at_end = self._sees_last() and not self.more_below
        self._looked()
        self._by_hand = False

    def sight(self, opened: int) -> Sight:
        """The rows whose last line can be seen, as the page `opened` has them."""
        seqs = [seq for at in self._ended() if (seq := self._blocks[at].row.seq) is not None]
        first, last = (seqs[0], seqs[-1]) if seqs else (0, 0)
        return Sight(opened, first, last, self.at_end, self._by_hand)

    def _ended(self) -> Iterator[int]:
        """The blocks whose last line can be seen."""
        first = self._blocks.at_pixel(0, 0)
        for at in range(first if first is not None else 0, len(self._blocks)):
            info = self._text.dlineinfo(f"{self._blocks.start(at + 1)}-1c")
            if info is None and at != first:
                return
            if info is not None and 0 <= info[1] + info[3] // 2 <= self._text.winfo_height():
                yield at

    def _sees_last(self) -> bool:
        info = self._text.dlineinfo("end-2c" if len(self._blocks) else "end-1c")
        if info is None:
            return False
        return info[1] + info[3] <= self._text.winfo_height() + info[3] // 2

    def wants_older(self) -> bool:
        """Within a page of the top; once for each page."""
        first, last = self._text.yview()
        return first <= last - first and self._ask("older", 0)

    def wants_newer(self) -> bool:
        """Within a page of the bottom; once for each page."""
        first, last = self._text.yview()
        return 1 - last <= last - first and self._ask("newer", -1)

    def _ask(self, what: str, at: int) -> bool:
        edge = identity(self._blocks[at].row) if len(self._blocks) else "empty"
        if self._asked.get(what, self) == edge:
            return False
        self._asked[what] = edge
        return True

    def touched(self) -> None:
        """The person scrolls."""
        self._asked.clear()
        self._by_hand = True

    def close(self) -> None:
        if self._due is not None:
            self._text.after_cancel(self._due)
            self._due = None
