"""What `/metrics` serves (Prometheus text exposition format; docs/monitoring.md explains each)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ruggine.bus.redis import RedisBus
from ruggine.domain.hub import Hub
from ruggine.domain.messages import Messages
from ruggine.meters import Histogram
from ruggine.monitoring.lag import Lag
from ruggine.net.chat_factory import ChatSocketFactory
from ruggine.net.commands import AccountCommands
from ruggine.net.connections import Connections
from ruggine.net.door import Door
from ruggine.net.line_protocol import LineFactory
from ruggine.net.pace import Pace
from ruggine.storage.database import Database
from ruggine.storage.message_log import MessageLog


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a daemon that count something."""

    database: Database
    log: MessageLog
    hub: Hub
    messages: Messages
    accounts: AccountCommands
    connections: Connections
    door: Door
    pace: Pace
    sockets: ChatSocketFactory
    lines: LineFactory
    redis: RedisBus | None
    lag: Lag


def make_registry(parts: Parts) -> CollectorRegistry:
    """One for each daemon; with what the system says of the process."""
    registry = CollectorRegistry()
    registry.register(_Figures(parts))
    ProcessCollector(registry=registry)
    return registry


class _Figures(Collector):
    """Asked by the reactor thread, in which everything is counted."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        yield from self._people()
        yield from self._messages()
        yield from self._storage()
        yield from self._outcomes()
        yield from self._redis()
        yield _histogram(
            "ruggine_reactor_lag_seconds", "How late the reactor is, looked at twice a second",
            self._parts.lag.lag_s,
        )  # fmt: skip

    def _people(self) -> Iterable[Metric]:
        connections = self._parts.connections
        yield _gauges(
            "ruggine_connections", "Open connections", "port",
            {"line": connections.count_of("line"), "websocket": connections.count_of("websocket")},
        )  # fmt: skip
        yield _counter(
            "ruggine_work_waits", "Times that somebody had to wait who asked for too much work",
            self._parts.pace.waits,
        )  # fmt: skip
        yield _counters(
            "ruggine_cut_connections", "Connections that had to make room, by what was full",
            "limit", self._parts.door.cut,
        )  # fmt: skip
        yield _gauge(
            "ruggine_users_online", "Users connected to this node",
            len(self._parts.hub.online_here()),
        )  # fmt: skip
        yield _gauge(
            "ruggine_outgoing_bytes", "Bytes that wait for slow readers",
            connections.outgoing_bytes,
        )  # fmt: skip

    def _messages(self) -> Iterable[Metric]:
        parts = self._parts
        for what, help_, count in (
            ("received", "Messages that were sent to this node", parts.messages.received),
            ("stored", "Messages that this node has committed", parts.log.stored),
            ("delivered", "Entries written to connections of this node", parts.hub.delivered),
        ):
            yield _counter(f"ruggine_messages_{what}", help_, count)
        yield _histogram(
            "ruggine_delivery_seconds",
            "From the receipt of a message to its last write to a connection of this node",
            parts.messages.delivery_s,
        )

    def _storage(self) -> Iterable[Metric]:
        log, database = self._parts.log, self._parts.database
        yield _histogram(
            "ruggine_commit_seconds", "From a batch of messages to its commit", log.commit_s
        )
        yield _histogram("ruggine_commit_batch", "Messages in one commit", log.batch)
        family = HistogramMetricFamily(
            "ruggine_database_seconds",
            "From asking the database to its answer, waiting for a thread included",
            labels=["kind"],
        )
        for kind, histogram in (("read", database.read_s), ("write", database.write_s)):
            family.add_metric([kind], _buckets(histogram), histogram.sum)
        yield family

    def _outcomes(self) -> Iterable[Metric]:
        parts = self._parts
        refusals = parts.sockets.refusals + parts.lines.refusals
        yield _counters("ruggine_refusals", "Refused requests by code", "code", refusals)
        yield _counters(
            "ruggine_logins", "Logins: ok, or the code of the refusal", "result",
            parts.accounts.logins,
        )  # fmt: skip
        yield _counters(
            "ruggine_websocket_auths",
            "First frames of WebSockets: ok, or the code of the refusal", "result",
            parts.sockets.auths,
        )  # fmt: skip

    def _redis(self) -> Iterable[Metric]:
        redis = self._parts.redis
        present = GaugeMetricFamily("ruggine_redis_up", "Whether Redis answers, where there is one")
        reconnects = CounterMetricFamily("ruggine_redis_reconnects", "Times that it came back")
        if redis is not None:
            present.add_metric([], redis.present)
            reconnects.add_metric([], redis.reconnects)
        yield present
        yield reconnects


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)


def _gauges(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(GaugeMetricFamily, name, help_, label, values)


def _counter(name: str, help_: str, value: float) -> Metric:
    return CounterMetricFamily(name, help_, value=value)


def _counters(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(CounterMetricFamily, name, help_, label, values)


def _labelled(
    family: Callable[..., GaugeMetricFamily | CounterMetricFamily],
    name: str,
    help_: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    made = family(name, help_, labels=[label])
    for key, value in values.items():
        made.add_metric([key], value)
    return made


def _histogram(name: str, help_: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(name, help_, buckets=_buckets(histogram), sum_value=histogram.sum)


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Each counts those below it too, as Prometheus wants it."""
    bounds = [f"{bound:g}" for bound in histogram.bounds] + ["+Inf"]
    return list(zip(bounds, accumulate(histogram.counts), strict=True))
