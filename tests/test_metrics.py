"""What /metrics serves, and that rules, dashboard and manual speak of nothing else."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.cast import Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon, wait_until

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"\b(?:ruggine|process)_[a-z_]+")
MATCHERS = re.compile(r"\b((?:ruggine|process)_[a-z_]+)\{([^}]*)\}")
GROUPED = re.compile(r"by \(([^)]*)\)")
ADDED = {"job", "instance", "le"}
"""What Prometheus adds to the labels of a sample, and what a histogram has."""


def families(daemon: Daemon) -> dict[str, Metric]:
    with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http_port}/metrics") as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        text = answer.read().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(daemon: Daemon, sample: str, **labels: str) -> float:
    """Of one sample; 0 where there is none."""
    return sum(
        found.value
        for family in families(daemon).values()
        for found in family.samples
        if found.name == sample and labels.items() <= found.labels.items()
    )


def served(daemon: Daemon) -> dict[str, set[str]]:
    """The names of all samples, and their labels as far as there are samples."""
    names: dict[str, set[str]] = {}
    for family in families(daemon).values():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        for suffix in suffixes.get(family.type, [""]):
            names.setdefault(family.name + suffix, set())
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    return names


@pytest.fixture
def busy(own_daemon: Daemon) -> Daemon:
    """Something of everything has happened there."""
    own_daemon.start()
    luigi, token = register(own_daemon, "luigi")
    dory, other = register(own_daemon, "dory")
    there = WebSocket(own_daemon.url, other)
    with Telephone(own_daemon.tcp_port) as phone:
        for _ in range(3):
            assert phone.ask(f"/send_private_message {token} {dory} hello").startswith("OK")
        assert phone.ask(f"/send_private_message {token} nobody.here hello").startswith("ERR")
        assert phone.ask(f"/login {luigi} wrong-{PASSWORD}").startswith("ERR")
        assert phone.ask(f"/login {luigi} {PASSWORD}").startswith("OK")
    own_daemon.seen = there  # it stays open as long as the daemon
    return own_daemon


def test_everything_that_happens_is_counted(busy: Daemon) -> None:
    wait_until(lambda: value(busy, "ruggine_reactor_lag_seconds_count") > 0)
    assert value(busy, "ruggine_connections", port="websocket") == 1
    assert value(busy, "ruggine_users_online") == 1
    assert value(busy, "ruggine_messages_received_total") == 4
    assert value(busy, "ruggine_messages_stored_total") == 3
    assert value(busy, "ruggine_messages_delivered_total") == 3
    assert value(busy, "ruggine_delivery_seconds_count") == 3
    assert 0 < value(busy, "ruggine_delivery_seconds_sum") < 3
    assert value(busy, "ruggine_delivery_seconds_bucket", le="+Inf") == 3
    assert value(busy, "ruggine_commit_seconds_count") == 3
    assert value(busy, "ruggine_commit_batch_bucket", le="1") == 3
    assert value(busy, "ruggine_database_seconds_count", kind="write") >= 3
    assert value(busy, "ruggine_database_seconds_count", kind="read") >= 1
    assert value(busy, "ruggine_refusals_total", code="not_found") == 1
    assert value(busy, "ruggine_refusals_total", code="invalid_credentials") == 1
    assert value(busy, "ruggine_logins_total", result="ok") == 1
    assert value(busy, "ruggine_logins_total", result="invalid_credentials") == 1
    assert value(busy, "ruggine_websocket_auths_total", result="ok") == 1
    assert value(busy, "ruggine_outgoing_bytes") == 0
    assert value(busy, "process_resident_memory_bytes") > 10_000_000
    assert value(busy, "process_cpu_seconds_total") > 0


def test_nobody_is_named_in_it(busy: Daemon) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{busy.http_port}/metrics") as answer:
        text = answer.read().decode()
    assert "luigi" not in text
    assert "dory" not in text


def expressions() -> dict[str, str]:
    """Every expression of the rules and of the dashboard, by where it stands."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/ruggine.rules.yml").read_text("utf-8"))
    dashboard = json.loads((ROOT / "deploy/grafana/ruggine.json").read_text("utf-8"))
    return {
        **{r["alert"]: r["expr"] for group in rules["groups"] for r in group["rules"]},
        **{
            f"panel {panel['title']}, {target['refId']}": target["expr"]
            for panel in dashboard["panels"]
            for target in panel["targets"]
        },
    }


def test_rules_and_dashboard_ask_for_what_is_served(busy: Daemon) -> None:
    names: dict[str, set[str]] = served(busy)
    for where, expression in expressions().items():
        used = set(NAME.findall(expression))
        assert used <= names.keys(), where
        for name, matchers in MATCHERS.findall(expression):
            labels = set(re.findall(r"(\w+)\s*=", matchers))
            assert labels <= names[name] | ADDED, where
        for labels in GROUPED.findall(expression):
            known: set[str] = ADDED.union(*(names[name] for name in used))
            assert {label.strip() for label in labels.split(",")} <= known, where


def test_each_of_our_metrics_is_on_the_dashboard_and_in_the_manual(busy: Daemon) -> None:
    shown = " ".join(expressions().values())
    manual = (ROOT / "docs/monitoring.md").read_text("utf-8")
    for name, family in families(busy).items():
        if name.startswith("ruggine"):
            assert name in shown
            full = f"{name}_total" if family.type == "counter" else name
            assert f"`{full}`" in manual
    told: Any = set(re.findall(r"`(ruggine_[a-z_]+)`", manual))
    names = {f"{n}_total" if f.type == "counter" else n for n, f in families(busy).items()}
    assert told <= names
