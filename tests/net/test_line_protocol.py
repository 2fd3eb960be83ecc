"""The line port, byte by byte, in memory and with a clock of our own."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent

from ruggine import errors
from ruggine.model import Ending
from ruggine.net.connections import LINGER_S
from ruggine.net.line_protocol import LineFactory
from tests.net.desk import TOKEN, Transport, World, framed

SHUTDOWN = "ERR: The server is shutting down. Come back soon. [unavailable]"


class Line:
    """One connection to the line port."""

    def __init__(self) -> None:
        self.world = World()
        world: Any = self.world
        factory = LineFactory(
            reactor=world.clock, commands=world, sessions=world, hub=world,
            connections=world.connections, entrance=world.entrance(),
            limits=world.limits, debug=False,
        )  # fmt: skip
        self.protocol: Any = factory.buildProtocol(None)
        self.transport = Transport()
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)

    def say(self, text: str | bytes) -> None:
        self.protocol.dataReceived(text.encode() if isinstance(text, str) else text)
        self.world.clock.advance(0)

    def heard(self) -> list[str]:
        """Every line since the last look."""
        self.world.clock.advance(0)
        lines = self.transport.value().decode().splitlines()
        self.transport.clear()
        return lines

    @property
    def closed(self) -> bool:
        return self.transport.gone


@pytest.fixture
def line() -> Line:
    return Line()


def test_a_line_may_come_in_any_pieces(line: Line) -> None:
    for byte in f"/validate_session {TOKEN}\r\n".encode():
        line.say(bytes([byte]))
    assert line.heard() == ["OK: luigi"]


def test_answers_come_in_the_order_of_the_commands(line: Line) -> None:
    line.world.hold()
    line.say(f"/validate_session {TOKEN}\n/nothing\n\n\r\n/validate_session other\n")
    assert line.heard() == []
    line.world.release()
    assert line.heard() == [
        "OK: luigi",
        "ERR: Unknown command. /help lists every command. [invalid_request]",
        "ERR: This session is unknown, has expired or was ended. Log in again. [invalid_session]",
    ]


def test_a_hyphen_stands_for_the_token_after_auth_only(line: Line) -> None:
    line.say("/validate_session -\n")
    assert line.heard()[0].endswith("[invalid_session]")
    line.say(f"/auth {TOKEN}\n/validate_session -\n")
    assert line.heard() == ["OK: Authenticated as luigi", "OK: luigi"]
    assert line.world.attached == [line.protocol]


def test_a_line_too_long_is_answered_and_ends_the_connection(line: Line) -> None:
    """What came before it is answered; what comes after it is not looked at."""
    line.world.hold()
    line.say(f"/validate_session {TOKEN}\n")
    line.say(b"x" * 8193)
    line.say(b"\n/quit\n")
    line.world.release()
    assert line.heard() == [
        "OK: luigi",
        "ERR: A line has at most 8192 bytes. [invalid_request]",
    ]
    assert line.closed


def test_a_line_of_exactly_the_limit_is_read(line: Line) -> None:
    command = f"/validate_session {TOKEN}"
    line.say(" " * (8192 - len(command)) + command + "\n")
    assert line.heard() == ["OK: luigi"]


def test_quit_answers_and_closes(line: Line) -> None:
    line.say(f"/quit\n/validate_session {TOKEN}\n")
    assert line.heard() == ["OK: Disconnected"]
    assert line.closed


def test_a_peer_that_sends_no_more_gets_its_answers(line: Line) -> None:
    line.world.hold()
    line.say(f"/validate_session {TOKEN}\n")
    line.protocol.readConnectionLost()
    assert not line.closed
    line.world.release()
    assert line.heard() == ["OK: luigi"]
    assert line.closed


def test_a_watcher_that_sends_no_more_goes_on_watching(line: Line) -> None:
    line.say(f"/watch {TOKEN}\n")
    line.protocol.readConnectionLost()
    line.protocol.deliver(framed(3, "ciao\ncome stai?"))
    assert line.heard() == ["OK: Watching", "MSG @dory 3 1 dory ciao\\ncome stai?"]


def test_watching_one_chat_shows_that_one(line: Line) -> None:
    line.say(f"/watch {TOKEN} @DORY\n")
    line.protocol.deliver(framed(1, "uno"))
    assert line.heard()[1:] == ["MSG @dory 1 1 dory uno"]
    line.say(f"/watch {TOKEN} @ugo\n")
    line.protocol.deliver(framed(2, "due"))
    assert line.heard() == ["OK: Watching"]


def test_who_only_authenticated_is_not_told_of_messages(line: Line) -> None:
    line.say(f"/auth {TOKEN}\n")
    line.heard()
    line.protocol.deliver(framed(1, "uno"))
    assert line.heard() == []


TOO_LONG = "ERR: No command was accepted for too long. Goodbye. [invalid_request]"


@pytest.mark.parametrize("text", ["", "\n", "/nonsense\n", "/help\n", "/auth rg1_other\n", "/auth"])
def test_who_shows_no_session_has_a_minute(line: Line, text: str) -> None:
    line.world.clock.advance(59)
    line.say(text)
    line.heard()
    assert not line.closed
    line.world.clock.advance(2)
    assert line.heard() == [TOO_LONG]
    assert line.closed


def test_a_command_with_a_session_is_worth_ten_minutes(line: Line) -> None:
    line.world.clock.advance(59)
    line.say(f"/validate_session {TOKEN}\n")
    line.world.clock.advance(599)
    line.say("/nonsense\n\n")
    assert not line.closed
    line.say(f"/validate_session {TOKEN}\n")
    line.world.clock.advance(599)
    assert not line.closed
    line.say("/nonsense\n\n")
    line.heard()
    line.world.clock.advance(2)
    assert line.heard() == [TOO_LONG]
    assert line.closed


def test_a_watcher_may_be_silent(line: Line) -> None:
    line.say(f"/watch {TOKEN}\n")
    line.world.clock.advance(100_000)
    assert not line.closed


def test_an_unforeseen_failure_is_an_answer_and_an_error_in_the_log(
    line: Line, logged_errors: list[LogEvent]
) -> None:
    line.world.failure = ZeroDivisionError("secret details")
    line.say(f"/validate_session {TOKEN}\n")
    assert line.heard() == [
        "ERR: The server cannot do this now. Try again in a moment. [unavailable]"
    ]
    assert not line.closed
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_an_ended_session_closes_who_watches_and_is_forgotten_otherwise(line: Line) -> None:
    line.say(f"/auth {TOKEN}\n")
    line.world.end(Ending.SESSION_ENDED)
    line.say("/validate_session -\n")
    assert line.heard()[1].endswith("[invalid_session]")
    assert not line.closed
    line.say(f"/watch {TOKEN}\n")
    line.heard()
    line.world.end(Ending.SESSION_ENDED)
    assert line.heard()[0].endswith("[invalid_session]")
    assert line.closed


def test_one_connection_too_many_is_told_and_closed(line: Line) -> None:
    line.say(f"/auth {TOKEN}\n")
    line.heard()
    line.world.end(Ending.TOO_MANY)
    assert line.heard()[0].endswith("[unavailable]")
    assert line.closed


def test_shutting_down_answers_what_came_and_says_goodbye(line: Line) -> None:
    line.world.hold()
    line.say(f"/validate_session {TOKEN}\n")
    drained = Deferred.fromCoroutine(line.world.connections.drain(line.world.clock, 8))
    line.say(f"/validate_session {TOKEN}\n")
    assert line.heard() == []
    line.world.release()
    line.world.clock.advance(0)
    line.world.clock.advance(LINGER_S)
    assert line.heard() == ["OK: luigi", SHUTDOWN]
    assert line.closed
    assert drained.called


def test_shutting_down_does_not_wait_for_ever(line: Line) -> None:
    line.world.hold()
    line.say(f"/validate_session {TOKEN}\n")
    drained = Deferred.fromCoroutine(line.world.connections.drain(line.world.clock, 8))
    line.world.clock.advance(7.9)
    assert not drained.called
    line.world.clock.advance(0.2)
    assert drained.called
    assert line.closed
    line.world.release()


def test_a_slow_reader_is_cut(line: Line) -> None:
    """Over 1 MiB that waits; a watcher comes back and reads the history."""
    line.say(f"/watch {TOKEN}\n")
    line.protocol._outgoing.pauseProducing()
    for seq in range(300):
        line.protocol.deliver(framed(seq, "x" * 4000))
    assert line.closed
    assert line.world.attached == []


def test_a_refusal_holds_no_secret(line: Line) -> None:
    line.say('/login luigi "my secret" "a device" "one too many"\n')
    [answer] = line.heard()
    assert answer.endswith(
        "Usage: /login <username> <password> [device] [replace=yes] [invalid_request]"
    )
    assert "secret" not in answer
    assert errors.InvalidRequest.code in answer
