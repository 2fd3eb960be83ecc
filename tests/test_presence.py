"""Who is there: told to those who know them, across nodes, and after a crash."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Telephone, WebSocket, register
from tests.daemon import Daemon, wait_until
from tests.patience import stretched
from tests.redis import Redis


class Neighbour:
    """Somebody with an account, who comes and goes."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        self.name, self.token = register(daemon, name)

    def comes(self, daemon: Daemon) -> WebSocket:
        self.socket = WebSocket(daemon.url, self.token)
        return self.socket

    def goes(self) -> None:
        self.socket.hang_up()


def befriend(daemon: Daemon, one: Neighbour, other: Neighbour) -> None:
    with Telephone(daemon.tcp_port) as telephone:
        telephone.ask(f"/send_friend_request {one.token} {other.name}")
        answer = telephone.ask(f"/send_friend_request {other.token} {one.name}")
    assert answer == "OK: Friend request accepted"


@pytest.fixture(params=["one node", "two nodes"])
def places(request: pytest.FixtureRequest) -> tuple[Daemon, Daemon]:
    """Where Luigi is, and where the others are."""
    if request.param == "two nodes":
        first, second = request.getfixturevalue("nodes")
        return first, second
    daemon = request.getfixturevalue("daemon")
    return daemon, daemon


def test_friends_hear_of_coming_and_going_and_strangers_do_not(
    places: tuple[Daemon, Daemon],
) -> None:
    here, there = places
    luigi, dory, ugo = (Neighbour(here, name) for name in ("luigi", "dory", "ugo"))
    befriend(here, luigi, dory)
    looking, stranger = luigi.comes(here), ugo.comes(here)
    before = time.time()
    dory.comes(there)
    came = looking.status(dory.name)
    assert (came["online"], came["last_seen"] >= before - 1) == (True, True)
    dory.goes()
    left = time.time()
    gone = looking.status(dory.name, 10)
    assert gone["online"] is False
    assert time.time() - left >= 2, "that is no grace"
    assert abs(gone["last_seen"] - left) < 2
    assert stranger.silent()
    assert [s for s in stranger.statuses if s["username"] == dory.name] == []
    for neighbour in (luigi, ugo):
        neighbour.goes()


def test_chat_partners_and_fellow_members_hear_of_each_other(
    nodes: tuple[Daemon, Daemon],
) -> None:
    here, there = nodes
    luigi, dory, ugo = (Neighbour(here, name) for name in ("luigi", "dory", "ugo"))
    with Telephone(here.tcp_port) as telephone:
        telephone.ask(f"/private {luigi.token} {dory.name} ciao")
        group_id = telephone.ask(f"/create_group {ugo.token} g").split()[-1]
        telephone.ask(f"/open_group {ugo.token} {group_id}")
        telephone.ask(f"/join_group {dory.token} {group_id}")
        watching = [luigi.comes(here), ugo.comes(here)]
        dory.comes(there)
        for socket in watching:
            assert socket.status(dory.name)["online"]
        telephone.ask(f"/block_user {dory.token} {luigi.name}")
    dory.goes()
    assert not watching[1].status(dory.name, 10)["online"]
    assert watching[0].silent()
    assert [s for s in watching[0].statuses if s["username"] == dory.name] == []
    for neighbour in (luigi, ugo):
        neighbour.goes()


def test_changing_connections_is_no_coming_and_going(nodes: tuple[Daemon, Daemon]) -> None:
    here, there = nodes
    luigi, dory = Neighbour(here, "luigi"), Neighbour(here, "dory")
    befriend(here, luigi, dory)
    looking = luigi.comes(here)
    dory.comes(there)
    assert looking.status(dory.name)["online"]
    for place in (there, here, there):
        dory.goes()
        time.sleep(0.5)
        dory.comes(place)
    time.sleep(4)
    assert looking.silent()
    assert looking.statuses == []
    for neighbour in (luigi, dory):
        neighbour.goes()


Apart = tuple[list[Daemon], Neighbour, Neighbour, WebSocket]


@pytest.fixture
def apart(tmp_path: Path, own_redis: Redis) -> Iterator[Apart]:
    """Two nodes with a Redis of their own: Luigi looks on from one, Dory has come to the other."""
    url = own_redis.start().url
    nodes = [Daemon(tmp_path, "--redis", url).start() for _ in range(2)]
    for node in nodes:
        node.wait_for("[INFO] Redis connected successfully")
    luigi, dory = Neighbour(nodes[0], "luigi"), Neighbour(nodes[0], "dory")
    befriend(nodes[0], luigi, dory)
    looking = luigi.comes(nodes[0])
    dory.comes(nodes[1])
    assert looking.status(dory.name)["online"]
    yield nodes, luigi, dory, looking
    for node in nodes:
        if node.process.poll() is None:
            node.process.send_signal(signal.SIGTERM)
            assert node.process.wait(10) == 0


def test_who_was_on_a_node_that_died_is_gone_within_15_s(apart: Apart) -> None:
    nodes, luigi, dory, looking = apart
    nodes[1].kill()
    died = time.monotonic()
    assert not looking.status(dory.name)["online"]
    assert time.monotonic() - died < stretched(15)
    luigi.goes()
    nodes[0].stop()


def test_while_redis_is_away_nobody_is_said_to_have_gone(apart: Apart, own_redis: Redis) -> None:
    nodes, luigi, dory, looking = apart
    own_redis.stop()
    nodes[0].wait_for("does not answer")
    time.sleep(4)
    assert looking.silent()
    own_redis.start()
    for node in nodes:
        wait_until(lambda node=node: node.log().count("Redis connected successfully") == 2, 10)
    time.sleep(4)
    assert looking.silent()
    assert looking.statuses == []
    for neighbour in (luigi, dory):
        neighbour.goes()
