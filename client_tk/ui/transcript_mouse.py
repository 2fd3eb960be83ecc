"""The mouse in a transcript: clicks on what can be clicked, the menu, and what hovering tells."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING

from client_tk.model import Page, Row
from client_tk.texts import _, clock, day
from client_tk.ui.drawable import one_line
from client_tk.ui.tooltip import Tooltip
from client_tk.ui.transcript_text import Target, sane

if TYPE_CHECKING:
    from client_tk.ui.transcript import Transcript, TranscriptActions

_STILL_PX = 3
_MOST_NAMES = 12


class Mouse:
    """A click is a press and a release at the same place; between two places text is selected."""

    def __init__(self, over: Transcript, actions: TranscriptActions) -> None:
        self._over, self._text, self._actions = over, over.text, actions
        self._pressed = (0, 0)
        self.tooltip = Tooltip(self._text, self._hint)
        self._text.bind("<Button-1>", self._on_press, add="+")
        self._text.bind("<ButtonRelease-1>", self._on_release, add="+")
        self._text.bind("<Motion>", self._on_motion, add="+")
        right = "<Button-2>" if self._text.tk.call("tk", "windowingsystem") == "aqua" else ""
        for sequence in filter(None, ("<Button-3>", right)):
            self._text.bind(sequence, self._on_menu)

    def _on_press(self, event: tk.Event[tk.Misc]) -> None:
        self._text.focus_set()
        self._pressed = (event.x, event.y)

    def _on_release(self, event: tk.Event[tk.Misc]) -> None:
        x, y = self._pressed
        if abs(event.x - x) > _STILL_PX or abs(event.y - y) > _STILL_PX:
            return
        found = self._over.blocks.piece_at(event.x, event.y)
        if found is not None and found[1].target is not None:
            self._follow(found[0].row, found[1].target)

    def _on_motion(self, event: tk.Event[tk.Misc]) -> None:
        hot = "hot" in self._text.tag_names(f"@{event.x},{event.y}") and self._target(
            event.x, event.y
        )
        cursor = "hand2" if hot else "xterm"
        if self._text.cget("cursor") != cursor:
            self._text.configure(cursor=cursor)

    def _target(self, x: int, y: int) -> Target | None:
        found = self._over.blocks.piece_at(x, y)
        return found[1].target if found is not None else None

    def _follow(self, row: Row, target: Target) -> None:
        match target.kind:
            case "link":
                self._actions.open_link(target.value)
            case "jump":
                self._actions.jump_to(target.seq)
            case "react":
                self._actions.react(row, target.value, target.active)
            case "do":
                self._do(row, target.value)

    def _do(self, row: Row, what: str) -> None:
        match what:
            case "retry":
                self._actions.retry(row)
            case "discard":
                self._actions.discard(row)
            case "copy":
                self._actions.copy(row.content)
            case "whole":
                self._over.show_whole(row)

    def _on_menu(self, event: tk.Event[tk.Misc]) -> str:
        at = self._over.blocks.at_pixel(event.x, event.y)
        if at is not None:
            row = self._over.blocks[at].row
            self._text.focus_set()
            self._over.cursor.put(row)
            target = self._target(event.x, event.y)
            self._over.cursor.menu.open(row, target, event.x_root, event.y_root)
        return "break"

    # Hovering

    def _hint(self, x: int, y: int) -> str:
        page, found = self._over.page, self._over.blocks.piece_at(x, y)
        if page is None or found is None:
            return ""
        block, piece = found
        if piece.target is not None and piece.target.kind == "react":
            return _reacted(block.row, piece.target.value, page)
        if piece.target is not None and piece.target.kind == "link":
            return one_line(piece.target.value, 300)
        if block.row.kind == "message" and {"tick", "tick-read"} & set(piece.tags):
            return progress_text(block.row, page)
        if "time" in piece.tags:
            return full_time(block.row.time_s, self._over.now_s())
        return ""


def progress_text(row: Row, page: Page) -> str:
    """How far an own message has come, with the names of those who have read it."""
    names = [
        page.name_of(who) for who, seq in page.read_by if row.seq is not None and seq >= row.seq
    ]
    match row.progress:
        case "waiting":
            return _("Not sent yet; it will be, as soon as the server can be reached")
        case "refused":
            return _("The server has refused it")
        case "read" if names:
            return _("Read by {names}").format(names=_enumerated(names))
        case "stored" | "read":
            return _("Stored by the server")
    return ""


def full_time(time_s: float, now_s: float) -> str:
    """The day and the time."""
    time_s = sane(time_s)
    return _("{day}, {time}").format(day=day(time_s, now_s), time=clock(time_s))


def _reacted(row: Row, emoji: str, page: Page) -> str:
    who = next((who for sign, who in row.reactions if sign == emoji), ())
    return _enumerated([page.name_of(user_id) for user_id in who])


def _enumerated(names: list[str]) -> str:
    shown = ", ".join(one_line(name, 40) for name in names[:_MOST_NAMES])
    return shown + ", …" if len(names) > _MOST_NAMES else shown
