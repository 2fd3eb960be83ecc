"""This node's live connections, and the way of an entry to them: the only truth in memory.

A push is a hint, the log is the truth. For each chat that a connected user belongs to, the hub
keeps the user's head: the `seq` up to which the chat was delivered to them. An entry that is head
+ 1 is framed once and written to every connection of every member; one further on means a hole,
and the missing entries are read from the log first. So every connection sees each entry once, in
order, whatever the bus loses, doubles or shuffles. Who joins and leaves a group is read off the
log in the same way: nobody sees an entry before their own member_joined or after their own
member_left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.following import Follower, Left, LocalChat, LocalUser, Returning
from ruggine.events import (
    ALL_NODES,
    AnyEvent,
    AnyNotice,
    ChatsChanged,
    EntryAppended,
    GroupTold,
    SessionsEnded,
    UsersTold,
    UserTold,
    chat_channel,
    group_channel,
    user_channel,
)
from ruggine.model import Absence, Belonging, Chat, Ending, Entry, Missed

T = TypeVar("T")

_CHUNK = 500
"""Users, chats, sessions or entries in one read, so that no read holds a thread for long."""

RESUMED = 500
"""Entries of a chat that are sent to who resumes."""

_RESUME_CHUNK = 100


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
        frame_notice: ports.NoticeFraming,
        spawn: ports.Spawn,
        max_connections_per_user: int,
        note: ports.ConnectionNote | None = None,
    ) -> None:
        """`note` is told of each connection that comes and goes."""
        self._log = log
        self._chat_store = chats
        self._session_store = sessions
        self._bus = bus
        self._frame = frame
        self._frame_notice = frame_notice
        self._spawn = spawn
        self._max_connections_per_user = max_connections_per_user
        self._note = note
        self.delivered = 0
        self._users: dict[str, LocalUser] = {}
        self._chats: dict[int, LocalChat] = {}

    # Connections

    async def attach(self, connection: ports.Connection, absence: Absence | None = None) -> None:
        """Begin live delivery to `connection`: it gets every entry committed after this returns.

        Entries of the chats that it has missed something of wait until `resume` has sent what comes
        before them; a chat that began since the absence was looked up is one of them. The
        user's oldest connection ends if there are too many. Raises Unavailable, and InvalidSession
        if the session has ended by now, whatever a cache still holds.
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
            missed = self._missed(user, absence or Absence())
            user.connections[connection] = Returning(missed) if missed else None
            self._noted(connection, user, 1)
        finally:
            user.attaching.discard(connection)
            self._forget_if_idle(user)
        if len(user.connections) > self._max_connections_per_user:
            oldest = next(iter(user.connections))
            self.detach(oldest)
            oldest.end(Ending.TOO_MANY)

    def _missed(self, user: LocalUser, absence: Absence) -> dict[int, Missed]:
        begun = {
            here.chat.id: Missed(here.chat, here.followers[user.id].since, None)
            for here in user.chats.values()
            if absence.begun(here.chat, user.id)
        }
        return absence.missed | begun

    def detach(self, connection: ports.Connection) -> None:
        """End live delivery to `connection`, whether it was attached or not."""
        user = self._users.get(connection.session.user.id)
        if user is not None:
            if connection in user.connections:
                del user.connections[connection]
                self._noted(connection, user, -1)
            self._forget_if_idle(user)

    def _noted(self, connection: ports.Connection, user: LocalUser, change: int) -> None:
        if self._note is not None:
            self._note(connection, len(user.connections), change)

    async def resume(self, connection: ports.ResumingConnection) -> None:
        """Send what an attached connection has missed, chat by chat, and let it join the others.

        No faster than its peer reads, and no longer than it is attached. Of a long absence only
        the last RESUMED entries of a chat are sent, after a gap. Raises Unavailable.
        """
        user = self._users.get(connection.session.user.id)
        if user is None or connection not in user.connections:
            return
        returning = user.connections[connection]
        if returning is not None:
            await self._resume_chats(user, connection, returning)
        if connection in user.connections:
            connection.tell_caught_up()

    async def _resume_chats(
        self, user: LocalUser, connection: ports.ResumingConnection, returning: Returning
    ) -> None:
        for chat_id, missed in tuple(returning.missed.items()):
            above = await self._resume_chat(user, connection, missed)
            if connection not in user.connections:
                return
            del returning.missed[chat_id]
            if above > self._head_for(user, missed):
                returning.passed[chat_id] = above

    async def _resume_chat(
        self, user: LocalUser, connection: ports.ResumingConnection, missed: Missed
    ) -> int:
        """Returns how far it came: live entries go on there, so that nothing is between the two.

        Who has left meanwhile and joined anew gets nothing of what was said in between, and the
        beginning of the new membership before they are told that they have caught up.
        """
        above, last = max(missed.above, self._since(user, missed)), self._last_for(user, missed)
        if last - above > RESUMED:
            connection.tell_gap(missed.chat, above + 1, last - RESUMED)
            above = last - RESUMED
        while (above := max(above, self._since(user, missed))) < (
            last := self._last_for(user, missed)
        ):
            read = await self._log.entries_after(missed.chat.id, above, _RESUME_CHUNK)
            entries = [entry for entry in read if entry.seq <= last]
            if not entries:  # a damaged log must not be read for ever
                return above
            for entry in entries:
                await connection.drained()
                if connection not in user.connections:
                    return above
                connection.deliver(self._frame(missed.chat, entry))
                self.delivered += 1
                above = entry.seq
        return above

    def _last_for(self, user: LocalUser, missed: Missed) -> int:
        """How far to resume a chat."""
        since, head = self._since(user, missed), self._head_for(user, missed)
        return max(head, since + 1) if since > missed.above else head

    def _head_for(self, user: LocalUser, missed: Missed) -> int:
        """How far a user has come in a chat: what is later is delivered live, or not theirs."""
        here = user.chats.get(missed.chat.id)
        if here is not None:
            return here.followers[user.id].head or 0
        return user.left_at(missed.chat.id) or missed.upto or 0

    def _since(self, user: LocalUser, missed: Missed) -> int:
        """Where the last membership begins that is known here."""
        here, left = user.chats.get(missed.chat.id), user.left.get(missed.chat.id)
        if here is not None:
            return here.followers[user.id].since
        return left.since if left is not None else 0

    def connections(self) -> list[ports.Connection]:
        """Every attached connection."""
        return [c for user in self._users.values() for c in user.connections]

    def connections_of(self, user_id: str) -> list[ports.Connection]:
        """A user's connections to this node."""
        user = self._users.get(user_id)
        return list(user.connections) if user is not None else []

    def online_here(self) -> list[str]:
        return [user.id for user in self._users.values() if user.connections]

    async def online(self) -> set[str]:
        """The ids of the users who are connected, to any node as far as is known."""
        return {*self.online_here(), *(await self._bus.online_elsewhere() or ())}

    async def online_everywhere(self) -> set[str] | None:
        """The same, or None while nobody can say who is connected to other nodes."""
        elsewhere = await self._bus.online_elsewhere()
        return None if elsewhere is None else {*self.online_here(), *elsewhere}

    # What happened on this node

    def publish(self, chat: Chat, *entries: Entry) -> None:
        """Bring committed entries to every member's connections, here and on other nodes."""
        for member in chat.members:
            self._follow_new(member.id, chat, 0)
        for entry in entries:
            self._on_entry(entry)
            self._bus.publish(chat_channel(chat.id), EntryAppended(entry))

    def chat_opened(self, chat: Chat, user_ids: Iterable[str]) -> None:
        """These users have just come to belong to a chat: their connections follow it."""
        for user_id in user_ids:
            self._changed(user_id)
            self._bus.publish(user_channel(user_id), ChatsChanged(user_id))

    def tell(self, user_id: str, notice: AnyNotice) -> None:
        """Tell every connection of a user, here and on other nodes."""
        self._tell_user(user_id, notice)
        self._bus.publish(user_channel(user_id), UserTold(user_id, notice))

    def tell_users(self, user_ids: Collection[str], notice: AnyNotice) -> None:
        """Tell every connection of these users, here and on other nodes."""
        self.tell_here(user_ids, notice)
        for some in _chunks(user_ids):
            self._bus.publish(ALL_NODES, UsersTold(tuple(some), notice))

    def tell_chat(self, chat: Chat, notice: AnyNotice, but: str | None = None) -> None:
        """Tell every connection of every member of a chat, of the user `but` excepted."""
        if chat.group_id is None:
            for member in chat.members:
                if member.id != but:
                    self.tell(member.id, notice)
            return
        self._tell_chat(chat.id, notice, but)
        self._bus.publish(group_channel(chat.group_id), GroupTold(chat.id, notice, but))

    def tell_here(self, user_ids: Iterable[str], notice: AnyNotice) -> None:
        """Tell the connections of these users to this node only."""
        self._tell([u for id_ in user_ids if (u := self._users.get(id_)) is not None], notice)

    def sessions_ended(self, user_id: str, session_ids: Collection[str]) -> None:
        """Close the connections of these sessions, here and on other nodes."""
        self._end_sessions(user_id, session_ids)
        self._bus.publish(ALL_NODES, SessionsEnded(user_id, tuple(session_ids)))

    # What the bus brings

    def on_event(self, event: AnyEvent) -> None:
        match event:
            case EntryAppended(entry):
                self._on_entry(entry)
            case ChatsChanged(user_id):
                self._changed(user_id)
            case SessionsEnded(user_id, session_ids):
                self._end_sessions(user_id, session_ids)
            case UserTold(user_id, notice):
                self._tell_user(user_id, notice)
            case UsersTold(user_ids, notice):
                self.tell_here(user_ids, notice)
            case GroupTold(chat_id, notice, but):
                self._tell_chat(chat_id, notice, but)

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
        """Subscribed first, read then: nothing falls between the two.

        So the chats are read twice: to know what to subscribe to, and for where they have come to
        and whether the user is still in them; and again, if another connection of the user's has
        found more meanwhile.
        """
        await self._bus.subscribe([user_channel(user.id)])
        for belonging in await self._chat_store.of_users([user.id]):
            if belonging.left_seq is None and belonging.chat.id not in user.chats:
                self._follow(user, belonging.chat, None)
        await self._find_heads(user)
        while user.unread:
            await self._find_heads(user)
        user.loaded = True
        if user.changed:
            user.changed = False
            self._spawn(self._reload([user.id]))

    async def _find_heads(self, user: LocalUser) -> None:
        unread = user.unread
        await self._bus.subscribe([channel for here in unread for channel in _channels(here.chat)])
        belongings = await self._chat_store.of_users([user.id])
        still = {b.chat.id: b for b in belongings if b.left_seq is None}
        for gone in belongings:
            if gone.left_seq is not None and gone.left_seq > user.left_at(gone.chat.id):
                user.left[gone.chat.id] = Left(max(gone.joined_seq - 1, 0), gone.left_seq)
        for here in unread:
            follower = here.followers.get(user.id)
            if follower is None or follower.head is not None:
                continue
            if here.chat.id in still:
                self._begin(here, follower, still[here.chat.id])
            else:
                self._unfollow(user, here)
        user.changed = user.changed or not still.keys() <= user.chats.keys()

    def _begin(self, here: LocalChat, follower: Follower, belonging: Belonging) -> None:
        follower.head = belonging.last_seq
        follower.since = max(belonging.joined_seq - 1, 0)
        self._on_head(here.chat.id, belonging.last_seq)

    def _changed(self, user_id: str) -> None:
        """The database says that a user belongs to a chat more."""
        user = self._users.get(user_id)
        if user is None:
            return
        if user.loaded:
            self._spawn(self._reload([user_id]))
        else:
            user.changed = True

    async def _reload(self, user_ids: Collection[str]) -> None:
        """Follow what these users have come to belong to since they were loaded.

        Also what they have left again: they are to hear of both.
        """
        for belonging in await self._chat_store.of_users(user_ids):
            self._follow_new(belonging.user_id, belonging.chat, max(belonging.joined_seq - 1, 0))

    def _follow_new(self, user_id: str, chat: Chat, head: int) -> None:
        """A chat that a loaded user does not follow yet is new to them, from `head` on."""
        user = self._users.get(user_id)
        if user is None or chat.id in user.chats or head < user.left_at(chat.id):
            return
        if not user.loaded:
            user.changed = True
            return
        here = self._follow(user, chat, head)
        self._spawn(self._follow_from(here))

    async def _follow_from(self, here: LocalChat) -> None:
        await self._bus.subscribe(_channels(here.chat))
        await self._catch_up(here)

    def _follow(self, user: LocalUser, chat: Chat, head: int | None) -> LocalChat:
        here = self._chats.setdefault(chat.id, LocalChat(chat))
        here.followers[user.id] = Follower(user, head, since=head or 0)
        user.chats[chat.id] = here
        return here

    def _unfollow(self, user: LocalUser, here: LocalChat) -> None:
        user.chats.pop(here.chat.id, None)
        here.followers.pop(user.id, None)
        if not here.followers and self._chats.get(here.chat.id) is here:
            del self._chats[here.chat.id]
            self._bus.unsubscribe(_channels(here.chat))

    def _forget_if_idle(self, user: LocalUser) -> None:
        if user.connections or user.attaching or self._users.get(user.id) is not user:
            return
        del self._users[user.id]
        for here in tuple(user.chats.values()):
            self._unfollow(user, here)
        self._bus.unsubscribe([user_channel(user.id)])

    # Delivering

    def _on_entry(self, entry: Entry) -> None:
        here = self._chats.get(entry.chat_id)
        if here is None:
            return
        here.seen = max(here.seen, entry.seq)
        # A late hint may bring somebody here for whom what came before it is the next.
        if self._deliver(here, entry) or entry.seq < here.seen:
            self._on_head(entry.chat_id, entry.seq)

    def _on_head(self, chat_id: int, seq: int) -> None:
        """The chat is said to have come to `seq`; read what somebody here is missing."""
        here = self._chats.get(chat_id)
        if here is None:
            return
        here.seen = max(here.seen, seq)
        lowest = here.lowest
        if lowest is not None and here.seen > lowest and not here.catching_up:
            self._spawn(self._catch_up(here))

    async def _catch_up(self, here: LocalChat) -> None:
        if here.catching_up:
            return
        here.catching_up = True
        try:
            while (lowest := here.lowest) is not None:
                entries = await self._log.entries_after(here.chat.id, lowest, _CHUNK)
                for entry in entries:
                    self._deliver(here, entry)
                now = here.lowest or 0
                if now == lowest or (not entries and now > lowest):
                    break
        finally:
            here.catching_up = False

    def _deliver(self, here: LocalChat, entry: Entry) -> bool:
        """Write an entry to everybody whose next one it is; whether somebody misses earlier ones.

        It is framed once, for all of them.
        """
        if entry.kind == "member_joined" and entry.subject is not None:
            self._follow_joined(here, entry.subject.id, entry.seq)
        framed, behind = None, False
        for follower in tuple(here.followers.values()):
            if follower.head != entry.seq - 1:
                behind = behind or (follower.head is not None and follower.head < entry.seq)
                continue
            follower.head = entry.seq
            if framed is None:
                framed = self._frame(here.chat, entry)
            for connection, returning in tuple(follower.user.connections.items()):
                if returning is None or returning.takes(entry):
                    connection.deliver(framed)
                    self.delivered += 1
        if entry.kind == "member_left" and entry.subject is not None:
            self._unfollow_left(here, entry.subject.id, entry.seq)
        return behind

    def _follow_joined(self, here: LocalChat, user_id: str, seq: int) -> None:
        """Where `here` was forgotten because its last follower left, this one begins anew."""
        user = self._users.get(user_id)
        if user is None or not user.loaded or user_id in here.followers:
            return
        if seq <= user.left_at(here.chat.id):
            return
        if self._chats.get(here.chat.id) is here:
            self._follow(user, here.chat, seq - 1)
        else:
            self._follow_new(user_id, here.chat, seq - 1)

    def _unfollow_left(self, here: LocalChat, user_id: str, seq: int) -> None:
        """Unless it is a late hint, and they have joined anew since."""
        follower = here.followers.get(user_id)
        if follower is not None and follower.head == seq and follower.since < seq:
            follower.user.left[here.chat.id] = Left(follower.since, seq)
            self._unfollow(follower.user, here)

    # Telling

    def _tell_user(self, user_id: str, notice: AnyNotice) -> None:
        user = self._users.get(user_id)
        if user is not None:
            self._tell([user], notice)

    def _tell_chat(self, chat_id: int, notice: AnyNotice, but: str | None) -> None:
        here = self._chats.get(chat_id)
        if here is not None:
            self._tell([f.user for id_, f in here.followers.items() if id_ != but], notice)

    def _tell(self, users: Iterable[LocalUser], notice: AnyNotice) -> None:
        """It is framed once, for all of them."""
        framed = self._frame_notice(notice)
        for user in users:
            for connection in tuple(user.connections):
                connection.tell(framed)

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


def _channels(chat: Chat) -> list[str]:
    """What a node subscribes to for a chat."""
    groups = [group_channel(chat.group_id)] if chat.group_id is not None else []
    return [chat_channel(chat.id), *groups]
