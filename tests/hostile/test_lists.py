"""Whatever others have put into somebody's lists, no answer is longer than a frame may be, and
page by page all of it comes."""

from __future__ import annotations

import json
import typing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from ruggine.wire import requests, results
from tests.cast import Telephone, WebSocket, register
from tests.daemon import Daemon
from tests.hostile import crowd

COUNTS = {65536: 600, 4096: 60}
"""Of everything, by the size of a frame: more than a page of it holds."""

LINE_BYTES = 96 * 1024

LISTS = [
    "list_chats", "list_friends", "received_friend_requests", "sent_friend_requests",
    "blocked_users", "my_groups", "group_members", "my_group_invites", "online_users", "all_users",
    "list_users", "sessions", "search", "get_reactions", "help",
]  # fmt: skip


class Victim:
    """Somebody with too much of everything."""

    def __init__(self, daemon: Daemon, length: int) -> None:
        self.daemon = daemon
        self.name, self.token = register(daemon, "dory")
        self.socket = WebSocket(daemon.url, self.token, max_size=None)
        self.most = int(self.socket.welcome["limits"]["max_frame_size"])
        self.count = COUNTS[self.most]
        crowd.seed(daemon.database, self.name, self.count, length)
        chats = self.pages("list_chats")
        self.group_id = next(c["group_id"] for c in chats if c.get("name") == "tutti")

    def request(self, **frame: Any) -> dict[str, Any]:
        self.socket.socket.send(json.dumps(frame, ensure_ascii=False))
        heard = self.socket.socket.recv(30)
        size = len(heard.encode()) if isinstance(heard, str) else len(heard)
        assert size <= self.most, (frame, size)
        return dict(json.loads(heard))

    def pages(self, name: str, **fields: Any) -> list[dict[str, Any]]:
        """All items of a list."""
        items: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self.request(message_type=name, **fields, **more)
            assert page["message_type"] == f"{name}_result", page
            [listed] = [value for value in page.values() if isinstance(value, list)]
            items += listed
            assert page["has_more"] == ("cursor" in page)
            if not page["has_more"]:
                return items
            more = {"cursor": page["cursor"]}

    def fields(self, name: str) -> dict[str, Any]:
        group = {"group_id": self.group_id}
        return {
            "group_members": group,
            "search": {"query": crowd.WIDE, **group},
            "get_reactions": {"seq": self.count, **group},
        }.get(name, {})


@pytest.fixture(scope="module", params=["by default", "as small as can be"])
def victim(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Victim]:
    small = request.param != "by default"
    options = ["--max-frame-size", "4096", "--max-message-length", "512"] if small else []
    daemon = Daemon(tmp_path_factory.mktemp("lists"), *options).start()
    found = Victim(daemon, 512 if small else 4096)
    yield found
    found.socket.hang_up()
    daemon.stop()


def test_every_list_is_named_here() -> None:
    listed = {
        cls.__struct_config__.tag
        for cls in vars(results).values()
        if isinstance(cls, type) and issubclass(cls, results.ListResult)
    } - {results.ListResult.__struct_config__.tag}
    assert listed == {f"{name}_result" for name in LISTS}


@pytest.mark.parametrize("name", LISTS)
def test_all_of_a_list_comes_in_frames_that_are_accepted(victim: Victim, name: str) -> None:
    items = victim.pages(name, **victim.fields(name))
    counted = Counter(json.dumps(item, sort_keys=True) for item in items)
    assert set(counted.values()) <= {1}, name
    expected = {"online_users": 0, "get_reactions": 20 * min(victim.count, 256), "help": len(items)}
    least = expected.get(name, victim.count)
    assert len(items) >= least > 0 or name == "online_users"


def test_a_preview_is_cut(victim: Victim) -> None:
    last = victim.request(message_type="list_chats", limit=1)["chats"][0]["last_message"]
    assert (last["content"], last["cut"]) == (crowd.WIDE * 240, True)


def test_history_comes_page_by_page(victim: Victim) -> None:
    seqs: list[int] = []
    before: dict[str, int] = {}
    while True:
        page = victim.request(message_type="get_messages", group_id=victim.group_id, **before)
        seqs = [m["seq"] for m in page["messages"]] + seqs
        if not page["has_more"]:
            break
        before = {"before": seqs[0]}
    assert seqs == list(range(1, victim.count + 1))


def test_history_comes_page_by_page_forward(victim: Victim) -> None:
    seqs, more = [0], True
    while more:
        page = victim.request(
            message_type="get_messages", group_id=victim.group_id, after=seqs[-1], limit=200
        )
        seqs += [m["seq"] for m in page["messages"]]
        more = page["has_more"]
    assert seqs == list(range(victim.count + 1))


def test_reactions_without_end_are_cut_and_say_so(victim: Victim) -> None:
    page = victim.request(
        message_type="get_messages", group_id=victim.group_id, after=victim.count - 1
    )
    [message] = page["messages"]
    assert message["reactions_cut"] is True
    assert "cut" not in message
    for reaction in message["reactions"]:
        assert len(reaction["users"]) == len(reaction["user_ids"]) > 0


def test_every_request_is_answered_in_a_frame_that_is_accepted(victim: Victim) -> None:
    """Also where what was sent is quoted, and with the longest request_id there is."""
    for cls in typing.get_args(requests.AnyRequest):
        name = cls.__struct_config__.tag
        if name in ("logout", "logout_all", "delete_account", "quit", "auth", "typing"):
            continue
        texts = [key for key in cls.__struct_fields__ if key != "request_id"]
        long = "\u0001" * ((victim.most - 1024) // 6 // (len(texts) or 1))
        for fields in (
            victim.fields(name) or {"group_id": victim.group_id, "seq": 1},
            dict.fromkeys(texts, long),
            {"chat_type": "x" * (victim.most - 1024), "group_id": victim.group_id},
            {"cursor": "x" * 256, **victim.fields(name)},
        ):
            victim.request(message_type=name, request_id="\u0001" * 64, **fields)


def test_every_line_of_a_list_is_bounded(victim: Victim) -> None:
    """A line is bounded too, and says how to go on."""
    with Telephone(victim.daemon.tcp_port) as line:
        assert line.ask(f"/auth {victim.token}").startswith("OK")
        for name in ("received_friend_requests", "sent_friend_requests", "all_users", "my_groups"):
            found, cursor = 0, ""
            while True:
                answer = line.ask(f"/{name} -{cursor}")
                assert answer.startswith("OK: "), answer
                assert len(answer.encode()) <= LINE_BYTES
                listed, _, token = answer.partition(" … cursor=")
                items = listed.split(": ", 1)[1]
                found += len(items.split(" | " if "requests" in name else ", "))
                if not token:
                    break
                cursor = f" cursor={token}"
            assert found >= victim.count


def test_the_connection_has_lived_through_all_of_it(victim: Victim) -> None:
    """Clients cut off what is too long; the daemon has cut off nobody either."""
    try:
        assert victim.request(message_type="ping") == {"message_type": "pong"}
    except ConnectionClosed as closed:  # pragma: no cover - said better than a traceback does
        pytest.fail(f"closed with {closed.rcvd}")


def test_a_frame_must_have_room_for_a_message(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, "--max-frame-size", "4096")
    daemon.spawn()
    assert daemon.process.wait(60) != 0
    assert "--max-frame-size: give at least 18432" in daemon.log()
