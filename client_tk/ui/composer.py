"""Where messages are written. It knows which chat it was opened for, and sends only to that."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Protocol

from msgspec import Struct

from client_tk.model import ChatKey, Row
from client_tk.texts import _, ngettext
from client_tk.ui.completion import Completion
from client_tk.ui.composer_bar import Bar
from client_tk.ui.composer_entry import Entry
from client_tk.ui.composer_keys import bind_keys
from client_tk.ui.composer_typing import Typing
from client_tk.ui.drawable import one_line
from client_tk.ui.theme import Theme

DRAFT_MS = 400
MAX_LENGTH = 4096
_NEAR = 200


class ComposerActions(Protocol):
    """What the composer asks for; all are called on the Tk thread."""

    def send(self, key: ChatKey, text: str, reply_to: int | None, /) -> None: ...

    def save_edit(self, key: ChatKey, seq: int, text: str, /) -> None: ...

    def draft(self, key: ChatKey, text: str, /) -> None:
        """What is written and not sent has changed; empty once it is sent."""

    def typing(self, key: ChatKey, active: bool, /) -> None:
        """Every few seconds while somebody writes, and once when they stop."""

    def edit_last(self, key: ChatKey, /) -> None:
        """The last own message is wanted: `edit` is called with it, if there is one."""

    def name_of(self, user_id: str, /) -> str:
        """What somebody is called."""

    def names(self, key: ChatKey, /) -> list[str]:
        """Who can be mentioned."""


class Kept(Struct):
    """What is under way in a chat, while it is shown and while it is not.

    While `editing` is set, `draft` is what was there before, and `text` the edited message.
    """

    reply: Row | None = None
    editing: Row | None = None
    text: str = ""
    draft: str = ""


class Composer(ttk.Frame):
    """`max_length` is in characters. `enter_sends` False swaps Enter and Shift+Enter."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, actions: ComposerActions,
        *, now_s: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(parent, style="Surface.TFrame", padding=(12, 8))
        self._theme, self._actions = theme, actions
        self.key: ChatKey | None = None
        self.max_length = MAX_LENGTH
        self.enter_sends = True
        self._kept: dict[ChatKey, Kept] = {}
        self._known = ""
        self._typing = Typing(actions.typing, now_s)
        self._due: str | None = None
        self._build()
        bind_keys(self)
        self.text.bind("<FocusOut>", lambda _e: self.flush(), add="+")

    def _build(self) -> None:
        self.bar = Bar(self, self._theme, self.cancel)
        self._row = ttk.Frame(self, style="Surface.TFrame")
        self._row.pack(fill="x", side="bottom")
        self._note = ttk.Label(self, style="Danger.Surface.TLabel")
        self.button = ttk.Button(
            self._row,
            text=_("Send"),
            style="Accent.TButton",
            command=self.submit,
            takefocus=False,
            width=0,
        )
        self.button.pack(side="right", anchor="s", padx=(8, 0), ipady=2)
        self._counter = ttk.Label(self._row, style="Muted.Surface.TLabel")
        self.entry = Entry(self._row, self._theme, self._changed)
        self.entry.pack(side="left", fill="x", expand=True)
        self.text = self.entry.text
        self.completion = Completion(self.entry, self._theme, self._names)

    def _names(self) -> list[str]:
        return self._actions.names(self.key) if self.key is not None else []

    # Which chat

    def open(self, key: ChatKey, title: str, draft: str, enabled: bool = True) -> None:
        """Write in this chat from now on. What was written in another one is kept for it.

        For the chat that is open already, `draft` counts only if it is a new one; what was
        written since is kept below it.
        """
        if key == self.key:
            self._take_draft(draft)
        else:
            self._leave()
            self.key, self._known = key, draft
            self._enter(draft)
        if enabled:
            self.entry.enable(_("Write to {name}").format(name=one_line(title, 64)))
        else:
            self.entry.disable(_("You cannot write here any more"))
        self.button.state(["!disabled" if enabled else "disabled"])

    def _leave(self) -> None:
        self.flush()
        self._typing.stop()
        self.completion.close()
        if self.key is not None:
            self._now.text = self.entry.get()

    def _enter(self, draft: str) -> None:
        kept = self._now
        kept.draft = draft
        self.entry.put(kept.text if kept.editing is not None else draft)
        self._show_bar()
        self._show_count()

    @property
    def _now(self) -> Kept:
        """Of the open chat."""
        assert self.key is not None  # nothing can be written before the first `open`
        return self._kept.setdefault(self.key, Kept())

    def _take_draft(self, draft: str) -> None:
        if draft == self._known:
            return
        written = self._draft()
        if written not in (self._known, draft, "") and draft:
            draft = f"{draft}\n{written}"
        self._known = self._now.draft = draft
        if self._now.editing is None and self.entry.get() != draft:
            self.entry.put(draft)
            self._show_count()

    def close(self) -> None:
        """No chat is open any more; what was written is told first."""
        self._leave()
        self.key = None
        self._known = ""
        self.entry.put("")
        self.bar.hide()

    # The draft

    def _draft(self) -> str:
        return self.entry.get() if self._now.editing is None else self._now.draft

    def flush(self) -> None:
        """Tell the draft now."""
        if self._due is not None:
            self.after_cancel(self._due)
            self._due = None
        if self.key is None or self._draft() == self._known:
            return
        self._known = self._draft()
        self._actions.draft(self.key, self._known)

    def _changed(self) -> None:
        """The text is another one, by whatever way."""
        self._note.pack_forget()
        self._show_count()
        self.completion.look()
        if self.key is None:
            return
        if self._due is None:
            self._due = self.after(DRAFT_MS, self.flush)
        if self.entry.get() and self._now.editing is None:
            self._typing.go_on(self.key)
        else:
            self._typing.stop()

    def _show_count(self) -> None:
        left = self.max_length - len(self.entry.get().strip())
        if left > min(_NEAR, self.max_length // 5):
            self._counter.pack_forget()
            return
        style = "Danger.Surface.TLabel" if left < 0 else "Muted.Surface.TLabel"
        self._counter.configure(text=str(left), style=style)
        self._counter.pack(side="right", anchor="s", padx=(8, 0), pady=6, before=self.entry)

    # Replying and editing

    def reply_to(self, row: Row) -> None:
        """The next message answers this one."""
        if self.key is None:
            return
        self._end_edit()
        self._now.reply = row
        self._show_bar()
        self.focus_set()

    def edit(self, row: Row) -> None:
        """Change a message that was sent; the draft comes back afterwards."""
        if self.key is None or row.seq is None:
            return
        if self._now.editing is None:
            self._now.draft = self.entry.get()
        self._now.editing, self._now.reply = row, None
        self.entry.put(row.content)
        self._show_bar()
        self._show_count()
        self.flush()
        self.focus_set()

    def cancel(self) -> bool:
        """Neither reply nor edit any more. Whether there was one."""
        if self.key is None or (self._now.reply is None and self._now.editing is None):
            return False
        self._now.reply = None
        self._end_edit()
        self._show_bar()
        self.focus_set()
        return True

    def _end_edit(self) -> None:
        if self._now.editing is not None:
            self._now.editing = None
            self.entry.put(self._now.draft)
            self._show_count()

    def _show_bar(self) -> None:
        kept = self._now
        row = kept.editing or kept.reply
        if row is None:
            self.bar.hide()
        else:
            self.bar.show(row, self._actions.name_of(row.sender), editing=kept.editing is not None)

    # Sending

    def submit(self) -> None:
        """Send what is written, if it is anything and not too long."""
        text = self.entry.get().rstrip().lstrip("\n")
        if self.key is None or not text.strip() or not self.entry.enabled:
            return
        if len(text) > self.max_length:
            self._say_too_long(len(text) - self.max_length)
        elif self._now.editing is not None:
            self._save_edit(self.key, self._now.editing, text)
        else:
            self._send(self.key, text)

    def _send(self, key: ChatKey, text: str) -> None:
        reply = self._now.reply
        self._actions.send(key, text, reply.seq if reply is not None else None)
        if key != self.key:
            return
        self._now.reply = None
        self.entry.put("")
        self._show_bar()
        self._show_count()
        self._typing.stop()
        self.flush()

    def _save_edit(self, key: ChatKey, row: Row, text: str) -> None:
        self._end_edit()
        self._show_bar()
        self.flush()
        if text != row.content and row.seq is not None:
            self._actions.save_edit(key, row.seq, text)

    def _say_too_long(self, over: int) -> None:
        text = ngettext(
            "The message is {count} character too long.",
            "The message is {count} characters too long.", over,
        ).format(count=over)  # fmt: skip
        self._note.configure(text=text)
        self._note.pack(fill="x", side="bottom", before=self._row, pady=(0, 4))

    def focus_set(self) -> None:
        self.text.focus_set()

    focus = focus_set

    def edit_last(self) -> bool:
        """Ask for the last own message, if nothing is written. Whether it was asked for."""
        if self.key is None or self.entry.get() or self._now.editing is not None:
            return False
        self._actions.edit_last(self.key)
        return True

    def destroy(self) -> None:
        if self._due is not None:
            self.after_cancel(self._due)
            self._due = None
        super().destroy()
