"""What a row of a transcript looks like, as pieces of text with tags. No Tk here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple
from zlib import crc32

from client_tk.model import Page, Row
from client_tk.texts import _, clock, day
from client_tk.ui.drawable import broken, drawable, links, mentions, one_line, shorten

GROUP_S = 300
"""Messages of one person are under one name for so long."""
SENDERS = 8
"""How many colours people can have."""
_QUOTE = 120
_END_OF_TIME_S = 250_000_000_000.0


class Target(NamedTuple):
    """What a click on a piece of text does."""

    kind: Literal["link", "jump", "react", "do"]
    value: str = ""
    seq: int = 0
    active: bool = False


class Piece(NamedTuple):
    """A part of a line, or some lines."""

    text: str
    tags: tuple[str, ...] = ()
    target: Target | None = None


class Cue(NamedTuple):
    """All that the look of a row depends on: two rows with the same cue look the same."""

    row: Row
    before: Row | None
    quote: Row | None
    new: bool
    whole: bool


class Block(NamedTuple):
    """A row as it is drawn. Its text ends with a line break; `lines` counts them."""

    row: Row
    pieces: tuple[Piece, ...]
    lines: int

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    def piece_at(self, offset: int) -> Piece | None:
        """The piece that has the character at this place."""
        for piece in self.pieces:
            offset -= len(piece.text)
            if offset < 0:
                return piece
        return None


def identity(row: Row) -> object:
    """The same for a row in all its states, from the outbox to its deletion."""
    return row.client_id if row.client_id is not None else row.seq


def cues(page: Page, whole: frozenset[object] = frozenset()) -> list[Cue]:
    """One for each row. `whole` has the identities of those that are shown in full length."""
    quotes = dict(page.quotes)
    found: list[Cue] = []
    before: Row | None = None
    for row in page.rows:
        quote = quotes.get(row.reply_to) if row.reply_to is not None else None
        new = page.new_from is not None and row.seq == page.new_from
        found.append(Cue(row, before, quote, new, bool(whole) and identity(row) in whole))
        before = row
    return found


def sender_colour(user_id: str) -> int:
    """Which of the colours a person has; the same everywhere and always."""
    return crc32(user_id.casefold().encode("utf-8", "surrogatepass")) % SENDERS


class Drawing:
    """Turns cues into blocks. `now_s` is the time by which days are named; `names` has the name
    of each user id."""

    def __init__(
        self, me: str, now_s: float, names: Mapping[str, str], *, emoji: bool = True
    ) -> None:
        self._me = me
        self.names = names
        self._now_s = now_s
        self._emoji = emoji

    def block(self, cue: Cue) -> Block:
        pieces = [*self._rules(cue)]
        pieces += self._message(cue) if cue.row.kind == "message" else self._event(cue.row)
        lines = sum(piece.text.count("\n") for piece in pieces)
        return Block(cue.row, tuple(pieces), lines)

    # What stands above a row

    def _rules(self, cue: Cue) -> list[Piece]:
        found = []
        if cue.before is None or _day(cue.before.time_s) != _day(cue.row.time_s):
            found.append(Piece(f"{day(sane(cue.row.time_s), self._now_s)}\n", ("day",)))
        if cue.new:
            text = _("New messages")
            found.append(Piece(f"── {text} ──\n", ("new",)))
        return found

    # A message

    def _message(self, cue: Cue) -> list[Piece]:
        row, own = cue.row, cue.row.sender == self._me
        side = "own" if own else "other"
        found: list[Piece] = []
        if _starts_group(cue):
            found += self._head(row, own, side)
        if row.reply_to is not None and not row.deleted:
            found += self._quote(row.reply_to, cue.quote, side)
        found += self._body(cue, side)
        found += self._reactions(row, side)
        found += _refusal(row, side)
        return found

    def _head(self, row: Row, own: bool, side: str) -> list[Piece]:
        name = _("You") if own else self._name(row.sender)
        colour = "me" if own else f"sender{sender_colour(row.sender)}"
        return [
            Piece(name, ("name", colour, side, "head")),
            Piece(f"   {clock(sane(row.time_s))}\n", ("time", side, "head")),
        ]

    def _quote(self, seq: int, quoted: Row | None, side: str) -> list[Piece]:
        if quoted is None:
            text = _("An earlier message")
        elif quoted.deleted:
            text = _("Deleted message")
        else:
            text = _("{name}: {text}").format(
                name=_("You") if quoted.sender == self._me else self._name(quoted.sender),
                text=self._safe(one_line(quoted.content, _QUOTE)),
            )
        return [
            Piece("▎", ("bar", side, "line")),
            Piece(text, ("quote", side, "line", "hot"), Target("jump", seq=seq)),
            Piece("\n", ("quote", side, "line")),
        ]

    def _name(self, user_id: str) -> str:
        return one_line(self.names.get(user_id, user_id), 64)

    def _safe(self, text: str) -> str:
        return drawable(text, emoji=self._emoji)

    def _body(self, cue: Cue, side: str) -> list[Piece]:
        row = cue.row
        if row.deleted:
            gone = _("This message was deleted")
            return [Piece(gone, ("gone", side, "line")), *_tail(row, side)]
        text = self._safe(row.content).rstrip() or " "
        shown = text if cue.whole else shorten(text)
        found = self._content(broken(shown), side)
        if row.edited:
            found.append(Piece("  " + _("(edited)"), ("time", side, "line")))
        found += _tail(row, side)
        if len(shown) < len(text):
            more = _("Show all ({count} characters)").format(count=len(text))
            found.append(Piece(more, ("link", side, "line", "hot"), Target("do", "whole")))
            found.append(Piece("\n", (side, "line")))
        return found

    def _content(self, text: str, side: str) -> list[Piece]:
        """The text with its addresses and with what names me."""
        marks = [(*span, "link") for span in links(text)]
        for span in mentions(text, self._me):
            if all(span[1] <= start or span[0] >= end for start, end, _kind in marks):
                marks.append((*span, "mention"))
        found, at = [], 0
        for start, end, kind in sorted(marks):
            found.append(Piece(text[at:start], (side, "line")))
            if kind == "link":
                target = Target("link", text[start:end])
                found.append(Piece(text[start:end], ("link", side, "line", "hot"), target))
            else:
                found.append(Piece(text[start:end], ("mention", side, "line")))
            at = end
        found.append(Piece(text[at:], (side, "line")))
        return [piece for piece in found if piece.text]

    def _reactions(self, row: Row, side: str) -> list[Piece]:
        if not row.reactions or row.deleted:
            return []
        found: list[Piece] = []
        for emoji, who in row.reactions:
            mine = self._me in who
            text = f" {self._safe(one_line(emoji, 16))} {len(who)} "
            style = "reaction-own" if mine else "reaction"
            target = Target("react", emoji, active=not mine)
            found.append(
                Piece(f"[{text}]" if mine else f" {text} ", (style, side, "chips", "hot"), target)
            )
            found.append(Piece("  ", (side, "chips")))
        return [*found, Piece("\n", (side, "chips"))]

    # What happened to a group

    def _event(self, row: Row) -> list[Piece]:
        return [Piece(f"{event_text(row, self._name)}  {clock(sane(row.time_s))}\n", ("event",))]


def _tail(row: Row, side: str) -> list[Piece]:
    """How far an own message has come, and the end of its last line."""
    tick = TICKS.get(row.progress, "")
    if not tick:
        return [Piece("\n", (side, "line"))]
    read = "tick-read" if row.progress == "read" else "tick"
    return [Piece(f"  {tick}", (read, side, "line")), Piece("\n", (side, "line"))]


TICKS = {"waiting": "◷", "stored": "✓", "read": "✓✓", "refused": "!"}


def _refusal(row: Row, side: str) -> list[Piece]:
    if row.progress != "refused":
        return []
    sentence = one_line(row.refusal, 300) or _("This message could not be sent.")
    found = [Piece(sentence, ("refused", side, "below")), Piece("   ", (side, "below"))]
    for text, what in ((_("Retry"), "retry"), (_("Copy"), "copy"), (_("Discard"), "discard")):
        if what != "retry":
            found.append(Piece("  ·  ", ("time", side, "below")))
        found.append(Piece(text, ("link", side, "below", "hot"), Target("do", what)))
    return [*found, Piece("\n", (side, "below"))]


def event_text(row: Row, name_of: Callable[[str], str]) -> str:
    """A sentence about what happened to a group."""
    by, subject = name_of(row.sender), name_of(row.subject or row.sender)
    themselves = row.subject in ("", row.sender)
    match row.kind:
        case "member_joined" if themselves:
            return _("{name} joined the group").format(name=subject)
        case "member_joined":
            return _("{by} added {name}").format(by=by, name=subject)
        case "member_left" if themselves:
            return _("{name} left the group").format(name=subject)
        case "member_left":
            return _("{by} removed {name}").format(by=by, name=subject)
        case "group_renamed":
            name = one_line(row.content, 80)
            return _("{by} renamed the group to “{name}”").format(by=by, name=name)
    role = {"owner": _("owner"), "admin": _("admin"), "member": _("member")}
    return _("{by} gave {name} the role {role}").format(
        by=by, name=subject, role=role.get(row.content, one_line(row.content, 32))
    )


def _starts_group(cue: Cue) -> bool:
    """Whether the name stands above this message."""
    row, before = cue.row, cue.before
    return (
        before is None
        or cue.new
        or before.kind != "message"
        or before.sender != row.sender
        or not 0 <= row.time_s - before.time_s < GROUP_S
        or _day(before.time_s) != _day(row.time_s)
    )


def sane(time_s: float) -> float:
    """The beginning of time for a time that no calendar has."""
    return time_s if 0 <= time_s < _END_OF_TIME_S else 0.0


def _day(time_s: float) -> tuple[int, ...]:
    return time.localtime(sane(time_s))[:3]
