"""A list with columns that takes thousands of rows and whatever text is in them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from tkinter import font, ttk
from typing import Generic, NamedTuple, TypeVar

from client_tk.ui.dialog import Dialog
from client_tk.ui.plain import one_line
from client_tk.ui.scrollbar import Scrollbar
from client_tk.ui.tooltip import Tooltip

K = TypeVar("K", bound=Hashable)

_CELL = 200


class Column(NamedTuple):
    """`width` in digits of the font; what is left over goes to those that stretch."""

    title: str
    width: int
    stretch: bool = True


class Table(ttk.Frame, Generic[K]):
    """Rows have a key each, and one is chosen. Enter and double click call `on_enter`, a new
    choice `on_choice`.

    Filling it anew keeps the choice and the place; where the chosen row is gone, the next one is
    chosen. Without rows the sentence `empty` stands there.
    """

    def __init__(
        self, parent: tk.Misc, columns: Sequence[Column], *, empty: str = "", height: int = 10,
        headings: bool = True, on_enter: Callable[[], None] | None = None,
        on_choice: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._keys: list[K] = []
        self._to_be_seen = False
        self._rows: list[tuple[str, ...]] = []
        window = self.winfo_toplevel()
        self._emoji = not isinstance(window, Dialog) or window.theme.emoji
        self._on_enter, self._on_choice = on_enter, on_choice
        self.tree = ttk.Treeview(
            self, columns=[f"c{n}" for n in range(len(columns))], height=height,
            selectmode="browse", show="headings" if headings else "",
        )  # fmt: skip
        self._bar = Scrollbar(self, self.tree.yview)
        self.tree.configure(yscrollcommand=self._moved)
        self._empty = ttk.Label(self, text=empty, style="Muted.TLabel", justify="center")
        Tooltip(self.tree, self._cut_off_at)
        self._columns = columns
        self._lay_out()
        self._bind_keys()
        if isinstance(window, Dialog):
            window.theme.follow(self, self._take_size)
        else:
            self._take_size()

    def _take_size(self) -> None:
        """As the fonts are now. It does not depend on the rows, and gives way where there is less
        room."""
        digit = font.nametofont("Body", self).measure("0")
        for n, column in enumerate(self._columns):
            self.tree.heading(n, text=column.title, anchor="w")
            self.tree.column(
                n, width=column.width * digit, minwidth=3 * digit, stretch=column.stretch
            )
        self.update_idletasks()
        self.configure(
            width=self.tree.winfo_reqwidth() + self._bar.winfo_reqwidth(),
            height=self.tree.winfo_reqheight(),
        )

    def _lay_out(self) -> None:
        self.grid_propagate(False)
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.tree.grid(row=0, column=0, sticky="nsew")
        self._bar.grid(row=0, column=1, sticky="ns")
        self._empty.grid(row=0, column=0, padx=12, pady=12)
        self._show_empty()

    def _show_empty(self) -> None:
        empty = not self._keys and bool(self._empty.cget("text"))
        for part, wanted in ((self._empty, empty), (self.tree, not empty), (self._bar, not empty)):
            if wanted:
                part.grid()
            else:
                part.grid_remove()

    def _bind_keys(self) -> None:
        tree = self.tree
        tree.bind("<Return>", self._entered)
        tree.bind("<KP_Enter>", self._entered)
        tree.bind("<Double-Button-1>", self._double)
        tree.bind("<<TreeviewSelect>>", lambda _event: self._chosen())
        tree.bind("<FocusIn>", lambda _event: self._go(max(self.at, 0)))
        for key, step in (("Home", -(10**6)), ("End", 10**6)):
            tree.bind(f"<{key}>", partial(self._step, step))
        tree.bind("<Prior>", lambda e: self._step(-self._page(), e))
        tree.bind("<Next>", lambda e: self._step(self._page(), e))
        self.bind("<Configure>", lambda e: self._empty.configure(wraplength=max(e.width - 48, 80)))

    # What is chosen

    @property
    def key(self) -> K | None:
        """Of the chosen row."""
        at = self.at
        return self._keys[at] if at >= 0 else None

    @property
    def listed(self) -> list[K]:
        """Of all rows, from the top."""
        return list(self._keys)

    @property
    def at(self) -> int:
        """The place of the chosen row, -1 without one."""
        chosen = self.tree.selection()
        return self.tree.index(chosen[0]) if chosen else -1

    def choose(self, key: K) -> None:
        """Choose the row with this key, if there is one."""
        if key in self._keys:
            self._go(self._keys.index(key))

    def _step(self, by: int, _event: object) -> str:
        self._go(self.at + by)
        return "break"

    def step(self, by: int) -> None:
        """Choose the row so many further down, for keys that are pressed elsewhere."""
        self._go(self.at + by)

    def _page(self) -> int:
        return max(self.tree.winfo_height() // max(self._row_height(), 1) - 2, 1)

    def _row_height(self) -> int:
        return int(ttk.Style(self).lookup("Treeview", "rowheight") or 20)

    def _go(self, at: int) -> None:
        if not self._keys:
            return
        iid = self._iid(min(max(at, 0), len(self._keys) - 1))
        if self.tree.selection() != (iid,):
            self.tree.selection_set(iid)
        self.tree.focus(iid)
        self._see()

    def _see(self) -> None:
        """Until it is drawn, a list takes itself for one without height, and would scroll past the
        row that is to be seen."""
        first, last = self.tree.yview()
        self._to_be_seen = first == last
        for iid in () if self._to_be_seen else self.tree.selection():
            self.tree.see(iid)

    def _moved(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if self._to_be_seen:
            self._see()

    def _cut_off_at(self, x: int, y: int) -> str:
        """The text of the cell there, where its column is too narrow for it."""
        row, column = self.tree.identify_row(y), self.tree.identify_column(x)
        if not row or not column:
            return ""
        text = self._rows[self.tree.index(row)][int(column[1:]) - 1]
        wide = font.nametofont("Body", self).measure(text)
        return text if wide > int(self.tree.column(column, "width")) - 8 else ""

    def _iid(self, at: int) -> str:
        return f"r{at}"

    # What happens

    def _chosen(self) -> None:
        if self._on_choice is not None:
            self._on_choice()

    def _entered(self, _event: object) -> str:
        if self._on_enter is not None and self.key is not None:
            self._on_enter()
        return "break"

    def _double(self, event: tk.Event[tk.Misc]) -> str | None:
        return self._entered(event) if self.tree.identify_row(event.y) else None

    def take_focus(self) -> None:
        """The keyboard goes to the rows."""
        self.tree.focus_set()

    # Filling

    def say_empty(self, sentence: str) -> None:
        """Another sentence for a list without rows."""
        self._empty.configure(text=sentence)
        self._show_empty()

    def fill(self, rows: Sequence[tuple[K, Sequence[str]]]) -> None:
        """Show these rows, each a key that no other has, and a text for each column."""
        keys = [key for key, _cells in rows]
        texts = [
            tuple(one_line(cell, _CELL, emoji=self._emoji) for cell in cells)
            for _key, cells in rows
        ]
        if keys == self._keys:
            self._change(texts)
        else:
            self._fill_anew(keys, texts)

    def _change(self, texts: list[tuple[str, ...]]) -> None:
        for at, (old, new) in enumerate(zip(self._rows, texts, strict=True)):
            if old != new:
                self.tree.item(self._iid(at), values=new)
        self._rows = texts

    def _fill_anew(self, keys: list[K], texts: list[tuple[str, ...]]) -> None:
        chosen, at, top = self.key, self.at, self.tree.yview()[0]
        self.tree.delete(*self.tree.get_children())
        self._keys, self._rows = keys, texts
        for n, cells in enumerate(texts):
            self.tree.insert("", "end", iid=self._iid(n), values=cells)
        self._show_empty()
        self.tree.yview_moveto(top)
        if at >= 0 and keys:
            self._go(keys.index(chosen) if chosen in keys else at)
        elif self.tk.call("focus") == str(self.tree):
            self._go(0)
        self._chosen()
