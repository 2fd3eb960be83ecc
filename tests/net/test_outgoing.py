"""What waits for a slow reader, bounded."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactor, StringTransport
from twisted.logger import LogEvent
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from ruggine.net.outgoing import Outgoing, Turn, write_now


class Reader:
    """One connection whose peer reads when the test says so."""

    def __init__(self, limit: int = 10) -> None:
        self.transport = StringTransport()
        self.overflows = 0
        self.done = 0
        self.clock = Clock()
        self.outgoing = Outgoing(self.transport, Turn(self.clock), limit, self._overflow)

    def read(self) -> bytes:
        """All that it was sent by the end of this turn."""
        self.clock.advance(0)
        return bytes(self.transport.value())

    def _overflow(self) -> None:
        self.overflows += 1

    def finish(self) -> None:
        self.outgoing.finish(self._done)

    def _done(self) -> None:
        self.done += 1


def test_what_is_written_in_a_turn_goes_out_at_its_end_in_one_piece() -> None:
    reader = Reader(limit=100)
    pieces: list[bytes] = []
    reader.transport.write = pieces.append
    reader.outgoing.write(b"one")
    reader.outgoing.write(b"two")
    assert pieces == []
    reader.read()
    assert pieces == [b"onetwo"]
    reader.outgoing.write(b"three")
    reader.outgoing.flush()
    assert pieces == [b"onetwo", b"three"]
    reader.read()
    assert pieces == [b"onetwo", b"three"]


def test_much_does_not_wait_for_the_end_of_the_turn() -> None:
    reader = Reader(limit=100)
    for _ in range(64):
        reader.outgoing.write(b"x" * 1024)
    assert len(reader.transport.value()) == 65_536


def test_after_a_pause_it_goes_on_only_as_far_as_the_transport_takes_it() -> None:
    reader = Reader(limit=1_000_000)
    reader.outgoing.pauseProducing()
    for _ in range(100):
        reader.outgoing.write(b"x" * 1024)
    pieces: list[bytes] = []

    def write(data: bytes) -> None:
        pieces.append(data)
        reader.outgoing.pauseProducing()

    reader.transport.write = write
    reader.outgoing.resumeProducing()
    assert len(b"".join(pieces)) <= 65_536
    while sum(map(len, pieces)) < 100 * 1024:
        reader.outgoing.resumeProducing()


def test_one_end_of_a_turn_that_fails_does_not_keep_the_others(
    logged_errors: list[LogEvent],
) -> None:
    clock, done = Clock(), []
    turn = Turn(clock)
    turn.at_end(lambda: done.append(1 // 0))
    turn.at_end(lambda: done.append(2))
    clock.advance(0)
    assert done == [2]
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_a_transport_that_takes_it_is_a_push_producer() -> None:
    reader = Reader()
    assert reader.transport.streaming


def test_what_is_written_while_it_reads_nothing_comes_after_in_order() -> None:
    reader = Reader(limit=100)
    reader.outgoing.pauseProducing()
    for part in (b"one", b"two", b"three"):
        reader.outgoing.write(part)
    assert reader.read() == b""
    reader.outgoing.resumeProducing()
    assert reader.read() == b"onetwothree"
    reader.outgoing.write(b"four")
    assert reader.read().endswith(b"four")


def test_the_limit_is_exact_and_told_once() -> None:
    reader = Reader(limit=10)
    reader.outgoing.pauseProducing()
    reader.outgoing.write(b"x" * 10)
    assert reader.overflows == 0
    reader.outgoing.write(b"y")
    reader.outgoing.write(b"z" * 100)
    assert reader.overflows == 1
    reader.outgoing.resumeProducing()
    assert reader.read() == b""


def test_finishing_waits_for_what_waits_and_takes_no_more() -> None:
    reader = Reader()
    reader.outgoing.pauseProducing()
    reader.outgoing.write(b"last")
    reader.finish()
    reader.outgoing.write(b"too late")
    assert reader.done == 0
    reader.outgoing.resumeProducing()
    assert reader.done == 1
    assert reader.read() == b"last"


def test_finishing_at_rest_is_done_at_once() -> None:
    reader = Reader()
    reader.finish()
    assert reader.done == 1


def test_a_lost_transport_drops_what_waits() -> None:
    reader = Reader()
    reader.outgoing.pauseProducing()
    reader.outgoing.write(b"gone")
    reader.outgoing.stopProducing()
    reader.outgoing.resumeProducing()
    assert reader.read() == b""


def test_who_waits_for_the_reader_goes_on_when_it_has_read_or_is_gone() -> None:
    for how in ("resumeProducing", "close", "stopProducing", "release"):
        reader = Reader(limit=100)
        went_on: list[None] = []
        Deferred.fromCoroutine(reader.outgoing.drained()).addCallback(went_on.append)
        assert went_on == [None]
        reader.outgoing.pauseProducing()
        reader.outgoing.write(b"one")
        Deferred.fromCoroutine(reader.outgoing.drained()).addCallback(went_on.append)
        assert went_on == [None]
        getattr(reader.outgoing, how)()
        assert went_on == [None, None], how


def test_it_is_crowded_from_a_quarter_of_the_limit_on() -> None:
    reader = Reader(limit=40)
    reader.outgoing.pauseProducing()
    reader.outgoing.write(b"x" * 10)
    assert not reader.outgoing.crowded
    reader.outgoing.write(b"x")
    assert reader.outgoing.crowded
    reader.outgoing.resumeProducing()
    assert not reader.outgoing.crowded


class Wire:
    """A connection of Twisted's that nobody drives, and the socket of its peer."""

    def __init__(self) -> None:
        ours, self.peer = socket.socketpair()
        for end in (ours, self.peer):
            end.setblocking(False)
        self.reactor = MemoryReactor()
        self.transport: Any = tcp.Connection(ours, Protocol(), reactor=self.reactor)
        self.transport.connected = 1

    @property
    def waits_for_reactor(self) -> bool:
        return bool(self.reactor.getWriters())

    def drive(self) -> bytes:
        """As the reactor would, until nothing waits; what the peer has read meanwhile."""
        heard = self.hear()
        while self.waits_for_reactor:
            self.transport.doWrite()
            heard += self.hear()
        return heard

    def hear(self) -> bytes:
        heard = b""
        try:
            while data := self.peer.recv(1 << 20):
                heard += data
        except BlockingIOError:
            pass
        return heard

    def close(self) -> None:
        self.peer.close()
        self.transport.socket.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


def test_what_the_socket_takes_at_once_does_not_wait_for_the_reactor(wire: Wire) -> None:
    write_now(wire.transport, b"at once")
    assert not wire.waits_for_reactor
    assert wire.hear() == b"at once"


def test_nothing_overtakes_what_waits(wire: Wire) -> None:
    wire.transport.write(b"first ")
    write_now(wire.transport, b"second")
    assert wire.hear() == b""
    assert wire.drive() == b"first second"


def test_what_the_socket_does_not_take_follows_in_order(wire: Wire) -> None:
    pieces = [bytes([number]) * 300_000 for number in range(8)]
    heard = b""
    for piece in pieces:
        write_now(wire.transport, piece)
        assert wire.waits_for_reactor
        wire.transport.doWrite()
        heard += wire.hear()
    assert heard + wire.drive() == b"".join(pieces)


def test_a_connection_that_is_lost_is_left_to_the_reactor(wire: Wire) -> None:
    wire.peer.close()
    write_now(wire.transport, b"to nobody")
    assert wire.waits_for_reactor
    assert wire.transport.doWrite() is CONNECTION_LOST


def test_nothing_goes_past_tls(wire: Wire) -> None:
    wire.transport.TLS = True
    wire.transport.write = StringTransport().write
    write_now(wire.transport, b"secret")
    assert wire.hear() == b""


def test_nothing_goes_past_what_is_wrapped_around_a_connection(wire: Wire) -> None:
    """As the TLS of an `ssl:` endpoint is, which passes on what it does not know."""
    wrapper: Any = ProtocolWrapper(WrappingFactory(Factory()), Protocol())
    wrapper.transport = wire.transport
    written: list[bytes] = []
    wrapper.write = written.append
    write_now(wrapper, b"secret")
    assert (written, wire.hear()) == ([b"secret"], b"")


def test_after_goodbye_nothing_is_written_at_once(wire: Wire) -> None:
    wire.transport.disconnecting = 1
    write_now(wire.transport, b"late")
    assert wire.hear() == b""
