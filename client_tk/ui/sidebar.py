"""The list of chats, with a field that finds one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import Protocol

from client_tk.model import ChatKey, ChatLine
from client_tk.texts import _
from client_tk.ui.scrollbar import Scrollbar
from client_tk.ui.sidebar_list import ChatList
from client_tk.ui.theme import Theme


class SidebarActions(Protocol):
    """What the sidebar asks for; all are called on the Tk thread."""

    def select(self, key: ChatKey, /) -> None: ...

    def menu(self, key: ChatKey, x: int, y: int, /) -> None:
        """The menu of this chat at this place of the screen."""


class Sidebar(ttk.Frame):
    """While the mouse is over the list, its order stays; texts and counts change in place."""

    def __init__(self, parent: tk.Misc, theme: Theme, actions: SidebarActions) -> None:
        super().__init__(parent, style="Surface.TFrame")
        self._theme, self._actions = theme, actions
        self._lines: list[ChatLine] = []
        self._selected: ChatKey | None = None
        self._variable = tk.StringVar(self)
        self.entry = ttk.Entry(self, textvariable=self._variable)
        self.entry.pack(fill="x", padx=10, pady=(10, 8))
        self._hint = tk.Label(self.entry, text=_("Search"), cursor="xterm", borderwidth=0)
        self.list = ChatList(self, theme, self._select, actions.menu, self._type)
        self._bar = Scrollbar(self, self.list.canvas.yview)
        self.list.canvas.configure(yscrollcommand=self._moved)
        self._bar.pack(side="right", fill="y")
        self.list.canvas.pack(side="left", fill="both", expand=True)
        self._empty = tk.Label(self.list.canvas, justify="center")
        self._bind_events()
        theme.follow(self, self._dress)
        self._filter()

    def _bind_events(self) -> None:
        self._variable.trace_add("write", lambda *_: self._filter())
        self._hint.bind("<Button-1>", lambda _e: self.entry.focus_set())
        self.entry.bind("<Down>", lambda _e: self._into_list())
        self.entry.bind("<Return>", lambda _e: self._take_first())
        self.entry.bind("<KP_Enter>", lambda _e: self._take_first())
        self.entry.bind("<Escape>", self._on_escape)
        self.list.canvas.bind("<Escape>", self._on_escape)
        self.list.canvas.bind(
            "<Configure>", lambda e: self._empty.configure(wraplength=max(e.width - 40, 60)),
            add="+",
        )  # fmt: skip

    def _dress(self) -> None:
        p = self._theme.palette
        self._hint.configure(background=p.background, foreground=p.muted, font="Body")
        self._empty.configure(background=p.surface, foreground=p.muted, font="Body")

    def _moved(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        self.list.draw_later()

    # Showing

    def show(
        self, lines: Sequence[ChatLine], selected: ChatKey | None, filter: str | None = None
    ) -> None:
        """These chats in this order. `filter` None leaves what is searched for as it is."""
        self._lines = list(lines)
        self._selected = selected
        if filter is not None and filter != self._variable.get():
            self._variable.set(filter)
        else:
            self._show(sort=False)

    @property
    def filter_text(self) -> str:
        return self._variable.get()

    def _filter(self) -> None:
        if self._variable.get():
            self._hint.place_forget()
        else:
            self._hint.place(x=self._theme.px(9), rely=0.5, anchor="w")
        self._show(sort=True)

    def _show(self, *, sort: bool) -> None:
        found = fitting(self._lines, self._variable.get())
        self.list.show(found, self._selected, sort=sort)
        text = ""
        if not found:
            searched = bool(self._variable.get().strip())
            text = _("Nothing found") if searched else _("No chats yet. Press Ctrl+N to begin one.")
        self._empty.configure(text=text)
        if text:
            self._empty.place(relx=0.5, y=self._theme.px(36), anchor="n")
        else:
            self._empty.place_forget()

    # What is chosen

    def _select(self, key: ChatKey) -> None:
        if self._variable.get():
            self._variable.set("")
        self._actions.select(key)

    def _take_first(self) -> str:
        if self.list.keys:
            self._select(self.list.keys[0])
        return "break"

    def _into_list(self) -> str:
        self.list.canvas.focus_set()
        if self._variable.get() and self.list.keys:
            self.list.put_cursor(0)
        return "break"

    def _type(self, sign: str) -> None:
        """Something was typed while the list had the focus."""
        self.entry.focus_set()
        self.entry.insert("end", sign)
        self.entry.icursor("end")

    def _on_escape(self, _event: object) -> str | None:
        if not self._variable.get():
            return None
        self._variable.set("")
        return "break"

    def focus_set(self) -> None:
        self.list.canvas.focus_set()

    focus = focus_set


def fitting(lines: Sequence[ChatLine], text: str) -> list[ChatLine]:
    """Those whose title has all these words."""
    words = text.casefold().split()
    return [line for line in lines if all(word in line.title.casefold() for word in words)]
