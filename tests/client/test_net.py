"""The network thread against a real daemon."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from client_tk.intents import Close, Open, Quit, Say, SignIn, Validate
from client_tk.model import Server
from client_tk.net import reasons
from client_tk.reports import (
    Closed,
    Heard,
    Opened,
    Refused,
    SignedIn,
    Unreachable,
)
from ruggine.free_port import free_port
from ruggine.wire import frames
from ruggine.wire.requests import Cursor, SendMessage
from tests.cast import Telephone, WebSocket, register
from tests.client.linked import PATIENCE_S, Linked, linked, server_of
from tests.daemon import PASSWORD, Daemon, wait_until
from tests.patience import stretched
from tests.test_tls import certificate, tls_daemon

__all__ = ["certificate", "tls_daemon"]


@pytest.fixture
def net() -> Iterator[Linked]:
    with linked() as it:
        yield it


def say(content: str, to_user: str) -> Say:
    message = SendMessage(chat_type="private", to_user=to_user, content=content)
    return Say(msgspec.json.encode(message))


def hear_message(net: Linked) -> frames.IncomingMessage:
    frame = net.expect(Heard).frame
    while not isinstance(frame, frames.IncomingMessage):
        frame = net.expect(Heard).frame
    return frame


def is_valid(daemon: Daemon, token: str) -> bool:
    with Telephone(daemon.tcp_port) as line:
        return line.ask(f"/validate_session {token}").startswith("OK")


# Signing in


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD, 'with "quotes" and spaces', "back\\slash\\", '"\\" \\\\" \\', "più città 🦀",
        "tab\t\rhere", "at the end\r", "nul \0 and \x85",
    ],
)  # fmt: skip
def test_any_password_registers_and_logs_in(net: Linked, daemon: Daemon, password: str) -> None:
    name, _ = register(daemon, "ugo")
    name = f"x{name}"[:32]
    made = net.ask(SignIn(server_of(daemon), name, password, "laptop", register=True), SignedIn)
    again = net.ask(SignIn(server_of(daemon), name.upper(), password, 'my "own" pc'), SignedIn)
    assert made.username == again.username == name
    assert made.token != again.token
    assert net.ask(Validate(server_of(daemon), again.token), SignedIn) == again
    with Telephone(daemon.tcp_port) as line:
        listed = line.ask_lines(f"/sessions {again.token}")
    assert any('"my \\"own\\" pc"' in session for session in listed), listed


def test_refusals_have_the_daemons_code(net: Linked, daemon: Daemon) -> None:
    name, _ = register(daemon, "ugo")
    server = server_of(daemon)
    taken = net.ask(SignIn(server, name, PASSWORD, "", register=True), Refused)
    assert taken == Refused("username_taken", "This username is taken. Choose another one.")
    assert net.ask(SignIn(server, name, "wrong wrong", ""), Refused).code == "invalid_credentials"
    assert net.ask(SignIn(server, name, "short", ""), Refused).code == "invalid_credentials"
    unknown = "rg1_" + "A" * 43
    assert net.ask(Validate(server, unknown), Refused).code == "invalid_session"


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [
        ("dory", "a line\nbreak", "invalid_password"),
        ("dory", "lone \ud800 surrogate", "invalid_password"),
        ("dory", "x" * 1025, "invalid_password"),
        ("do ry", PASSWORD, "invalid_username"),
        ("dory\n/quit", PASSWORD, "invalid_username"),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_what_cannot_be_said_is_refused_without_asking(
    net: Linked, username: str, password: str, code: str, is_new: bool
) -> None:
    """Nobody listens on that port, so whoever asks is told that."""
    server = Server("127.0.0.1", free_port(), free_port())
    refused = net.ask(SignIn(server, username, password, "", register=is_new), Refused)
    assert refused.code == code
    assert net.ask(Validate(server, "rg1_a\nb"), Refused).code == "invalid_session"


def test_too_fast_is_a_refusal(net: Linked, own_daemon: Daemon) -> None:
    """Its sentence does not hold the numbers that are for programs."""
    own_daemon._options = ("--rate-limits", "on")
    own_daemon.start()
    server = server_of(own_daemon)
    net.ask(SignIn(server, "dory", PASSWORD, "", register=True), SignedIn)
    codes: list[str] = []
    while "rate_limited" not in codes and len(codes) < 20:
        refused = net.ask(SignIn(server, "dory", "wrong wrong", ""), Refused)
        codes.append(refused.code)
    assert codes[-1] == "rate_limited"
    assert "retry_after" not in refused.sentence


# The WebSocket


def test_messages_go_both_ways(net: Linked, daemon: Daemon) -> None:
    (luigi, his), (dory, hers) = register(daemon, "luigi"), register(daemon, "dory")
    opened = net.ask(Open(server_of(daemon), his), Opened)
    assert (opened.welcome.username, opened.welcome.resume) == (luigi, "none")
    other = WebSocket(daemon.url, hers)
    net.link.tell(say("ciao", dory))
    assert other.event("incoming_message")["content"] == "ciao"
    sent_and_seen = {type(net.expect(Heard).frame) for _ in range(2)}
    assert sent_and_seen == {frames.MessageSent, frames.IncomingMessage}
    other.say(message_type="send_message", chat_type="private", to_user=luigi, content="🦀 " * 900)
    assert hear_message(net).content == "🦀 " * 900
    other.hang_up()


def test_a_return_brings_what_was_missed(net: Linked, daemon: Daemon) -> None:
    (luigi, his), (dory, hers) = register(daemon, "luigi"), register(daemon, "dory")
    server = server_of(daemon)
    epoch = net.ask(Open(server, his), Opened).welcome.epoch
    with Telephone(daemon.tcp_port) as line:
        for text in ("one", "two", "three"):
            assert line.ask(f"/private {hers} {luigi} {text}").startswith("OK")
    assert [hear_message(net).content for _ in range(3)] == ["one", "two", "three"]
    cursors = (
        Cursor(chat_type="private", to_user=dory, seq=1),
        Cursor(chat_type="private", to_user="nobody", seq=7),
    )
    assert net.ask(Open(server, his, epoch, cursors), Opened).welcome.resume == "ok"
    heard = [net.expect(Heard).frame for _ in range(3)]
    assert [getattr(frame, "content", "") for frame in heard] == ["two", "three", ""]
    assert isinstance(heard[2], frames.CaughtUp)
    assert net.ask(Open(server, his, "another", cursors), Opened).welcome.resume == "reset"


def test_so_many_chats_that_they_do_not_fit_in_a_frame(net: Linked, daemon: Daemon) -> None:
    """The daemon would close with 1009 for ever."""
    _, token = register(daemon, "luigi")
    epoch = net.ask(Open(server_of(daemon), token), Opened).welcome.epoch
    cursors = tuple(
        Cursor(chat_type="private", to_user=f"somebody-of-{n:019}", seq=n) for n in range(2000)
    )
    assert net.ask(Open(server_of(daemon), token, epoch, cursors), Opened).welcome.resume == "ok"


def test_an_unknown_token_is_4501(net: Linked, daemon: Daemon) -> None:
    assert net.ask(Open(server_of(daemon), "rg1_" + "A" * 43), Closed) == Closed(4501)
    assert net.silent()


def test_a_malformed_resume_is_4500(net: Linked, daemon: Daemon) -> None:
    _, token = register(daemon, "luigi")
    broken = msgspec.structs.replace(Cursor(chat_type="private", to_user="a", seq=1), seq=-1)
    assert net.ask(Open(server_of(daemon), token, "e", (broken,)), Closed) == Closed(4500)


def test_a_revoked_session_is_4501(net: Linked, daemon: Daemon) -> None:
    _, token = register(daemon, "luigi")
    net.ask(Open(server_of(daemon), token), Opened)
    with Telephone(daemon.tcp_port) as line:
        assert line.ask(f"/logout {token}") == "OK: Logout successful"
    assert net.expect(Closed) == Closed(4501)
    net.link.tell(say("into the void", "nobody"))
    assert net.silent()


def test_an_open_closes_the_former_silently(net: Linked, daemon: Daemon) -> None:
    (luigi, his), (dory, hers) = register(daemon, "luigi"), register(daemon, "dory")
    net.ask(Open(server_of(daemon), his), Opened)
    assert net.ask(Open(server_of(daemon), hers), Opened).welcome.username == dory
    with Telephone(daemon.tcp_port) as line:
        assert line.ask(f"/private {hers} {luigi} ciao").startswith("OK")
    assert hear_message(net).sender == dory
    assert net.silent()


def test_a_close_is_not_answered_and_comes_after_what_was_said(net: Linked, daemon: Daemon) -> None:
    """That is how signing out works: a request, then the end."""
    _, token = register(daemon, "luigi")
    net.ask(Open(server_of(daemon), token), Opened)
    net.link.tell(Say(b'{"message_type": "logout"}'))
    net.link.tell(Close())
    wait_until(lambda: not is_valid(daemon, token))
    assert net.silent()


def test_a_daemon_that_is_killed_is_lost_and_one_that_stops_says_so(own_daemon: Daemon) -> None:
    with linked() as net:
        own_daemon.start()
        _, token = register(own_daemon, "luigi")
        net.ask(Open(server_of(own_daemon), token), Opened)
        own_daemon.kill()
        lost = net.expect(Closed)
        assert (lost.code, lost.reason) == (1006, reasons.LOST)
        refused = net.ask(Open(server_of(own_daemon), token), Closed)
        assert (refused.code, refused.reason) == (1006, reasons.REFUSED)
        own_daemon.start()
        net.ask(Open(server_of(own_daemon), token), Opened)
        own_daemon.process.send_signal(signal.SIGTERM)
        assert isinstance(net.expect(Heard).frame, frames.ServerShutdown)
        assert net.expect(Closed) == Closed(1001)
        assert own_daemon.process.wait(10) == 0


def test_nobody_there(net: Linked) -> None:
    nobody = Server("127.0.0.1", free_port(), free_port())
    assert net.ask(SignIn(nobody, "dory", PASSWORD, ""), Unreachable).reason == reasons.REFUSED
    assert net.ask(Open(nobody, "t"), Closed).reason == reasons.REFUSED


@pytest.mark.parametrize("host", ["", "a..b", "a" * 64, "no\0host", "-", "under the lake"])
def test_no_such_host(net: Linked, host: str) -> None:
    for port in (8080, 0, 99999):
        server = Server(host, port, port)
        assert net.ask(Validate(server, "t"), Unreachable).reason == reasons.NO_HOST
        assert net.ask(Open(server, "t"), Closed).reason == reasons.NO_HOST


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_no_such_port(net: Linked, daemon: Daemon, port: int) -> None:
    """The system would take it modulo 65536, and somebody else might answer."""
    server = Server("127.0.0.1", daemon.tcp_port + port if port > 0 else port, port)
    assert net.ask(Validate(server, "t"), Unreachable).reason == reasons.NO_HOST


# TLS


def test_tls_with_a_certificate_that_is_trusted(
    tls_daemon: Daemon, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE says whom to trust; the name has to be right too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    server = Server("localhost", tls_daemon.tcp_port, tls_daemon.websocket_port, tls=True)
    with linked() as net:
        made = net.ask(SignIn(server, "tilde", PASSWORD, "", register=True), SignedIn)
        net.ask(Open(server, made.token), Opened)
        for number in range(20):
            net.link.tell(say(f"{number} " * 1000, "tilde"))
        said = [hear_message(net).content for _ in range(20)]
        assert said == [f"{number} " * 1000 for number in range(20)]
        by_address = msgspec.structs.replace(server, host="127.0.0.1")
        wrong = net.ask(Open(by_address, made.token), Closed)
        assert wrong.reason == reasons.TLS
        assert "127.0.0.1" in wrong.detail


def test_tls_with_a_certificate_that_is_not_trusted(net: Linked, tls_daemon: Daemon) -> None:
    server = Server("localhost", tls_daemon.tcp_port, tls_daemon.websocket_port, tls=True)
    detail = "self-signed certificate"
    answer = net.ask(SignIn(server, "dory", PASSWORD, ""), Unreachable)
    assert answer == Unreachable(reasons.TLS, detail)
    assert net.ask(Open(server, "t"), Closed) == Closed(1006, reasons.TLS, detail)


def test_tls_where_there_is_none(net: Linked, daemon: Daemon) -> None:
    server = server_of(daemon, tls=True)
    assert net.ask(Validate(server, "t"), Unreachable).reason == reasons.TLS
    net.link.tell(Open(server, "t"))
    closed = net.hear(2 * PATIENCE_S)  # the daemon waits for 5 s for a handshake
    assert isinstance(closed, Closed)
    assert closed.reason in (reasons.TLS, reasons.LOST)


# The thread


def test_there_is_one_thread_and_it_ends(daemon: Daemon) -> None:
    before = set(threading.enumerate())
    _, token = register(daemon, "luigi")
    net = Linked()
    net.ask(Open(server_of(daemon), token), Opened)
    [thread] = set(threading.enumerate()) - before
    assert (thread.name, thread.daemon) == ("network", True)
    began_s = time.monotonic()
    net.link.stop()
    assert time.monotonic() - began_s < stretched(1)
    assert set(threading.enumerate()) == before
    net.link.tell(Quit())
    net.link.stop()


def test_a_fault_of_ours_ends_no_thread(
    net: Linked, daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And its log holds nothing of what was said."""
    _, token = register(daemon, "luigi")
    opened = Open(server_of(daemon), token)

    def fail(*_: object) -> None:
        raise KeyError(token)

    caplog.set_level(logging.DEBUG)
    broken = Closed(1006, reasons.BROKEN, "KeyError")
    with monkeypatch.context() as patch:
        patch.setattr("client_tk.net.link.reach", fail)
        assert net.ask(opened, Closed) == broken
    with monkeypatch.context() as patch:
        patch.setattr("client_tk.net.socket.WebSocket._on_first", fail)
        assert net.ask(opened, Closed) == broken
    with monkeypatch.context() as patch:
        patch.setattr("client_tk.net.line.reach", fail)
        answer = net.ask(Validate(server_of(daemon), token), Unreachable)
        assert answer == Unreachable(reasons.BROKEN, "KeyError")
    net.ask(opened, Opened)
    with monkeypatch.context() as patch:
        patch.setattr("client_tk.net.socket.WebSocket.say", fail)
        assert net.ask(Say(b"x"), Closed) == broken
    net.ask(opened, Opened)
    assert caplog.text.count("KeyError on the network thread") == 4
    assert token not in caplog.text


def test_nothing_large_is_imported() -> None:
    """A client without TLS and keyring does not pay for them; nobody pays for asyncio."""
    program = (
        "import sys, client_tk.net.link, client_tk.secret;"
        "print({'ssl', 'keyring', 'asyncio', 'twisted', 'websockets.sync'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.stdout == "set()\n"


def test_no_secret_is_in_what_an_intent_is_shown_as() -> None:
    server, secret = Server("chat.example"), "una-password-segreta"
    for intent in (
        SignIn(server, "dory", secret, "box"), Validate(server, secret), Open(server, secret),
        Say(b'{"message_type": "change_password", "new": "%b"}' % secret.encode()),
    ):  # fmt: skip
        assert secret not in repr(intent)
