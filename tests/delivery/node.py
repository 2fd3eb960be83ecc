"""One node: the real domain and storage on the shared database file, with workers of the test's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ruggine import errors
from ruggine.domain.directory import Directory
from ruggine.domain.groups import Groups
from ruggine.domain.hub import Hub
from ruggine.domain.limits import RateLimits
from ruggine.domain.messages import Messages
from ruggine.domain.resume import Resume
from ruggine.model import Cursor
from ruggine.storage.accounts import AccountStore
from ruggine.storage.chats import ChatStore
from ruggine.storage.database import Database
from ruggine.storage.edits import EditStore
from ruggine.storage.groups import GroupStore
from ruggine.storage.message_log import MessageLog
from ruggine.storage.sessions import SessionStore
from tests.delivery.client import Connection
from tests.delivery.hints import End, Hints
from tests.delivery.workers import Workers


class Node:
    """Put together as `ruggine.tap` does it.

    What fails in it without anybody to tell is in `faults`.
    """

    def __init__(self, path: Path, bus: Hints, on_write: Callable[[], None]) -> None:
        self.faults: list[Failure] = []
        self.made_up_for = 0
        self.workers = Workers()
        self.database = Database(self.workers, path, "relaxed", shared=True)
        self.database.open()
        self.workers.take_over(self.database)
        self.workers.on_write = on_write
        self.end = End(bus)
        chats, log = ChatStore(self.database), MessageLog(self.database)
        groups = GroupStore(self.database, 256)
        self.hub = Hub(
            log=log,
            chats=chats,
            sessions=SessionStore(self.database, 50),
            bus=self.end,
            frame=lambda chat, entry: (chat, entry),
            frame_notice=lambda notice: notice,
            spawn=self.spawn,
            max_connections_per_user=10,
        )
        self.end.hub = self.hub
        directory = Directory(
            accounts=AccountStore(self.database), chats=chats, groups=groups, hub=self.hub
        )
        self.messages = Messages(
            log=log,
            chats=chats,
            edits=EditStore(self.database),
            directory=directory,
            hub=self.hub,
            clock=lambda: 1000.0,
            max_message_length=4096,
        )
        self.groups = Groups(store=groups, directory=directory, hub=self.hub, clock=lambda: 1000.0)
        self.resume = Resume(
            chats=chats,
            directory=directory,
            limits=RateLimits(None, lambda: 0.0),
            epoch=lambda: self.database.epoch,
        )

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Implements `ruggine.domain.ports.Spawn`."""
        Deferred.fromCoroutine(work).addErrback(self._on_failure)

    def _on_failure(self, failure: Failure) -> None:
        if not (failure.check(errors.Unavailable) and self.workers.failures):
            self.faults.append(failure)

    async def welcome(
        self,
        connection: Connection,
        cursors: Iterable[Cursor] | None,
        heads: Callable[[], dict[str, int]],
    ) -> None:
        """As `ruggine.net.chat_socket` receives an auth, with or without a resume."""
        user = connection.session.user
        try:
            absence = None
            if cursors is not None:
                absence = await self.resume.missed(user, self.database.epoch, cursors)
            if connection.gone:
                return
            connection.attaching = True
            await self.hub.attach(connection, absence)
            if connection.gone:
                self.hub.detach(connection)
                return
            connection.has_attached(absence.missed if absence else None, heads())
            if absence is not None:
                await self.hub.resume(connection)
            else:
                connection.tell_caught_up()
        except errors.Unavailable:
            self.leave(connection)

    def leave(self, connection: Connection) -> None:
        """The connection is cut."""
        connection.cut()
        if connection.attaching:
            self.hub.detach(connection)

    async def catch_up(self) -> None:
        """What the bus calls when it has lost something. What was lost before is read, if nothing
        fails."""
        lost, self.end.lost, failures = self.end.lost, {}, self.workers.failures
        try:
            await self.hub.on_missed()
        except errors.Unavailable:
            self.end.lost.update(lost)
        else:
            self.made_up_for = failures

    @property
    def blind(self) -> bool:
        """Whether storage has failed since the node caught up: what it read then is not known."""
        return self.workers.failures > self.made_up_for

    def go_on(self, *, late: bool) -> bool:
        """The next thing on a quiet day, if there is any; `late`, the bus brings nothing."""
        work, end = self.workers, self.end
        return (
            work.report() or work.read() or work.write() or end.obey()
            or (not late and end.deliver_one())
        )  # fmt: skip

    @property
    def busy(self) -> bool:
        work, end = self.workers, self.end
        waiting = (work.results, work.reads.jobs, work.writes.jobs, end.orders, end.hints)
        return any(waiting)

    def moves(self) -> list[Callable[[], object]]:
        """What could happen next: work done or answered, hints that come, again, or never."""
        work, end = self.workers, self.end
        moves: list[tuple[object, Callable[[], object]]] = [
            (work.results, work.report),
            (work.reads.jobs, work.read),
            (work.writes.jobs, work.write),
            (end.hints, end.deliver_one),
            (end.orders, end.obey),
            (work.reads.jobs[1:], partial(work.read, 1)),
            (work.results[1:], partial(work.report, 1)),
            (end.hints[1:], partial(end.deliver_one, -1)),
            (end.heard, end.deliver_again),
            (end.heard[1:], partial(end.deliver_again, 1)),
            (end.hints, end.lose_one),
        ]
        return [move for there, move in moves if there]

    def die(self) -> None:
        """Nothing that was not committed is, and nobody is told anything any more."""
        self.end.bus.ends.remove(self.end)
        self.workers.results.clear()
        self.database.close()
