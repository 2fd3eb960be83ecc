"""Decides whether a history keeps the promise: nothing lost, nothing twice, one order for all.

Every message has an id of its own and the log a total order per chat, so each property is decided
exactly and in one pass, without a search through possible orders (compare P. Hunt et al.,
"Elle", VLDB 2020, which recovers from unique values what we are simply given).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ruggine.delivery.history import (
    Acknowledged,
    History,
    Invoked,
    Received,
    Refused,
    Reset,
    Restored,
    Resumed,
    Revoked,
    Skipped,
    Stored,
    Unanswered,
)

GRACE_S = 1.0
"""How long after its revocation a session's connection may still be written to."""

Op = tuple[str, str]
"""A sender and a client_id: one message, however often it was sent."""

_FOREVER = 2**63


@dataclass(frozen=True, slots=True)
class Violation:
    """`name` says which promise is broken, `text` where."""

    name: str
    text: str


def check(history: History, log: list[Stored], late_after_s: float = 0) -> list[Violation]:
    """Everything that is wrong. `log` is the whole database, read after the last resume.

    With `late_after_s` also what reached a connected device later than that after its
    acknowledgement.
    """
    seen = _Seen(history, log)
    return [
        *_taken_for_the_old_one(seen),  # which explains the rest
        *_reset_for_nothing(seen),
        *_holes(log),
        *_doubled(log),
        *_lost(seen),
        *_phantoms(seen),
        *_answers(seen),
        *_refused_but_stored(seen),
        *_overtaken(seen),
        *_what_devices_saw(seen),
        *_shown_before_the_answer(seen),
        *_incomplete(seen),
        *_after_revocation(seen),
        *_late(seen, late_after_s),
    ]


class _Seen:
    """The history by what it is about."""

    def __init__(self, history: History, log: list[Stored]) -> None:
        self.log = sorted(log, key=lambda row: (row.chat, row.seq))
        self.owners = history.owners
        self.invoked: dict[Op, list[Invoked]] = defaultdict(list)
        self.acknowledged: dict[Op, list[Acknowledged]] = defaultdict(list)
        self.refused: dict[Op, list[Refused]] = defaultdict(list)
        self.unanswered: dict[Op, list[Unanswered]] = defaultdict(list)
        self.received: dict[str, list[Received]] = defaultdict(list)
        self.skipped: dict[str, list[Skipped]] = defaultdict(list)
        self.revoked: list[Revoked] = []
        self.restored: list[Restored] = []
        self.welcomes: dict[str, list[Resumed | Reset]] = defaultdict(list)
        for record in history.records:
            match record:
                case Invoked():
                    self.invoked[record.sender, record.client_id].append(record)
                case Acknowledged():
                    self.acknowledged[record.sender, record.client_id].append(record)
                case Refused():
                    self.refused[record.sender, record.client_id].append(record)
                case Unanswered():
                    self.unanswered[record.sender, record.client_id].append(record)
                case Received():
                    self.received[record.device].append(record)
                case Skipped():
                    self.skipped[record.device].append(record)
                case Revoked():
                    self.revoked.append(record)
                case Restored():
                    self.restored.append(record)
                case Resumed():
                    self.welcomes[record.device].append(record)
                case Reset():
                    self._forget(record)
        self.stored = {(row.sender, row.client_id): row for row in log if row.kind == "message"}
        self.at = {(row.chat, row.seq): row for row in log}
        self._take_back()

    def _forget(self, reset: Reset) -> None:
        """What a device saw in another database says nothing of this one."""
        self.welcomes[reset.device].append(reset)
        self.received[reset.device] = []
        self.skipped[reset.device] = []

    def _take_back(self) -> None:
        """What was acknowledged between a backup and its restoring need not be there."""
        for op, answers in list(self.acknowledged.items()):
            kept = [answer for answer in answers if not self._is_taken_back(op, answer)]
            self.acknowledged[op] = kept
            if not kept:
                del self.acknowledged[op]

    def _is_taken_back(self, op: Op, answer: Acknowledged) -> bool:
        """Unless the backup had it: then it is where it was, and never new again."""
        row = self.stored.get(op)
        for restored in self.restored:
            if restored.since_s <= answer.at_s <= restored.at_s:
                later = (a for a in self.acknowledged[op] if a.at_s > restored.at_s)
                if row is None or row.seq != answer.seq or any(not a.duplicate for a in later):
                    return True
        return False


def _holes(log: list[Stored]) -> Iterator[Violation]:
    seqs: dict[str, set[int]] = defaultdict(set)
    for row in log:
        seqs[row.chat].add(row.seq)
    for chat, there in seqs.items():
        missing = set(range(1, max(there) + 1)) - there
        if missing:
            yield Violation("hole", f"{chat} has no entry {min(missing)}")


def _doubled(log: list[Stored]) -> Iterator[Violation]:
    seen: set[tuple[str, ...] | tuple[str, int]] = set()
    for row in log:
        keys: list[tuple[str, ...] | tuple[str, int]] = [(row.chat, row.seq)]
        if row.kind == "message" and row.client_id:
            keys.append((row.sender, row.client_id, ""))
        for key in keys:
            if key in seen:
                yield Violation("stored twice", f"{row.chat} {row.seq}: {key}")
            seen.add(key)


def _lost(seen: _Seen) -> Iterator[Violation]:
    """Acknowledged, and not in the log where it was said to be."""
    for op, answers in seen.acknowledged.items():
        row = seen.stored.get(op)
        for answer in answers:
            if row is None:
                yield Violation("lost", f"{op} was acknowledged as {answer.seq}")
            elif row.seq != answer.seq:
                text = f"{op} was acknowledged as {answer.seq}, and is {row.seq}"
                yield Violation("acknowledged elsewhere", text)


def _phantoms(seen: _Seen) -> Iterator[Violation]:
    """In the log, and never sent like that."""
    for op, row in seen.stored.items():
        sent = seen.invoked.get(op, [])
        if not any((i.chat, i.content) == (row.chat, row.content) for i in sent):
            yield Violation("phantom", f"{row.chat} {row.seq}: {op} was not sent like this")


def _answers(seen: _Seen) -> Iterator[Violation]:
    """Each time a message is sent it is answered at most once, and the end of its connection
    counts as an answer."""
    for op, sent in seen.invoked.items():
        answers = (
            len(seen.acknowledged.get(op, ()))
            + len(seen.refused.get(op, ()))
            + len(seen.unanswered.get(op, ()))
        )
        if answers > len(sent):
            yield Violation("answered twice", f"{op}: {len(sent)} sent, {answers} answers")
        firsts = [a for a in seen.acknowledged.get(op, ()) if not a.duplicate]
        if len(firsts) > 1:
            yield Violation("stored twice", f"{op} was new {len(firsts)} times")


def _refused_but_stored(seen: _Seen) -> Iterator[Violation]:
    """A refusal is a promise too."""
    for op, refusals in seen.refused.items():
        unsure = seen.unanswered.get(op) or any(not a.duplicate for a in seen.acknowledged[op])
        if op in seen.stored and not unsure:
            yield Violation("refused but stored", f"{op}: {refusals[0].code}")


def _overtaken(seen: _Seen) -> Iterator[Violation]:
    """What was acknowledged before another was sent comes before it."""
    moments: dict[str, list[tuple[float, int, int]]] = defaultdict(list)
    for op, answers in seen.acknowledged.items():
        row = seen.stored.get(op)
        if row is None or not answers or not seen.invoked.get(op):
            continue
        began = min(record.at_s for record in seen.invoked[op])
        ended = min(record.at_s for record in answers)
        moments[row.chat] += [(ended, 1, row.seq), (began, 0, row.seq)]
    for chat, events in moments.items():
        furthest = 0
        for _, is_end, seq in sorted(events):
            if is_end:
                furthest = max(furthest, seq)
            elif seq < furthest:
                text = f"{chat} {seq} was sent after {furthest} was acknowledged"
                yield Violation("overtaken", text)


def _what_devices_saw(seen: _Seen) -> Iterator[Violation]:
    allowed = _memberships(seen.log)
    for device, records in seen.received.items():
        owner = seen.owners[device]
        shown: set[tuple[str, int]] = set()
        last: dict[tuple[int, str], int] = {}
        for record in records:
            place = (record.chat, record.seq)
            where = f"{device} saw {record.chat} {record.seq} {record.how}"
            if place in shown:
                yield Violation("shown twice", where)
            shown.add(place)
            if record.how != "read":
                key = (record.connection, record.chat)
                if record.seq <= last.get(key, 0):
                    yield Violation("shown out of order", f"{where} after {last[key]}")
                last[key] = record.seq
            row = seen.at.get(place)
            if row is None:
                yield Violation("shown but not stored", where)
            elif not _same(row, record):
                yield Violation("another order", f"{where}: {record.content!r}, {row.content!r}")
            elif row.chat_id != record.chat_id:
                yield Violation("another chat", f"{where}: {record.chat_id}, {row.chat_id}")
            if not any(a <= record.seq <= b for a, b in allowed.get((record.chat, owner), ())):
                yield Violation("shown to a stranger", where)


def _same(row: Stored, record: Received) -> bool:
    if record.kind != "message" or row.kind != "message":
        return record.kind == row.kind
    return (row.sender, row.content) == (record.sender, record.content)


def _shown_before_the_answer(seen: _Seen) -> Iterator[Violation]:
    """On the connection that sent it. Sent twice, it may have been stored the first time."""
    for device, records in seen.received.items():
        for record in records:
            op = (record.sender, record.client_id)
            sent, answers = seen.invoked.get(op, ()), seen.acknowledged.get(op, ())
            if len(sent) != 1 or not answers or answers[0].at_s <= record.at_s:
                continue
            if (sent[0].device, sent[0].connection) == (device, record.connection):
                text = f"{device} saw {record.chat} {record.seq} before its message_sent"
                yield Violation("shown before the answer", text)


def _incomplete(seen: _Seen) -> Iterator[Violation]:
    """After the last resume every device of every member has every entry.

    Of their last membership: who comes back to a group reads from their new joining on
    (docs/protocol.md, section 1), so what had not reached them before is not owed any more.
    """
    allowed = _memberships(seen.log)
    rows: dict[str, list[Stored]] = defaultdict(list)
    for row in seen.log:
        rows[row.chat].append(row)
    for device, owner in seen.owners.items():
        shown = {(record.chat, record.seq) for record in seen.received.get(device, ())}
        for (chat, member), spans in allowed.items():
            first, last = spans[-1]
            for row in rows[chat] if member == owner else ():
                if (
                    first <= row.seq <= last
                    and (chat, row.seq) not in shown
                    and not _excused(row, seen.skipped.get(device, ()))
                ):
                    yield Violation("not delivered", f"{device} never saw {chat} {row.seq}")


def _excused(row: Stored, skipped: Iterable[Skipped]) -> bool:
    """The history, which takes the place of a gap, has messages only."""
    return row.kind != "message" and any(
        s.chat == row.chat and s.first <= row.seq <= s.last for s in skipped
    )


def _memberships(log: list[Stored]) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """By chat and user, from which entry to which they belonged to it."""
    spans: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in log:
        key = (row.chat, row.subject)
        if row.kind == "member_joined":
            spans[key].append((row.seq, _FOREVER))
        elif row.kind == "member_left":
            spans[key][-1:] = [(begin, row.seq) for begin, _ in spans[key][-1:]]
    for chat in {row.chat for row in log if "|" in row.chat}:
        for member in chat.split("|"):
            spans[chat, member] = [(1, _FOREVER)]
    return spans


def _after_revocation(seen: _Seen) -> Iterator[Violation]:
    for revoked in seen.revoked:
        for record in seen.received.get(revoked.device, ()):
            late = record.at_s - revoked.at_s
            if record.connection == revoked.connection and late > GRACE_S:
                text = f"{record.device} saw {record.chat} {record.seq} {late:.1f} s later"
                yield Violation("shown after revocation", text)


def _taken_for_the_old_one(seen: _Seen) -> Iterator[Violation]:
    """Who was in a database before something in it was lost must be told at their next coming."""
    for restored in seen.restored:
        for device, welcomes in seen.welcomes.items():
            if not any(welcome.at_s < restored.at_s for welcome in welcomes):
                continue
            following = next((w for w in welcomes if w.at_s >= restored.at_s), None)
            if isinstance(following, Resumed):
                text = f"{device} resumed {following.at_s - restored.at_s:.1f} s after it"
                yield Violation("a restored database taken for the old one", text)


def _reset_for_nothing(seen: _Seen) -> Iterator[Violation]:
    """Each restored database costs a device one reset; nothing else does."""
    for device, welcomes in seen.welcomes.items():
        resets = sum(isinstance(welcome, Reset) for welcome in welcomes)
        if resets > len(seen.restored):
            text = f"{device}: {resets} resets, {len(seen.restored)} restored databases"
            yield Violation("reset for nothing", text)


def _late(seen: _Seen, late_after_s: float) -> Iterator[Violation]:
    for delay_s, record in _delays(seen) if late_after_s else ():
        if delay_s > late_after_s:
            text = f"{record.device} saw {record.chat} {record.seq} after {delay_s:.1f} s"
            yield Violation("late", text)


def delays(history: History) -> list[float]:
    """How long after its acknowledgement each live entry came; below 0 where it came first."""
    return [delay_s for delay_s, _ in _delays(_Seen(history, []))]


def latencies(history: History) -> tuple[list[float], list[float]]:
    """From sending to the acknowledgement, and to each device that was there, in seconds.

    Of what was sent once and answered; the rest measures faults and not the daemon.
    """
    seen = _Seen(history, [])
    sent = {op: i[0].at_s for op, i in seen.invoked.items() if len(i) == 1}
    answered = [a[0].at_s - sent[op] for op, a in seen.acknowledged.items() if a and op in sent]
    delivered = [
        record.at_s - sent[op]
        for records in seen.received.values()
        for record in records
        if record.how == "live" and (op := (record.sender, record.client_id)) in sent
    ]
    return answered, delivered


def _delays(seen: _Seen) -> Iterator[tuple[float, Received]]:
    first = {op: min(a.at_s for a in answers) for op, answers in seen.acknowledged.items()}
    for records in seen.received.values():
        for record in records:
            op = (record.sender, record.client_id)
            if record.how == "live" and op in first:
                yield record.at_s - first[op], record
