"""Who comes back gets what was missed: once, in order, before what is new, and nothing else."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.cast import Telephone, WebSocket, register
from tests.daemon import Daemon

Reading = list[tuple[int, str]]


class Returner:
    """Somebody who comes and goes, and remembers how far they came in one chat."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        self.name, self.token = register(daemon, name)

    def types(self, daemon: Daemon, *lines: str) -> list[str]:
        with Telephone(daemon.tcp_port) as telephone:
            telephone.say(f"/auth {self.token}")
            for line in lines:
                telephone.say(line)
            return [telephone.hear() for _ in range(len(lines) + 1)][1:]

    def returns(self, daemon: Daemon, epoch: str, *chats: dict[str, Any], **more: Any) -> WebSocket:
        socket = WebSocket(daemon.url, **{"max_queue": None, **more})
        resume = {"epoch": epoch, "chats": list(chats)}
        socket.welcome = socket.ask(message_type="auth", session_token=self.token, resume=resume)
        assert socket.welcome["success"], socket.welcome
        return socket


@pytest.fixture(params=["one node", "two nodes"])
def places(request: pytest.FixtureRequest) -> tuple[Daemon, Daemon]:
    """Where Luigi writes, and where Dory comes back."""
    if request.param == "two nodes":
        first, second = request.getfixturevalue("nodes")
        return first, second
    daemon = request.getfixturevalue("daemon")
    return daemon, daemon


def epoch_of(daemon: Daemon, somebody: Returner) -> str:
    socket = WebSocket(daemon.url, somebody.token)
    socket.hang_up()
    return str(socket.welcome["epoch"])


def until_caught_up(socket: WebSocket) -> list[dict[str, Any]]:
    *heard, last = socket.hear_until("caught_up")
    assert last == {"message_type": "caught_up"}
    return heard


def test_what_was_missed_of_each_chat_follows_in_order(places: tuple[Daemon, Daemon]) -> None:
    here, there = places
    luigi, dory = Returner(here, "luigi"), Returner(here, "dory")
    epoch = epoch_of(there, dory)
    said = luigi.types(here, *(f"/private - {dory.name} n. {n}" for n in range(1, 6)))
    assert said[-1] == "OK: Message sent 5"
    group_id = luigi.types(here, "/create_group - g")[0].split()[-1]
    luigi.types(here, f"/open_group - {group_id}")
    dory.types(here, f"/join_group - {group_id}")
    luigi.types(
        here, f"/send - {group_id} uno", f"/edit_message - {group_id} 3 due",
        f"/edit_message - @{dory.name} 4 quattro",
    )  # fmt: skip
    private = {"chat_type": "private", "to_user": luigi.name, "seq": 2}
    group = {"chat_type": "group", "group_id": group_id, "seq": 0}
    socket = dory.returns(there, epoch, private, group)
    assert socket.welcome["resume"] == "ok"
    heard = until_caught_up(socket)
    assert [(f["message_type"], f["seq"], f.get("content")) for f in heard] == [
        ("incoming_message", 3, "n. 3"),
        ("incoming_message", 4, "quattro"),
        ("incoming_message", 5, "n. 5"),
        ("message_edited", 6, "quattro"),
        ("member_joined", 2, None),
        ("incoming_message", 3, "due"),
        ("message_edited", 4, "due"),
    ]
    assert heard[1]["edited"] is True
    luigi.types(here, f"/private - {dory.name} adesso", f"/send - {group_id} anche qui")
    assert [socket.hear()["seq"], socket.hear()["seq"]] == [7, 5]
    socket.hang_up()


def test_without_resume_and_with_another_epoch(daemon: Daemon) -> None:
    """A restored database: the client drops its cursors and reads anew."""
    luigi = Returner(daemon, "luigi")
    socket = luigi.returns(daemon, "another", {"chat_type": "private", "to_user": "x", "seq": 9})
    assert socket.welcome["resume"] == "reset"
    assert socket.silent()
    socket.hang_up()
    plain = WebSocket(daemon.url, luigi.token)
    assert plain.welcome["resume"] == "none"
    assert plain.silent()
    plain.hang_up()


def test_cursors_that_lead_nowhere_are_passed_over(daemon: Daemon) -> None:
    """No such user, a strange group, a chat that nobody began."""
    luigi, dory = Returner(daemon, "luigi"), Returner(daemon, "dory")
    group_id = dory.types(daemon, "/create_group - g")[0].split()[-1]
    luigi.types(daemon, f"/private - {luigi.name} nota")
    dory.types(daemon, f"/private - {dory.name} nota")
    owner = WebSocket(daemon.url, dory.token)
    ids = [chat["chat_id"] for chat in owner.request("list_chats")["chats"]]
    owner.hang_up()
    assert len(ids) == 2
    socket = luigi.returns(
        daemon, epoch_of(daemon, luigi),
        {"chat_type": "private", "to_user": "nessuno", "seq": 0},
        {"chat_type": "private", "to_user": dory.name, "seq": 0},
        {"chat_type": "group", "group_id": group_id, "seq": 0},
        *({"chat_id": chat_id, "seq": 0} for chat_id in (*ids, "3f2504e0-4f89-41d3-9a0c-0305e8")),
        {"to_user_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "seq": 0},
        {"chat_type": "private", "to_user": luigi.name, "seq": 1},
    )  # fmt: skip
    assert until_caught_up(socket) == []
    socket.hang_up()
    for bad in ({"chat_type": "group", "seq": 1}, {"chat_type": "private", "to_user": "x"}):
        broken = WebSocket(daemon.url)
        resume = {"epoch": "e", "chats": [bad]}
        answer = broken.ask(message_type="auth", session_token=luigi.token, resume=resume)
        assert (answer["success"], answer["code"]) == (False, "invalid_request")
        broken.hang_up()


def test_a_cursor_beyond_the_end_of_a_chat_is_a_reset(places: tuple[Daemon, Daemon]) -> None:
    """Who has seen more than there is has seen another database; on whichever node they are."""
    here, there = places
    luigi, dory = Returner(here, "luigi"), Returner(here, "dory")
    luigi.types(here, f"/private - {dory.name} uno", f"/private - {dory.name} due")
    for seq, expected in ((2, "ok"), (3, "reset"), (99, "reset")):
        socket = dory.returns(
            there, epoch_of(there, dory),
            {"chat_type": "private", "to_user": dory.name, "seq": 0},
            {"chat_type": "private", "to_user": luigi.name, "seq": seq},
        )  # fmt: skip
        assert socket.welcome["resume"] == expected
        socket.hang_up()


def test_a_long_absence_is_a_gap_and_the_last_500(daemon: Daemon) -> None:
    luigi, dory = Returner(daemon, "luigi"), Returner(daemon, "dory")
    luigi.types(daemon, *(f"/private - {dory.name} n. {n}" for n in range(1, 621)))
    cursor = {"chat_type": "private", "to_user": luigi.name, "seq": 20}
    socket = dory.returns(daemon, epoch_of(daemon, dory), cursor)
    gap, *heard = until_caught_up(socket)
    assert gap == {
        "message_type": "gap", "chat_type": "private", "chat_id": heard[0]["chat_id"],
        "to_user": luigi.name, "to_user_id": heard[0]["from_id"], "from": 21, "to": 120,
    }  # fmt: skip
    assert [frame["seq"] for frame in heard] == list(range(121, 621))
    socket.hang_up()


def test_who_left_a_group_gets_what_was_before_and_no_more(daemon: Daemon) -> None:
    luigi, dory = Returner(daemon, "luigi"), Returner(daemon, "dory")
    group_id = luigi.types(daemon, "/create_group - g")[0].split()[-1]
    luigi.types(daemon, f"/open_group - {group_id}", f"/send - {group_id} prima di Dory")
    dory.types(daemon, f"/join_group - {group_id}")
    luigi.types(daemon, f"/send - {group_id} con Dory")
    dory.types(daemon, f"/leave_group - {group_id}")
    luigi.types(daemon, f"/send - {group_id} senza Dory")
    cursor = {"chat_type": "group", "group_id": group_id, "seq": 0}
    socket = dory.returns(daemon, epoch_of(daemon, dory), cursor)
    heard = until_caught_up(socket)
    assert [(frame["message_type"], frame["seq"]) for frame in heard] == [
        ("member_joined", 3), ("incoming_message", 4), ("member_left", 5),
    ]  # fmt: skip
    luigi.types(daemon, f"/send - {group_id} ancora")
    assert socket.silent()
    socket.hang_up()


def test_live_messages_do_not_overtake_the_missed_ones(places: tuple[Daemon, Daemon]) -> None:
    """Luigi goes on writing while Dory comes back again and again."""
    here, there = places
    luigi, dory = Returner(here, "luigi"), Returner(here, "dory")
    epoch = epoch_of(there, dory)
    writing = threading.Event()

    def write() -> None:
        with Telephone(here.tcp_port) as telephone:
            telephone.ask(f"/auth {luigi.token}")
            while not writing.is_set():
                telephone.ask(f"/private - {dory.name} ancora")

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[int] = []
    until = time.monotonic() + 3
    while time.monotonic() < until or len(seen) < 100:
        last = seen[-1] if seen else 0
        socket = dory.returns(
            there, epoch, {"chat_type": "private", "to_user": luigi.name, "seq": last}
        )
        for frame in [*until_caught_up(socket), *(socket.hear() for _ in range(20))]:
            if frame["message_type"] == "gap":
                seen += range(frame["from"], frame["to"] + 1)
            else:
                seen.append(frame["seq"])
        socket.hang_up()
    writing.set()
    writer.join()
    assert seen == list(range(1, len(seen) + 1))


def test_a_slow_reader_is_waited_for(daemon: Daemon) -> None:
    """Eight megabytes were missed: more than may wait for a connection, or fits into the kernel."""
    luigi, dory = Returner(daemon, "luigi"), Returner(daemon, "dory")
    writer = WebSocket(daemon.url, luigi.token)
    draft = {"chat_type": "private", "to_user": dory.name}
    for _ in range(500):
        sent = writer.request("send_message", **draft, content="🚀" * 4096)
        assert sent["message_type"] == "message_sent"
        writer.events.clear()
    cursor = {"chat_type": "private", "to_user": luigi.name, "seq": 0}
    socket = dory.returns(daemon, epoch_of(daemon, dory), cursor, max_queue=4)
    time.sleep(1)
    writer.request("send_message", **draft, content="intanto")
    heard = until_caught_up(socket)
    live = [] if len(heard) == 501 else [socket.hear()]
    assert [frame["seq"] for frame in heard + live] == list(range(1, 502))
    socket.hang_up()
    writer.hang_up()
