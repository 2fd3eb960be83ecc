"""A bus between nodes that delivers, loses, doubles, delays and reorders, as it is told."""

from __future__ import annotations

from collections.abc import Callable, Collection

from twisted.internet.defer import Deferred

from ruggine.domain.hub import Hub
from ruggine.events import AnyEvent, EntryAppended

Hint = tuple["End", str, AnyEvent]
"""Whose it is, its channel, and the event."""


class Hints:
    """What Redis is for the nodes: all of it is lost while it is away."""

    def __init__(self) -> None:
        self.away = False
        self.ends: list[End] = []
        self.published: set[tuple[int, int]] = set()

    def leave(self) -> None:
        """Who waits for a subscription waits no longer: it is made when the bus comes back."""
        self.away = True
        for end in self.ends:
            while end.orders:
                end.obey()
            while end.hints:
                end.lose_one()

    def carry(self, hint: Hint) -> None:
        """To every end that has subscribed, the publisher's own too."""
        _, channel, event = hint
        if isinstance(event, EntryAppended):
            self.published.add((event.entry.chat_id, event.entry.seq))
        for end in self.ends:
            if self.away:
                end.note_lost(hint)
            elif channel in end.channels:
                end.hints.append(hint)

    def will_hear(self, channel: str, seq: int) -> None:
        """An entry is about to be published: that makes up for what was lost of it and before."""
        for end in self.ends:
            if not self.away and end.lost.get(channel, 0) <= seq:
                end.lost.pop(channel, None)


class End:
    """One node's end. Implements `ruggine.domain.ports.Bus`.

    `lost` has the channels of which something was lost that nothing has made up for yet, with the
    `seq` of the last entry or infinity: of these the node is not held to know.
    """

    def __init__(self, bus: Hints) -> None:
        self.bus = bus
        self.hub: Hub | None = None
        self.channels: set[str] = set()
        self.orders: list[Callable[[], None]] = []
        self.hints: list[Hint] = []
        self.heard: list[Hint] = []
        self.lost: dict[str, float] = {}
        bus.ends.append(self)

    # ports.Bus

    async def subscribe(self, channels: Collection[str]) -> None:
        confirmed: Deferred[None] = Deferred()

        def subscribe() -> None:
            self.channels.update(channels)
            confirmed.callback(None)

        self._order(subscribe)
        await confirmed

    def unsubscribe(self, channels: Collection[str]) -> None:
        self._order(lambda: self.channels.difference_update(channels))

    def publish(self, channel: str, event: AnyEvent) -> None:
        if self in self.bus.ends:
            self.bus.carry((self, channel, event))

    async def online_elsewhere(self) -> set[str] | None:
        return None if self.bus.away else set()

    def _order(self, order: Callable[[], None]) -> None:
        self.orders.append(order)
        if self.bus.away:
            self.obey()

    # The orders

    def obey(self) -> bool:
        """Make or end the subscription that was asked for first."""
        if not self.orders:
            return False
        self.orders.pop(0)()
        return True

    def deliver_one(self, which: int = 0) -> bool:
        """Of those on the way, in any order."""
        if not self.hints:
            return False
        hint = self.hints.pop(which)
        self.heard.append(hint)
        self._deliver(hint)
        return True

    def deliver_again(self, which: int = 0) -> None:
        self._deliver(self.heard[-1 - which])

    def lose_one(self) -> None:
        self.note_lost(self.hints.pop(0))

    def _deliver(self, hint: Hint) -> None:
        _, channel, event = hint
        if isinstance(event, EntryAppended) and event.entry.seq >= self.lost.get(channel, 0):
            self.lost.pop(channel, None)
        assert self.hub is not None
        self.hub.on_event(event)

    def note_lost(self, hint: Hint) -> None:
        """What a node says itself it knows without the bus."""
        whose, channel, event = hint
        if whose is self:
            return
        seq = event.entry.seq if isinstance(event, EntryAppended) else float("inf")
        self.lost[channel] = max(seq, self.lost.get(channel, 0))
