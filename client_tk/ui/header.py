"""What stands above the transcript: the chat's name, who is there, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Protocol

from client_tk.model import ChatKey
from client_tk.texts import _, ngettext
from client_tk.ui.tooltip import Tooltip


class HeaderActions(Protocol):
    def search_here(self) -> None: ...

    def toggle_members(self) -> None: ...

    def chat_menu(self, key: ChatKey, x: int, y: int) -> None: ...


class Header(ttk.Frame):
    """Of the selected chat; empty while there is none."""

    def __init__(self, parent: tk.Misc, actions: HeaderActions) -> None:
        super().__init__(parent, style="Surface.TFrame", padding=(16, 10))
        self._actions = actions
        self._key: ChatKey | None = None
        names = ttk.Frame(self, style="Surface.TFrame")
        names.pack(side="left", fill="x", expand=True)
        self._title = ttk.Label(names, style="Title.Surface.TLabel", anchor="w")
        self._title.pack(fill="x")
        self._below = ttk.Label(names, style="Muted.Surface.TLabel", anchor="w")
        self._below.pack(fill="x")
        self._buttons = [
            self._button("⋯", _("More"), self._menu),
            self._button(_("Members"), _("Members (F9)"), actions.toggle_members),
            self._button(_("Search"), _("Search here (Ctrl+F)"), actions.search_here),
        ]

    def _button(self, text: str, hint: str, command: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(self, text=text, style="Flat.TButton", width=0, command=command)
        button.pack(side="right", padx=(4, 0))
        Tooltip(button, lambda _x, _y: hint)
        return button

    def show(self, key: ChatKey | None, title: str, below: str) -> None:
        self._key = key
        self._title.configure(text=title)
        self._below.configure(text=below)
        for button in self._buttons:
            button.state(["!disabled" if key is not None else "disabled"])
        members = self._buttons[1]
        if key is not None and key.kind == "group":
            members.pack(side="right", padx=(4, 0), after=self._buttons[0])
        else:
            members.pack_forget()

    def _menu(self) -> None:
        if self._key is not None:
            more = self._buttons[0]
            x, y = more.winfo_rootx(), more.winfo_rooty() + more.winfo_height()
            self._actions.chat_menu(self._key, x, y)


def below_title(key: ChatKey, *, typing: list[str], online: bool, members: int, known: bool) -> str:
    """The quiet line under the name."""
    if typing:
        return typing_line(typing)
    if key.kind == "group":
        return (
            ngettext("{count} member", "{count} members", members).format(count=members)
            if (members)
            else _("Group")
        )
    if not known:
        return ""
    return _("online") if online else _("offline")


def typing_line(names: list[str]) -> str:
    """Who is writing."""
    if len(names) == 1:
        return _("{name} is typing…").format(name=names[0])
    if len(names) == 2:
        return _("{one} and {other} are typing…").format(one=names[0], other=names[1])
    return _("Several people are typing…")
