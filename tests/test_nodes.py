"""Several daemons on one database, joined by a real Redis that comes, goes and stands still."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import SocketPerson, Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon, wait_until
from tests.redis import Redis, program

AWAY = "Redis at redis://"
HERE = "[INFO] Redis connected successfully"
Nodes = tuple[Daemon, Daemon]


@pytest.fixture
def own_nodes(own_redis: Redis, tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes whose Redis is the test's to break."""
    nodes = (Daemon(tmp_path, "--redis", own_redis.url), Daemon(tmp_path, "--redis", own_redis.url))
    own_redis.start()
    for node in nodes:
        node.start().wait_for(HERE)
    yield nodes
    for node in nodes:
        node.stop()


def test_redis_shows_the_messages(nodes: Nodes, running_redis: Redis) -> None:
    """`redis-cli PSUBSCRIBE 'chat_*'` prints each entry, as a JSON object with its content."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    with subprocess.Popen(
        [program("redis-cli"), "-p", str(running_redis.port), "PSUBSCRIBE", "chat_*"],
        stdout=subprocess.PIPE, text=True,
    ) as watcher:  # fmt: skip
        assert watcher.stdout is not None
        while watcher.stdout.readline().strip() != "1":
            pass
        luigi.sends(dory, "visibile in Redis")
        lines = [watcher.stdout.readline().strip() for _ in range(4)]
        watcher.terminate()
    assert lines[0] == "pmessage"
    assert lines[2].startswith("chat_messages:")
    assert json.loads(lines[3])["entry"]["content"] == "visibile in Redis"
    dory.receives(luigi, "visibile in Redis")


def test_a_session_ended_on_one_node_is_ended_on_all(nodes: Nodes) -> None:
    """Its WebSocket on the other node closes with 4501, and its token is worth nothing there."""
    name, token = register(nodes[0], "luigi")
    there = WebSocket(nodes[1].url, token)
    with Telephone(nodes[1].tcp_port) as line_there, Telephone(nodes[0].tcp_port) as line_here:
        assert line_there.ask(f"/validate_session {token}") == f"OK: {name}"
        assert line_here.ask(f"/validate_session {token}") == f"OK: {name}"
        assert line_here.ask(f"/logout {token}") == "OK: Logout successful"
        assert line_there.ask(f"/validate_session {token}").endswith("[invalid_session]")
    with pytest.raises(Exception, match="4501"):
        there.hear()
    there.hang_up()


def test_sessions_are_cached_in_redis_by_their_hash(nodes: Nodes, running_redis: Redis) -> None:
    """With a time to live; the token itself is nowhere."""
    _, token = register(nodes[0], "luigi")
    with Telephone(nodes[0].tcp_port) as line:
        line.ask(f"/validate_session {token}")
    keys = running_redis.ask("--scan", "--pattern", "session:*").splitlines()
    assert keys
    assert all(0 < int(running_redis.ask("TTL", key)) <= 120 for key in keys)
    assert token not in "".join(running_redis.ask("GET", key) for key in keys)


def test_who_is_online_is_known_on_every_node(nodes: Nodes) -> None:
    """Within a second or so."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")

    def names_seen() -> list[str]:
        return [u["username"] for u in luigi.socket.ask(message_type="online_users")["users"]]

    wait_until(lambda: dory.name in names_seen())
    dory.leaves()
    wait_until(lambda: dory.name not in names_seen())


def test_a_missing_redis_is_said_once_and_found_when_it_comes(
    own_redis: Redis, own_daemon: Daemon
) -> None:
    """The daemon starts and serves its own users; within 2 s of Redis coming it is joined."""
    own_daemon._options = ("--redis", own_redis.url)
    own_daemon.start().wait_for(AWAY)
    luigi, dory = SocketPerson(own_daemon, "luigi"), SocketPerson(own_daemon, "dory")
    luigi.sends(dory, "anche senza")
    dory.receives(luigi, "anche senza")
    own_redis.start()
    came = time.monotonic()
    own_daemon.wait_for(HERE)
    assert time.monotonic() - came < 2
    assert own_daemon.log().count(AWAY) == 1


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_what_redis_lost_is_read_from_the_database(
    fault: str, own_nodes: Nodes, own_redis: Redis
) -> None:
    """While Redis is away messages arrive by the database; each arrives once, in order."""
    luigi, dory = SocketPerson(own_nodes[0], "luigi"), SocketPerson(own_nodes[1], "dory")
    luigi.sends(dory, "prima")
    dory.receives(luigi, "prima")
    own_redis.freeze() if fault == "frozen" else own_redis.stop()
    for number in range(5):
        luigi.sends(dory, f"durante {number}")
    for number in range(5):
        dory.receives(luigi, f"durante {number}")
    for node in own_nodes:
        node.wait_for(AWAY)
    own_redis.thaw() if fault == "frozen" else own_redis.start()
    wait_until(lambda: all(node.log().count(HERE) == 2 for node in own_nodes))
    assert all(node.log().count(AWAY) == 1 for node in own_nodes)
    sent = time.monotonic()
    luigi.sends(dory, "dopo")
    dory.receives(luigi, "dopo")
    assert time.monotonic() - sent < 1
    assert dory.socket.silent()


def test_a_new_chat_reaches_the_other_node_without_redis(
    own_nodes: Nodes, own_redis: Redis
) -> None:
    """The first message of all, while Redis is away."""
    luigi, dory = SocketPerson(own_nodes[0], "luigi"), SocketPerson(own_nodes[1], "dory")
    own_redis.stop()
    luigi.sends(dory, "ci conosciamo?")
    dory.receives(luigi, "ci conosciamo?")


def test_what_is_no_event_is_dropped(own_nodes: Nodes, own_redis: Redis) -> None:
    """Malformed payloads do no harm."""
    luigi, dory = SocketPerson(own_nodes[0], "luigi"), SocketPerson(own_nodes[1], "dory")
    luigi.sends(dory, "uno")
    dory.receives(luigi, "uno")
    for payload in ("42", "[]", "{", '{"event":"entry"}', '{"event":"nothing"}', "\\xff"):
        own_redis.ask("PUBLISH", "chat_messages:1", payload)
    luigi.sends(dory, "due")
    dory.receives(luigi, "due")
    assert dory.socket.silent()


def test_a_name_that_was_deleted_and_taken_again_elsewhere_reaches_its_new_owner(
    nodes: Nodes,
) -> None:
    """A node that still remembers the old one says not_found once, and then knows."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    luigi.sends(dory, "alla prima")
    with Telephone(nodes[1].tcp_port) as line:
        assert line.ask(f"/delete_account {dory.token} {PASSWORD}") == "OK: Account deleted"
        token = line.ask(f"/register {dory.name} {PASSWORD}").split()[-1]
    second = WebSocket(nodes[1].url, token)
    assert luigi.history(dory) == []
    values = {"message_type": "send_message", "chat_type": "private", "to_user": dory.name}
    refused = luigi.socket.ask(**values, content="alla seconda")
    assert refused["code"] == "not_found"
    luigi.sends(dory, "alla seconda")
    heard = second.hear()
    assert (heard["content"], heard["seq"]) == ("alla seconda", 1)
    second.hang_up()
