"""What was said in a chat: one Tk text, drawn from pages with as few changes as possible."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from client_tk.model import ChatKey, Page, Row
from client_tk.reading import Sight
from client_tk.ui.blocks import Blocks
from client_tk.ui.difference import edits
from client_tk.ui.scrollbar import Scrollbar
from client_tk.ui.theme import Theme
from client_tk.ui.transcript_keys import Keys
from client_tk.ui.transcript_mouse import Mouse
from client_tk.ui.transcript_overlay import Overlay
from client_tk.ui.transcript_tags import dress
from client_tk.ui.transcript_text import Cue, Drawing, cues, identity
from client_tk.ui.transcript_view import Place, View

FLASH_MS = 1600
_MOST_PLACES = 500


class TranscriptActions(Protocol):
    """What the transcript asks for. All are called on the Tk thread, and none while it draws."""

    def older(self) -> None:
        """What was said before the first row is wanted."""

    def newer(self) -> None:
        """What was said after the last row is wanted."""

    def sees(self, sight: Sight, /) -> None:
        """What can be seen has changed, or was moved to by hand, or another chat is shown."""

    def reply(self, row: Row, /) -> None: ...

    def edit(self, row: Row, /) -> None: ...

    def delete(self, row: Row, /) -> None: ...

    def react(self, row: Row, emoji: str, active: bool, /) -> None: ...

    def retry(self, row: Row, /) -> None: ...

    def discard(self, row: Row, /) -> None: ...

    def open_link(self, url: str, /) -> None:
        """Always one of http or https."""

    def jump_to(self, seq: int, /) -> None:
        """A quoted message is wanted; it may be on no page that was shown."""

    def jump_to_newest(self) -> None: ...

    def copy(self, text: str, /) -> None: ...


class Transcript(tk.Frame):
    """Shows a `Page`. The view stays where it is, or at the end if it was there."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, actions: TranscriptActions,
        *, time_s: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        super().__init__(parent, borderwidth=0, highlightthickness=0)
        self._theme, self._actions, self._time_s = theme, actions, time_s
        self.page: Page | None = None
        self._cues: list[Cue] = []
        self._whole: frozenset[object] = frozenset()
        self._wanted: int | None = None
        self._entering = False
        self._sight: Sight | None = None
        self._places: dict[ChatKey, Place] = {}
        self._flash: str | None = None
        self._build()
        self._today = self._now()[:3]
        self._drawing = self._new_drawing("")
        theme.follow(self, self._dress)
        self.show(None)

    def _build(self) -> None:
        self.text = tk.Text(
            self, wrap="word", state="disabled", cursor="arrow", takefocus=True, undo=False,
            exportselection=True, width=1, height=1,
        )  # fmt: skip
        self._bar = Scrollbar(self, self._scroll)
        self.blocks = Blocks(self.text)
        self.view = View(self.text, self.blocks, self._bar, self._looked)
        self.overlay = Overlay(self, self._theme, self._newest)
        self.cursor = Keys(self, self._actions)
        self.mouse = Mouse(self, self._actions)
        self._bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)

    def _dress(self) -> None:
        self.configure(background=self._theme.palette.background)
        dress(self.text, self._theme)
        self.overlay.dress()
        self.view.hold()

    # Showing

    def show(self, page: Page | None) -> None:
        """Draw what differs from the page that is shown. None: no chat is selected."""
        old, self.page = self.page, page
        entered = page is not None and (old is None or page.opened != old.opened)
        if old is not None and (page is None or entered):
            self._leave(old.key)
        if page is None:
            self.overlay.nothing_selected()
            return
        self._entering = self._entering or entered
        place = None
        same = old is not None and not entered and not _is_called_otherwise(old, page)
        if not same or self._today != self._now()[:3]:
            place = self.view.place()
            self._today = self._now()[:3]
            self._drawing = self._new_drawing(page.me)
            self._redraw()
        self._drawing.names = page.names
        self.view.more_below, self.view.stop = page.has_newer, page.ahead
        self._change(cues(page, self._whole), place)
        if self._entering:
            self._enter(page)
        self.overlay.show(page)
        self._go_to_wanted()
        self.view.look_later()

    def _enter(self, page: Page) -> None:
        """Where the chat was opened, or where it was left; once that is there."""
        at = self.blocks.find_seq(page.start) if page.start is not None else None
        if page.loading and at is None:
            return
        self._entering = False
        place = self._places.pop(page.key, None)
        self.view.enter(place)
        if at is not None:
            self.view.go_to(at)

    @property
    def emoji(self) -> bool:
        """Whether emoji can be drawn."""
        return self._theme.emoji

    def now_s(self) -> float:
        return self._time_s()

    def _now(self) -> time.struct_time:
        return time.localtime(self._time_s())

    def _new_drawing(self, me: str) -> Drawing:
        return Drawing(me, self._time_s(), {}, emoji=self._theme.emoji)

    def _leave(self, key: ChatKey) -> None:
        place = self.view.place()
        if not self._entering:
            self._places.pop(key, None)
        if place is not None and not self.view.held and not self._entering:
            self._places[key] = place
            if len(self._places) > _MOST_PLACES:
                del self._places[next(iter(self._places))]
        self._whole, self._wanted = frozenset(), None
        self.cursor.forget()
        self._redraw()

    def _redraw(self) -> None:
        self.blocks.replace(0, len(self.blocks), [])
        self._cues = []

    def _change(self, new: list[Cue], place: Place | None = None) -> None:
        found = edits(self._cues, new, _same)
        if not found:
            return
        if not self.view.held:
            place = self.view.place() or place
        for edit in found:
            blocks = [self._drawing.block(cue) for cue in new[edit.first : edit.last]]
            self.blocks.replace(edit.start, edit.end, blocks)
        self._cues = new
        self.view.keep(place)
        self.cursor.redraw()

    def show_whole(self, row: Row) -> None:
        """Draw a long message in full length."""
        self._whole |= {identity(row)}
        if self.page is not None:
            self._change(cues(self.page, self._whole))

    # Going

    @property
    def is_at_end(self) -> bool:
        """Whether the newest message can be seen."""
        return self.view.at_end

    def go_to(self, seq: int) -> None:
        """Scroll to a message and mark it for a moment; once it is there, if it is not yet."""
        self._wanted = seq
        self._go_to_wanted()

    def _go_to_wanted(self) -> None:
        at = self.blocks.find_seq(self._wanted) if self._wanted is not None else None
        if at is None:
            return
        self._wanted = None
        self.view.go_to(at)
        self._mark(at)

    def _mark(self, at: int) -> None:
        self._unmark()
        self.text.tag_add("flash", self.blocks.start(at), self.blocks.start(at + 1))
        self._flash = self.after(FLASH_MS, self._unmark)

    def _unmark(self) -> None:
        if self._flash is not None:
            self.after_cancel(self._flash)
            self._flash = None
        self.text.tag_remove("flash", "1.0", "end")

    def go_to_new(self) -> None:
        """Scroll to the line "New messages", if there is one."""
        if self.page is None or self.page.new_from is None:
            return
        at = self.blocks.find_seq(self.page.new_from)
        if at is not None:
            self.view.go_to(at)
        else:
            self._actions.jump_to(self.page.new_from)

    def go_to_end(self) -> None:
        """Scroll to the last row of the page, and stay at the end."""
        self._wanted = None
        self.view.go_to_end()

    def _newest(self) -> None:
        self._actions.jump_to_newest()
        if self.page is not None and not self.page.has_newer:
            self.go_to_end()

    def focus_set(self) -> None:
        self.text.focus_set()

    focus = focus_set

    # Being scrolled

    def _scroll(self, *how: str) -> None:
        self.view.touched()
        self.text.yview(*how)

    def _looked(self) -> None:
        """The view has come to rest somewhere."""
        page = self.page
        if page is None or self._entering:
            return
        self.overlay.show_pill(page, at_end=self.view.at_end)
        self._tell(self.view.sight(page.opened))
        if page is not self.page or page.loading:
            return
        if page.has_older and self.view.wants_older():
            self._actions.older()
        elif page.has_newer and self.view.wants_newer():
            self._actions.newer()

    def _tell(self, sight: Sight) -> None:
        if self._sight not in (sight, replace(sight, by_hand=True)):
            self._sight = sight
            self._actions.sees(sight)

    def destroy(self) -> None:
        self.view.close()
        if self._flash is not None:
            self.after_cancel(self._flash)
        super().destroy()


def _same(old: Cue, new: Cue) -> bool:
    return identity(old.row) == identity(new.row)


def _is_called_otherwise(old: Page, new: Page) -> bool:
    """Whether anybody has another name than on the page that is drawn."""
    names = new.names
    return old.me != new.me or any(names.get(who, name) != name for who, name in old.names.items())
