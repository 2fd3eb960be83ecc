"""A client with its cursors, and its connection with what is on the way in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from twisted.internet.defer import Deferred

from ruggine.model import Chat, Cursor, Ending, Entry, Missed, Place, Session, User
from tests.delivery.model import Fact, Model

CROWDED = 2
"""Frames that may wait for a slow reader before `drained` waits too."""

Frame = tuple[Literal["entry", "gap", "caught up", "answer"], Any]


def name_of(chat: Chat) -> str:
    """As the model names it."""
    return chat.group_id or "+".join(sorted(member.name for member in chat.members))


def fact_of(entry: Entry) -> Fact:
    return Fact(
        entry.seq, entry.kind, entry.sender.name, entry.content, entry.client_id,
        entry.subject.name if entry.subject else None,
    )  # fmt: skip


class Connection:
    """Implements `ruggine.domain.ports.ResumingConnection`. What is written waits to be read.

    `unanswered` has the messages that nobody but this connection has sent, until it has read that
    they are stored: it must not see them before.
    """

    def __init__(self, session: Session, *, slow: bool) -> None:
        self.session = session
        self.slow = slow
        self.pipe: list[Frame] = []
        self.attaching = self.attached = self.caught_up = self.gone = False
        self.ended: Ending | None = None
        self.resumed: set[str] = set()
        self.heads: dict[str, int] = {}
        self.heard: set[str] = set()
        self.unanswered: set[str] = set()
        self._draining: list[Deferred[None]] = []

    def has_attached(self, missed: dict[int, Missed] | None, heads: dict[str, int]) -> None:
        """From here on every commit is promised: `heads` is where the chats stand."""
        self.attached = True
        self.resumed = {name_of(m.chat) for m in (missed or {}).values()}
        self.heads = heads

    def deliver(self, framed: tuple[Chat, Entry]) -> None:
        self._write(("entry", framed))

    def tell(self, framed: Any) -> None:
        return

    def end(self, why: Ending) -> None:
        self.ended = why

    def tell_gap(self, chat: Chat, first: int, last: int) -> None:
        self._write(("gap", (chat, first, last)))

    def tell_caught_up(self) -> None:
        self._write(("caught up", None))

    def answer(self, client_id: str) -> None:
        self._write(("answer", client_id))

    async def drained(self) -> None:
        if len(self.pipe) >= CROWDED and self.slow and not self.gone:
            self._draining.append(Deferred())
            await self._draining[-1]

    def cut(self) -> None:
        """What was on the way is lost."""
        self.gone = True
        self.pipe.clear()
        self._release()

    def read(self) -> Frame | None:
        frame = self.pipe.pop(0) if self.pipe else None
        if not self.pipe:
            self._release()
        return frame

    def _write(self, frame: Frame) -> None:
        if not self.gone:
            self.pipe.append(frame)

    def _release(self) -> None:
        draining, self._draining = self._draining, []
        for drained in draining:
            drained.callback(None)


@dataclass
class Client:
    """One device of a user. `cursors` and `skipped` (what it has not seen, but was told of, or was
    there before it asked) go by the model's names of chats."""

    user: User
    session: Session
    model: Model
    places: dict[str, Place]
    cursors: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[int]] = field(default_factory=dict)
    connection: Connection | None = None
    node: int = 0

    def where(self) -> list[Cursor]:
        return [Cursor(place, self.cursors.get(chat, 0)) for chat, place in self.places.items()]

    def forget(self) -> None:
        """Installed anew: it has seen nothing."""
        self.cursors, self.seen = {}, {}

    def read(self) -> bool:
        """One frame, which must be the next one."""
        frame = self.connection.read() if self.connection is not None else None
        match frame:
            case None:
                return False
            case ("entry", (chat, entry)):
                self._see(name_of(chat), fact_of(entry))
            case ("gap", (chat, first, last)):
                self._pass_over(name_of(chat), first, last)
            case ("caught up", _):
                assert self.connection is not None
                self.connection.caught_up = True
            case ("answer", client_id):
                assert self.connection is not None
                self.connection.unanswered.discard(client_id)
        return True

    def _pass_over(self, chat: str, first: int, last: int) -> None:
        """A gap: it begins where something is missed, and ends before what is still sent."""
        name, seen = self.user.name, self.cursors.get(chat, 0)
        assert first == self.model.next(name, chat, seen) or self._may_begin_at(chat, first), chat
        assert any(first in span and last in span for span in self.model.spans(name, chat)), chat
        self.cursors[chat] = last

    def _see(self, chat: str, fact: Fact) -> None:
        assert self.connection is not None
        log, name, last = self.model.logs[chat], self.user.name, self.cursors.get(chat, 0)
        assert fact == log[fact.seq - 1], (name, chat, fact)
        assert any(fact.seq in span for span in self.model.spans(name, chat)), (name, chat, fact)
        assert fact.seq > last, (name, chat, fact, last)
        due = self.model.next(name, chat, last)
        assert fact.seq == due or self._may_begin_at(chat, fact.seq), (name, chat, fact, due)
        assert fact.client_id not in self.connection.unanswered, (name, chat, fact)
        self.connection.heard.add(chat)
        self.cursors[chat] = fact.seq
        self.seen.setdefault(chat, []).append(fact.seq)

    def _may_begin_at(self, chat: str, seq: int) -> bool:
        """Whether what is before `seq` may be passed over.

        Who has joined anew gets no rest of an earlier membership when they resume, and perhaps
        nothing of one that began and ended unheard. Where there was nothing to resume, a
        connection begins with what came after it.
        """
        connection, spans = self.connection, self.model.spans(self.user.name, chat)
        assert connection is not None
        last = self.cursors.get(chat, 0)
        if any(seq == span.start for span in spans):
            inside = any(last in span and last + 1 in span for span in spans)
            return not inside or (chat in connection.resumed and not connection.caught_up)
        if chat in connection.resumed or chat in connection.heard:
            return False
        head = connection.heads.get(chat, 0)
        return seq <= head or seq == self.model.next(self.user.name, chat, head)
