"""The blocks that stand in a Tk text, one below the other, and which line belongs to which."""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_right
from collections.abc import Sequence

from client_tk.ui.transcript_text import Block, Piece, identity


class Blocks:
    """Keeps the text and the list of blocks the same; nobody else writes into the text."""

    def __init__(self, text: tk.Text) -> None:
        self._text = text
        self._blocks: list[Block] = []
        self._starts: list[int] = [1]

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, at: int) -> Block:
        return self._blocks[at]

    def replace(self, start: int, end: int, new: Sequence[Block]) -> None:
        """The blocks from `start` to `end` give way to new ones."""
        first = f"{self._starts[start]}.0"
        self._text.configure(state="normal")
        if end > start:
            self._text.delete(first, f"{self._starts[end]}.0")
        if new:
            text, *rest = _arguments(new)
            self._text.insert(first, str(text), *rest)
        self._text.configure(state="disabled")
        self._blocks[start:end] = new
        self._count_from(start)

    def _count_from(self, at: int) -> None:
        line = self._starts[at]
        del self._starts[at + 1 :]
        for block in self._blocks[at:]:
            line += block.lines
            self._starts.append(line)

    # Finding

    def start(self, at: int) -> str:
        """Where a block begins; the end of the text for the number of blocks."""
        return f"{self._starts[at]}.0"

    def first_line(self, at: int) -> int:
        return self._starts[at]

    def at_line(self, line: int) -> int | None:
        """Which block has this line."""
        at = bisect_right(self._starts, line) - 1
        return at if 0 <= at < len(self._blocks) else None

    def at_pixel(self, x: int, y: int) -> int | None:
        """Which block is drawn there."""
        return self.at_line(int(self._text.index(f"@{x},{y}").split(".")[0]))

    def find(self, wanted: object) -> int | None:
        """The block of the row with this identity."""
        for at, block in enumerate(self._blocks):
            if identity(block.row) == wanted:
                return at
        return None

    def find_seq(self, seq: int) -> int | None:
        for at, block in enumerate(self._blocks):
            if block.row.seq == seq:
                return at
        return None

    def piece_at(self, x: int, y: int) -> tuple[Block, Piece] | None:
        """What is drawn exactly there; nothing beside the text of a line."""
        index = self._text.index(f"@{x},{y}")
        box = self._text.bbox(index)
        at = self.at_line(int(index.split(".")[0]))
        if at is None or box is None or not (box[0] <= x <= box[0] + box[2]):
            return None
        if not box[1] <= y <= box[1] + box[3]:
            return None
        # Tk counts what lies beyond the basic plane twice, so the text itself is counted.
        piece = self._blocks[at].piece_at(len(self._text.get(self.start(at), index)))
        return (self._blocks[at], piece) if piece is not None else None


def _arguments(blocks: Sequence[Block]) -> list[str | tuple[str, ...]]:
    flat: list[str | tuple[str, ...]] = []
    for block in blocks:
        for piece in block.pieces:
            flat += (piece.text, piece.tags)
    return flat
