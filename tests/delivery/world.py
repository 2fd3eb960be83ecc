"""Two nodes on one database, four clients of three users, and what is checked of them."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain import ports
from ruggine.events import chat_channel, user_channel
from ruggine.model import Appended, Chat, Place, Session, User
from ruggine.storage.accounts import AccountStore
from ruggine.storage.chats import ChatStore
from ruggine.storage.database import Database
from ruggine.storage.groups import GroupStore
from ruggine.storage.sessions import SessionStore
from tests.delivery.client import Client, Connection, fact_of
from tests.delivery.hints import Hints
from tests.delivery.model import Fact, Model
from tests.delivery.node import Node
from tests.delivery.workers import Workers

USERS = [User("1", "dory"), User("2", "luigi"), User("3", "ugo")]
DORY, LUIGI, UGO = USERS
DEVICES = [LUIGI, DORY, UGO, LUIGI]
Then = tuple[int, int] | list[int] | None

TROUBLES = ["hints", "missed", "bus", "read", "write"]


@dataclass
class Town:
    """A database file in which everybody has an account and Luigi an open group with Dory; Luigi
    and Dory have a chat, Luigi and Ugo none yet."""

    path: Path
    sessions: list[Session]
    group_id: str

    def places(self, user: User) -> dict[str, Place]:
        """The chats that a user could be in, and how they name them."""
        others = {"dory+luigi": (DORY, LUIGI), "luigi+ugo": (LUIGI, UGO)}
        private = {
            chat: Place("private", next(m.name for m in members if m != user))
            for chat, members in others.items()
            if user in members
        }
        return {**private, self.group_id: Place("group", self.group_id)}


def found_town(path: Path) -> Town:
    workers = Workers()
    database = Database(workers, path, "relaxed", shared=True)
    database.open()
    workers.take_over(database)
    sessions = [Session(str(n), user, "", 0.0, 0.0) for n, user in enumerate(DEVICES)]

    async def found() -> str:
        accounts, groups = AccountStore(database), GroupStore(database, 256)
        for session in sessions[:3]:
            await accounts.add("hash", session, session.id.encode(), "")
        await SessionStore(database, 50).add(sessions[3], b"3", "")
        await ChatStore(database).private(LUIGI, DORY)
        change, _ = await groups.create(LUIGI, "gita", [], 0.0)
        assert change.chat.group_id is not None
        await groups.set_open(LUIGI, change.chat.group_id, True)
        await groups.join(DORY, change.chat.group_id, 0.0)
        return change.chat.group_id

    made: list[str] = []
    Deferred.fromCoroutine(found()).addCallback(made.append)
    while workers.read() or workers.write() or workers.report():
        pass
    database.close()
    return Town(path, sessions, made[0])


class World:
    """What the rules act on. `late`, the bus brings nothing of its own accord."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.path = folder / "it.db"
        shutil.copyfile(town.path, self.path)
        self.model = Model()
        self.bus = Hints()
        self.late = False
        self.wrong: list[AssertionError] = []
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.answered: set[tuple[str, str]] = set()
        self.eye = sqlite3.connect(self.path, isolation_level=None)
        self.chat_ids: dict[str, int] = {}
        self.look()
        self.founded = self._heads()
        self.nodes = [Node(self.path, self.bus, self.look) for _ in range(2)]
        self.dead: list[Node] = []
        self.clients = [Client(s.user, s, self.model, town.places(s.user)) for s in town.sessions]

    # What is stored, seen with an eye of our own

    def look(self) -> None:
        """After each write: what has it added?"""
        for chat_id, chat in self.eye.execute(_CHATS).fetchall():
            self.chat_ids[chat] = chat_id
            for fact in self._facts(chat, len(self.model.logs[chat])):
                self.check(partial(self.model.store, chat, fact))

    def _facts(self, chat: str, above: int) -> list[Fact]:
        rows = self.eye.execute(_FACTS, (self.chat_ids[chat], above)).fetchall()
        return [Fact(*row) for row in rows]

    def check(self, act: Any) -> None:
        """Where a node would catch what is raised; `check_faults` raises it later."""
        try:
            act()
        except AssertionError as error:
            self.wrong.append(error)

    # Sending

    def send(self, number: int, chat: int, text: str) -> None:
        self._try(number, f"{len(self.model.tried):08}", self._chat_of(number, chat), text)

    def _chat_of(self, number: int, which: int) -> str:
        chats = list(self.clients[number].places)
        return chats[which % len(chats)]

    def send_again(self, number: int, which: int, other: int | None) -> None:
        user = self.clients[number].user.name
        own = [key for key in self.model.tried if key[0] == user]
        if own:
            unanswered = [key for key in own if key not in self.answered]
            own = unanswered if which % 2 and unanswered else own
            key = own[-1 - which % len(own)]
            chat, text = min(self.model.tried[key])
            if other is not None:
                chat, text = self._chat_of(number, other), "altro"
            self._try(number, key[1], chat, text)

    def send_unanswered(self) -> None:
        """By whoever of each sender's devices is connected."""
        for name, client_id in sorted(self.model.tried.keys() - self.answered):
            for number, client in enumerate(self.clients):
                if client.user.name == name and self._at_home(client):
                    chat, text = min(self.model.tried[name, client_id])
                    self._try(number, client_id, chat, text)
                    break

    def _try(self, number: int, client_id: str, chat: str, text: str) -> None:
        client = self.clients[number]
        if not self._at_home(client):
            return
        key = client.user.name, client_id
        self.model.tried[key].add((chat, text))
        self.attempts[key] += 1
        node, connection = self.nodes[client.node], client.connection
        belonged = self._membership(client.user, chat)
        assert connection is not None
        if self.attempts[key] == 1:
            connection.unanswered.add(client_id)
        else:
            self._may_come_unanswered(*key)

        def answer(_: Chat | None, outcome: ports.Outcome) -> None:
            self.check(partial(self._answered, key, chat, text, belonged, node, outcome))
            connection.answer(client_id)

        node.spawn(_submit(node, client, chat, client_id, text, answer))

    def _may_come_unanswered(self, sender: str, client_id: str) -> None:
        """It was sent on another connection too, and only one of the two is answered first."""
        for client in self.clients:
            if client.user.name == sender and client.connection is not None:
                client.connection.unanswered.discard(client_id)

    def _answered(
        self, key: tuple[str, str], chat: str, text: str, belonged: tuple[bool, int], node: Node,
        outcome: ports.Outcome,
    ) -> None:  # fmt: skip
        self.answered.add(key)
        if isinstance(outcome, Appended):
            assert outcome.entry.content == text
            self.model.acknowledge(chat, fact_of(outcome.entry), outcome.duplicate)
            self.bus.will_hear(chat_channel(outcome.entry.chat_id), outcome.entry.seq)
            return
        if isinstance(outcome, errors.ClientIdConflict):
            self.model.conflict(*key, chat, text)
            return
        if isinstance(outcome, errors.NotAMember):
            user = next(user for user in USERS if user.name == key[0])
            assert not (belonged[0] and self._membership(user, chat) == belonged), (key, chat)
        else:
            assert isinstance(outcome, errors.Unavailable), outcome
            assert node.workers.failures, outcome
        assert self.attempts[key] > 1 or key not in self.model.stored, (key, outcome)

    def _membership(self, user: User, chat: str) -> tuple[bool, int]:
        return self.model.belongs(user.name, chat), len(self.model.spans(user.name, chat))

    def join_or_leave(self, user: User, where: int) -> None:
        """On the line port, as it were."""
        groups = self.nodes[where].groups
        member = self.model.belongs(user.name, self.town.group_id)
        act = groups.leave if member else groups.join
        self.nodes[where].spawn(_refusable(act(user, self.town.group_id)))

    def _at_home(self, client: Client) -> bool:
        return client.connection is not None and client.connection.caught_up

    # Connections and nodes

    def cut(self, number: int) -> None:
        client = self.clients[number]
        if client.connection is not None:
            self.nodes[client.node].leave(client.connection)
            client.connection = None

    def come_back(self, number: int, where: int, *, slow: bool, fresh: bool = False) -> None:
        client = self.clients[number]
        if client.connection is not None:
            return
        if fresh:
            client.forget()
        client.connection, client.node = Connection(client.session, slow=slow), where
        node = self.nodes[where]
        cursors = None if fresh else client.where()
        node.spawn(node.welcome(client.connection, cursors, self._heads))

    def _heads(self) -> dict[str, int]:
        return {chat: len(log) for chat, log in self.model.logs.items()}

    def crash(self, where: int) -> list[int]:
        """Without a goodbye. What it had committed and not published, nobody hears of.

        Returns who was connected to it.
        """
        node = self.nodes[where]
        cut = [
            n for n, c in enumerate(self.clients) if c.connection is not None and c.node == where
        ]
        for number in cut:
            self.cut_off(number)
        node.die()
        self.dead.append(node)  # what is suspended in it must not be woken by being collected
        self._note_unpublished()
        self.nodes[where] = Node(self.path, self.bus, self.look)
        return cut

    def cut_off(self, number: int) -> None:
        """The node does not hear of it."""
        client = self.clients[number]
        if client.connection is not None:
            client.connection.gone = True
            client.connection.pipe.clear()
            client.connection = None

    def _note_unpublished(self) -> None:
        """Nobody was told of these entries, nor who by them has come to a chat."""
        for chat, chat_id in self.chat_ids.items():
            new = self.model.logs[chat][self.founded.get(chat, 0) :]
            unheard = [f for f in new if (chat_id, f.seq) not in self.bus.published]
            come = {f.subject for f in unheard if f.kind == "member_joined"}
            if chat not in self.founded and len(unheard) == len(new):
                come.update(chat.split("+"))
            for end in self.bus.ends:
                if unheard:
                    channel = chat_channel(chat_id)
                    end.lost[channel] = max(unheard[-1].seq, end.lost.get(channel, 0))
                for user in USERS:
                    if user.name in come:
                        end.lost[user_channel(user.id)] = float("inf")

    def bus_goes_or_comes_back(self) -> None:
        if not self.bus.away:
            self.bus.leave()
            return
        self.bus.away = False
        for node in self.nodes:
            node.spawn(node.catch_up())

    def trouble(self, where: int, what: str) -> None:
        node = self.nodes[where]
        match what:
            case "read" | "write":
                node.workers.fails[what] = True
            case "hints":
                self.late = not self.late
            case "bus":
                self.bus_goes_or_comes_back()
            case "missed":
                node.spawn(node.catch_up())

    # Time goes by

    def go_on(self, then: Then) -> None:
        """Until there is nothing left to do, or some way."""
        self._read()
        match then:
            case None:
                while self._everybody_goes_on():
                    self._read()
            case list():
                self._move(then)
            case (node, moves):
                for _ in range(moves):
                    self.nodes[node].go_on(late=self.late)
                    self._read()
        self._read()

    def _everybody_goes_on(self) -> bool:
        moved = [node.go_on(late=self.late) for node in self.nodes]
        return any(moved)

    def _move(self, moves: list[int]) -> None:
        for move in moves:
            self._read()
            possible = [m for node in self.nodes for m in node.moves()] + [
                c.read for c in self.clients if c.connection is not None and c.connection.pipe
            ]
            if possible:
                possible[move % len(possible)]()

    def _read(self) -> None:
        """Who does not read slowly reads at once."""
        for client in self.clients:
            if client.connection is not None and client.connection.gone:
                client.connection = None
            while client.connection is not None and not client.connection.slow and client.read():
                pass

    @property
    def quiet(self) -> bool:
        """Whether nothing waits and nothing is on the way."""
        return not any(node.busy for node in self.nodes) and not any(
            client.connection.pipe for client in self.clients if client.connection is not None
        )

    def settle(self) -> None:
        """Nothing fails or waits any more."""
        self.late = False
        for node in self.nodes:
            node.workers.fails = {"read": False, "write": False}
        for client in self.clients:
            if client.connection is not None:
                client.connection.slow = False
        self.go_on(None)

    # What must be

    def check_faults(self) -> None:
        for error in self.wrong:
            raise error
        for node in self.nodes:
            for fault in node.faults:
                fault.raiseException()
        for client in self.clients:
            assert client.connection is None or client.connection.ended is None

    def check_seen(self) -> None:
        """Of a settled world: who is connected has seen what they must."""
        for client in self.clients:
            if client.connection is not None:
                assert client.connection.caught_up, client.user
                for chat in client.places:
                    self._check_seen(client, client.connection, chat)

    def _check_seen(self, client: Client, connection: Connection, chat: str) -> None:
        end = self.nodes[client.node].end
        channels = {user_channel(client.user.id), chat_channel(self.chat_ids.get(chat, 0))}
        if channels & end.lost.keys() or self.nodes[client.node].blind:
            return
        due = self.model.due(client.user.name, chat)
        began = 0 if chat in connection.resumed else connection.heads.get(chat, 0)
        assert max(client.cursors.get(chat, 0), began) >= due.stop - 1, (client.user, chat, due)

    def finish(self) -> None:
        """Everything is made up for, everybody comes back, twice, and has seen everything."""
        self.settle()
        self.check_seen()
        if self.bus.away:
            self.bus_goes_or_comes_back()
        self.settle()
        for node in self.nodes:
            node.spawn(node.catch_up())
        self.settle()
        assert not any(node.end.lost or node.blind for node in self.nodes)
        self.check_seen()
        for number in range(len(self.clients)):
            self.cut(number)
            self.come_back(number, (self.clients[number].node + 1) % 2, slow=False)
        self.settle()
        self.check_seen()
        for chat in self.chat_ids:
            assert self._facts(chat, 0) == self.model.logs[chat]

    def close(self) -> None:
        for node in self.nodes:
            node.die()
        self.eye.close()


async def _submit(
    node: Node, client: Client, chat: str, client_id: str, text: str, answer: Any
) -> None:
    try:
        rest = node.messages.submit(client.user, client.places[chat], text, client_id, None, answer)
        if rest is not None:
            await rest
    except errors.Refusal as refusal:
        answer(None, refusal)


async def _refusable(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except errors.Refusal:
        return


_CHATS = """
SELECT c.id, COALESCE(c.group_id, MIN(low.name, high.name) || '+' || MAX(low.name, high.name))
FROM chats AS c
LEFT JOIN users AS low ON low.id = c.low_user_id
LEFT JOIN users AS high ON high.id = c.high_user_id
"""

_FACTS = """
SELECT e.seq, e.kind, u.name, e.content, e.client_id, s.name FROM entries AS e
JOIN users AS u ON u.number = e.sender LEFT JOIN users AS s ON s.number = e.subject
WHERE e.chat_id = ? AND e.seq > ? ORDER BY e.seq
"""
