"""`ruggine doctor --delivery N`: people of its own talk through faults, and every message is
counted."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

from tqdm import tqdm
from twisted.internet import reactor as default_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning

from ruggine.clock import keep_timers_steady
from ruggine.config import Config
from ruggine.delivery import checker
from ruggine.delivery.audit import read_log
from ruggine.delivery.house import Node
from ruggine.delivery.trial import Size, Trial
from ruggine.doctor.files import open_read_only
from ruggine.doctor.finding import Finding, fault, ok
from ruggine.doctor.reach import address_of

_LOST = {"lost", "not delivered", "acknowledged elsewhere"}
_DOUBLED = {"stored twice", "shown twice", "answered twice"}
_FAULTS = 20
_KILLS = 4


def check_delivery(chosen: Config, messages: int, *, running: bool) -> Iterator[Finding]:
    """Against the running daemon, without touching anybody else's chats; or else against one of
    its own, which it also kills. Runs the reactor, so once in a process."""
    reactor: Any = default_reactor
    keep_timers_steady(reactor)
    found: list[Finding] = []

    async def run() -> None:
        try:
            if running:
                found.extend(await _with_the_running_one(reactor, chosen, messages))
            else:
                found.extend(await _with_one_of_our_own(reactor, messages))
        except (RuntimeError, OSError) as error:
            found.append(fault("delivery", f"could not be tried to the end: {error}"))

    def stop(_: object) -> None:
        with suppress(ReactorNotRunning):
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(run()).addBoth(stop))
    reactor.run()
    yield from found


async def _with_the_running_one(reactor: Any, chosen: Config, messages: int) -> list[Finding]:
    line, socket = address_of(chosen.tcp), address_of(chosen.websocket)
    if line is None or socket is None or line.tls or socket.tls:
        return [fault("delivery", "can be tried over tcp: endpoints only; try --own-daemon")]
    trial = Trial(
        reactor,
        lambda: (line.host, line.port),
        lambda: [(socket.host, socket.port)],
        # few enough for the limits on registrations and groups
        Size(people=5, devices=2, groups=2, window=2),
        Random().randrange(10**6),  # noqa: S311 - chooses what is said
    )
    try:
        await trial.prepare()
        if trial.epoch != _epoch(chosen.database):
            text = f"{chosen.database} is not the running daemon's; give the --database it has"
            return [fault("delivery", text)]
        await _talk(trial, messages, None)
        return _judge(trial, chosen.database, "the running daemon")
    finally:
        await trial.clean()


async def _with_one_of_our_own(reactor: Any, messages: int) -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="ruggine-doctor-") as name:
        folder = Path(name)
        node = Node(reactor, folder, {})
        await node.start()
        trial = Trial(
            reactor, lambda: node.tcp, lambda: [node.websocket], Size(),
            Random().randrange(10**6),  # noqa: S311
        )  # fmt: skip
        try:
            await trial.prepare()
            await _talk(trial, messages, node)
            return _judge(trial, folder / "data" / "ruggine.db", "a daemon of its own")
        finally:
            await trial.clean()
            await node.stop()


async def _talk(trial: Trial, messages: int, node: Node | None) -> None:
    """Faults come evenly between the messages; a daemon of our own is also killed."""
    chance = Random()  # noqa: S311
    trial.talk(messages)
    with tqdm(
        total=messages, desc="delivery", unit="message", file=sys.stderr, leave=False, disable=None
    ) as bar:
        for number in range(1, _FAULTS + 1):
            await trial.said(messages * number // (_FAULTS + 1))
            bar.update(trial.acknowledged - bar.n)
            if node is not None and number % (_FAULTS // _KILLS) == 0:
                trial.faults["kills"] += 1
                await node.kill()
                await node.start()
            elif number % 2:
                trial.faults["disconnects"] += 1
                chance.choice(trial.devices).cut()
            else:
                trial.faults["slow readers"] += 1
                chance.choice(trial.devices).read_slowly(0.5)
        await trial.settle()


def _judge(trial: Trial, database: Path, whom: str) -> list[Finding]:
    log = read_log(database, [person.name for person in trial.people])
    violations = checker.check(trial.history, log)
    names = Counter(violation.name for violation in violations)
    lost = sum(count for name, count in names.items() if name in _LOST)
    doubled = sum(count for name, count in names.items() if name in _DOUBLED)
    counts = trial.history.count()
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(trial.faults.items()))
    text = (
        f"to {whom}: {counts['Invoked']} sent, {counts['Acknowledged']} acknowledged, "
        f"{counts['Received']} delivered to {len(trial.devices)} devices through {faults}: "
        f"{lost} lost, {doubled} duplicated"
    )
    if not violations:
        return [ok("delivery", text), ok("latency", _latency(trial))]
    first = violations[0]
    text += f"; {len(violations)} broken promises, first: {first.name} ({first.text}); report this"
    return [fault("delivery", text)]


def _latency(trial: Trial) -> str:
    answered, delivered = checker.latencies(trial.history)
    return "; ".join(
        f"{what} p50 {_percentile(times, 50):.1f} ms, p99 {_percentile(times, 99):.1f} ms"
        for what, times in (("acknowledged", answered), ("delivered", delivered))
        if len(times) > 1
    )


def _percentile(times_s: list[float], percent: int) -> float:
    return statistics.quantiles(times_s, n=100)[percent - 1] * 1000


def _epoch(database: Path) -> str:
    with closing(open_read_only(database)) as connection:
        found = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    return str(found[0])
