"""Every text a person reads goes through here: English in the source, the rest from the catalogue.

The catalogue also has the names of days and months, so that the system's locale does not matter.
"""

from __future__ import annotations

import gettext
import os
import time
from pathlib import Path

DOMAIN = "ruggine"
LOCALE = Path(__file__).with_name("locale")
LANGUAGES = {"en": "English", "it": "Italiano"}

_DAY_S = 86_400

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
    return time.strftime("%H:%M", time.localtime(time_s))


def day(time_s: float, now_s: float) -> str:
    """Today, Yesterday, Monday 23 November; with its year if that is another one."""
    then, now = time.localtime(time_s), time.localtime(now_s)
    days = _day_number(now) - _day_number(then)
    if days == 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    values = {"weekday": _days()[then.tm_wday], "day": then.tm_mday,
              "month": _months()[then.tm_mon - 1], "year": then.tm_year}  # fmt: skip
    if then.tm_year == now.tm_year:
        return _("{weekday} {day} {month}").format(**values)
    return _("{weekday} {day} {month} {year}").format(**values)


def when(time_s: float, now_s: float) -> str:
    """Short, for lists: the time today, else the day."""
    then, now = time.localtime(time_s), time.localtime(now_s)
    if _day_number(now) == _day_number(then):
        return clock(time_s)
    values = {"day": then.tm_mday, "month": _months()[then.tm_mon - 1][:3], "year": then.tm_year}
    if then.tm_year == now.tm_year:
        return _("{day} {month}").format(**values)
    return _("{day} {month} {year}").format(**values)


def _day_number(date: time.struct_time) -> int:
    noon = (date.tm_year, date.tm_mon, date.tm_mday, 12, 0, 0, 0, 0, -1)
    return int(time.mktime(noon) // _DAY_S)


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
