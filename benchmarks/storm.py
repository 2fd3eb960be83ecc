"""`./dev bench-storm`: everybody comes back at once; how long that takes, and what others feel.

The clients are those of ruggine.delivery: they resume, and are back when they have caught up. A
pair goes on talking meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from random import Random
from typing import Any

from tqdm import tqdm
from twisted.internet import reactor as default_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from benchmarks.server import own_server
from ruggine import terminal
from ruggine.bench.bystanders import delays, talking
from ruggine.bench.people import Person
from ruggine.bench.private import Load
from ruggine.bench.server import Server
from ruggine.clock import keep_timers_steady
from ruggine.delivery.client import Device
from ruggine.delivery.history import History

_WORDS_A_SECOND = 50.0
_BEFORE_S = 3.0
_PATIENCE_S = 120


@terminal.output()
def main() -> None:
    """Measure and print."""
    options = _options()
    users = -(-options.clients // options.connections)
    daemon = [f"--max-connections-per-user={options.connections}"]
    with own_server(daemon, None) as server:
        people = server.people.first(users + users % 2 + 2)
        reactor: Any = default_reactor
        keep_timers_steady(reactor)
        results: list[dict[str, Any]] = []

        async def run() -> None:
            results.append(await _measure(reactor, server, people, options))

        failures: list[Any] = []
        reactor.callWhenRunning(
            lambda: (
                Deferred.fromCoroutine(run())
                .addErrback(failures.append)
                .addBoth(lambda _: reactor.stop())
            )
        )
        reactor.run()
        for failure in failures:
            failure.raiseException()
    print(json.dumps(results[0], indent=2) if options.json else _report(results[0]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench-storm",
        description="Clients are cut off, miss messages and come back within a moment, while a "
        "pair of users goes on talking. Starts a daemon of its own.",
    )
    parser.add_argument("--clients", type=int, default=2000, help="how many come back [2000]")
    parser.add_argument("--connections", type=int, default=20, help="of one user [20]")
    parser.add_argument("--missed", type=int, default=20, help="messages missed in each chat [20]")
    parser.add_argument("--jitter", type=float, default=0, help="seconds to come back within [0]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


async def _measure(
    reactor: Any, server: Server, people: list[Person], options: argparse.Namespace
) -> dict[str, Any]:
    pair, everybody = people[:2], people[2:]
    devices = _devices(reactor, server, everybody, options)
    await _all_ready(reactor, devices, "connect")
    for device in devices:
        device.wanted = False
        device.cut()
    _speak(server, everybody, options.missed)
    with talking(server.websocket, pair, _WORDS_A_SECOND) as bystanders:
        await deferLater(reactor, _BEFORE_S)
        chance = Random(1)
        begun = time.perf_counter()
        for device in devices:
            device.wanted = True
            reactor.callLater(chance.random() * options.jitter, device.connect)
        await _all_ready(reactor, devices, "come back")
        ended = time.perf_counter()
        felt = bystanders.stop()
    return {
        "clients": len(devices),
        "jitter_s": options.jitter,
        "seconds_until_all_had_caught_up": round(ended - begun, 2),
        "missed_entries": options.missed * 2 * len(devices),
        "pair_before": felt.delay_figures(until=begun),
        "pair_during": felt.delay_figures(begun, ended),
        "memory_mb": server.memory_mb(),
    }


def _devices(
    reactor: Any, server: Server, people: list[Person], options: argparse.Namespace
) -> list[Device]:
    """Each user has a chat with the one before and the one after."""
    history, devices = History(), []
    for number in range(options.clients):
        index = number % len(people)
        name, token = people[index]
        places = {
            peer: {"chat_type": "private", "to_user": peer}
            for peer in (people[index - 1][0], people[(index + 1) % len(people)][0])
        }
        device = Device(
            reactor, history, f"{name}/{number}", name, token, lambda: server.websocket, places,
            lambda *_: None, Random(number),
        )  # fmt: skip
        reactor.callLater(number * 0.005, device.connect)
        devices.append(device)
    return devices


def _speak(server: Server, people: list[Person], messages: int) -> None:
    """Everybody to the next one."""
    for people_in_turn in (people, [*people[1:], people[0]]):
        with contextlib.closing(Load(server.websocket, people_in_turn)) as load:
            for pair in load.pairs:
                pair.send(messages)
            load.finish()


async def _all_ready(reactor: Any, devices: list[Device], what: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    with tqdm(total=len(devices), desc=what, leave=False, disable=None) as bar:
        while (ready := sum(device.ready for device in devices)) < len(devices):
            bar.update(ready - bar.n)
            if time.monotonic() > until:
                raise SystemExit(f"bench: only {ready} of {len(devices)} could {what}")
            await deferLater(reactor, 0.05)


def _report(results: dict[str, Any]) -> str:
    lines = [
        f"{results['clients']} clients came back within {results['jitter_s']:g} s and had caught "
        f"up after {results['seconds_until_all_had_caught_up']} s"
    ]
    for when in ("before", "during"):
        lines.append(f"a pair {when}: {delays(results[f'pair_{when}'])}")
    lines.append(f"memory of the daemon (RSS): {results['memory_mb']:.0f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
