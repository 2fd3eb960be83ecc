"""Every row of the contract's tables, tried; the answers are as it writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ruggine.wire import lines
from tests.contract import TRANSCRIPT, LineActor, SocketActor, documented_commands, play
from tests.daemon import Daemon
from tests.redis import Redis

_ACTORS = {"line": LineActor, "websocket": SocketActor}


@pytest.fixture(params=["line", "websocket", "line on two nodes", "websocket on two nodes"])
def actors(
    request: pytest.FixtureRequest, tmp_path: Path, own_redis: Redis
) -> Iterator[dict[str, LineActor | SocketActor]]:
    """Four people who have a database of their own; Dory and Ada may be on another node."""
    port, _, two_nodes = request.param.partition(" on ")
    options = ["--redis", own_redis.start().url] if two_nodes else []
    nodes = [Daemon(tmp_path, *options).start() for _ in range(2 if two_nodes else 1)]
    for node in nodes if two_nodes else []:
        node.wait_for("[INFO] Redis connected successfully")
    people = {
        name: _ACTORS[port](node)
        for name, node in zip(("luigi", "dory", "ugo", "ada"), nodes * 4, strict=False)
    }
    yield people
    for actor in people.values():
        actor.leave()
    for node in nodes:
        node.stop()


def test_the_transcript(actors: dict[str, LineActor | SocketActor]) -> None:
    play(actors, TRANSCRIPT)


def test_the_transcript_uses_every_command() -> None:
    typed = {line.split()[0][1:] for _, line, _ in TRANSCRIPT}
    assert typed == set(lines.COMMANDS)
    assert {lines.COMMANDS[name].name for name in typed} == set(documented_commands())
