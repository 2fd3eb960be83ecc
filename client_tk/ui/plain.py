"""Text of others in the dialogs: one line, and nothing that this machine cannot draw."""

from __future__ import annotations

from client_tk.ui import drawable


def one_line(text: str, at_most: int = 100, *, emoji: bool = True) -> str:
    """A single line of at most so many characters: X11 cannot draw what is wider than 32767
    pixels, so nothing unbounded may reach a widget."""
    line = drawable.one_line(text, at_most)
    return drawable.one_line(drawable.drawable(line, emoji=emoji), at_most)
