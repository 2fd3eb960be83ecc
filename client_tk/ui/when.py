"""Times as a person of this place writes them."""

from __future__ import annotations

import time

from client_tk.texts import _


def day_and_time(time_s: float, now_s: float) -> str:
    """The time alone for today, with the date before that; nothing for a time that is none."""
    try:
        at, now = time.localtime(time_s), time.localtime(now_s)
    except (OverflowError, ValueError, OSError):
        return ""
    clock = time.strftime("%H:%M", at)
    if at[:3] == now[:3]:
        return _("today {time}").format(time=clock)
    return _("{date} {time}").format(date=time.strftime("%x", at), time=clock)
