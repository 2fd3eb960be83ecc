"""How one chat looks in the list."""

from __future__ import annotations

import tkinter as tk
from functools import lru_cache
from typing import Literal

from client_tk.model import ChatLine
from client_tk.texts import _, when
from client_tk.ui.drawable import drawable, one_line
from client_tk.ui.theme import Theme
from client_tk.ui.transcript_text import sane, sender_colour

_MOST = 999
_Anchor = Literal["w", "e", "center"]


class RowPainter:
    """`height` is that of every row, in pixels."""

    def __init__(self, canvas: tk.Canvas, theme: Theme) -> None:
        self._canvas, self._theme = canvas, theme
        self.height = 56

    def dress(self) -> None:
        """After a change of colours or sizes."""
        fonts, px = self._theme.fonts, self._theme.px
        self._line, self._small = fonts.linespace("Bold"), fonts.linespace("Small")
        self.height = self._line + self._small + px(20)
        self._disc = min(self.height - px(18), px(40))
        self._pad = px(12)
        self.fit = lru_cache(maxsize=4000)(fonts.fit)

    def paint(
        self, line: ChatLine, y: int, now_s: float, *, selected: bool, over: bool, cursor: bool
    ) -> None:
        p, px = self._theme.palette, self._theme.px
        width = self._canvas.winfo_width()
        ground = p.current if selected else p.hover if over else p.surface
        if ground != p.surface or cursor:
            self._ground(y, width, ground, p.focus if cursor else "")
        self._avatar(line, y, ground)
        left = self._pad + self._disc + px(10)
        right = width - px(10)
        top = y + px(9) + self._line // 2
        below = y + px(11) + self._line + self._small // 2
        self._head(line, left, right, top, now_s)
        self._foot(line, left, right, below)

    def _ground(self, y: int, width: int, colour: str, ring: str) -> None:
        px = self._theme.px
        inset = px(2)
        self._canvas.create_rectangle(
            inset, y + 1, width - inset, y + self.height - 1, fill=colour,
            outline=ring or colour, width=2 if ring else 1,
        )  # fmt: skip

    def _avatar(self, line: ChatLine, y: int, ground: str) -> None:
        p, icons = self._theme.palette, self._theme.icons
        colour = p.senders[sender_colour(line.key.id)]
        middle = (self._pad + self._disc / 2, y + self.height / 2)
        self._canvas.create_image(*middle, image=icons.disc(self._disc, colour))
        letter = "#" if line.key.kind == "group" else one_line(line.title, 8)[:1].upper()
        self._text(*middle, letter, "Bold", p.background, "center")
        if line.key.kind == "private":
            size = self._theme.px(13)
            mark = icons.presence(
                size, p.online if line.online else p.muted, ground, online=line.online
            )
            at = self._disc / 2 - size * 0.32
            self._canvas.create_image(middle[0] + at, middle[1] + at, image=mark)

    def _head(self, line: ChatLine, left: int, right: int, y: int, now_s: float) -> None:
        p, px, fonts = self._theme.palette, self._theme.px, self._theme.fonts
        if line.time_s:
            time_text = when(sane(line.time_s), now_s)
            self._text(right, y, time_text, "Small", p.muted, "e")
            right -= fonts.measure(time_text, "Small") + px(8)
        room = right - left - (px(18) if line.muted else 0)
        title = self.fit(self._safe(line.title), room, "Bold")
        self._text(left, y, title, "Bold", p.text, "w")
        if line.muted:
            at = left + fonts.measure(title, "Bold") + px(5)
            image = self._theme.icons.muted(px(12), p.muted)
            self._canvas.create_image(at, y, image=image, anchor="w")

    def _foot(self, line: ChatLine, left: int, right: int, y: int) -> None:
        p = self._theme.palette
        if line.unread:
            right = self._badge(_number(line.unread), right, y, full=not line.muted)
        if line.mentions:
            right = self._badge(f"@{_number(line.mentions)}", right, y, full=True)
        if line.draft.strip():
            label = _("Draft:") + " "
            self._text(left, y, label, "Small", p.danger, "w")
            left += self._theme.fonts.measure(label, "Small")
        text = self._safe(line.draft if line.draft.strip() else line.preview)
        self._text(left, y, self.fit(text, right - left, "Small"), "Small", p.muted, "w")

    def _badge(self, text: str, right: int, y: int, *, full: bool) -> int:
        """Returns where there is room left of it."""
        p, px, fonts = self._theme.palette, self._theme.px, self._theme.fonts
        height = self._small + px(3)
        width = max(fonts.measure(text, "Small") + px(11), height)
        image = self._theme.icons.pill(width, height, p.badge if full else p.raised)
        self._canvas.create_image(right, y, image=image, anchor="e")
        colour = p.on_badge if full else p.text
        self._text(right - width / 2, y, text, "Small", colour, "center")
        return right - width - px(5)

    def _safe(self, text: str) -> str:
        return drawable(one_line(text, 120), emoji=self._theme.emoji)

    def _text(self, x: float, y: float, text: str, font: str, fill: str, anchor: _Anchor) -> None:
        self._canvas.create_text(x, y, text=text, font=font, fill=fill, anchor=anchor)


def _number(count: int) -> str:
    return str(count) if count <= _MOST else f"{_MOST}+"
