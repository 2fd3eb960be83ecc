"""The --http port, asked over a transport in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from twisted.internet.testing import StringTransport

from ruggine.net.http import make_site


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


def ask(registry: CollectorRegistry, request: bytes) -> bytes:
    protocol = make_site(all_is_well, registry, {"index.html": b"<p>"}).buildProtocol(None)
    assert protocol is not None
    transport = StringTransport()
    transport.setTcpKeepAlive = lambda _: None  # type: ignore[attr-defined]
    protocol.makeConnection(transport)
    protocol.dataReceived(request)
    return bytes(transport.value())


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
