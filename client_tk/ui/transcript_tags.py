"""How the pieces of a transcript look: a few tags for everything."""

from __future__ import annotations

import tkinter as tk
from typing import Any

from client_tk.ui.theme import Theme
from client_tk.ui.transcript_text import SENDERS


def dress(text: tk.Text, theme: Theme) -> None:
    """Set all tags, after a change of colours or sizes too."""
    p, px = theme.palette, theme.px
    text.configure(
        font=("Helvetica", 1), background=p.background, foreground=p.text, padx=0, pady=0,
        spacing3=px(8),
        insertwidth=0, selectbackground=p.selection, selectforeground=p.text,
        inactiveselectbackground=p.selection, highlightthickness=2,
        highlightbackground=p.background, highlightcolor=p.focus, borderwidth=0,
    )  # fmt: skip
    # Only the empty line below the last row has the font and the spacing of the widget.
    _places(text, theme)
    tag = text.tag_configure
    tag("name", font="Bold")
    tag("me", foreground=p.accent)
    for number in range(SENDERS):
        tag(f"sender{number}", foreground=p.senders[number])
    tag("time", font="Small", foreground=p.muted)
    tag("tick", font="Small", foreground=p.muted)
    tag("tick-read", font="Small", foreground=p.accent)
    tag("bar", foreground=p.accent)
    tag("quote", font="Small", foreground=p.muted)
    tag("gone", font="Italic", foreground=p.muted)
    tag("refused", font="Small", foreground=p.danger)
    tag("mention", font="Bold", background=p.mention)
    tag("reaction", font="Small", background=p.quote, foreground=p.text)
    tag("reaction-own", font="Bold", background=p.quote, foreground=p.accent)
    tag("link", foreground=p.link, underline=True)
    tag("hot")
    tag("cursor", background=p.cursor, lmargincolor=p.cursor, rmargincolor=p.cursor)
    tag("flash", background=p.flash, lmargincolor=p.flash, rmargincolor=p.flash)
    for name in ("mention", "cursor", "flash", "sel"):
        text.tag_raise(name)


def _places(text: tk.Text, theme: Theme) -> None:
    """Margins and distances. Own messages stand on a band of their own."""
    p, px = theme.palette, theme.px
    tag = text.tag_configure
    left, right = px(20), px(28)
    tag(
        "other", font="Body", lmargin1=left, lmargin2=left, rmargin=right,
        lmargincolor=p.background,
    )  # fmt: skip
    tag(
        "own", font="Body", lmargin1=left, lmargin2=left, rmargin=right, background=p.own,
        lmargincolor=p.own, rmargincolor=p.own,
    )  # fmt: skip
    tag("head", spacing1=px(10), spacing3=px(1))
    tag("line", spacing1=px(1), spacing2=px(2), spacing3=px(3))
    tag("below", spacing1=px(2), spacing3=px(5))
    tag("chips", spacing1=px(1), spacing3=px(2))
    around: dict[str, Any] = {
        "justify": "center", "font": "Small", "lmargin1": left, "lmargin2": left, "rmargin": left,
    }  # fmt: skip
    tag("day", spacing1=px(16), spacing3=px(8), foreground=p.muted, **around)
    tag("new", spacing1=px(10), spacing3=px(6), foreground=p.danger, **around)
    tag("event", spacing1=px(6), spacing3=px(6), foreground=p.muted, **around)
