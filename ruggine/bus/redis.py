"""Redis pub/sub between nodes, and what they share there (docs/protocol.md, section 4).

Twice a second the node publishes a beat to itself; as long as beats come back, both connections
work and every subscription stands. When they stop, Redis is away: that is said once, the listener
is asked to read the database every second, and when a beat comes back, once more. A node whose own
events were lost, or that is seen to be gone, makes all others read the database too. What no node
of this database has signed is counted and dropped, and so is a notice that was told before: the
database answers for everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ruggine.bus.beat import BEAT_S, Beat
from ruggine.bus.link import Link, ignore
from ruggine.bus.redis_presence import RedisPresence
from ruggine.bus.redis_sessions import RedisSessionCache
from ruggine.bus.seals import Seals
from ruggine.domain import ports
from ruggine.events import (
    ALL_NODES,
    AnyEvent,
    GroupTold,
    HintsLost,
    SessionsEnded,
    UsersTold,
    UserTold,
)
from ruggine.redis_address import RedisAddress

_POLL_BEATS = 2
_WARN_BEATS = 20


class _BeatSent(msgspec.Struct):
    number: int


_BEATS = msgspec.json.Decoder(_BeatSent)
_EVENTS = msgspec.json.Decoder(AnyEvent)
_TOLD_ONCE = (UserTold, UsersTold, GroupTold)
"""Nobody could tell from the database that these come a second time."""


class RedisBus(Service):
    """Implements `ruggine.domain.ports.Bus`; `sessions` is the cache beside it."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        address: RedisAddress,
        spawn: ports.Spawn,
        clock: ports.Clock,
        key: Callable[[], bytes],
    ) -> None:
        """`key` is asked when the service starts: it is in the database."""
        self._address = address
        self._spawn = spawn
        self._clock = clock
        self._seals = Seals(clock, key)
        node = self._seals.stamps.node
        self._beat_channel = f"node:{node}:beat"
        self._listener: ports.BusListener | None = None
        self._channels: set[str] = set()
        self._present: bool | None = None
        self._present_since_s: float | None = None
        self.reconnects = 0
        self._beat = Beat()
        self._beats_to_poll = 0
        self._beats_to_warn = 0
        self._others: set[bytes] = set()
        self._hints_lost = False
        self._missed = False
        self._reading = False
        self._link = Link(reactor, address, f"ruggine:websocket:{node}", self)
        self._presence = RedisPresence(self._link, self._seals)
        self.sessions = RedisSessionCache(self._link, self._seals, lambda: self._present_since_s)
        self._beats = LoopingCall(self._on_tick)
        self._beats.clock = reactor

    def listen(self, listener: ports.BusListener) -> None:
        """Say who is called for events. Once, before the service starts."""
        self._listener = listener

    @property
    def present(self) -> bool:
        """Whether Redis answers."""
        return bool(self._present)

    # Service

    def startService(self) -> None:
        super().startService()
        self._seals.begin()
        self._link.open()
        self._beats.start(BEAT_S)

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        self._beats.stop()
        self._presence.hide()
        return self._link.close()

    # Bus

    async def subscribe(self, channels: Collection[str]) -> None:
        self._channels.update(channels)
        await self._link.subscribe(channels)

    def unsubscribe(self, channels: Collection[str]) -> None:
        self._channels.difference_update(channels)
        self._link.unsubscribe(channels)

    def publish(self, channel: str, event: AnyEvent) -> None:
        sent = self._publish(channel, event)
        if sent is None:
            self._hints_lost = True
        else:
            sent.addErrback(self._on_hint_lost)

    async def online_elsewhere(self) -> set[str] | None:
        shown = await self._presence.elsewhere() if self._present else None
        if shown is None:
            return None
        self._compare_nodes(set(shown))
        return {user for users in shown.values() for user in users}

    # What Redis says

    def listening(self) -> None:
        """Restore every subscription; the beat's comes last, so a beat means all of them stand."""
        self._beat.forgive()
        self._link.begin_subscribing([*sorted(self._channels), ALL_NODES, self._beat_channel])
        self._send_beat()

    def lost(self) -> None:
        self._away()

    def received(self, channel: str, payload: bytes) -> None:
        if channel == self._beat_channel:
            beat = self._seals.open(channel, _BEATS, payload)
            if beat is not None:
                self._on_beat(beat.number)
        elif not self._seals.stamps.own(payload):
            event = self._seals.open(channel, _EVENTS, payload)
            if event is not None:
                self._on_event(event, payload)

    def _on_event(self, event: AnyEvent, payload: bytes) -> None:
        if isinstance(event, _TOLD_ONCE) and not self._seals.stamps.fresh(payload):
            self._seals.dropped += 1
            return
        if isinstance(event, HintsLost):
            self._missed = True  # read at the next beat: whoever says it often gains nothing
            return
        if isinstance(event, SessionsEnded):
            self.sessions.note_ended(event.session_ids)
        if self._listener is not None:
            self._listener.on_event(event)

    # Here and away

    def _on_tick(self) -> None:
        if self._beat.overdue():
            self._away()
        self._send_beat()
        if self._present:
            self._show_presence()
            self._confess()
        else:
            self._poll()
        if self._missed:
            self._read_missed()
        self._warn_of_dropped()

    def _send_beat(self) -> None:
        sent = self._publish(self._beat_channel, _BeatSent(self._beat.next()))
        if sent is not None:
            ignore(sent)

    def _publish(self, channel: str, value: Any) -> Deferred[Any] | None:
        return self._link.begin("PUBLISH", channel, self._seals.seal(channel, value))

    def _on_beat(self, number: int) -> None:
        if not self._beat.hear(number) or self._present:
            return
        self.reconnects += self._present is False
        self._present = True
        self._present_since_s = self._clock()
        self.log.info("Redis connected successfully")
        self._show_presence()
        self._read_missed()

    def _away(self) -> None:
        """Also ends connections that are only half alive, so that new ones are made."""
        self._beat.forgive()
        self._present_since_s = None
        self._link.abort()
        if self._present is not False and self.running:
            self._present = False
            self._beats_to_poll = 0
            self.log.warn(
                "Redis at {address} does not answer; this node serves its own users and reads "
                "from the database what others write, until Redis is back",
                address=str(self._address),
            )

    def _poll(self) -> None:
        self._beats_to_poll -= 1
        if self._beats_to_poll <= 0:
            self._beats_to_poll = _POLL_BEATS
            self._read_missed()

    def _read_missed(self) -> None:
        """Again if it fails, or if more is missed meanwhile."""
        self._missed = True
        if not self._reading and self._listener is not None:
            self._spawn(self._read_all_missed(self._listener))

    async def _read_all_missed(self, listener: ports.BusListener) -> None:
        self._reading = True
        try:
            while self._missed and self.running:
                self._missed = False
                await listener.on_missed()
        except BaseException:
            self._missed = True
            raise
        finally:
            self._reading = False

    def _on_hint_lost(self, _: Any) -> None:
        self._hints_lost = True

    def _confess(self) -> None:
        """Say that events of this node did not reach Redis, now that something does."""
        if self._hints_lost:
            self._hints_lost = False
            self.publish(ALL_NODES, HintsLost())

    def _compare_nodes(self, others: set[bytes]) -> None:
        """A node that is gone may have died between a commit and its hint."""
        if self._others - others:
            self._read_missed()
        self._others = others

    def _warn_of_dropped(self) -> None:
        self._beats_to_warn -= 1
        if self._seals.dropped and self._beats_to_warn <= 0:
            self._beats_to_warn = _WARN_BEATS
            self.log.warn(
                "Dropped {count} that came from Redis and that no node of this database has "
                "written, or not now: somebody else uses this Redis, or the clocks of two nodes "
                "differ by more than 10 s. Keep it private (docs/operating.md)",
                count=self._seals.dropped,
            )
            self._seals.dropped = 0

    def _show_presence(self) -> None:
        self._presence.show(self._listener.online_here() if self._listener is not None else ())
