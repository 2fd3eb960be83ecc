"""What every attack needs: a target, a process to attack from, and a pair that talks meanwhile."""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ruggine.bench.bystanders import Bystanders, talking
from ruggine.bench.people import Person
from tests.daemon import PASSWORD, Daemon

RATE = 50.0
"""Messages a second of the pair. One side sends them all, so the daemon needs `PAIR_OPTIONS`."""

PAIR_OPTIONS = ("--rate-limits", "on", "--messages-rate", "1000/s:1000")
"""For a daemon under attack: with its limits, except for those that the pair would meet."""

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Target:
    """Where a daemon listens, and who has an account there."""

    line: tuple[str, int]
    websocket: tuple[str, int]
    http: tuple[str, int]
    people: list[Person] = field(default_factory=list)
    """For the attacker, who may have accounts."""
    source: str = "127.0.0.66"
    """Where an attacker connects from, where one address is enough: not where the pair does."""


Play = Callable[[Target, int], None]
"""Attacks a target with so many connections (or whatever the attack counts) until it is stopped:
it does not return, and it goes on when it is refused or cut off."""


@dataclass(frozen=True)
class Attack:
    """One thing that somebody may do to a daemon."""

    name: str
    """For the table in docs/security.md."""
    play: Play
    size: int
    """At full size."""


def target_of(daemon: Daemon, accounts: int = 0) -> Target:
    """A daemon as an attacker sees it, who has so many accounts."""
    people = [register(daemon, f"attacker{number}") for number in range(accounts)]
    ports = ((HOST, p) for p in (daemon.tcp_port, daemon.websocket_port, daemon.http_port))
    return Target(*ports, people)


@contextlib.contextmanager
def attacking(attack: Attack, target: Target, size: int) -> Iterator[None]:
    """The attack goes on in a process of its own while the body runs."""
    process = multiprocessing.Process(target=attack.play, args=(target, size), daemon=True)
    process.start()
    try:
        yield
        assert process.is_alive(), f"{attack.name} has ended by itself"
    finally:
        process.kill()
        process.join()


@contextlib.contextmanager
def pair_talking(daemon: Daemon, pair: list[Person]) -> Iterator[Bystanders]:
    """Two people who talk in a process of their own while the body runs.

    `Bystanders.stop` says how long their messages took, and fails where one of them is lost.
    """
    with talking((HOST, daemon.websocket_port), pair, RATE) as bystanders:
        yield bystanders


def register(daemon: Daemon, name: str) -> Person:
    with socket.create_connection((HOST, daemon.tcp_port), 20) as line:
        line.sendall(f"/register {name} {PASSWORD}\n".encode())
        reply = line.makefile("r", encoding="utf-8").readline()
    assert reply.startswith("OK: "), reply
    return name, reply.split()[-1]
