"""Several daemons on one database, joined by a real Redis that comes, goes and stands still."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cast import SocketPerson, Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon, wait_until
from tests.patience import stretched
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
    with listening(running_redis, "chat_*") as hear:
        luigi.sends(dory, "visibile in Redis")
        channel, payload = hear()
    assert channel.startswith("chat_messages:")
    assert json.loads(payload)["entry"]["content"] == "visibile in Redis"
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
    assert time.monotonic() - came < stretched(2)
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
    broken = time.monotonic()
    for number in range(5):
        luigi.sends(dory, f"durante {number}")
    for number in range(5):
        dory.receives(luigi, f"durante {number}")
    assert time.monotonic() - broken < stretched(3)
    for node in own_nodes:
        node.wait_for(AWAY)
    own_redis.thaw() if fault == "frozen" else own_redis.start()
    wait_until(lambda: all(node.log().count(HERE) == 2 for node in own_nodes))
    assert all(node.log().count(AWAY) == 1 for node in own_nodes)
    sent = time.monotonic()
    luigi.sends(dory, "dopo")
    dory.receives(luigi, "dopo")
    assert time.monotonic() - sent < stretched(1)
    assert dory.socket.silent()


def test_a_new_chat_reaches_the_other_node_without_redis(
    own_nodes: Nodes, own_redis: Redis
) -> None:
    """The first message of all, while Redis is away."""
    luigi, dory = SocketPerson(own_nodes[0], "luigi"), SocketPerson(own_nodes[1], "dory")
    own_redis.stop()
    luigi.sends(dory, "ci conosciamo?")
    dory.receives(luigi, "ci conosciamo?")


def test_what_no_node_has_written_is_counted_and_dropped(
    own_nodes: Nodes, own_redis: Redis
) -> None:
    """Malformed, forged, and a true one in another's place: nobody sees them; the log says so."""
    luigi, dory = SocketPerson(own_nodes[0], "luigi"), SocketPerson(own_nodes[1], "dory")
    with listening(own_redis, "chat_*") as hear:
        luigi.sends(dory, "uno")
        channel, payload = hear()
    dory.receives(luigi, "uno")
    event = json.loads(payload)
    event["entry"] |= {"seq": 2, "content": "mai detto"}
    forged = json.dumps(event)
    malformed = ("42", "[]", "{", '{"event":"entry"}', '{"event":"nothing"}', "\\xff", "")
    for bad in (*malformed, forged, payload[:-10] + '0123456"}'):
        own_redis.ask("PUBLISH", channel, bad)
    own_redis.ask("PUBLISH", f"user_events:{luigi.name}", payload)
    own_nodes[1].wait_for("Dropped ", 15)
    luigi.sends(dory, "due")
    assert dory.receives(luigi, "due") == 2
    assert dory.socket.silent()


def test_a_session_in_redis_that_no_node_has_put_there_is_not_believed(
    own_nodes: Nodes, own_redis: Redis
) -> None:
    """Whoever writes into Redis can still not become somebody else."""
    luigi = SocketPerson(own_nodes[0], "luigi")
    with Telephone(own_nodes[0].tcp_port) as line:
        line.ask(f"/validate_session {luigi.token}")
        [key] = own_redis.ask("--scan", "--pattern", "session:*").splitlines()
        stored = own_redis.ask("GET", key)
        token = "rg1_" + "a" * 43
        forged = "session:" + hashlib.sha256(token.encode()).hexdigest()
        for value in (stored, stored.replace(luigi.name, "dory")):
            own_redis.ask("SET", forged, value)
            assert line.ask(f"/validate_session {token}").endswith("[invalid_session]")


def test_events_that_a_node_could_not_send_are_made_good(
    own_nodes: Nodes, own_redis: Redis
) -> None:
    """Redis cuts off the one connection that publishes: the other node hears of nothing amiss."""
    luigi, dory = SocketPerson(own_nodes[0], "luigi"), SocketPerson(own_nodes[1], "dory")
    luigi.sends(dory, "prima")
    dory.receives(luigi, "prima")
    for number in range(20):
        own_redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        luigi.sends(dory, f"durante {number}")
        sent = time.monotonic()
        dory.receives(luigi, f"durante {number}")
        assert time.monotonic() - sent < stretched(3)
    assert dory.socket.silent()


def test_what_a_node_had_no_time_to_tell_is_found_when_it_is_gone(
    own_nodes: Nodes, own_redis: Redis
) -> None:
    """A message that is in the log, and of which no hint was ever sent."""
    luigi, dory = SocketPerson(own_nodes[0], "luigi"), SocketPerson(own_nodes[1], "dory")
    luigi.sends(dory, "prima")
    dory.receives(luigi, "prima")
    own_nodes[0].kill()
    with sqlite3.connect(own_nodes[0].database) as database:
        database.execute("UPDATE chats SET last_seq = 2")
        database.execute(
            "INSERT INTO entries (chat_id, seq, kind, sender, content, time_ms) "
            "SELECT chat_id, 2, kind, sender, 'taciuto', time_ms FROM entries"
        )
    heard = dory.socket.event("incoming_message", 15)
    assert (heard["content"], heard["seq"]) == ("taciuto", 2)
    own_nodes[0].start()


@contextlib.contextmanager
def listening(redis: Redis, pattern: str) -> Iterator[Callable[[], tuple[str, str]]]:
    """Gives what returns the channel and the payload of the next event, as redis-cli shows it."""
    with subprocess.Popen(
        [program("redis-cli"), "-p", str(redis.port), "PSUBSCRIBE", pattern],
        stdout=subprocess.PIPE, encoding="utf-8",
    ) as watcher:  # fmt: skip
        assert watcher.stdout is not None
        lines = iter(watcher.stdout)
        while next(lines).strip() != "1":
            pass

        def hear() -> tuple[str, str]:
            shown = [next(lines).rstrip("\n") for _ in range(4)]
            assert shown[:2] == ["pmessage", pattern]
            return shown[2], shown[3]

        yield hear
        watcher.terminate()


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
