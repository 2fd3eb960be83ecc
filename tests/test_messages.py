"""Private messages as the contract has them, on both ports of a real daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import SocketPerson, Telephone, WebSocket
from tests.daemon import Daemon

Two = tuple[SocketPerson, SocketPerson]


@pytest.fixture
def two(daemon: Daemon) -> Iterator[Two]:
    luigi, dory = SocketPerson(daemon, "Luigi"), SocketPerson(daemon, "dory")
    yield luigi, dory
    luigi.leaves()
    dory.leaves()


def send(luigi: SocketPerson, to: str, content: str, **values: Any) -> dict[str, Any]:
    """The answer to a send; what arrives before it is kept."""
    luigi.socket.say(
        message_type="send_message", chat_type="private", to_user=to, content=content, **values
    )
    return luigi._next("message_sent")


def chat_with(reader: SocketPerson, peer: SocketPerson) -> dict[str, Any]:
    reader.socket.say(message_type="list_chats")
    [chat] = [c for c in reader._next("list_chats_result")["chats"] if c["to_user"] == peer.name]
    return chat


def test_the_answer_to_a_send_says_all_that_the_contract_promises(two: Two) -> None:
    luigi, dory = two
    answer = send(luigi, dory.name.upper(), "ciao", client_id="0f8e0001", request_id="7")
    timestamp = answer.pop("timestamp")
    chat_id = answer.pop("chat_id")
    assert answer == {
        "message_type": "message_sent", "request_id": "7", "client_id": "0f8e0001",
        "chat_type": "private", "to_user": dory.name,
        "to_user_id": dory.socket.welcome["user_id"], "seq": 1, "duplicate": False,
    }  # fmt: skip
    assert dory.socket.hear() == {
        "message_type": "incoming_message", "chat_type": "private", "chat_id": chat_id,
        "from": luigi.name, "from_id": luigi.socket.welcome["user_id"], "to_user": dory.name,
        "to_user_id": dory.socket.welcome["user_id"], "content": "ciao", "timestamp": timestamp,
        "seq": 1, "client_id": "0f8e0001",
    }  # fmt: skip
    assert send(luigi, dory.name, "ciao", client_id="0f8e0001")["duplicate"]


def test_every_connection_of_both_hears_it(daemon: Daemon, two: Two) -> None:
    luigi, dory = two
    others = [WebSocket(daemon.url, person.token) for person in (luigi, luigi, dory)]
    send(luigi, dory.name, "a tutti")
    for other in others:
        assert other.hear()["content"] == "a tutti"
        other.hang_up()


def test_a_client_id_holds_on_every_device_and_for_one_message(daemon: Daemon, two: Two) -> None:
    luigi, dory = two
    send(luigi, dory.name, "una volta", client_id="0f8e0001")
    phone = WebSocket(daemon.url, luigi.token)
    values = {"message_type": "send_message", "chat_type": "private", "to_user": dory.name}
    again = phone.ask(**values, content="una volta", client_id="0f8e0001")
    assert (again["seq"], again["duplicate"]) == (1, True)
    other = phone.ask(**values, content="un'altra", client_id="0f8e0001")
    assert (other["message_type"], other["code"]) == ("error", "client_id_conflict")
    assert phone.silent()
    phone.hang_up()


def test_a_reply_names_what_it_replies_to(two: Two) -> None:
    luigi, dory = two
    send(luigi, dory.name, "domanda")
    send(dory, luigi.name, "risposta", reply_to=1)
    assert [dory.socket.hear().get("reply_to")] == [1]
    dory.socket.say(message_type="get_messages", chat_type="private", to_user=luigi.name)
    page = dory._next("get_messages_result")
    assert [message.get("reply_to") for message in page["messages"]] == [None, 1]


def test_history_pages_in_both_directions(two: Two) -> None:
    luigi, dory = two
    for number in range(1, 8):
        luigi.sends(dory, f"n. {number}")
        dory.receives(luigi, f"n. {number}")

    def page(**values: Any) -> tuple[list[int], bool]:
        answer = dory.socket.ask(
            message_type="get_messages", chat_type="private", to_user=luigi.name, **values
        )
        return [message["seq"] for message in answer["messages"]], answer["has_more"]

    assert page() == ([1, 2, 3, 4, 5, 6, 7], False)
    assert page(limit=3) == ([5, 6, 7], True)
    assert page(limit=3, before=5) == ([2, 3, 4], True)
    assert page(limit=3, before=2) == ([1], False)
    assert page(limit=3, after=0) == ([1, 2, 3], True)
    assert page(limit=3, after=4) == ([5, 6, 7], False)


def test_unread_and_read_marks(two: Two) -> None:
    luigi, dory = two
    for content in ("uno", "due", "tre"):
        luigi.sends(dory, content)
    chat = chat_with(dory, luigi)
    assert (chat["seq"], chat["read_seq"], chat["unread"], chat["muted"]) == (3, 0, 3, False)
    assert chat["last_message"]["content"] == "tre"
    assert chat_with(luigi, dory)["unread"] == 0
    dory.socket.say(
        message_type="mark_read", chat_type="private", to_user=luigi.name, seq=2, request_id="r"
    )
    assert dory._next("mark_read_result")["request_id"] == "r"
    chat = chat_with(dory, luigi)
    assert (chat["read_seq"], chat["unread"]) == (2, 1)


def test_notes_to_oneself(two: Two) -> None:
    luigi, _ = two
    assert luigi.sends(luigi, "comprare il latte") == 1
    luigi.receives(luigi, "comprare il latte")
    assert luigi.history(luigi) == [(luigi.name, "comprare il latte")]
    assert chat_with(luigi, luigi)["unread"] == 0
    assert luigi.socket.silent()


def test_nobody_reads_the_chat_of_two_others(daemon: Daemon, two: Two) -> None:
    luigi, dory = two
    luigi.sends(dory, "segreto")
    mallory = SocketPerson(daemon, "mallory")
    assert mallory.history(luigi) == []
    assert mallory.history(dory) == []
    assert mallory.socket.ask(message_type="list_chats")["chats"] == []
    assert mallory.socket.silent()
    mallory.leaves()


def test_watching_one_chat(daemon: Daemon, two: Two) -> None:
    luigi, dory = two
    ugo = SocketPerson(daemon, "ugo")
    with Telephone(daemon.tcp_port) as tail:
        assert tail.ask(f"/watch {dory.token} @nobody.here").endswith("[not_found]")
        assert tail.ask(f"/watch {dory.token} @{luigi.name.lower()}") == "OK: Watching"
        ugo.sends(dory, "da un altro")
        luigi.sends(dory, "riga uno\nriga due \\ fine")
        assert re.fullmatch(
            rf"MSG @{re.escape(luigi.name)} 1 \d{{10}} {re.escape(luigi.name)} "
            r"riga uno\\nriga due \\\\ fine",
            tail.hear(),
        )
    ugo.leaves()


def test_every_command_is_a_request_of_the_websocket_too(two: Two) -> None:
    """With the fields of its line, and a result of its name."""
    luigi, dory = two
    asked = {
        "validate_session": ({}, {"username": luigi.name}),
        "send_private_message": ({"username": dory.name, "text": "ciao"}, {"seq": 1}),
        "get_private_messages": ({"username": dory.name}, {"has_more": False}),
        "delete_private_messages": ({"username": dory.name}, {}),
        "revoke_session": ({"session_id": "none"}, {"code": "not_found"}),
        "watch": ({}, {}),
        "help": ({"command": "quit"}, {}),
        "quit": ({}, {}),
    }
    for name, (fields, expected) in asked.items():
        luigi.socket.say(message_type=name, request_id=name, **fields)
        answer = luigi._next("error" if "code" in expected else f"{name}_result")
        assert answer["request_id"] == name
        assert expected.items() <= answer.items()


def test_the_log_tells_the_way_of_a_message_and_never_what_it_says(
    daemon: Daemon, two: Two
) -> None:
    luigi, dory = two
    luigi.sends(dory, "parola-segretissima")
    dory.receives(luigi, "parola-segretissima")
    log = daemon.log()
    assert f"[WS:AUTH] User authenticated: {dory.socket.welcome['user_id']}\n" in log
    assert f"[WS:RECV] send_message from user {luigi.name}, " in log
    assert (
        f"[WS:BROADCAST] ✅ Delivered message to user {dory.name} "
        f"(user_id: {dory.socket.welcome['user_id']})\n" in log
    )
    assert "parola-segretissima" not in log


def test_whoever_blocks_shows_no_read_marks_to_the_blocked(two: Two) -> None:
    luigi, dory = two
    luigi.sends(dory, "prima")
    dory.receives(luigi, "prima")
    assert "code" not in dory.socket.request("block_user", username=luigi.name)
    assert "code" not in dory.socket.request("mark_read", to_user=luigi.name, seq=1)
    luigi.socket.request("ping")
    assert "read_receipt" not in [event["message_type"] for event in luigi.socket.events]
    assert "code" not in dory.socket.request("unblock_user", username=luigi.name)
    luigi.sends(dory, "dopo")
    dory.receives(luigi, "dopo")
    assert "code" not in dory.socket.request("mark_read", to_user=luigi.name, seq=2)
    assert luigi.socket.event("read_receipt")["seq"] == 2
