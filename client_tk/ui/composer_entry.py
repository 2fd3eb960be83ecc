"""The field of the composer: it grows with its text, and knows characters as people see them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Literal

from client_tk.ui.drawable import last_cluster, typable
from client_tk.ui.theme import Theme

MOST_LINES = 8
_WRAPPED = 10_000
"""A longer line is not wrapped."""
_COUNTED = 3000
"""Longer texts fill the field anyway: Tk need not count their lines."""


class Entry(ttk.Frame):
    """A text with round corners, a ring while it has the focus, and a hint while it is empty."""

    def __init__(self, parent: tk.Misc, theme: Theme, on_change: Callable[[], object]) -> None:
        super().__init__(parent, style="Field.TFrame", padding=(10, 6))
        self._theme, self._on_change = theme, on_change
        self._silent = False
        self.text = tk.Text(
            self, height=1, width=1, wrap="word", undo=True, maxundo=0, borderwidth=0,
            autoseparators=True, highlightthickness=0, relief="flat",
        )  # fmt: skip
        self.text.pack(fill="both", expand=True)
        self._hint = tk.Label(self.text, anchor="w", borderwidth=0, padx=0, pady=0, cursor="xterm")
        self._bind_events()
        theme.follow(self, self._dress)

    def _bind_events(self) -> None:
        bind = self.text.bind
        bind("<<Modified>>", self.notice)
        bind("<FocusIn>", lambda _e: self.state(["focus"]), add="+")
        bind("<FocusOut>", lambda _e: self.state(["!focus"]), add="+")
        bind("<Configure>", lambda _e: self._grow(), add="+")
        bind("<<Paste>>", self._on_paste)
        bind("<BackSpace>", self._on_backspace)
        bind("<Control-BackSpace>", self._on_word_backspace)
        for sequence in ("<Control-a>", "<Control-A>", "<<SelectAll>>"):
            bind(sequence, self._select_all)
        self._hint.bind("<Button-1>", lambda _e: self.text.focus_set())

    def _dress(self) -> None:
        p = self._theme.palette
        self.text.configure(
            font="Body", background=p.background, foreground=p.text, insertbackground=p.text,
            selectbackground=p.selection, selectforeground=p.text, insertwidth=2,
            spacing1=self._theme.px(1), spacing3=self._theme.px(1),
        )  # fmt: skip
        self._hint.configure(font="Body", background=p.background, foreground=p.muted)
        self._grow()

    # The text

    def get(self) -> str:
        """Only what can be sent and kept: Tk can leave half of an emoji."""
        return typable(str(self.text.get("1.0", "end-1c")))

    def put(self, text: str) -> None:
        """Another text, without telling, and nothing to undo."""
        enabled = self.enabled
        self.text.configure(state="normal")
        self._silent = True
        self.text.delete("1.0", "end")
        self._wrap(text)
        self.text.insert("1.0", text)
        self.text.edit_reset()
        self.notice()
        self._silent = False
        self.text.mark_set("insert", "end-1c")
        self.text.see("insert")
        self.text.configure(state="normal" if enabled else "disabled")

    def insert(self, text: str) -> None:
        """Where the cursor is, in place of what is selected."""
        if self.text.tag_ranges("sel"):
            self.text.delete("sel.first", "sel.last")
        if len(text) > _WRAPPED:
            self._wrap(text)
        self.text.insert("insert", text)
        self.text.see("insert")

    def _wrap(self, text: str) -> None:
        """Tk needs a second for each key where it wraps a line of some 100 000 characters."""
        wrap: Literal["none", "word"] = "none" if _longest_line(text) > _WRAPPED else "word"
        if self.text.cget("wrap") != wrap:
            self.text.configure(wrap=wrap)

    # Being usable

    @property
    def enabled(self) -> bool:
        return str(self.text.cget("state")) == "normal"

    def enable(self, hint: str) -> None:
        self._hint.configure(text=hint)
        self.text.configure(state="normal")
        self._show_hint()

    def disable(self, hint: str) -> None:
        self._hint.configure(text=hint)
        self.text.configure(state="disabled")
        self._show_hint()

    # Changes

    def notice(self, _event: object = None) -> None:
        """See what has changed now: Tk tells it late, after keys that were pressed quickly."""
        if not self.text.edit_modified():
            return
        self.text.edit_modified(False)
        self._show_hint()
        self._wrap(self.get())
        self._grow()
        if not self._silent:
            self._on_change()

    def _show_hint(self) -> None:
        if self.text.compare("end-1c", "==", "1.0"):
            self._hint.place(x=2, y=self._theme.px(1), relwidth=1.0, width=-4)
        else:
            self._hint.place_forget()

    def _grow(self) -> None:
        lines = min(max(self._lines(), 1), MOST_LINES)
        if int(self.text.cget("height")) != lines:
            self.text.configure(height=lines)
            if lines < MOST_LINES:
                self.text.yview_moveto(0.0)
            self.text.see("insert")

    def _lines(self) -> int:
        """As they are drawn."""
        lines = int(self.text.index("end-1c").split(".")[0])
        if lines >= MOST_LINES or self.text.winfo_width() <= 1:
            return lines
        if self.text.compare(f"1.0+{_COUNTED}c", "<", "end-1c"):
            return MOST_LINES
        return int(self.text.tk.call(self.text, "count", "-displaylines", "1.0", "end-1c")) + 1

    # Keys

    def _on_paste(self, _event: object) -> str | None:
        """Whatever is selected gives way, on every system; a long text is pasted quickly."""
        if not self.enabled:
            return None
        try:
            text = str(self.text.clipboard_get())
        except tk.TclError:
            return "break"
        self.text.edit_separator()
        self.insert(typable(text))
        self.text.edit_separator()
        return "break"

    def _on_backspace(self, _event: object) -> str | None:
        """What a person sees as one character is deleted as one."""
        if self.text.tag_ranges("sel"):
            return None
        before = self.text.get("insert linestart", "insert")
        size = last_cluster(before)
        if size < 2:
            return None
        self.text.delete(f"insert-{size}c", "insert")
        return "break"

    def _on_word_backspace(self, _event: object) -> str:
        if not self.text.tag_ranges("sel"):
            before = self.text.get("insert linestart", "insert")
            words = before.rstrip().rsplit(None, 1)
            kept = len(before.rstrip()) - len(words[-1]) if words else 0
            self.text.delete(f"insert-{max(len(before) - kept, 1)}c", "insert")
        else:
            self.text.delete("sel.first", "sel.last")
        return "break"

    def _select_all(self, _event: object) -> str:
        self.text.tag_add("sel", "1.0", "end-1c")
        return "break"


def _longest_line(text: str) -> int:
    return len(text) if len(text) <= _WRAPPED else max(map(len, text.split("\n")))
