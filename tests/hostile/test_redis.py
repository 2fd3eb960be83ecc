"""What somebody can do who can read and write everything in Redis, as docs/operating.md says it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cast import SocketPerson, Telephone, WebSocket
from tests.daemon import PASSWORD, Daemon, wait_until
from tests.patience import stretched
from tests.redis import Redis
from tests.test_nodes import listening

HERE = "[INFO] Redis connected successfully"
Nodes = tuple[Daemon, Daemon]


@pytest.fixture
def nodes(own_redis: Redis, tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes whose Redis is the attacker's."""
    own_redis.start()
    nodes = (Daemon(tmp_path, "--redis", own_redis.url), Daemon(tmp_path, "--redis", own_redis.url))
    for node in nodes:
        node.start().wait_for(HERE)
    yield nodes
    for node in nodes:
        node.stop()


def restart(node: Daemon) -> None:
    node.stop()
    node.start().wait_for(HERE)


def valid(node: Daemon, token: str) -> list[bool]:
    """Whether a token is worth something on the line port, and on the WebSocket port."""
    with Telephone(node.tcp_port) as line:
        on_the_line = line.ask(f"/validate_session {token}").startswith("OK: ")
    socket = WebSocket(node.url)
    answer = socket.ask(message_type="auth", session_token=token)
    socket.hang_up()
    return [on_the_line, bool(answer["success"])]


def test_a_session_that_has_ended_does_not_come_back(nodes: Nodes, own_redis: Redis) -> None:
    """Whatever is put back, on whichever node, before and after a restart."""
    luigi = SocketPerson(nodes[0], "luigi")
    assert valid(nodes[1], luigi.token) == [True, True]
    wait_until(lambda: own_redis.ask("--scan", "--pattern", "session:*"))
    [key] = own_redis.ask("--scan", "--pattern", "session:*").splitlines()
    captured = own_redis.ask("GET", key)
    assert '"mac"' in captured
    with Telephone(nodes[0].tcp_port) as line:
        assert line.ask(f"/logout {luigi.token}") == "OK: Logout successful"
    for node in (*nodes, *nodes):
        own_redis.ask("SET", key, captured)
        assert valid(node, luigi.token) == [False, False]
    for node in nodes:
        restart(node)
        own_redis.ask("SET", key, captured)
        assert valid(node, luigi.token) == [False, False]


def test_a_session_that_ended_while_a_node_could_not_hear_does_not_come_back(
    nodes: Nodes, own_redis: Redis
) -> None:
    """The attacker cuts off the node that would have to hear of it."""
    luigi = SocketPerson(nodes[0], "luigi")
    assert valid(nodes[1], luigi.token) == [True, True]
    wait_until(lambda: own_redis.ask("--scan", "--pattern", "session:*"))
    [key] = own_redis.ask("--scan", "--pattern", "session:*").splitlines()
    captured = own_redis.ask("GET", key)
    with Telephone(nodes[0].tcp_port) as line:
        own_redis.ask("CLIENT", "KILL", "TYPE", "pubsub")
        assert line.ask(f"/logout {luigi.token}") == "OK: Logout successful"
    for _ in range(20):
        own_redis.ask("SET", key, captured)
        assert valid(nodes[1], luigi.token) == [False, False]
        time.sleep(0.1)


def test_a_notice_is_told_once(nodes: Nodes, own_redis: Redis) -> None:
    """A friend request that is played again is not shown again, and neither to a new start."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    with listening(own_redis, "user_events:*") as hear:
        luigi.socket.request("send_friend_request", username=dory.name)
        channel, payload = hear()
    while '"friend' not in payload.lower():
        channel, payload = hear()
    assert dory.socket.event("friend_request")["username"] == luigi.name
    for _ in range(3):
        own_redis.ask("PUBLISH", channel, payload)
    assert nothing_but(luigi, dory, "uno") == ["incoming_message"]
    dory.socket.hang_up()
    restart(nodes[1])
    dory.socket = WebSocket(nodes[1].url, dory.token)
    for _ in range(3):
        own_redis.ask("PUBLISH", channel, payload)
    assert nothing_but(luigi, dory, "due") == ["incoming_message"]


def nothing_but(luigi: SocketPerson, dory: SocketPerson, content: str) -> list[str]:
    """What Dory hears up to a message that passes Redis after everything before it."""
    luigi.sends(dory, content)
    heard = [*dory.socket.events, *dory.socket.hear_until("incoming_message")]
    dory.socket.events.clear()
    assert heard[-1]["content"] == content
    return [frame["message_type"] for frame in heard]


def test_an_entry_is_delivered_once(nodes: Nodes, own_redis: Redis) -> None:
    """A message that is played again is dropped by its number, also by a node that starts anew."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    with listening(own_redis, "chat_*") as hear:
        luigi.sends(dory, "uno")
        channel, payload = hear()
    dory.receives(luigi, "uno")
    for _ in range(3):
        own_redis.ask("PUBLISH", channel, payload)
    assert nothing_but(luigi, dory, "due") == ["incoming_message"]
    dory.socket.hang_up()
    restart(nodes[1])
    dory.socket = WebSocket(nodes[1].url, dory.token)
    own_redis.ask("PUBLISH", channel, payload)
    assert nothing_but(luigi, dory, "tre") == ["incoming_message"]


def test_nobody_is_made_to_seem_online(nodes: Nodes, own_redis: Redis) -> None:
    """By what no node has written."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    user_id = dory.socket.welcome["user_id"]
    dory.leaves()
    seen: list[dict[str, Any]] = []
    wait_until(lambda: not online(luigi, dory.name))
    for forged in (json.dumps([user_id]), json.dumps({"users": [user_id]})):
        own_redis.ask("SET", "presence:0123456789abcdef", forged)
        own_redis.ask("SADD", "node:ids", "0123456789abcdef")
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            seen += [user for user in online_users(luigi) if user["username"] == dory.name]
    assert seen == []


def online_users(person: SocketPerson) -> list[dict[str, Any]]:
    users: list[dict[str, Any]] = person.socket.request("online_users")["users"]
    return users


def online(person: SocketPerson, name: str) -> bool:
    return any(user["username"] == name for user in online_users(person))


def test_a_token_cannot_be_read(nodes: Nodes, own_redis: Redis) -> None:
    """In nothing that is kept there or passes there; neither can a password."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    passed = []
    with listening(own_redis, "*") as hear:
        with Telephone(nodes[0].tcp_port) as line:
            token = line.ask(f"/login {luigi.name} {PASSWORD}").split()[-1]
            line.ask(f"/private {token} {dory.name} ultimo")
            line.ask(f"/change_password {luigi.token} {PASSWORD} {PASSWORD}2")
        while not passed or "ultimo" not in passed[-1]:
            passed.append(hear()[1])
    kept = [own_redis.ask("GET", key) for key in own_redis.ask("--scan").splitlines()]
    everything = "".join([*passed, *kept, own_redis.ask("--scan")])
    for secret in (token, luigi.token, dory.token, PASSWORD):
        assert secret not in everything


def test_what_is_withheld_comes_from_the_database(nodes: Nodes, own_redis: Redis) -> None:
    """Messages come at most 3 s late while connections are cut again and again."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    luigi.sends(dory, "prima")
    dory.receives(luigi, "prima")
    for number in range(3):
        for kind in ("pubsub", "normal"):
            own_redis.ask("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        luigi.sends(dory, f"durante {number}")
        sent = time.monotonic()
        dory.receives(luigi, f"durante {number}")
        assert time.monotonic() - sent < stretched(3)
    assert dory.socket.silent()


def test_somebody_can_be_made_to_seem_offline(nodes: Nodes, own_redis: Redis) -> None:
    """To those on other nodes; their messages arrive all the same."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[1], "dory")
    wait_until(lambda: online(luigi, dory.name))
    gone = False
    until = time.monotonic() + stretched(10)
    while not gone and time.monotonic() < until:
        own_redis.ask("DEL", "node:ids")
        gone = not online(luigi, dory.name)
    assert gone
    luigi.sends(dory, "ci sei?")
    dory.receives(luigi, "ci sei?")


def test_each_notice_arrives_once_where_there_is_a_redis(nodes: Nodes) -> None:
    """Also on the node that has published it, which hears what it says itself."""
    luigi, dory = SocketPerson(nodes[0], "luigi"), SocketPerson(nodes[0], "dory")
    elsewhere = WebSocket(nodes[1].url, dory.token)
    luigi.sends(dory, "ciao")
    for socket in (dory.socket, elsewhere):
        assert socket.event("incoming_message")["content"] == "ciao"
    group = luigi.socket.request("create_group", name=f"gita {uuid.uuid4().hex[:8]}")["group_id"]
    luigi.socket.say(message_type="typing", chat_type="private", to_user=dory.name)
    luigi.socket.request("send_friend_request", username=dory.name)
    luigi.socket.request("invite", username=dory.name, group_id=group)
    luigi.socket.request("mark_read", chat_type="private", to_user=dory.name, seq=1)
    luigi.sends(dory, "fine")
    for socket in (dory.socket, elsewhere):
        heard = [frame["message_type"] for frame in socket.hear_until("incoming_message")]
        assert sorted(heard) == [
            "friend_request", "group_invite", "incoming_message", "read_receipt", "typing",
        ]  # fmt: skip
    # The other node has heard all of it, so Redis has told it to this one as well.
    for _ in range(5):
        assert dory.socket.silent()
        assert elsewhere.silent()
    elsewhere.hang_up()
