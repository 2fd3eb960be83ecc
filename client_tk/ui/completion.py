"""The list that offers names after an @ and emoji after a colon."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable
from typing import NamedTuple

from client_tk.ui.composer_entry import Entry
from client_tk.ui.drawable import one_line
from client_tk.ui.emoji_names import EMOJI
from client_tk.ui.theme import Theme

MOST = 8
_NAME = re.compile(r"(?:^|(?<=[\s(\[{,;]))@([\w.-]*)$")
_EMOJI = re.compile(r"(?:^|(?<=\s)):([a-z0-9_+-]{2,})$")


class Offer(NamedTuple):
    """What the list shows, and what takes the place of the last `replaced` characters."""

    shown: str
    text: str
    replaced: int


def offers(before: str, names: Callable[[], list[str]], *, emoji: bool = True) -> list[Offer]:
    """What could be meant by the end of this text. `names` is asked only if it matters."""
    if found := _NAME.search(before):
        size = len(found[0])
        return [Offer(n, f"@{n} ", size) for n in _fitting(found[1], names())]
    if emoji and (found := _EMOJI.search(before)):
        size = len(found[0])
        fitting = _fitting(found[1], list(EMOJI))
        return [Offer(f"{EMOJI[n]}  :{n}:", f"{EMOJI[n]} ", size) for n in fitting]
    return []


def _fitting(part: str, names: list[str]) -> list[str]:
    """Those that begin so come first."""
    part = part.casefold()
    known = sorted(set(names), key=str.casefold)
    first = [name for name in known if name.casefold().startswith(part)]
    others = [name for name in known if part in name.casefold() and name not in first]
    return (first + others)[:MOST]


class Completion:
    """Lies over the window and never has the focus. Keys come from the composer."""

    def __init__(self, entry: Entry, theme: Theme, names: Callable[[], list[str]]) -> None:
        self._entry, self._text, self._theme, self._names = entry, entry.text, theme, names
        self._offers: list[Offer] = []
        self._refused = ""
        self.list = tk.Listbox(
            entry.winfo_toplevel(), takefocus=False, exportselection=False, relief="flat",
            activestyle="none", borderwidth=0, highlightthickness=1,
        )  # fmt: skip
        self.list.bind("<Button-1>", self._on_click)
        self._text.bind("<KeyRelease-Left>", lambda _e: self.look(), add="+")
        self._text.bind("<KeyRelease-Right>", lambda _e: self.look(), add="+")
        self._text.bind("<FocusOut>", lambda _e: self.close(), add="+")
        theme.follow(self.list, self._dress)

    def _dress(self) -> None:
        p = self._theme.palette
        self.list.configure(
            font="Body", background=p.background, foreground=p.text, highlightcolor=p.control,
            highlightbackground=p.control, selectbackground=p.current, selectforeground=p.text,
        )  # fmt: skip

    @property
    def is_open(self) -> bool:
        return bool(self._offers)

    def look(self) -> None:
        """Whether something can be offered for what stands before the cursor."""
        before = self._text.get("insert linestart", "insert")
        if before == self._refused and before:
            return
        self._refused = ""
        found: list[Offer] = []
        if self._entry.enabled:
            found = offers(before, self._names, emoji=self._theme.emoji)
        if found:
            self._show(found)
        else:
            self._hide()

    def _show(self, found: list[Offer]) -> None:
        if found == self._offers:
            return
        self._offers = found
        self.list.delete(0, "end")
        self.list.insert("end", *(f" {one_line(offer.shown, 48)} " for offer in found))
        self.list.configure(
            height=len(found), width=max(len(one_line(o.shown, 48)) for o in found) + 3
        )
        self._choose(0)
        top = self.list.winfo_toplevel()
        box = self._text.bbox("insert") or (0, 0, 0, 0)
        x = self._text.winfo_rootx() - top.winfo_rootx() + box[0]
        x = min(x, max(top.winfo_width() - self.list.winfo_reqwidth() - 8, 0))
        y = self._entry.winfo_rooty() - top.winfo_rooty() - 4
        self.list.place(x=x, y=y, anchor="sw")
        self.list.lift()

    def _choose(self, at: int) -> None:
        self.list.selection_clear(0, "end")
        self.list.selection_set(at)
        self.list.see(at)

    def _chosen(self) -> int:
        chosen = self.list.curselection()
        return int(chosen[0]) if chosen else 0

    def step(self, by: int) -> bool:
        """To the next offer or the one before. Whether there was a list to do it in."""
        if self.is_open:
            self._choose((self._chosen() + by) % len(self._offers))
        return self.is_open

    def accept(self) -> bool:
        """Write what is chosen. Whether anything was offered."""
        if not self.is_open:
            return False
        offer = self._offers[self._chosen()]
        self._hide()
        self._text.edit_separator()
        self._text.delete(f"insert-{offer.replaced}c", "insert")
        self._text.insert("insert", offer.text)
        return True

    def close(self) -> bool:
        """Offer nothing until something else is written. Whether anything was offered."""
        was_open = self.is_open
        if was_open:
            self._refused = self._text.get("insert linestart", "insert")
        self._hide()
        return was_open

    def _hide(self) -> None:
        self._offers = []
        self.list.place_forget()

    def _on_click(self, event: tk.Event[tk.Misc]) -> str:
        self._choose(self.list.nearest(event.y))
        self.accept()
        self._text.focus_set()
        return "break"
