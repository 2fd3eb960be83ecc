"""One rule for what calls the person. What they have read is decided in `reading`.

- A message of somebody else **calls** unless it came before the eyes of the person: the window has
  the focus and nothing of the program lies over the chat, the chat is shown, and it is scrolled to
  its end. A hidden or minimised window always calls, whatever chat is open in it.
- A muted chat calls only for a mention.
- What comes while the client is still catching up calls once, together, when it has caught up.
"""

from __future__ import annotations

import re

from msgspec import Struct


class Scene(Struct, frozen=True, kw_only=True):
    """How things stand when an entry comes. `shown`: its chat is the one in the window; `own`: it
    is the person's own, or no message at all, or one that was deleted meanwhile."""

    focused: bool
    visible: bool
    shown: bool
    at_end: bool
    muted: bool
    own: bool
    mention: bool
    caught_up: bool


class Verdict(Struct, frozen=True):
    """`seen`: it came before the eyes of the person. `notify`: show a notification; `urge`: point
    the taskbar at the window; `sound`: ring, if the person wants sounds."""

    seen: bool
    notify: bool
    urge: bool
    sound: bool


def judge(scene: Scene) -> Verdict:
    """The whole rule."""
    seen = scene.focused and scene.visible and scene.shown and scene.at_end
    calls = not scene.own and not seen and (scene.mention or not scene.muted)
    return Verdict(seen, calls, calls and not scene.focused, calls and scene.caught_up)


def mentions(text: str, name: str) -> bool:
    """Whether `@name` stands in the text as a word of its own, in any case.

    The same as `client_tk.ui.drawable.mentions` marks: who is called has to see where.
    """
    if not name or "@" not in text:
        return False
    return re.search(rf"(?<![\w@])@{re.escape(name)}(?![\w-]|\.\w)", text, re.I) is not None
