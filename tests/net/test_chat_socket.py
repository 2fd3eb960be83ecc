"""The WebSocket port in memory, with a clock of our own and the client side of `websockets`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Close, Frame, Opcode
from websockets.uri import parse_uri

from ruggine.errors import Forbidden
from ruggine.events import FriendRequested, Typing, UserStatus
from ruggine.model import Ending
from ruggine.net.chat_factory import ChatSocketFactory
from ruggine.net.chat_socket import CLOSE_GRACE_S
from ruggine.net.connections import LINGER_S
from ruggine.net.framing import FramedNotice
from ruggine.wire.requests import Login, SendMessage
from tests.net.desk import CHAT, DORY, TOKEN, Transport, World, framed


class Socket:
    """One WebSocket whose bytes go by hand from side to side."""

    def __init__(self, **headers: str) -> None:
        self.world = World()
        world: Any = self.world
        factory = ChatSocketFactory(
            reactor=world.clock, commands=world, sessions=world, hub=world, resume=world,
            connections=world.connections, entrance=world.entrance(),
            limits=world.limits, allowed_origins=(),
            epoch=lambda: "e", clock=lambda: 1763870400.1239, debug=False,
        )  # fmt: skip
        self.protocol: Any = factory.buildProtocol(None)
        self.transport = Transport()
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)
        self.client = ClientProtocol(
            parse_uri("ws://localhost/any/path"), extensions=[ClientPerMessageDeflateFactory()]
        )
        self.client.send_request(self.client.connect())
        self._pump()
        self.client.events_received()

    def say(self, **values: Any) -> None:
        self.say_text(json.dumps(values))

    def say_text(self, text: str) -> None:
        self.client.send_text(text.encode())
        self._pump()

    def auth(self, token: str = TOKEN) -> dict[str, Any]:
        self.say(message_type="auth", session_token=token)
        [answer] = self.heard()
        return answer

    def ask(self, content: str, request_id: str) -> None:
        """Send a message to Dory."""
        self.say(
            message_type="send_message", chat_type="private", to_user="dory", content=content,
            request_id=request_id,
        )  # fmt: skip

    def heard(self) -> list[dict[str, Any]]:
        """Every text frame since the last look."""
        self._pump()
        return [
            json.loads(event.data)
            for event in self.client.events_received()
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT
        ]

    @property
    def close(self) -> Close | None:
        """What the server has closed with."""
        self._pump()
        return self.client.close_rcvd

    def _pump(self) -> None:
        for data in self.client.data_to_send():
            if data and not self.transport.gone:
                self.protocol.dataReceived(data)
        self.world.clock.advance(0)
        self.client.receive_data(self.transport.value())
        self.transport.clear()


@pytest.fixture
def socket() -> Socket:
    return Socket()


def code(close: Close | None) -> int | None:
    return close.code if close else None


def test_authentication_as_the_contract_shows_it(socket: Socket) -> None:
    assert socket.auth() == {
        "message_type": "auth_response", "success": True, "user_id": "1", "username": "luigi",
        "error": None, "epoch": "e", "resume": "none", "server_time": 1763870400.124,
        "protocol": 1, "limits": {"max_message_length": 4096, "max_frame_size": 65536},
    }  # fmt: skip
    assert socket.world.attached == [socket.protocol]


def test_an_unknown_token_is_answered_and_closed_with_4501(socket: Socket) -> None:
    answer = socket.auth("rg1_other")
    assert (answer["success"], answer["code"]) == (False, "invalid_session")
    assert answer["error"]
    assert code(socket.close) == 4501


@pytest.mark.parametrize(
    "text",
    ["hello", "{}", '{"message_type":"ping"}', '{"message_type":"auth","session_token":7}', "[]"],
)
def test_a_first_frame_that_is_no_auth_is_closed_with_4500(socket: Socket, text: str) -> None:
    socket.say_text(text)
    [answer] = socket.heard()
    assert (answer["message_type"], answer["success"]) == ("auth_response", False)
    assert answer["code"] == "invalid_request"
    assert code(socket.close) == 4500


def test_an_account_and_a_session_may_be_asked_for_first(socket: Socket) -> None:
    """Refused or not, the connection stays, and says auth afterwards."""
    socket.say(message_type="register", username="luigi", password="short", request_id="1")
    socket.say(message_type="register", username="luigi", password="long enough", request_id="2")
    socket.say(message_type="login", username="luigi", password="long enough", request_id="3")
    answers = socket.heard()
    assert [(a["message_type"], a["request_id"]) for a in answers] == [
        ("error", "1"), ("register_result", "2"), ("login_result", "3"),
    ]  # fmt: skip
    assert answers[0]["code"] == "invalid_password"
    assert socket.world.attached == []
    assert socket.auth()["success"]


def test_a_stranger_may_do_nothing_else(socket: Socket) -> None:
    socket.say(message_type="login", username="luigi", password="long enough")
    socket.say(message_type="list_chats")
    assert [a["message_type"] for a in socket.heard()] == [
        "login_result", "auth_response",
    ]  # fmt: skip
    assert code(socket.close) == 4500
    assert [type(request) for request in socket.world.ran] == [Login]


def test_a_stranger_who_only_logs_in_is_closed_with_4004_like_others(socket: Socket) -> None:
    for _ in range(4):
        socket.world.clock.advance(2.4)
        socket.say(message_type="login", username="luigi", password="long enough")
    assert len(socket.heard()) == 4
    socket.world.clock.advance(0.5)
    assert code(socket.close) == 4004


def test_silence_is_closed_with_4004(socket: Socket) -> None:
    socket.world.clock.advance(9.9)
    assert socket.close is None
    socket.world.clock.advance(0.2)
    assert code(socket.close) == 4004


def test_who_is_authenticated_may_be_silent(socket: Socket) -> None:
    socket.auth()
    socket.world.clock.advance(11)
    assert socket.close is None


def test_a_message_is_acknowledged_when_it_is_stored_and_not_before(socket: Socket) -> None:
    socket.auth()
    socket.ask("ciao", "7")
    socket.ask("ancora", "8")
    assert socket.heard() == []
    socket.world.stored(1)
    [sent] = socket.heard()
    assert (sent["message_type"], sent["request_id"], sent["seq"]) == ("message_sent", "7", 1)


def test_a_ping_is_answered_after_what_was_sent_before_it(socket: Socket) -> None:
    socket.auth()
    socket.ask("ciao", "7")
    socket.say(message_type="ping", request_id="8")
    assert socket.heard() == []
    socket.world.stored(1)
    assert [frame["message_type"] for frame in socket.heard()] == ["message_sent", "pong"]


def test_entries_are_written_as_they_come(socket: Socket) -> None:
    socket.auth()
    socket.protocol.deliver(framed(3, "ciao"))
    assert socket.heard() == [
        {
            "message_type": "incoming_message", "chat_type": "private", "chat_id": "c7",
            "from": "dory", "from_id": "2", "to_user_id": "1",
            "to_user": "luigi", "content": "ciao", "timestamp": 1.5, "seq": 3,
        }
    ]  # fmt: skip


def test_a_malformed_request_is_answered_and_the_connection_stays(socket: Socket) -> None:
    socket.auth()
    socket.say_text('{"message_type":"nothing","request_id":"7"}')
    socket.say_text("{")
    first, second = socket.heard()
    assert (first["request_id"], first["code"]) == ("7", "invalid_request")
    assert (second.get("request_id"), second["code"]) == (None, "invalid_request")
    socket.say(message_type="ping")
    assert socket.heard() == [{"message_type": "pong"}]


def test_authenticating_twice_is_refused(socket: Socket) -> None:
    socket.auth()
    assert socket.auth()["code"] == "invalid_request"
    assert socket.close is None


def test_an_unforeseen_failure_is_an_answer_and_an_error_in_the_log(
    socket: Socket, logged_errors: list[LogEvent]
) -> None:
    socket.auth()
    socket.world.failure = ZeroDivisionError("secret details")
    socket.say(message_type="ping", request_id="7")
    [answer] = socket.heard()
    assert (answer["request_id"], answer["code"]) == ("7", "unavailable")
    assert "secret" not in str(answer)
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_a_binary_frame_is_closed_with_1003(socket: Socket) -> None:
    socket.auth()
    socket.client.send_binary(b"\x00\x01")
    assert code(socket.close) == 1003
    assert socket.world.ran == []


def test_invalid_utf_8_is_closed_with_1007(socket: Socket) -> None:
    socket.auth()
    socket.client.send_text(b"\xff\xfe")
    assert code(socket.close) == 1007


def test_a_frame_too_large_is_closed_with_1009(socket: Socket) -> None:
    socket.auth()
    socket.say_text("x" * 65537)
    assert code(socket.close) == 1009


def test_a_message_too_large_in_small_frames_is_closed_with_1009(socket: Socket) -> None:
    socket.auth()
    socket.client.send_text(b"x" * 40_000, fin=False)
    socket.client.send_continuation(b"x" * 40_000, fin=True)
    assert code(socket.close) == 1009


def test_too_many_fragments_are_closed_with_1008(socket: Socket) -> None:
    """Each costs memory of its own, however small."""
    socket.auth()
    socket.client.send_text(b"x", fin=False)
    for _ in range(63):
        socket.client.send_continuation(b"x", fin=False)
    assert socket.close is None
    socket.client.send_continuation(b"x", fin=False)
    assert code(socket.close) == 1008


def test_a_slow_reader_is_closed_with_4003_after_what_it_was_sent(socket: Socket) -> None:
    """Over 1 MiB that waits; the log has the rest."""
    socket.auth()
    socket.protocol._outgoing.pauseProducing()
    for seq in range(300):
        socket.protocol.deliver(framed(seq, "x" * 4000))
    assert socket.world.attached == []
    assert code(socket.close) == 4003


def test_a_slow_reader_is_spared_what_is_soon_out_of_date(socket: Socket) -> None:
    """From 256 KiB on no typing and no presence; what says something lasting still comes."""
    socket.auth()
    typing, asked = Typing(CHAT, DORY, True), FriendRequested(DORY, "ciao")
    socket.protocol._outgoing.pauseProducing()
    socket.protocol.tell(FramedNotice(typing))
    for seq in range(70):
        socket.protocol.deliver(framed(seq, "x" * 4000))
    for notice in (typing, UserStatus(DORY, True, 1.0), asked):
        socket.protocol.tell(FramedNotice(notice))
    socket.protocol._outgoing.resumeProducing()
    types = [frame["message_type"] for frame in socket.heard()]
    assert types == ["typing", *["incoming_message"] * 70, "friend_request"]


def test_who_does_not_even_read_the_close_is_cut(socket: Socket) -> None:
    socket.auth()
    socket.protocol._outgoing.pauseProducing()
    socket.protocol.end(Ending.SESSION_ENDED)
    socket.protocol.deliver(framed(1, "x"))
    socket.world.clock.advance(CLOSE_GRACE_S + 0.1)
    assert socket.transport.gone


@pytest.mark.parametrize(
    ("why", "expected"), [(Ending.SESSION_ENDED, 4501), (Ending.TOO_MANY, 4502)]
)
def test_why_a_connection_is_ended(socket: Socket, why: Ending, expected: int) -> None:
    """After the answer to what is being done: /logout gets its own."""
    socket.auth()
    socket.world.hold()
    socket.say(message_type="ping")
    socket.world.end(why)
    assert socket.close is None
    socket.world.release()
    assert [frame["message_type"] for frame in socket.heard()] == ["pong"]
    assert code(socket.close) == expected


@pytest.mark.parametrize("message_type", ["send_message", "send_private_message"])
@pytest.mark.parametrize("failure", [Forbidden(), RuntimeError()])
def test_a_refused_send_names_its_client_id(
    socket: Socket, message_type: str, failure: Exception, logged_errors: list[LogEvent]
) -> None:
    """Whatever refuses it: its form, the command, what nobody foresaw, the end of the daemon."""
    socket.auth()
    send = {"message_type": message_type, "to_user": "dory", "username": "dory"}
    send["client_id"] = "00000001"
    socket.say(**send, content="", text="")
    socket.world.failure = failure
    socket.say(**send, content="ciao", text="ciao")
    Deferred.fromCoroutine(socket.world.connections.drain(socket.world.clock, 8))
    socket.say(**send, content="tardi", text="tardi")
    heard = [frame for frame in socket.heard() if frame["message_type"] == "error"]
    code = failure.code if isinstance(failure, Forbidden) else "unavailable"
    assert [(f["code"], f["client_id"]) for f in heard] == [
        (code, "00000001") for code in ("invalid_content", code, "unavailable")
    ]
    logged_errors.clear()


def test_shutting_down(socket: Socket) -> None:
    """Answers what came, refuses what comes, also what crosses the warning; closes with 1001."""
    socket.auth()
    socket.ask("ciao", "7")
    Deferred.fromCoroutine(socket.world.connections.drain(socket.world.clock, 8))
    socket.ask("tardi", "8")
    socket.world.stored(1)
    socket.protocol.deliver(framed(1, "ciao"))
    socket.world.clock.advance(0)
    heard = socket.heard()
    assert [(f["message_type"], f.get("request_id")) for f in heard] == [
        ("error", "8"),
        ("message_sent", "7"),
        ("incoming_message", None),
        ("server_shutdown", None),
    ]
    assert heard[0]["code"] == "unavailable"
    assert socket.close is None
    socket.ask("in viaggio", "9")
    assert socket.heard()[-1]["request_id"] == "9"
    socket.world.clock.advance(LINGER_S)
    assert code(socket.close) == 1001


def test_a_flood_pauses_the_reading(socket: Socket) -> None:
    socket.auth()
    for number in range(64):
        socket.ask("ciao", str(number))
    assert socket.transport.producerState == "producing"
    socket.ask("ciao", "64")
    assert socket.transport.producerState == "paused"
    for seq in range(33):
        socket.world.stored(seq + 1)
    assert socket.transport.producerState == "producing"


def test_compression_is_declined(socket: Socket) -> None:
    assert socket.client.handshake_exc is None
    assert socket.client.extensions == []


# Small frames, read by hand

_FRAMES = st.one_of(
    st.builds(
        lambda content, number: Frame(
            Opcode.TEXT,
            json.dumps(
                {"message_type": "send_message", "chat_type": "private", "to_user": "dory",
                 "content": content, "request_id": str(number)}, ensure_ascii=False,
            ).encode(),
        ).serialize(mask=True),
        st.text(max_size=60), st.integers(0, 9),
    ),
    st.sampled_from(
        [
            Frame(Opcode.TEXT, b"{}").serialize(mask=True),
            Frame(Opcode.TEXT, b"x" * 5000).serialize(mask=True),
            Frame(Opcode.TEXT, b'{"message_type":', fin=False).serialize(mask=True),
            Frame(Opcode.CONT, b'"ping"}').serialize(mask=True),
            Frame(Opcode.PING, b"hello").serialize(mask=True),
            Frame(Opcode.BINARY, b"no").serialize(mask=True),
            Frame(Opcode.CLOSE, b"\x03\xe8bye").serialize(mask=True),
            Frame(Opcode.TEXT, b"\xff").serialize(mask=True),
            Frame(Opcode.TEXT, b"not masked").serialize(mask=False),
            b"\xc1\x80aaaa",
        ]
    ),
)  # fmt: skip


_EMPTY = b"\x81\x80aaaa"  # a whole small frame, wherever it stands
_SEND = Frame(
    Opcode.TEXT,
    b'{"message_type": "send_message", "chat_type": "private", "to_user": "dory", "content": "1"}',
).serialize(mask=True)


@given(st.lists(_FRAMES, max_size=6), st.lists(st.integers(1, 400), max_size=12))
@example([Frame(Opcode.TEXT, b"{", fin=False).serialize(mask=True), _SEND], [7])
@example([b"\x89\x81", b"\x80aaax"], [1])
@example([b"\x89\x86aaaa", _EMPTY], [6])
@example([Frame(Opcode.TEXT, b"x" * 5000).serialize(mask=True), _SEND], [2])
@example([_SEND, _SEND, _EMPTY, _SEND], [len(_SEND) + 1, 3, 4])
def test_reading_small_frames_by_hand_changes_nothing_that_can_be_seen(
    sent: list[bytes], sizes: list[int]
) -> None:
    """In whatever pieces they come, and whatever is wrong with them: Autobahn answers the same."""
    by_hand, by_autobahn = Socket(), Socket()
    by_autobahn.protocol._between_messages = lambda: False
    for socket in (by_hand, by_autobahn):
        socket.auth()
    for piece in _cut(b"".join(sent), sizes):
        for socket in (by_hand, by_autobahn):
            if not socket.transport.gone:
                # Not dataReceived: what it does at once and what later depends on who reads.
                socket.protocol._intake.receive(piece)
                socket.world.clock.advance(0)
        assert _asked(by_hand) == _asked(by_autobahn)
        assert by_hand.transport.value() == by_autobahn.transport.value()
        assert by_hand.transport.gone == by_autobahn.transport.gone


def _cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [piece for piece in (*pieces, data) if piece]


def _asked(socket: Socket) -> list[SendMessage]:
    return [request for request, _answer in socket.world.sends]
