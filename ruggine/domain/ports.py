"""What the domain needs from the rest of the program, as Protocols.

Everything here is called on the reactor thread. Whatever touches storage raises
`errors.Unavailable` while storage is down, besides the refusals named.

What lists something says what comes `after` a place in its order: a name in small letters, or a
time and a name or id.
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Iterable, Sequence
from typing import Any, Literal, Protocol

from ruggine.errors import Refusal
from ruggine.events import AnyEvent, AnyNotice
from ruggine.model import (
    Appended,
    Belonging,
    Change,
    Chat,
    ChatSummary,
    Credentials,
    DeletedAccount,
    Draft,
    EndedSession,
    Ending,
    Entry,
    Found,
    FriendRequest,
    Group,
    Invite,
    Member,
    Origin,
    Page,
    Role,
    SearchQuery,
    Session,
    Span,
    User,
)


class Clock(Protocol):
    """Wall-clock time for display, steady time for expiry; never for order."""

    def __call__(self) -> float:
        """Unix seconds."""


class Spawn(Protocol):
    """Starts work that nobody waits for; its failure is logged."""

    def __call__(self, work: Coroutine[Any, Any, None]) -> None: ...


class PasswordHasher(Protocol):
    """argon2id in threads of its own. Raises Unavailable when too many wait."""

    async def hash(self, password: str, origin: Origin) -> str: ...

    async def verify(self, password_hash: str | None, password: str, origin: Origin) -> bool:
        """None stands for an unknown user: the same work, and False."""


class AccountStore(Protocol):
    async def add(
        self, password_hash: str, session: Session, token_hash: bytes, address: str
    ) -> None:
        """Make the account of `session.user` with its first session. Raises UsernameTaken."""

    async def named(self, name: str) -> User | None:
        """By name in any case; finds deleted accounts under the name they are shown by."""

    async def credentials(self, name: str, network: str) -> Credentials | None:
        """By name in any case; None for unknown and deleted ones."""

    async def set_password(
        self, user_id: str, password_hash: str, now_s: float, address: str, keep: str
    ) -> list[EndedSession]:
        """Also ends every session but the one with the id `keep`."""

    async def delete(self, user: User, now_s: float, address: str) -> DeletedAccount:
        """Delete the account, close its private chats, leave its groups and end its sessions."""

    async def everybody(self, after: str, limit: int) -> list[User]:
        """Every account that is not deleted, by name."""

    async def with_ids(self, user_ids: Collection[str], after: str, limit: int) -> list[User]:
        """Those of them that are not deleted, by name."""


class SessionStore(Protocol):
    async def add(
        self,
        session: Session,
        token_hash: bytes,
        address: str,
        in_use: Collection[str] = (),
        *,
        replace: bool = False,
    ) -> list[EndedSession]:
        """Begin a session, and end those of the same user that have to make room for it: with
        `replace` all of its device, and the longest unused ones above the limit. Sessions with an
        id `in_use` are being used now."""  # fmt: skip

    async def find(self, token_hash: bytes) -> Session | None: ...

    async def of_user(self, user_id: str, after: tuple[float, str], limit: int) -> list[Session]:
        """Oldest first."""

    async def existing(self, session_ids: Collection[str]) -> set[str]:
        """Those of them that have not ended."""

    async def end(
        self, user_id: str, session_id: str, event: Literal["logout", "revoke"], now_s: float,
        address: str,
    ) -> list[EndedSession]: ...  # fmt: skip

    async def end_all(self, user_id: str, now_s: float, address: str) -> list[EndedSession]: ...

    async def expire(
        self, now_s: float, idle_before_s: float, begun_before_s: float
    ) -> list[EndedSession]:
        """End what was last seen, or was begun, before these times."""

    async def touch(self, session_ids: Collection[str], now_s: float) -> None:
        """Note that these sessions are in use."""

    async def note_failed_login(self, user_id: str | None, now_s: float, address: str) -> None: ...


class SessionCache(Protocol):
    """Remembers sessions by the hash of their token for at most a minute. Never raises."""

    async def get(self, token_hash: bytes) -> Session | None: ...

    def put(self, token_hash: bytes, session: Session) -> None: ...

    async def forget(self, ended: Collection[EndedSession]) -> None:
        """These sessions have ended: when this returns, no node finds them here again. Waits no
        longer than a second, and never raises."""


class ChatStore(Protocol):
    async def private(self, one: User, other: User) -> tuple[Chat, bool]:
        """The chat of two users, and whether it was made just now. Raises NotFound."""

    async def find_private(self, user_id: str, other_id: str) -> Chat | None: ...

    async def of_member(self, user_id: str, public_id: str) -> Chat | None:
        """The chat with this id, if the user is in it or was."""

    async def of_message(self, user_id: str, client_id: str) -> Chat | None:
        """The chat in which a message of the user's with this client_id is stored."""

    async def of_users(self, user_ids: Collection[str]) -> list[Belonging]:
        """Every chat that these users are in, or have left."""

    async def heads(self, chat_ids: Collection[int]) -> dict[int, int]:
        """The last `seq` of each chat."""

    async def summaries(
        self, user_id: str, at_ms: int, after: tuple[int, str], limit: int
    ) -> list[ChatSummary]:
        """The user's chats that had entries at a time, in the order that they had then, newest
        first, and as they are now; after one that had moved at a time and has an id."""

    async def span(self, user_id: str, chat_id: int) -> Span | None:
        """What the user may read and has not discarded; None if they never belonged to it."""

    async def mark_read(self, user_id: str, chat_id: int, seq: int) -> int | None:
        """Move the user's mark forward, at most to the last entry; where it is now, if it moved."""

    async def mute(self, user_id: str, chat_id: int, muted: bool) -> bool:
        """Whether the user belongs to the chat."""

    async def discard(self, user_id: str, chat_id: int) -> None:
        """Discard everything up to the present `seq`, for this user only."""


class GroupStore(Protocol):
    """Everything here raises NotAMember for a group that the acting user is not in."""

    async def create(
        self, owner: User, name: str, invited: Sequence[User], now_s: float
    ) -> tuple[Change, list[Invite]]: ...

    async def chat(self, group_id: str) -> Chat | None:
        """Whether anybody is in it or not."""

    async def of_user(self, user_id: str, after: str, limit: int) -> list[Group]:
        """In the order in which they were made, after the one with the id `after`."""

    async def members(self, user: User, group_id: str, after: str, limit: int) -> list[Member]:
        """By name."""

    async def invite(self, by: User, user: User, group_id: str, now_s: float) -> Invite:
        """Raises AlreadyDone, Forbidden."""

    async def invites_of(self, user_id: str, after: tuple[float, str], limit: int) -> list[Invite]:
        """Those that wait for an answer, oldest first."""

    async def accept(self, user: User, invite_id: str, now_s: float) -> Change:
        """Raises NotFound, AlreadyDone, Forbidden."""

    async def reject(self, user: User, invite_id: str) -> Invite:
        """Raises NotFound, AlreadyDone."""

    async def join(self, user: User, group: str, now_s: float) -> Change:
        """By id or name. Raises Forbidden unless it is open, AlreadyDone, InvalidRequest."""

    async def leave(self, user: User, group: str, now_s: float) -> Change:
        """By id or name. The last owner's role passes on; an empty group is closed for ever."""

    async def set_open(self, user: User, group_id: str, opened: bool) -> None:
        """Raises Forbidden for a plain member, as the next three do."""

    async def rename(self, user: User, group_id: str, name: str, now_s: float) -> Change: ...

    async def remove(self, user: User, group_id: str, member: User, now_s: float) -> Change:
        """Raises NotFound for who is no member."""

    async def set_role(
        self, user: User, group_id: str, member: User, role: Role, now_s: float
    ) -> Change:
        """Raises NotFound for who is no member, AlreadyDone."""


class FriendStore(Protocol):
    async def request(self, user: User, other: User, message: str, now_s: float) -> bool:
        """Whether they are friends now, because the other had asked.

        Raises InvalidRequest for oneself, NotFound, AlreadyDone, and Forbidden where either has
        blocked the other or too many requests wait.
        """

    async def accept(self, user: User, other: User, now_s: float) -> None:
        """Raises NotFound, AlreadyDone."""

    async def reject(self, user: User, other: User) -> None:
        """Raises NotFound, AlreadyDone."""

    async def remove(self, user: User, other: User) -> None:
        """A friend, or one's own request. Raises NotFound."""

    async def friends(self, user_id: str, after: str, limit: int) -> list[User]:
        """By name."""

    async def received(
        self, user_id: str, after: tuple[float, str], limit: int
    ) -> list[FriendRequest]:
        """Oldest first."""

    async def sent(self, user_id: str, after: tuple[float, str], limit: int) -> list[FriendRequest]:
        """Oldest first."""

    async def block(self, user: User, other: User, now_s: float) -> bool:
        """Also ends what is between them; whether that was a friendship. Raises AlreadyDone."""

    async def unblock(self, user: User, other: User) -> None:
        """Raises NotFound."""

    async def blocked(self, user_id: str, after: str, limit: int) -> list[User]:
        """By name."""

    async def acquainted(self, user_ids: Collection[str]) -> list[tuple[User, list[str]]]:
        """Each of these users with their friends, chat partners and fellow members, but for whom
        they have blocked or are blocked by."""


class EditStore(Protocol):
    """Everything here raises NotAMember, NotFound for no such message, and AlreadyDone."""

    async def edit(self, user: User, chat: Chat, seq: int, content: str, now_s: float) -> Change:
        """Raises Forbidden for another's message, and for who is blocked."""

    async def delete(self, user: User, chat: Chat, seq: int, now_s: float) -> Change:
        """Raises Forbidden for another's message, but not to who manages the group."""

    async def react(
        self, user: User, chat: Chat, seq: int, emoji: str, active: bool, now_s: float
    ) -> Change:
        """Raises Forbidden for who is blocked."""


class SearchStore(Protocol):
    async def find(self, user: User, query: SearchQuery) -> Found:
        """In what the user may read and has not discarded. Takes half a second at most, or a little
        more, and one search of a user at a time."""

    async def index_some(self) -> bool:
        """Bring some messages more into the index; whether there were any."""


Outcome = Appended | Refusal
"""What became of a draft. The refusals: ClientIdConflict, NotFound (the chat is closed),
NotAMember, Forbidden (the sender is blocked), Unavailable."""


class Answer(Protocol):
    """Called once, on the reactor thread, when an outcome is known."""

    def __call__(self, outcome: Outcome, /) -> None: ...


class MessageLog(Protocol):
    def append(self, draft: Draft, answer: Answer) -> None:
        """Take a place in the log at once; `answer` comes when it is durably stored.

        Drafts get their `seq` in the order of these calls. Raises Unavailable when too many wait;
        `answer` is not called then.
        """

    async def page(
        self, user_id: str, chat_id: int, *, before: int | None, after: int | None, limit: int
    ) -> Page | None:
        """Messages that the user may read and has not discarded, in their present state, oldest
        first: `after` one, else the newest. None for who never belonged to the chat."""

    async def entries_after(self, chat_id: int, seq: int, limit: int) -> list[Entry]:
        """The next entries of any kind, in order; an appended one not before its `answer`."""

    async def reactions(
        self, chat_id: int, seq: int, after: tuple[str, str], limit: int
    ) -> list[tuple[str, User]]:
        """What was put on a message, by emoji and name, after an emoji and a name."""

    async def exists(self, chat_id: int, seq: int) -> bool:
        """Whether there is a message."""


class Bus(Protocol):
    """Carries events between nodes, as hints: they may be lost, doubled or late."""

    async def subscribe(self, channels: Collection[str]) -> None:
        """Returns when events on `channels` arrive, or at once while the bus is away; never raises.

        Subscriptions are restored by the bus itself.
        """

    def unsubscribe(self, channels: Collection[str]) -> None: ...

    def publish(self, channel: str, event: AnyEvent) -> None:
        """Neither waits nor raises."""

    async def online_elsewhere(self) -> set[str] | None:
        """The ids of users who are connected to other nodes; None while the bus is away."""


class BusListener(Protocol):
    """What a bus calls."""

    def on_event(self, event: AnyEvent) -> None: ...

    async def on_missed(self) -> None:
        """Events may have been missed: read the database. Called after, and now and then during,
        the bus's absence."""

    def online_here(self) -> Iterable[str]:
        """The ids of the users who are connected to this node."""


class Connection(Protocol):
    """One live connection, of either port. None of these raises."""

    session: Session
    port: str
    """"line" or "websocket"."""

    def deliver(self, framed: Any) -> None:
        """Write an entry that `Framing` has framed."""

    def tell(self, framed: Any) -> None:
        """Write a notice that `NoticeFraming` has framed, where this connection shows them."""

    def end(self, why: Ending) -> None:
        """Say why, and close."""


class ConnectionNote(Protocol):
    """Called when a connection has come (`change` is 1) or gone (-1)."""

    def __call__(self, connection: Connection, count: int, change: int, /) -> None:
        """`count`: how many its user has on this node now."""


class ResumingConnection(Connection, Protocol):
    """One that may have missed entries."""

    def tell_gap(self, chat: Chat, first: int, last: int) -> None:
        """Say that these entries are not sent; the history has them."""

    def tell_caught_up(self) -> None:
        """Say that everything missed was sent."""

    async def drained(self) -> None:
        """Returns when the peer has read most of what was written, or is gone."""


class Framing(Protocol):
    """Makes of an entry what connections write; called once for all receivers of a node."""

    def __call__(self, chat: Chat, entry: Entry) -> Any: ...


class NoticeFraming(Protocol):
    """The same for a notice."""

    def __call__(self, notice: AnyNotice) -> Any: ...
