"""The --http port, asked over a transport in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python.failure import Failure

from ruggine.net.http import AT_ONCE, make_site
from tests.net.desk import World

LONG_S = 61.0
"""Twisted times a request out after 60 s, and cuts it off 15 s later."""


class Witness(Collector):
    """Says in which thread it was asked."""

    def __init__(self) -> None:
        self.asked_in: list[threading.Thread] = []

    def collect(self) -> Iterable[Metric]:
        self.asked_in.append(threading.current_thread())
        return [GaugeMetricFamily("seen", "Once", value=1)]

    def describe(self) -> Iterable[Metric]:
        return []


async def all_is_well() -> dict[str, str]:
    return {"database": "ok"}


class Transport(StringTransport):
    """As a TCP transport is: it can be told twice that its producer is gone, and to go on when it
    will not."""

    def setTcpKeepAlive(self, _: bool) -> None: ...

    def unregisterProducer(self) -> None:
        self.producer = None

    def resumeProducing(self) -> None:
        if not self.disconnecting:
            super().resumeProducing()


class Site:
    """The port, and who comes to it."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        world = World()
        self.clock = world.clock
        self._factory = make_site(
            self.clock, world.entrance(), all_is_well, registry or CollectorRegistry(),
            {"index.html": b""},
        )  # fmt: skip

    def connect(self, host: str = "127.0.0.1") -> tuple[Any, StringTransport]:
        address = IPv4Address("TCP", host, 1)
        protocol = self._factory.buildProtocol(address)
        transport = Transport(peerAddress=address)
        protocol.makeConnection(transport)
        return protocol, transport

    def say(self, protocol: Any, data: bytes) -> None:
        protocol.dataReceived(data)
        self.clock.advance(0)


def ask(registry: CollectorRegistry, request: bytes) -> bytes:
    site = Site(registry)
    protocol, transport = site.connect()
    site.say(protocol, request)
    return transport.value()


def get(registry: CollectorRegistry, path: bytes, *headers: bytes) -> bytes:
    lines = [b"GET " + path + b" HTTP/1.1", b"Host: here", b"Connection: close", *headers, b"", b""]
    return ask(registry, b"\r\n".join(lines))


def test_the_figures_are_asked_for_by_the_reactor_thread() -> None:
    registry, witness = CollectorRegistry(), Witness()
    registry.register(witness)
    answer = get(registry, b"/metrics")
    assert b"200 OK" in answer
    assert b"seen 1.0" in answer
    assert witness.asked_in == [threading.current_thread()]


def test_who_asks_for_open_metrics_gets_them() -> None:
    answer = get(CollectorRegistry(), b"/metrics", b"Accept: application/openmetrics-text")
    assert b"application/openmetrics-text" in answer
    assert answer.rstrip().endswith(b"# EOF")


def test_nothing_but_reading_is_allowed() -> None:
    for path in (b"/", b"/metrics", b"/healthz", b"/readyz"):
        answer = ask(CollectorRegistry(), b"POST " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b" 405 " in answer.splitlines()[0], path


@pytest.mark.parametrize("length", [b"Content-Length: 9999999999", b"Transfer-Encoding: chunked"])
def test_a_body_is_neither_kept_nor_waited_for(length: bytes) -> None:
    site = Site()
    protocol, transport = site.connect()
    site.say(protocol, b"GET /metrics HTTP/1.1\r\nHost: h\r\n" + length + b"\r\n\r\n")
    assert not transport.disconnecting
    site.say(protocol, b"5\r\n12345\r\n")
    assert transport.disconnecting


def test_a_crowd_that_says_nothing_keeps_nobody_out() -> None:
    site = Site()
    crowd = [site.connect(f"192.0.2.{number}") for number in range(AT_ONCE)]
    protocol, transport = site.connect()
    site.say(protocol, b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"200 OK" in transport.value()
    site.connect()
    assert [i for i, (_, there) in enumerate(crowd) if there.disconnected] == [0, 1]
    crowd[0][0].connectionLost(Failure(ConnectionDone()))
    for protocol, _ in crowd[2:]:
        protocol.connectionLost(Failure(ConnectionDone()))
    for number in range(AT_ONCE - 2):
        site.connect(f"192.0.2.{number}")
    assert not transport.disconnected


def test_requests_in_a_row_get_one_answer() -> None:
    registry, witness = CollectorRegistry(), Witness()
    registry.register(witness)
    site = Site(registry)
    protocol, transport = site.connect()
    site.say(protocol, b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n" * 1000)
    assert len(witness.asked_in) == 1
    assert b"Connection: close" in transport.value()
    assert transport.disconnecting


@pytest.mark.parametrize(
    "accept",
    [
        b"\xff",
        b"application/openmetrics-text; version=x",
        b"text/plain; version=" + b"9" * 5000 + b".0.0",
    ],
)
def test_a_wish_for_a_format_that_makes_no_sense_is_as_good_as_none(accept: bytes) -> None:
    answer = get(CollectorRegistry(), b"/metrics", b"Accept: " + accept)
    assert b"200 OK" in answer
    assert b"text/plain" in answer


def test_a_length_that_is_no_number_of_this_world_is_refused() -> None:
    request = b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"
    assert ask(CollectorRegistry(), request).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", [b"/", b"/metrics", b"/healthz", b"/readyz", b"/nothing"])
def test_who_asks_for_the_head_gets_it_and_no_line_in_the_log(path: bytes) -> None:
    lines: list[LogEvent] = []
    globalLogPublisher.addObserver(lines.append)
    try:
        answer = ask(CollectorRegistry(), b"HEAD " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    finally:
        globalLogPublisher.removeObserver(lines.append)
    assert answer.startswith(b"HTTP/1.1 404 " if path == b"/nothing" else b"HTTP/1.1 200 ")
    assert b"Content-Length: " in answer
    assert answer.endswith(b"\r\n\r\n")
    assert lines == []


@pytest.mark.parametrize(
    "request_", [b"", b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", b"nonsense\r\n\r\n"]
)
def test_who_does_not_hang_up_is_cut_off(request_: bytes) -> None:
    site = Site()
    protocol, transport = site.connect()
    site.say(protocol, request_)
    site.clock.pump([LONG_S, LONG_S])
    assert transport.disconnected
