"""The keyboard in a transcript: a cursor that goes from message to message."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

from client_tk.model import Row
from client_tk.ui.keys import is_plain
from client_tk.ui.places import letter_of
from client_tk.ui.transcript_menu import Menu, may_change, may_reply
from client_tk.ui.transcript_text import identity

if TYPE_CHECKING:
    from client_tk.ui.transcript import Transcript, TranscriptActions

_SHIFT = 0x1


class Keys:
    """Up and Down move the cursor; what is done then is done with its row."""

    def __init__(self, over: Transcript, actions: TranscriptActions) -> None:
        self._over, self._text, self._actions = over, over.text, actions
        self.menu = Menu(over, actions)
        self._at: object = None
        bind = self._text.bind
        bind("<Up>", lambda _e: self._step(-1))
        bind("<Down>", lambda _e: self._step(1))
        bind("<Prior>", lambda e: self._page(e, -1), add="+")
        bind("<Next>", lambda e: self._page(e, 1), add="+")
        bind("<Home>", lambda _e: self._go(0))
        bind("<End>", lambda _e: self._end())
        for sequence in ("<Return>", "<KP_Enter>", "<Menu>", "<Shift-F10>", "<App>"):
            self._bind_if_known(sequence, self._open_menu)
        bind("<Key>", self._on_letter)
        bind("<Delete>", lambda _e: self._do(self._actions.delete, self._mine))
        for sequence in ("<Control-a>", "<Control-A>", "<<SelectAll>>"):
            bind(sequence, self._select_all)
        for sequence in ("<Control-c>", "<Control-C>", "<<Copy>>"):
            bind(sequence, self._copy)
        bind("<FocusIn>", lambda _e: self.redraw(), add="+")
        bind("<FocusOut>", lambda _e: self.redraw(), add="+")

    def _bind_if_known(self, sequence: str, callback: Callable[[object], str]) -> None:
        """Not every system has each of these keys."""
        try:
            self._text.bind(sequence, callback)
        except tk.TclError:
            return

    # The cursor

    @property
    def row(self) -> Row | None:
        """Where the cursor is."""
        at = self._found()
        return self._over.blocks[at].row if at is not None else None

    def _found(self) -> int | None:
        return self._over.blocks.find(self._at) if self._at is not None else None

    def forget(self) -> None:
        self._at = None
        self.redraw()

    def put(self, row: Row) -> None:
        self._at = identity(row)
        self.redraw()

    def redraw(self) -> None:
        """The cursor is seen while the transcript has the focus."""
        self._text.tag_remove("cursor", "1.0", "end")
        at = self._found()
        if at is None or str(self._text.tk.call("focus")) != str(self._text):
            return
        start, end = self._over.blocks.start(at), self._over.blocks.start(at + 1)
        self._text.tag_add("cursor", start, end)

    def _step(self, by: int) -> str:
        at = self._found()
        if at is None:
            last = self._text.winfo_height() - 4
            at = self._over.blocks.at_pixel(2, last if by < 0 else 2)
            if at is None:
                at = len(self._over.blocks) - 1
            return self._go(at)
        return self._go(at + by)

    def _go(self, at: int) -> str:
        blocks = self._over.blocks
        self._over.view.touched()
        if len(blocks):
            at = min(max(at, 0), len(blocks) - 1)
            self.put(blocks[at].row)
            self._text.see(blocks.start(at))
            self._text.see(f"{blocks.start(at + 1)}-1c")
            self._over.view.look_later()
        return "break"

    def _end(self) -> str:
        self._go(len(self._over.blocks) - 1)
        self._over.go_to_end()
        return "break"

    def _page(self, event: tk.Event[tk.Misc], by: int) -> str | None:
        if int(event.state) & _SHIFT:
            return None
        self._text.yview_scroll(by, "pages")
        return "break"

    # What is done with the row

    def _on_letter(self, event: tk.Event[tk.Misc]) -> str | None:
        windows = str(self._text.tk.call("tk", "windowingsystem"))
        letter = letter_of(event, windows) if is_plain(int(event.state), windows) else ""
        if letter == "R":
            return self._do(self._actions.reply, may_reply)
        if letter == "E":
            return self._do(self._actions.edit, self._mine)
        return None

    def _mine(self, row: Row) -> bool:
        page = self._over.page
        return page is not None and may_change(row, page.me)

    def _do(self, action: Callable[[Row], object], fits: Callable[[Row], bool]) -> str:
        row = self.row
        if row is not None and fits(row):
            action(row)
        return "break"

    def _open_menu(self, _event: object) -> str:
        at = self._found()
        row = self.row
        if at is None or row is None:
            return "break"
        box = self._text.bbox(self._over.blocks.start(at)) or (40, 40, 0, 0)
        x, y = self._text.winfo_rootx() + box[0] + 40, self._text.winfo_rooty() + box[1] + box[3]
        self.menu.open(row, None, x, y)
        return "break"

    def _select_all(self, _event: object) -> str:
        self._text.tag_add("sel", "1.0", "end-1c")
        return "break"

    def _copy(self, _event: object) -> str:
        """What is selected, else the message where the cursor is."""
        if self._text.tag_ranges("sel"):
            self._actions.copy(self._text.get("sel.first", "sel.last"))
        elif self.row is not None:
            self._actions.copy(self.row.content)
        return "break"
