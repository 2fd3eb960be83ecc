"""This node's live connections, and the way of an entry to them: the only truth in memory.

A push is a hint, the log is the truth. For each chat that a connected user belongs to, the hub
keeps the head: the `seq` up to which the chat was delivered here. An entry that is head + 1 is
framed once and written to every connection of every member; one further on means a hole, and the
missing entries are read from the log first. So every connection sees each entry once, in order,
whatever the bus loses, doubles or shuffles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from ruggine import errors
from ruggine.domain import ports
from ruggine.events import (
    AnyEvent,
    ChatsChanged,
    EntryAppended,
    SessionsEnded,
    chat_channel,
    user_channel,
)
from ruggine.model import Chat, Ending, Entry

T = TypeVar("T")

_CHUNK = 500
"""Users, chats, sessions or entries in one read, so that no read holds a thread for long."""


@dataclass(slots=True, eq=False)
class LocalUser:
    """A user who is connected to this node, or is about to be.

    `changed` while the chats are being read says that they must be read again.
    """

    id: str
    connections: dict[ports.Connection, None] = field(default_factory=dict)
    attaching: set[ports.Connection] = field(default_factory=set)
    chats: dict[int, LocalChat] = field(default_factory=dict)
    loaded: bool = False
    changed: bool = False


@dataclass(slots=True, eq=False)
class LocalChat:
    """A chat that a user of this node belongs to. `head` is None until it is read."""

    chat: Chat
    head: int | None = None
    seen: int = 0
    users: dict[str, LocalUser] = field(default_factory=dict)
    catching_up: bool = False


class Hub:
    """Knows who is connected here and brings them the entries of their chats, in order."""

    def __init__(
        self,
        *,
        log: ports.MessageLog,
        chats: ports.ChatStore,
        sessions: ports.SessionStore,
        bus: ports.Bus,
        frame: ports.Framing,
        spawn: ports.Spawn,
        max_connections_per_user: int,
    ) -> None:
        self._log = log
        self._chat_store = chats
        self._session_store = sessions
        self._bus = bus
        self._frame = frame
        self._spawn = spawn
        self._max_connections_per_user = max_connections_per_user
        self._users: dict[str, LocalUser] = {}
        self._chats: dict[int, LocalChat] = {}

    # Connections

    async def attach(self, connection: ports.Connection) -> None:
        """Begin live delivery to `connection`: it gets every entry committed after this returns.

        The user's oldest connection ends if there are too many. Raises Unavailable, and
        InvalidSession if the session has ended by now, whatever a cache still holds.
        """
        user_id = connection.session.user.id
        user = self._users.setdefault(user_id, LocalUser(user_id))
        user.attaching.add(connection)
        try:
            if not user.loaded:
                await self._load(user)
            existing = await self._session_store.existing([connection.session.id])
            if not existing or connection not in user.attaching:
                raise errors.InvalidSession
            user.connections[connection] = None
        finally:
            user.attaching.discard(connection)
            self._forget_if_idle(user)
        if len(user.connections) > self._max_connections_per_user:
            oldest = next(iter(user.connections))
            self.detach(oldest)
            oldest.end(Ending.TOO_MANY)

    def detach(self, connection: ports.Connection) -> None:
        """End live delivery to `connection`, whether it was attached or not."""
        user = self._users.get(connection.session.user.id)
        if user is not None:
            user.connections.pop(connection, None)
            self._forget_if_idle(user)

    def connections(self) -> list[ports.Connection]:
        """Every attached connection."""
        return [c for user in self._users.values() for c in user.connections]

    def online_here(self) -> list[str]:
        return [user.id for user in self._users.values() if user.connections]

    async def online(self) -> set[str]:
        """The ids of the users who are connected, to any node."""
        return {*self.online_here(), *await self._bus.online_elsewhere()}

    # What happened on this node

    def publish(self, chat: Chat, entry: Entry) -> None:
        """Bring a committed entry to every member's connections, here and on other nodes."""
        for member in chat.members:
            self._follow_new(member.id, chat)
        self._on_entry(entry)
        self._bus.publish(chat_channel(chat.id), EntryAppended(entry))

    def chat_opened(self, chat: Chat) -> None:
        """A chat has just been made: its members' connections follow it from its first entry."""
        for member in chat.members:
            self._follow_new(member.id, chat)
            self._bus.publish(user_channel(member.id), ChatsChanged(member.id))

    def sessions_ended(self, user_id: str, session_ids: Collection[str]) -> None:
        """Close the connections of these sessions, here and on other nodes."""
        self._end_sessions(user_id, session_ids)
        self._bus.publish(user_channel(user_id), SessionsEnded(user_id, tuple(session_ids)))

    # What the bus brings

    def on_event(self, event: AnyEvent) -> None:
        match event:
            case EntryAppended(entry):
                self._on_entry(entry)
            case ChatsChanged(user_id):
                self._spawn(self._reload([user_id]))
            case SessionsEnded(user_id, session_ids):
                self._end_sessions(user_id, session_ids)

    async def on_missed(self) -> None:
        """Compare everything followed here with the database, and catch up."""
        for user_ids in _chunks(self._users):
            await self._reload(user_ids)
        for chat_ids in _chunks(self._chats):
            for chat_id, head in (await self._chat_store.heads(chat_ids)).items():
                self._on_head(chat_id, head)
        await self._end_sessions_that_ended()

    # Following chats

    async def _load(self, user: LocalUser) -> None:
        await self._bus.subscribe([user_channel(user.id)])
        chats = [chat for _, chat in await self._chat_store.of_users([user.id])]
        unread = [here for chat in chats if (here := self._follow(user, chat)).head is None]
        if unread:
            await self._read_heads(unread)
        user.loaded = True
        if user.changed:
            user.changed = False
            self._spawn(self._reload([user.id]))

    async def _read_heads(self, unread: Sequence[LocalChat]) -> None:
        """Subscribed first, read then: nothing falls between the two."""
        await self._bus.subscribe([chat_channel(here.chat.id) for here in unread])
        heads = await self._chat_store.heads([here.chat.id for here in unread])
        for here in unread:
            if here.head is None:
                here.head = heads.get(here.chat.id, 0)
                self._on_head(here.chat.id, here.seen)

    async def _reload(self, user_ids: Collection[str]) -> None:
        """Follow what these users have come to belong to since they were loaded."""
        for user_id, chat in await self._chat_store.of_users(user_ids):
            self._follow_new(user_id, chat)

    def _follow_new(self, user_id: str, chat: Chat) -> None:
        """A chat that a loaded user does not follow yet is new to them, from its first entry."""
        user = self._users.get(user_id)
        if user is None or chat.id in user.chats:
            return
        if not user.loaded:
            user.changed = True
            return
        here = self._follow(user, chat)
        if here.head is None:
            here.head = 0
            self._spawn(self._follow_from_start(here))

    async def _follow_from_start(self, here: LocalChat) -> None:
        await self._bus.subscribe([chat_channel(here.chat.id)])
        await self._catch_up(here)

    def _follow(self, user: LocalUser, chat: Chat) -> LocalChat:
        here = self._chats.setdefault(chat.id, LocalChat(chat))
        here.users[user.id] = user
        user.chats[chat.id] = here
        return here

    def _forget_if_idle(self, user: LocalUser) -> None:
        if user.connections or user.attaching or self._users.get(user.id) is not user:
            return
        del self._users[user.id]
        channels = [user_channel(user.id)]
        for here in user.chats.values():
            here.users.pop(user.id, None)
            if not here.users and self._chats.get(here.chat.id) is here:
                del self._chats[here.chat.id]
                channels.append(chat_channel(here.chat.id))
        self._bus.unsubscribe(channels)

    # Delivering

    def _on_entry(self, entry: Entry) -> None:
        here = self._chats.get(entry.chat_id)
        if here is None:
            return
        if here.head is not None and entry.seq == here.head + 1:
            self._deliver(here, entry)
        else:
            self._on_head(entry.chat_id, entry.seq)

    def _on_head(self, chat_id: int, seq: int) -> None:
        """The chat is said to have come to `seq`; read what is missing here."""
        here = self._chats.get(chat_id)
        if here is None:
            return
        here.seen = max(here.seen, seq)
        if here.head is not None and here.seen > here.head and not here.catching_up:
            self._spawn(self._catch_up(here))

    async def _catch_up(self, here: LocalChat) -> None:
        if here.catching_up:
            return
        here.catching_up = True
        try:
            while entries := await self._log.entries_after(here.chat.id, here.head or 0, _CHUNK):
                for entry in entries:
                    if entry.seq == (here.head or 0) + 1:
                        self._deliver(here, entry)
        finally:
            here.catching_up = False
            here.seen = here.head or 0

    def _deliver(self, here: LocalChat, entry: Entry) -> None:
        here.head = entry.seq
        framed = self._frame(here.chat, entry)
        for user in here.users.values():
            for connection in tuple(user.connections):
                connection.deliver(framed)

    # Sessions

    def _end_sessions(self, user_id: str, session_ids: Collection[str]) -> None:
        user = self._users.get(user_id)
        if user is None:
            return
        user.attaching = {c for c in user.attaching if c.session.id not in session_ids}
        for connection in tuple(user.connections):
            if connection.session.id in session_ids:
                self.detach(connection)
                connection.end(Ending.SESSION_ENDED)

    async def _end_sessions_that_ended(self) -> None:
        for connections in _chunks(self.connections()):
            ids = {connection.session.id for connection in connections}
            ended = ids - await self._session_store.existing(ids)
            for connection in connections:
                if connection.session.id in ended:
                    self.detach(connection)
                    connection.end(Ending.SESSION_ENDED)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(tuple(items))
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
