"""Searches that take long hold up nobody but those who search."""

from __future__ import annotations

import contextlib
import sqlite3
import time

import pytest

from tests.cast import Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon

MESSAGES = 40_000
SEARCHERS = 8


def fill(daemon: Daemon, group_id: str, sender: str) -> None:
    """Messages that are in no index yet, so that each is looked at."""
    with contextlib.closing(sqlite3.connect(daemon.database, timeout=30)) as database, database:
        chat_id, last = database.execute(
            "SELECT id, last_seq FROM chats WHERE group_id = ?", (group_id,)
        ).fetchone()
        number = database.execute("SELECT number FROM users WHERE name = ?", (sender,)).fetchone()
        now_ms = int(time.time() * 1000)
        database.executemany(
            "INSERT INTO entries (chat_id, seq, kind, sender, content, time_ms) "
            "VALUES (?, ?, 'message', ?, ?, ?)",
            (
                (chat_id, last + n, number[0], f"{n} è stato detto qui", now_ms + n)
                for n in range(1, MESSAGES + 1)
            ),
        )
        database.execute("UPDATE chats SET last_seq = ? WHERE id = ?", (last + MESSAGES, chat_id))


@pytest.fixture
def searchers(daemon: Daemon) -> list[WebSocket]:
    """All of one group with very many messages."""
    host, *others = [register(daemon, f"s{number}") for number in range(SEARCHERS)]
    socket = WebSocket(daemon.url, host[1])
    group_id = socket.request("create_group", name="crew")["group_id"]
    socket.request("open_group", group_id=group_id)
    for _, token in others:
        with Telephone(daemon.tcp_port) as line:
            assert line.ask(f"/join_group {token} {group_id}") == "OK: Joined group"
    socket.hang_up()
    fill(daemon, group_id, host[0])
    return [WebSocket(daemon.url, token) for _, token in (host, *others)]


def test_a_login_does_not_wait_for_searches(daemon: Daemon, searchers: list[WebSocket]) -> None:
    name, token = register(daemon, "dory")
    reader = WebSocket(daemon.url, token)
    for socket in searchers:
        socket.say(message_type="search", query="§", request_id="r")
    assert reader.request("list_chats")["chats"] == []
    with Telephone(daemon.tcp_port) as line:
        assert line.ask(f"/login {name} {PASSWORD}").startswith("OK: Logged in")
    waiting = [socket for socket in searchers if not answered(socket)]
    assert waiting
    for socket in waiting:
        while socket.hear().get("request_id") != "r":
            pass
    reader.hang_up()
    for socket in searchers:
        socket.hang_up()


def answered(socket: WebSocket) -> bool:
    with contextlib.suppress(TimeoutError):
        while True:
            if socket.hear(0).get("request_id") == "r":
                return True
    return False


def test_a_search_that_takes_longer_than_a_page_may_finds_everything(
    daemon: Daemon, searchers: list[WebSocket]
) -> None:
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = searchers[0].request("search", query="77 è", limit=100, **more)
        found += [message["content"] for message in page["messages"]]
        if not page["has_more"]:
            break
        more = {"cursor": page["cursor"]}
    expected = [n for n in range(MESSAGES, 0, -1) if str(n).endswith("77")]
    assert found == [f"{n} è stato detto qui" for n in expected]
    for socket in searchers:
        socket.hang_up()
