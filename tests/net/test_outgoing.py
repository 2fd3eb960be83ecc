"""What waits for a slow reader, bounded."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from ruggine.net.outgoing import Outgoing


class Reader:
    """One connection whose peer reads when the test says so."""

    def __init__(self, limit: int = 10) -> None:
        self.transport = StringTransport()
        self.overflows = 0
        self.done = 0
        self.outgoing = Outgoing(self.transport, limit, self._overflow)

    def _overflow(self) -> None:
        self.overflows += 1

    def finish(self) -> None:
        self.outgoing.finish(self._done)

    def _done(self) -> None:
        self.done += 1


def test_what_is_written_goes_out_at_once() -> None:
    reader = Reader()
    reader.outgoing.write(b"one")
    assert reader.transport.value() == b"one"
    assert reader.transport.streaming


def test_what_is_written_while_it_reads_nothing_comes_after_in_order() -> None:
    reader = Reader(limit=100)
    reader.outgoing.pauseProducing()
    for part in (b"one", b"two", b"three"):
        reader.outgoing.write(part)
    assert reader.transport.value() == b""
    reader.outgoing.resumeProducing()
    assert reader.transport.value() == b"onetwothree"
    reader.outgoing.write(b"four")
    assert reader.transport.value().endswith(b"four")


def test_the_limit_is_exact_and_told_once() -> None:
    reader = Reader(limit=10)
    reader.outgoing.pauseProducing()
    reader.outgoing.write(b"x" * 10)
    assert reader.overflows == 0
    reader.outgoing.write(b"y")
    reader.outgoing.write(b"z" * 100)
    assert reader.overflows == 1
    reader.outgoing.resumeProducing()
    assert reader.transport.value() == b""


def test_finishing_waits_for_what_waits_and_takes_no_more() -> None:
    reader = Reader()
    reader.outgoing.pauseProducing()
    reader.outgoing.write(b"last")
    reader.finish()
    reader.outgoing.write(b"too late")
    assert reader.done == 0
    reader.outgoing.resumeProducing()
    assert reader.done == 1
    assert reader.transport.value() == b"last"


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
    assert reader.transport.value() == b""


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
