"""The hub: each connection sees each entry once and in order, whatever becomes of the hints."""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain import hub
from ruggine.domain.hub import Hub
from ruggine.events import (
    ALL_NODES,
    AnyEvent,
    ChatsChanged,
    EntryAppended,
    GroupTold,
    SessionsEnded,
    Typing,
    UserTold,
)
from ruggine.model import (
    Absence,
    Belonging,
    Chat,
    Ending,
    Entry,
    EntryKind,
    Missed,
    Session,
    User,
)

LUIGI, DORY = User("1", "luigi"), User("2", "dory")
CHAT = Chat(7, "private", "c7", members=(LUIGI, DORY))


class Store:
    """The log, the chats and the sessions of one small world; reads can be held up."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.chats: dict[str, list[Chat]] = {LUIGI.id: [CHAT], DORY.id: [CHAT]}
        self.joined_seq: dict[str, int] = {}
        self.left_seq: dict[str, int] = {}
        self.sessions = {"s", "a", "b"}
        self.held: list[Deferred[None]] | None = None
        self.reads = 0

    def append(self, kind: EntryKind = "message", subject: User | None = None) -> Entry:
        seq = len(self.entries) + 1
        self.entries.append(Entry(CHAT.id, seq, kind, LUIGI, f"n. {seq}", 1500, subject=subject))
        return self.entries[-1]

    async def entries_after(self, chat_id: int, seq: int, limit: int) -> list[Entry]:
        self.reads += 1
        found = self.entries[seq : seq + limit]
        await self._hold()
        return found

    async def heads(self, chat_ids: Collection[int]) -> dict[int, int]:
        head = len(self.entries)
        await self._hold()
        return dict.fromkeys(chat_ids, head)

    async def of_users(self, user_ids: Collection[str]) -> list[Belonging]:
        found = [
            Belonging(
                id_, chat, self.joined_seq.get(id_, 0), len(self.entries), self.left_seq.get(id_)
            )
            for id_ in user_ids
            for chat in self.chats.get(id_, ())
        ]
        await self._hold()
        return found

    async def existing(self, session_ids: Collection[str]) -> set[str]:
        found = self.sessions & set(session_ids)
        await self._hold()
        return found

    def release(self) -> None:
        held, self.held = self.held or [], None
        for read in held:
            read.callback(None)

    def release_one(self) -> None:
        """The read that was asked for first."""
        assert self.held is not None
        self.held.pop(0).callback(None)

    async def _hold(self) -> None:
        if self.held is not None:
            self.held.append(Deferred())
            await self.held[-1]


class Bus:
    """Keeps what it is told. `slow`, a subscription waits for that."""

    def __init__(self) -> None:
        self.here = True
        self.slow: Deferred[None] | None = None
        self.channels: set[str] = set()
        self.published: list[tuple[str, AnyEvent]] = []

    async def subscribe(self, channels: Collection[str]) -> None:
        self.channels.update(channels)
        if channels and self.slow is not None:
            await self.slow

    def unsubscribe(self, channels: Collection[str]) -> None:
        self.channels.difference_update(channels)

    def publish(self, channel: str, event: AnyEvent) -> None:
        self.published.append((channel, event))

    async def online_elsewhere(self) -> set[str] | None:
        return {"9"} if self.here else None


class Seat:
    """One connection."""

    def __init__(self, user: User, session_id: str = "s") -> None:
        self.session = Session(session_id, user, "", 0.0, 0.0)
        self.heard: list[int] = []
        self.told: list[Any] = []
        self.ended: Ending | None = None

    def refused(self, failure: Any) -> None:
        failure.trap(errors.InvalidSession)
        self.ended = Ending.SESSION_ENDED

    def deliver(self, framed: Any) -> None:
        self.heard.append(framed)

    def tell(self, framed: Any) -> None:
        self.told.append(framed)

    def end(self, why: Ending) -> None:
        self.ended = why


class Node:
    """A hub and all it needs."""

    def __init__(self) -> None:
        self.store, self.bus = Store(), Bus()
        self.framed: list[int] = []
        store: Any = self.store
        self.hub = Hub(
            log=store,
            chats=store,
            sessions=store,
            bus=self.bus,
            frame=self.frame,
            frame_notice=lambda notice: notice,
            spawn=spawn,
            max_connections_per_user=3,
        )

    def frame(self, chat: Chat, entry: Entry) -> int:
        self.framed.append(entry.seq)
        return entry.seq

    def seat(self, user: User, session_id: str = "s") -> Seat:
        seat = Seat(user, session_id)
        Deferred.fromCoroutine(self.hub.attach(seat)).addErrback(seat.refused)
        return seat


def spawn(work: Coroutine[Any, Any, None]) -> None:
    Deferred.fromCoroutine(work)


@pytest.fixture
def node() -> Node:
    return Node()


def test_an_entry_goes_to_every_connection_of_every_member(node: Node) -> None:
    seats = [node.seat(LUIGI), node.seat(LUIGI), node.seat(DORY), node.seat(User("3", "ugo"))]
    node.hub.publish(CHAT, node.store.append())
    assert [seat.heard for seat in seats] == [[1], [1], [1], []]
    assert node.bus.published == [("chat_messages:7", EntryAppended(node.store.entries[0]))]
    assert node.store.reads == 0


def test_a_connection_hears_what_comes_after_it(node: Node) -> None:
    node.store.append()
    seat = node.seat(DORY)
    node.hub.on_event(EntryAppended(node.store.append()))
    assert seat.heard == [2]


def test_an_entry_during_attach_is_heard_at_most_once(node: Node) -> None:
    """The head is being read while the entry comes; only what comes later is promised."""
    node.store.held = []
    seat = node.seat(DORY)
    node.hub.on_event(EntryAppended(node.store.append()))
    node.store.release()
    node.hub.on_event(EntryAppended(node.store.append()))
    assert seat.heard in ([1, 2], [2])


def test_who_attaches_with_two_devices_while_a_chat_opens_hears_it_on_both(node: Node) -> None:
    """The one reads of the chat first, the other is attached first."""
    node.store.chats[DORY.id], node.store.held = [], []
    first = node.seat(DORY)
    node.store.chats[DORY.id] = [CHAT]
    second = node.seat(DORY)
    node.bus.slow = Deferred()
    while node.store.held:
        node.store.release_one()
    attached = node.hub.connections()
    node.hub.publish(CHAT, node.store.append())
    slow, node.bus.slow = node.bus.slow, None
    slow.callback(None)
    node.store.release()
    node.hub.publish(CHAT, node.store.append())
    for seat in (first, second):
        assert seat.heard == [1, 2] if seat in attached else seat.heard in ([1, 2], [2])


def test_a_hole_is_filled_from_the_log_first(node: Node) -> None:
    seat = node.seat(DORY)
    entries = [node.store.append() for _ in range(3)]
    node.hub.on_event(EntryAppended(entries[2]))
    assert seat.heard == [1, 2, 3]


def test_while_a_hole_is_being_read_more_may_come(node: Node) -> None:
    seat = node.seat(DORY)
    entries = [node.store.append() for _ in range(3)]
    node.store.held = []
    node.hub.on_event(EntryAppended(entries[2]))
    node.hub.on_event(EntryAppended(entries[0]))
    node.hub.on_event(EntryAppended(node.store.append()))
    node.store.release()
    assert seat.heard == [1, 2, 3, 4]


def test_a_longer_hole_than_one_read(node: Node) -> None:
    seat = node.seat(DORY)
    entries = [node.store.append() for _ in range(1234)]
    node.hub.on_event(EntryAppended(entries[-1]))
    assert seat.heard == list(range(1, 1235))


@given(st.data())
def test_lost_doubled_and_shuffled_hints_change_nothing(data: st.DataObject) -> None:
    """Any schedule of hints, and of reads that are slow, ends with each entry once, in order."""
    node = Node()
    seats = [node.seat(LUIGI), node.seat(DORY)]
    for _ in range(data.draw(st.integers(1, 25))):
        match data.draw(st.sampled_from(["append", "hint", "hold", "release", "join", "missed"])):
            case "append":
                node.store.append()
            case "hint" if node.store.entries:
                entry = data.draw(st.sampled_from(node.store.entries))
                node.hub.on_event(EntryAppended(entry))
            case "hold" if node.store.held is None:
                node.store.held = []
            case "release":
                node.store.release()
            case "join" if len(seats) < 4 and node.store.held is None:
                seats.append(node.seat(DORY))
            case "missed":
                spawn(node.hub.on_missed())
    node.store.release()
    spawn(node.hub.on_missed())
    last = len(node.store.entries)
    for seat in seats:
        assert seat.ended is None
        first = seat.heard[0] if seat.heard else last + 1
        assert seat.heard == list(range(first, last + 1))
    for seat in seats[:2]:
        assert seat.heard == list(range(1, last + 1))


def test_missed_hints_are_made_up_for(node: Node) -> None:
    seat = node.seat(DORY)
    node.store.append()
    spawn(node.hub.on_missed())
    assert seat.heard == [1]


def test_a_new_chat_is_followed_from_its_first_entry(node: Node) -> None:
    """On this node, and on another one that is told of it late."""
    node.store.chats.clear()
    seat = node.seat(DORY)
    assert node.bus.channels == {"user_events:2"}
    entry = node.store.append()
    node.hub.on_event(EntryAppended(entry))
    assert seat.heard == []
    node.store.chats[DORY.id] = [CHAT]
    node.hub.on_event(ChatsChanged(DORY.id))
    assert seat.heard == [1]
    assert node.bus.channels == {"user_events:2", "chat_messages:7"}


def test_a_chat_made_while_a_user_arrives_is_followed(node: Node) -> None:
    """On another node: the chats were read just before it was there."""
    node.store.chats.clear()
    node.store.held = []
    seat = node.seat(DORY)
    node.store.chats[DORY.id] = [CHAT]
    node.hub.on_event(ChatsChanged(DORY.id))
    entry = node.store.append()
    while node.store.held:
        node.store.release_one()
    assert node.bus.channels == {"user_events:2", "chat_messages:7"}
    node.store.release()
    assert seat.heard in ([1], [])
    node.hub.on_event(EntryAppended(entry))
    node.hub.on_event(EntryAppended(node.store.append()))
    assert seat.heard == [1, 2]


@pytest.mark.parametrize("reads", range(4))
def test_a_session_that_ends_while_it_arrives_does_not_stay(node: Node, reads: int) -> None:
    """Whether the end is known before, between or after the reads."""
    node.store.held = []
    seat = node.seat(DORY, "a")
    for _ in range(min(reads, len(node.store.held))):
        node.store.release_one()
    node.store.sessions.discard("a")
    node.hub.sessions_ended(DORY.id, ["a"])
    node.store.release()
    assert seat.ended is Ending.SESSION_ENDED
    assert node.hub.connections() == []


def test_a_session_that_only_a_cache_still_knows_does_not_stay(node: Node) -> None:
    node.store.sessions.discard("a")
    assert node.seat(DORY, "a").ended is Ending.SESSION_ENDED


def test_who_leaves_is_forgotten(node: Node) -> None:
    luigi, dory = node.seat(LUIGI), node.seat(DORY)
    node.hub.detach(luigi)
    assert node.bus.channels == {"user_events:2", "chat_messages:7"}
    node.hub.detach(dory)
    node.hub.detach(dory)
    assert node.bus.channels == set()
    assert node.hub.connections() == []


def test_the_oldest_connection_goes_when_there_are_too_many(node: Node) -> None:
    seats = [node.seat(LUIGI) for _ in range(5)]
    assert [seat.ended for seat in seats] == [Ending.TOO_MANY] * 2 + [None] * 3


def test_ended_sessions_close_their_connections_and_no_others(node: Node) -> None:
    here, other, dory = node.seat(LUIGI, "a"), node.seat(LUIGI, "b"), node.seat(DORY, "a")
    node.hub.sessions_ended(LUIGI.id, ["a"])
    assert [seat.ended for seat in (here, other, dory)] == [Ending.SESSION_ENDED, None, None]
    assert node.bus.published == [(ALL_NODES, SessionsEnded(LUIGI.id, ("a",)))]
    node.hub.on_event(SessionsEnded(LUIGI.id, ("b",)))
    assert other.ended is Ending.SESSION_ENDED


def test_sessions_that_ended_unheard_are_found_in_the_database(node: Node) -> None:
    alive, ended = node.seat(LUIGI, "a"), node.seat(DORY, "b")
    node.store.sessions = {"a"}
    spawn(node.hub.on_missed())
    assert (alive.ended, ended.ended) == (None, Ending.SESSION_ENDED)


def test_online_is_here_or_elsewhere(node: Node) -> None:
    node.seat(LUIGI)
    online: list[set[str]] = []
    for here in (True, False):
        node.bus.here = here
        Deferred.fromCoroutine(node.hub.online()).addCallback(online.append)
        Deferred.fromCoroutine(node.hub.online_everywhere()).addCallback(online.append)
    assert online == [{"1", "9"}, {"1", "9"}, {"1"}, None]


# Groups

GROUP = Chat(CHAT.id, "group", "g")
UGO = User("3", "ugo")


@pytest.fixture
def group() -> Node:
    """Luigi and Dory are in it and Ugo is not."""
    node = Node()
    node.store.chats = {LUIGI.id: [GROUP], DORY.id: [GROUP]}
    return node


def test_an_entry_is_framed_once_for_all_members(group: Node) -> None:
    seats = [group.seat(user) for user in (LUIGI, LUIGI, DORY)]
    group.hub.publish(GROUP, group.store.append())
    assert [seat.heard for seat in seats] == [[1], [1], [1]]
    assert group.framed == [1]
    assert group.bus.channels >= {"chat_messages:7", "group_events:g"}


def test_a_member_hears_from_their_own_joining_to_their_own_leaving(group: Node) -> None:
    luigi, ugo = group.seat(LUIGI), group.seat(UGO)
    entries = [
        group.store.append(),
        group.store.append("member_joined", UGO),
        group.store.append(),
        group.store.append("member_left", UGO),
        group.store.append(),
    ]
    for entry in entries:
        group.hub.publish(GROUP, entry)
    assert luigi.heard == [1, 2, 3, 4, 5]
    assert ugo.heard == [2, 3, 4]


def test_who_joins_on_another_node_hears_from_their_joining(group: Node) -> None:
    """This node follows the group for nobody yet."""
    ugo = group.seat(UGO)
    for kind in ("message", "member_joined", "message"):
        group.store.append(kind, UGO)
    group.store.chats[UGO.id], group.store.joined_seq[UGO.id] = [GROUP], 2
    group.hub.on_event(ChatsChanged(UGO.id))
    assert ugo.heard == [2, 3]


def test_who_leaves_while_entries_are_missing_hears_those_and_no_later_ones(group: Node) -> None:
    luigi, dory = group.seat(LUIGI), group.seat(DORY)
    for kind, subject in (("message", None), ("member_left", DORY), ("message", None)):
        last = group.store.append(kind, subject)
    group.hub.on_event(EntryAppended(last))
    assert (luigi.heard, dory.heard) == ([1, 2, 3], [1, 2])


def test_the_last_follower_who_leaves_ends_the_subscription(group: Node) -> None:
    group.seat(DORY)
    group.hub.publish(GROUP, group.store.append("member_left", DORY))
    assert group.bus.channels == {"user_events:2"}


def test_who_leaves_while_they_arrive_hears_nothing_later(group: Node) -> None:
    """Between the two reads of their chats."""
    group.seat(LUIGI)
    group.store.held = []
    dory = group.seat(DORY)
    group.hub.publish(GROUP, group.store.append("member_left", DORY))
    group.store.chats[DORY.id] = []
    group.store.release()
    group.hub.publish(GROUP, group.store.append())
    assert dory.heard == []


def test_who_leaves_and_comes_back_unheard_is_followed_again(group: Node) -> None:
    """The only follower here: the subscription ends and begins again."""
    dory = group.seat(DORY)
    for kind in ("member_left", "message", "member_joined", "message"):
        last = group.store.append(kind, DORY)
    group.store.joined_seq[DORY.id] = 3
    group.hub.on_event(ChatsChanged(DORY.id))
    group.hub.on_event(EntryAppended(last))
    assert dory.heard == [1, 3, 4]
    assert "chat_messages:7" in group.bus.channels


@settings(max_examples=500)
@given(st.data())
def test_comings_and_goings_in_any_order_of_hints(data: st.DataObject) -> None:
    """Ugo hears each entry between his joinings and leavings once and in order, and no other."""
    node = Node()
    node.store.chats = {LUIGI.id: [GROUP]}
    present = data.draw(st.booleans())
    seats = [node.seat(LUIGI)] if present else []
    ugo = node.seat(UGO)
    inside, expected = False, []
    for _ in range(data.draw(st.integers(1, 30))):
        match data.draw(
            st.sampled_from(["say", "come or go", "hint", "told", "hold", "release", "missed"])
        ):
            case "say":
                entry = node.store.append()
                expected += [entry.seq] if inside else []
            case "come or go":
                kind: EntryKind = "member_left" if inside else "member_joined"
                entry = node.store.append(kind, UGO)
                expected.append(entry.seq)
                inside = not inside
                node.store.chats[UGO.id] = [GROUP] if inside else []
                if inside:
                    node.store.joined_seq[UGO.id] = entry.seq
            case "hint" if node.store.entries:
                node.hub.on_event(EntryAppended(data.draw(st.sampled_from(node.store.entries))))
            case "told":
                node.hub.on_event(ChatsChanged(UGO.id))
            case "hold" if node.store.held is None:
                node.store.held = []
            case "release":
                node.store.release()
            case "missed":
                spawn(node.hub.on_missed())
    node.store.release()
    spawn(node.hub.on_missed())
    assert set(ugo.heard) <= set(expected)
    assert ugo.heard == sorted(set(ugo.heard))
    if inside:
        current = [seq for seq in expected if seq >= node.store.joined_seq[UGO.id]]
        assert ugo.heard[-len(current) :] == current
        assert "chat_messages:7" in node.bus.channels
    for seat in seats:
        assert seat.heard == [entry.seq for entry in node.store.entries]


def test_a_late_hint_of_a_joining_means_nothing_to_who_has_left(group: Node) -> None:
    """They have connected anew since, and somebody else here is in the group."""
    group.seat(LUIGI)
    joined, left = (group.store.append(kind, UGO) for kind in ("member_joined", "member_left"))
    for entry in (joined, left):
        group.hub.publish(GROUP, entry)
    group.store.chats[UGO.id] = [GROUP]
    group.store.joined_seq[UGO.id], group.store.left_seq[UGO.id] = joined.seq, left.seq
    ugo = group.seat(UGO)
    group.hub.on_event(EntryAppended(joined))
    assert ugo.heard == []


def test_a_late_hint_of_a_leaving_means_nothing_to_who_has_joined_anew(group: Node) -> None:
    """They are the only one here, and have not heard yet that they have."""
    dory = group.seat(DORY)
    left = group.store.append("member_left", DORY)
    group.hub.publish(GROUP, left)
    group.store.append("member_joined", DORY)
    group.store.joined_seq[DORY.id] = 2
    group.bus.slow = Deferred()
    group.hub.on_event(ChatsChanged(DORY.id))
    group.hub.on_event(EntryAppended(left))
    group.bus.slow.callback(None)
    group.hub.publish(GROUP, group.store.append())
    assert dory.heard == [1, 2, 3]


def joined_anew_unheard(group: Node) -> tuple[Seat, Seat, Entry]:
    """Dory, whose joining has not been heard of; Luigi, who arrived after it; and the entry."""
    dory = group.seat(DORY)
    group.hub.publish(GROUP, group.store.append("member_left", DORY))
    joined = group.store.append("member_joined", DORY)
    group.store.append()
    return dory, group.seat(LUIGI), joined


def test_who_joins_by_a_late_hint_hears_what_came_before_it(group: Node) -> None:
    """Everybody else here has heard it already."""
    dory, luigi, joined = joined_anew_unheard(group)
    group.hub.on_event(EntryAppended(joined))
    assert (dory.heard, luigi.heard) == ([1, 2, 3], [])


def test_who_joins_while_what_is_missing_is_being_read_misses_nothing(group: Node) -> None:
    """The read was asked for by who was further on."""
    dory, luigi, joined = joined_anew_unheard(group)
    group.store.held = []
    group.hub.on_event(EntryAppended(group.store.append()))
    spawn(group.hub._catch_up(group.hub._chats[GROUP.id]))
    group.hub.on_event(EntryAppended(joined))
    while group.store.held is not None:
        group.store.release()
    assert (dory.heard, luigi.heard) == ([1, 2, 3, 4], [4])


def test_a_log_with_a_hole_is_not_read_for_ever(group: Node) -> None:
    """What is read is beyond what is theirs."""
    for _ in range(4):
        group.store.append()
    group.store.left_seq[DORY.id] = 3
    entries = group.store.entries
    group.store.entries = [*entries[:2], entries[3]]
    dory = come_back(group, 2, 3)
    assert (dory.heard, dory.caught_up) == ([], [0])


def test_who_joins_and_leaves_before_it_is_looked_up_hears_of_both(group: Node) -> None:
    ugo = group.seat(UGO)
    for kind, subject in (("message", None), ("member_joined", UGO), ("member_left", UGO)):
        group.store.append(kind, subject)
    group.store.append()
    group.store.chats[UGO.id] = [GROUP]
    group.store.joined_seq[UGO.id], group.store.left_seq[UGO.id] = 2, 3
    group.hub.on_event(ChatsChanged(UGO.id))
    assert ugo.heard == [2, 3]
    assert group.bus.channels == {"user_events:3"}


# Resuming


class Returner(Seat):
    """One that has missed entries; `slow`, it reads only when it is told to."""

    def __init__(self, user: User, session_id: str = "s") -> None:
        super().__init__(user, session_id)
        self.slow: Deferred[None] | None = None
        self.gaps: list[tuple[int, int]] = []
        self.caught_up: list[int] = []

    def tell_gap(self, chat: Chat, first: int, last: int) -> None:
        self.gaps.append((first, last))

    def tell_caught_up(self) -> None:
        self.caught_up.append(len(self.heard))

    async def drained(self) -> None:
        if self.slow is not None:
            await self.slow


def come_back(node: Node, above: int, upto: int | None = None, *, slow: bool = False) -> Returner:
    returner = Returner(DORY)
    returner.slow = Deferred() if slow else None

    async def coming() -> None:
        await node.hub.attach(returner, Absence({CHAT.id: Missed(CHAT, above, upto)}))
        await node.hub.resume(returner)

    spawn(coming())
    return returner


def test_what_was_missed_comes_before_what_is_new(node: Node) -> None:
    """Live entries wait while the missed ones are being read, and while the peer reads slowly."""
    other = node.seat(DORY)
    for _ in range(3):
        node.hub.publish(CHAT, node.store.append())
    returner = come_back(node, 1, slow=True)
    node.hub.publish(CHAT, node.store.append())
    assert (returner.heard, other.heard) == ([], [1, 2, 3, 4])
    node.store.held = []
    slow, returner.slow = returner.slow, None
    assert slow is not None
    slow.callback(None)
    node.hub.publish(CHAT, node.store.append())
    node.store.release()
    node.hub.publish(CHAT, node.store.append())
    assert returner.heard == [2, 3, 4, 5, 6]
    assert len(returner.caught_up) == 1


@pytest.mark.parametrize(
    "absence", [Absence(unknown_peers={LUIGI.id}), Absence(unknown_chats={CHAT.public_id})]
)
def test_a_chat_that_begins_while_somebody_comes_back_is_not_missed(
    node: Node, absence: Absence
) -> None:
    """It was not there when the absence was looked up, and is when the connection is attached."""
    for _ in range(2):
        node.hub.publish(CHAT, node.store.append())
    returner = Returner(DORY)

    async def coming() -> None:
        await node.hub.attach(returner, absence)
        await node.hub.resume(returner)

    spawn(coming())
    node.hub.publish(CHAT, node.store.append())
    assert returner.heard == [1, 2, 3]


def test_a_chat_with_another_one_of_the_same_name_is_not_the_one_that_was_named(
    node: Node,
) -> None:
    """Dory named the Luigi who has the name now; this node follows the chat with the one before."""
    node.hub.publish(CHAT, node.store.append())
    returner = Returner(DORY)

    async def coming() -> None:
        await node.hub.attach(returner, Absence(unknown_peers={"the new luigi"}))
        await node.hub.resume(returner)

    spawn(coming())
    assert returner.heard == []


def test_a_long_absence_is_a_gap(node: Node) -> None:
    for _ in range(hub.RESUMED + 100):
        node.store.append()
    returner = come_back(node, 40)
    assert returner.gaps == [(41, 100)]
    assert returner.heard == list(range(101, hub.RESUMED + 101))


def test_who_has_left_gets_what_was_before(group: Node) -> None:
    group.store.chats[DORY.id] = []
    group.seat(LUIGI)
    for _ in range(5):
        group.hub.publish(GROUP, group.store.append())
    assert come_back(group, 1, 3).heard == [2, 3]


def test_who_leaves_just_before_they_arrive_gets_what_was_before(group: Node) -> None:
    """After it was looked up what they had missed."""
    for _ in range(5):
        group.store.append()
    group.store.left_seq[DORY.id] = 3
    assert come_back(group, 1).heard == [2, 3]


def test_who_leaves_and_joins_anew_while_resuming_gets_nothing_of_what_is_between(
    group: Node,
) -> None:
    group.seat(LUIGI)
    for _ in range(3):
        group.hub.publish(GROUP, group.store.append())
    dory = come_back(group, 1, slow=True)
    for kind, subject in (
        ("member_left", DORY), ("message", None), ("member_joined", DORY), ("message", None),
    ):  # fmt: skip
        group.hub.publish(GROUP, group.store.append(kind, subject))
        if kind == "member_joined":
            group.store.joined_seq[DORY.id] = 6
            group.hub.on_event(ChatsChanged(DORY.id))
    slow, dory.slow = dory.slow, None
    assert slow is not None
    slow.callback(None)
    assert dory.heard == [2, 3, 6, 7]


def test_who_joins_anew_while_resuming_hears_of_it_before_they_have_caught_up(
    group: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And once. What comes after "caught up" is never from beyond a hole."""
    monkeypatch.setattr(hub, "_RESUME_CHUNK", 1)
    for _ in range(5):
        group.store.append()
    group.store.left_seq[DORY.id] = 5
    dory = come_back(group, 3, 5, slow=True)
    group.store.append("member_joined", DORY)
    del group.store.left_seq[DORY.id]
    group.store.joined_seq[DORY.id] = 6
    group.bus.slow = Deferred()
    group.hub.on_event(ChatsChanged(DORY.id))
    slow, dory.slow = dory.slow, None
    assert slow is not None
    slow.callback(None)
    assert (dory.heard, dory.caught_up) == ([4, 6], [2])
    group.bus.slow.callback(None)
    group.hub.publish(GROUP, group.store.append())
    assert dory.heard == [4, 6, 7]


def test_who_joins_and_leaves_again_while_resuming_gets_nothing_of_what_is_between(
    group: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of the time before they joined again."""
    monkeypatch.setattr(hub, "_RESUME_CHUNK", 1)
    group.seat(LUIGI)
    for _ in range(3):
        group.hub.publish(GROUP, group.store.append())
    group.store.left_seq[DORY.id] = 3
    dory = come_back(group, 1, 3, slow=True)
    group.hub.publish(GROUP, group.store.append())
    for kind in ("member_joined", "member_left"):
        group.hub.publish(GROUP, group.store.append(kind, DORY))
    slow, dory.slow = dory.slow, None
    assert slow is not None
    slow.callback(None)
    assert (dory.heard, dory.caught_up) == ([2, 5, 6], [3])


def test_who_joined_anew_before_they_arrive_gets_nothing_of_what_is_between(group: Node) -> None:
    """It was looked up what they had missed while they were gone."""
    for _ in range(7):
        group.store.append()
    group.store.joined_seq[DORY.id] = 6
    assert come_back(group, 1, 3).heard == [6, 7]


def test_who_goes_while_resuming_is_sent_nothing_more(node: Node) -> None:
    for _ in range(3):
        node.store.append()
    returner = come_back(node, 0, slow=True)
    node.hub.sessions_ended(DORY.id, ["s"])
    assert returner.slow is not None
    returner.slow.callback(None)
    assert (returner.heard, returner.caught_up) == ([], [])


@given(st.data())
def test_resuming_under_any_order_of_hints(data: st.DataObject) -> None:
    """From its cursor on, each entry once and in order, whoever else is connected."""
    node = Node()
    seats = [node.seat(DORY)] if data.draw(st.booleans()) else []
    for _ in range(data.draw(st.integers(0, 10))):
        node.store.append()
    above = data.draw(st.integers(0, len(node.store.entries)))
    if data.draw(st.booleans()):
        node.store.held = []
    returner = come_back(node, above, slow=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 20))):
        match data.draw(st.sampled_from(["append", "hint", "hold", "release", "read", "missed"])):
            case "append":
                node.store.append()
            case "hint" if node.store.entries:
                node.hub.on_event(EntryAppended(data.draw(st.sampled_from(node.store.entries))))
            case "hold" if node.store.held is None:
                node.store.held = []
            case "release":
                node.store.release()
            case "read" if returner.slow is not None:
                slow, returner.slow = returner.slow, None
                slow.callback(None)
            case "missed":
                spawn(node.hub.on_missed())
    if returner.slow is not None:
        slow, returner.slow = returner.slow, None
        slow.callback(None)
    while node.store.held is not None:
        node.store.release()
    spawn(node.hub.on_missed())
    assert len(returner.caught_up) == 1
    assert returner.heard == list(range(above + 1, len(node.store.entries) + 1))
    for seat in seats:
        assert seat.heard == list(range(1, len(node.store.entries) + 1))[-len(seat.heard) :]


# Notices


def test_a_notice_goes_to_the_connections_of_one_user(node: Node) -> None:
    seats = [node.seat(user) for user in (LUIGI, DORY, DORY)]
    notice = Typing(CHAT, LUIGI, True)
    node.hub.tell(DORY.id, notice)
    assert [seat.told for seat in seats] == [[], [notice], [notice]]
    assert node.bus.published == [("user_events:2", UserTold(DORY.id, notice))]


def test_a_notice_to_a_chat_spares_who_caused_it(group: Node) -> None:
    seats = [group.seat(user) for user in (LUIGI, DORY, UGO)]
    notice = Typing(GROUP, LUIGI, True)
    group.hub.tell_chat(GROUP, notice, but=LUIGI.id)
    assert [seat.told for seat in seats] == [[], [notice], []]
    assert group.bus.published == [("group_events:g", GroupTold(7, notice, LUIGI.id))]
    group.hub.on_event(GroupTold(7, notice, DORY.id))
    assert [len(seat.told) for seat in seats] == [1, 1, 0]


def test_a_notice_here_is_not_published(node: Node) -> None:
    dory = node.seat(DORY)
    node.hub.tell_here([DORY.id, UGO.id], Typing(CHAT, LUIGI, True))
    assert len(dory.told) == 1
    assert node.bus.published == []
