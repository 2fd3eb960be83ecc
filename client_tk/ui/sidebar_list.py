"""The chats on a canvas. Only the rows that can be seen are drawn."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from client_tk.model import ChatKey, ChatLine
from client_tk.ui.sidebar_row import RowPainter
from client_tk.ui.theme import Theme

_CONTROL, _ALT = 0x4, 0x8
_LOOK_MS = 500


class ChatList:
    """`keys` are the chats in the order of the list. The cursor is where the keyboard is."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, select: Callable[[ChatKey], object],
        menu: Callable[[ChatKey, int, int], object], typed: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._theme, self._select, self._menu, self._typed = theme, select, menu, typed
        self.keys: list[ChatKey] = []
        self._lines: dict[ChatKey, ChatLine] = {}
        self._wanted: list[ChatKey] = []
        self._selected: ChatKey | None = None
        self._cursor: ChatKey | None = None
        self._over: int | None = None
        self._inside = False
        self._due: str | None = None
        self._looking: str | None = None
        self.canvas = tk.Canvas(
            parent, highlightthickness=0, borderwidth=0, takefocus=True, width=1, height=1,
            yscrollincrement=1,
        )  # fmt: skip
        self._painter = RowPainter(self.canvas, theme)
        self._bind_mouse()
        self._bind_keys()
        theme.follow(self.canvas, self._dress)

    def _bind_mouse(self) -> None:
        bind = self.canvas.bind
        bind("<Enter>", lambda e: self._on_motion(e))
        bind("<Motion>", self._on_motion)
        bind("<Leave>", self._on_leave)
        bind("<Button-1>", self._on_click)
        bind("<Button-3>", self._on_right_click)
        bind("<Button-4>", lambda _e: self._scroll(-1))
        bind("<Button-5>", lambda _e: self._scroll(1))
        bind("<MouseWheel>", lambda e: self._scroll(-1 if e.delta > 0 else 1))
        bind("<Configure>", lambda _e: self._fit(), add="+")
        bind("<Destroy>", lambda _e: self._cancel(), add="+")

    def _bind_keys(self) -> None:
        steps = {"Up": -1, "Down": 1, "Home": -(10**6), "End": 10**6}
        for key, by in steps.items():
            self.canvas.bind(f"<{key}>", partial(self._step, by))
        self.canvas.bind("<Prior>", lambda e: self._step(-self._page(), e))
        self.canvas.bind("<Next>", lambda e: self._step(self._page(), e))
        for sequence in ("<Return>", "<KP_Enter>", "<space>"):
            self.canvas.bind(sequence, lambda _e: self._enter())
        for sequence in ("<Menu>", "<Shift-F10>"):
            try:
                self.canvas.bind(sequence, lambda _e: self._open_menu())
            except tk.TclError:
                continue
        self.canvas.bind("<Key>", self._on_key)
        self.canvas.bind("<FocusIn>", lambda _e: self._on_focus())
        self.canvas.bind("<FocusOut>", lambda _e: self.draw_later())

    def _dress(self) -> None:
        self.canvas.configure(background=self._theme.palette.surface)
        self._painter.dress()
        self._fit()

    # Showing

    def show(
        self, lines: Sequence[ChatLine], selected: ChatKey | None, *, sort: bool = False
    ) -> None:
        """`sort` takes the new order even under the mouse."""
        self._lines = {line.key: line for line in lines}
        self._wanted = [line.key for line in lines]
        if selected != self._selected:
            self._selected = self._cursor = selected
            sort_first = selected is not None and selected not in self.keys
            sort = sort or sort_first
        held = self._inside and not sort
        self.keys = kept_order(self.keys, self._wanted) if held else list(self._wanted)
        self._fit()

    def _fit(self) -> None:
        height = max(len(self.keys) * self._painter.height, self.canvas.winfo_height())
        self.canvas.configure(scrollregion=(0, 0, self.canvas.winfo_width(), height))
        self.draw_later()

    def draw_later(self) -> None:
        if self._due is None:
            self._due = self.canvas.after_idle(self._draw)

    def _cancel(self) -> None:
        if self._looking is not None:
            self.canvas.after_cancel(self._looking)
            self._looking = None
        if self._due is not None:
            self.canvas.after_cancel(self._due)
            self._due = None

    def _draw(self) -> None:
        self._due = None
        height = self._painter.height
        top = int(self.canvas.canvasy(0))
        first = max(top // height - 1, 0)
        last = min((top + self.canvas.winfo_height()) // height + 2, len(self.keys))
        focused = str(self.canvas.tk.call("focus")) == str(self.canvas)
        now_s = time.time()
        self.canvas.delete("all")
        for at in range(first, last):
            key = self.keys[at]
            self._painter.paint(
                self._lines[key], at * height, now_s, selected=key == self._selected,
                over=at == self._over, cursor=focused and key == self._cursor,
            )  # fmt: skip

    # The mouse

    def _at(self, y: int) -> int | None:
        at = int(self.canvas.canvasy(y)) // self._painter.height
        return at if 0 <= at < len(self.keys) else None

    def _on_motion(self, event: tk.Event[tk.Misc]) -> None:
        self._inside = True
        if self._looking is not None:  # it tells by itself again
            self.canvas.after_cancel(self._looking)
            self._looking = None
        at = self._at(event.y)
        if at != self._over:
            self._over = at
            self.draw_later()

    def _on_leave(self, event: tk.Event[tk.Misc]) -> None:
        """A window manager that takes the mouse for a click, or a menu, only seems to."""
        if self._holds(event.x, event.y):
            self._look_later()
        else:
            self._left()

    def _holds(self, x: int, y: int) -> bool:
        return 0 <= x < self.canvas.winfo_width() and 0 <= y < self.canvas.winfo_height()

    def _left(self) -> None:
        self._inside, self._over = False, None
        self.keys = list(self._wanted)
        self._fit()

    def _look_later(self) -> None:
        """Nobody tells when the mouse goes away from over a menu."""
        if self._looking is not None:
            self.canvas.after_cancel(self._looking)
        self._looking = self.canvas.after(_LOOK_MS, self._look)

    def _look(self) -> None:
        self._looking = None
        x = self.canvas.winfo_pointerx() - self.canvas.winfo_rootx()
        y = self.canvas.winfo_pointery() - self.canvas.winfo_rooty()
        if self._holds(x, y):
            self._look_later()
        elif self._inside:
            self._left()

    def _on_click(self, event: tk.Event[tk.Misc]) -> None:
        at = self._at(event.y)
        if at is not None:
            self._cursor = self.keys[at]
            self._select(self.keys[at])

    def _on_right_click(self, event: tk.Event[tk.Misc]) -> None:
        at = self._at(event.y)
        if at is not None:
            self._menu(self.keys[at], event.x_root, event.y_root)

    def _scroll(self, by: int) -> str:
        if len(self.keys) * self._painter.height > self.canvas.winfo_height():
            self.canvas.yview_scroll(by * self._painter.height, "units")
        return "break"

    # The keyboard

    def _on_focus(self) -> None:
        if self._cursor not in self._lines:
            self._cursor = self._selected or (self.keys[0] if self.keys else None)
        self.draw_later()

    def _step(self, by: int, event: tk.Event[tk.Misc]) -> str | None:
        if int(event.state) & (_CONTROL | _ALT):
            return None
        if not self.keys:
            return "break"
        if self._cursor in self.keys:
            self.put_cursor(self.keys.index(self._cursor) + by)
        else:
            self.put_cursor(0)
        return "break"

    def _page(self) -> int:
        return max(self.canvas.winfo_height() // self._painter.height - 1, 1)

    def put_cursor(self, at: int) -> None:
        """On this row, or the last one; the list scrolls there."""
        at = min(max(at, 0), len(self.keys) - 1)
        self._cursor = self.keys[at]
        self.see(at)
        self.draw_later()

    def see(self, at: int) -> None:
        """Scroll as little as needed."""
        height, room = self._painter.height, self.canvas.winfo_height()
        top = self.canvas.canvasy(0)
        if at * height < top:
            self.canvas.yview_scroll(int(at * height - top), "units")
        elif (at + 1) * height > top + room:
            self.canvas.yview_scroll(int((at + 1) * height - top - room), "units")

    def _enter(self) -> str:
        if self._cursor in self._lines:
            self._select(self._cursor)
        return "break"

    def _open_menu(self) -> str:
        if self._cursor in self.keys:
            y = (self.keys.index(self._cursor) + 1) * self._painter.height
            y -= int(self.canvas.canvasy(0))
            self._menu(self._cursor, self.canvas.winfo_rootx() + 40, self.canvas.winfo_rooty() + y)
        return "break"

    def _on_key(self, event: tk.Event[tk.Misc]) -> str | None:
        if event.char and event.char.isprintable() and not int(event.state) & (_CONTROL | _ALT):
            self._typed(event.char)
            return "break"
        return None


def kept_order(shown: list[ChatKey], wanted: list[ChatKey]) -> list[ChatKey]:
    """The order that is shown, without those that are gone; new ones come last."""
    there = set(wanted)
    old = [key for key in shown if key in there]
    known = set(old)
    return old + [key for key in wanted if key not in known]
