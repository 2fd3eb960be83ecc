"""What can be done with a row of a transcript, as a menu."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from typing import TYPE_CHECKING

from client_tk.model import Row
from client_tk.texts import _
from client_tk.ui.drawable import drawable
from client_tk.ui.transcript_text import Target

if TYPE_CHECKING:
    from client_tk.ui.transcript import Transcript, TranscriptActions

EMOJI = ("👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀")


def may_reply(row: Row) -> bool:
    """Only to what has its place in the chat."""
    return row.kind == "message" and row.seq is not None and not row.deleted


def may_change(row: Row, me: str) -> bool:
    """Only what I wrote myself."""
    return may_reply(row) and row.sender == me


class Menu:
    """Built anew each time it is opened."""

    def __init__(self, over: Transcript, actions: TranscriptActions) -> None:
        self._over, self._actions = over, actions
        self.menu = tk.Menu(over, tearoff=False)
        self._emoji = tk.Menu(self.menu, tearoff=False)

    def open(self, row: Row, target: Target | None, x: int, y: int) -> None:
        """At this place of the screen; `target` is what lies under the pointer."""
        page = self._over.page
        if page is None:
            return
        self.menu.delete(0, "end")
        self._add_copies(row, target)
        self._add_message(row, page.me)
        if row.progress == "refused":
            self._add_refused(row)
        if self.menu.index("end") is not None:
            self.menu.tk_popup(x, y)

    def _add_copies(self, row: Row, target: Target | None) -> None:
        add, text = self.menu.add_command, self._over.text
        if text.tag_ranges("sel"):
            chosen = text.get("sel.first", "sel.last")
            add(label=_("Copy the selection"), command=lambda: self._actions.copy(chosen))
        if target is not None and target.kind == "link":
            url = target.value
            add(label=_("Open the link"), command=lambda: self._actions.open_link(url))
            add(label=_("Copy the link"), command=lambda: self._actions.copy(url))
        if row.kind == "message" and not row.deleted:
            add(label=_("Copy the text"), command=lambda: self._actions.copy(row.content))

    def _add_message(self, row: Row, me: str) -> None:
        if may_reply(row):
            self.menu.add_command(label=_("Reply"), command=lambda: self._actions.reply(row))
            self._fill_emoji(row, me)
            self.menu.add_cascade(label=_("React"), menu=self._emoji)
        if may_change(row, me):
            self.menu.add_separator()
            self.menu.add_command(label=_("Edit"), command=lambda: self._actions.edit(row))
            self.menu.add_command(
                label=_("Delete for everyone"), command=lambda: self._actions.delete(row)
            )

    def _fill_emoji(self, row: Row, me: str) -> None:
        self._emoji.delete(0, "end")
        mine = {emoji for emoji, who in row.reactions if me in who}
        for emoji in EMOJI:
            active = emoji not in mine
            shown = drawable(emoji, emoji=self._over.emoji)
            self._emoji.add_command(
                label=shown if active else _("{emoji}  (take back)").format(emoji=shown),
                command=partial(self._actions.react, row, emoji, active),
            )

    def _add_refused(self, row: Row) -> None:
        """Nothing else of the outbox can be discarded: it may be stored already."""
        self.menu.add_separator()
        self.menu.add_command(label=_("Retry"), command=lambda: self._actions.retry(row))
        self.menu.add_command(label=_("Discard"), command=lambda: self._actions.discard(row))
