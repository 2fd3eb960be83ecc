"""Every text a person reads goes through here: English in the source, the rest from the catalogue.

The catalogue also has the names of days and months, so that the system's locale does not matter.
"""

from __future__ import annotations

import gettext
import os
from datetime import datetime
from pathlib import Path

DOMAIN = "ruggine"
LOCALE = Path(__file__).with_name("locale")
LANGUAGES = {"en": "English", "it": "Italiano"}

_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def use(language: str | None) -> None:
    """From now on speak this language; None is the one that the environment asks for."""
    global _catalogue
    wanted = [language] if language else _from_environment()
    _catalogue = gettext.translation(DOMAIN, LOCALE, wanted, fallback=True)


def _from_environment() -> list[str]:
    """As gettext does; "en" ends the search, because the source is English."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            wanted = value.split(":")
            english = (n for n, w in enumerate(wanted) if w.startswith(("en", "C", "POSIX")))
            return wanted[: next(english, len(wanted))]
    return []


def _(message: str) -> str:
    """The message in the person's language."""
    return _catalogue.gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the message for so many."""
    return _catalogue.ngettext(one, many, count)


# Times


def clock(time_s: float) -> str:
    """09:05, local time."""
    return f"{_local(time_s):%H:%M}"


def day(time_s: float, now_s: float) -> str:
    """Today, Yesterday, Monday 23 November; with its year if that is another one."""
    then, now = _local(time_s), _local(now_s)
    days = now.toordinal() - then.toordinal()
    if days == 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    values = {"weekday": _days()[then.weekday()], "day": then.day,
              "month": _months()[then.month - 1], "year": then.year}  # fmt: skip
    if then.year == now.year:
        return _("{weekday} {day} {month}").format(**values)
    return _("{weekday} {day} {month} {year}").format(**values)


def when(time_s: float, now_s: float) -> str:
    """Short, for lists: the time today, else the day."""
    then, now = _local(time_s), _local(now_s)
    if now.date() == then.date():
        return clock(time_s)
    values = {"day": then.day, "month": _months()[then.month - 1][:3], "year": then.year}
    if then.year == now.year:
        return _("{day} {month}").format(**values)
    return _("{day} {month} {year}").format(**values)


def _local(time_s: float) -> datetime:
    """By the clock on the wall. What no calendar has becomes 1970: a server may claim anything."""
    try:
        return datetime.fromtimestamp(time_s)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0)


def _days() -> list[str]:
    return [
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
        _("Sunday"),
    ]  # fmt: skip


def _months() -> list[str]:
    return [
        _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"),
        _("August"), _("September"), _("October"), _("November"), _("December"),
    ]  # fmt: skip
