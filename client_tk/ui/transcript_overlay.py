"""What lies over a transcript: why it is empty, that something is loading, the way to the end."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

from client_tk.model import Page
from client_tk.texts import _, ngettext
from client_tk.ui.theme import Theme

if TYPE_CHECKING:
    from client_tk.ui.transcript import Transcript


class Overlay:
    """Labels that are placed over the text, so that they move nothing in it."""

    def __init__(self, over: Transcript, theme: Theme, on_newest: Callable[[], object]) -> None:
        self._theme = theme
        self._empty = tk.Label(over.text, justify="center")
        self._loading = tk.Label(over.text, text=_("Loading earlier messages…"))
        self.pill = tk.Label(over.text, cursor="hand2", borderwidth=0, padx=0, pady=0)
        self.pill.bind("<Button-1>", lambda _event: on_newest())
        self._key: object = None

    def dress(self) -> None:
        p, px = self._theme.palette, self._theme.px
        self._empty.configure(background=p.background, foreground=p.muted, font="Body")
        self._loading.configure(
            background=p.background, foreground=p.muted, font="Small", padx=px(12), pady=px(3)
        )
        self.pill.configure(
            background=p.background, foreground=p.on_accent, font="Bold", compound="center"
        )
        self._paint_pill()

    def nothing_selected(self) -> None:
        self._say(_("Choose a chat on the left, or press Ctrl+K to find one."))
        self._loading.place_forget()
        self.pill.place_forget()

    def show(self, page: Page) -> None:
        empty = not page.rows and not page.loading and not page.has_older
        self._say(_("No messages yet. Say hello.") if empty else "")
        if page.loading:
            self._loading.place(relx=0.5, y=0, anchor="n")
        else:
            self._loading.place_forget()
        if page.key != self._key:
            self._key = page.key
            self.pill.place_forget()

    def _say(self, text: str) -> None:
        if text:
            self._empty.configure(text=text)
            self._empty.place(relx=0.5, rely=0.45, anchor="center")
        else:
            self._empty.place_forget()

    # The way to the newest message

    def show_pill(self, page: Page, *, at_end: bool) -> None:
        """With how many are unread: they stand below, for what was in sight is read."""
        if at_end:
            self.pill.place_forget()
            return
        text, count = _("▼ Newest"), page.unread
        if count:
            text = ngettext("▼ {count} new", "▼ {count} new", count).format(count=count)
        if self.pill.cget("text") != text:
            self.pill.configure(text=text)
            self._paint_pill()
        self.pill.place(relx=1.0, rely=1.0, x=-self._theme.px(16), y=-self._theme.px(12),
                        anchor="se")  # fmt: skip

    def _paint_pill(self) -> None:
        fonts, text = self._theme.fonts, str(self.pill.cget("text"))
        height = round(fonts.linespace("Bold") * 1.7)
        width = fonts.measure(text, "Bold") + height
        colour = self._theme.palette.accent
        self.pill.configure(image=self._theme.icons.pill(width, height, colour))
