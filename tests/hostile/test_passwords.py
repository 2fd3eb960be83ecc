"""Strangers fill the queue in which passwords wait: whoever owns an account still comes in."""

from __future__ import annotations

import socket
import time
from urllib.request import urlopen

import pytest

from tests.cast import Telephone, register
from tests.daemon import PASSWORD, Daemon, wait_until
from tests.hostile.harness import attacking, target_of
from tests.hostile.passwords import GUESSING
from tests.patience import PATIENCE_S, stretched


@pytest.fixture
def limited(own_daemon: Daemon) -> Daemon:
    own_daemon._options = ("--rate-limits", "on")
    return own_daemon.start()


def log_in(daemon: Daemon, name: str) -> tuple[str, float]:
    """The answer, and after how many seconds it came."""
    with Telephone(daemon.tcp_port) as line:
        line.socket.settimeout(3 * PATIENCE_S)
        begun = time.monotonic()
        return line.ask(f"/login {name} {PASSWORD}"), time.monotonic() - begun


def test_the_owner_comes_in_while_strangers_fill_the_queue(limited: Daemon) -> None:
    """From an address that is known, each time, and in less than 3 s."""
    name, _ = register(limited, "luigi")
    with attacking(GUESSING, target_of(limited), GUESSING.size):
        wait_for_crowd(limited)
        logins = [log_in(limited, name) for _ in range(10)]
    assert [answer for answer, _ in logins if not answer.startswith("OK: ")] == []
    assert max(seconds for _, seconds in logins) < stretched(3)


def test_who_finds_no_place_has_not_guessed_wrong(limited: Daemon) -> None:
    """However often a stranger with the right password is put off, none of it counts."""
    name, _ = register(limited, "luigi")
    with attacking(GUESSING, target_of(limited), GUESSING.size):
        wait_for_crowd(limited)
        answers = [log_in_from(f"127.0.2.{1 + n}", limited, name) for n in range(20)]
    put_off = [answer for answer in answers if not answer.startswith("OK: ")]
    assert put_off
    assert all("[unavailable " in answer for answer in put_off), put_off
    again = (log_in_from(f"127.0.3.{1 + n}", limited, name) for n in range(200))
    wait_until(lambda: next(again).startswith("OK: "), 3 * PATIENCE_S)


def log_in_from(address: str, daemon: Daemon, name: str) -> str:
    with socket.create_connection(
        ("127.0.0.1", daemon.tcp_port), 3 * PATIENCE_S, source_address=(address, 0)
    ) as line:
        line.sendall(f"/login {name} {PASSWORD}\n".encode())
        return line.makefile("r", encoding="utf-8").readline().strip()


def wait_for_crowd(daemon: Daemon) -> None:
    """Until somebody was put off, which is to say that the queue is full."""

    def full() -> bool:
        with urlopen(f"http://127.0.0.1:{daemon.http_port}/metrics") as metrics:
            return b'ruggine_logins_total{result="unavailable"}' in metrics.read()

    wait_until(full)
