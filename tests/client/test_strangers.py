"""The network thread against servers that are no Ruggine, or a bad one."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

import pytest

from client_tk import wording
from client_tk.intents import Close, Open, Say, SignIn, Validate
from client_tk.net import reasons
from client_tk.net.dial import Stream
from client_tk.reports import Closed, Heard, Opened, Refused, SignedIn, Unreachable
from ruggine.wire.frames import GroupRenamed, Pong
from tests.client.linked import (
    BINARY,
    CLOSE,
    PATIENCE_S,
    PING,
    PONG,
    TEXT,
    WELCOME,
    Peer,
    frame,
    linked,
    stranger,
    switching,
)
from tests.daemon import PASSWORD
from tests.patience import stretched

A_PONG = frame(TEXT, b'{"message_type": "pong"}')
NEVER = 60.0


def wait_for_end(peer: Peer) -> None:
    with contextlib.suppress(ConnectionResetError):
        while peer.socket.recv(65536):
            pass


def says(data: bytes) -> Callable[[Peer], None]:
    """At once, whatever it is asked; then it waits."""

    def act(peer: Peer) -> None:
        peer.say(data)
        wait_for_end(peer)

    return act


def answers(data: bytes) -> Callable[[Peer], None]:
    """A line, to the first line it hears; then it hangs up."""

    def act(peer: Peer) -> None:
        peer.line()
        peer.say(data)

    return act


SSH = b"SSH-2.0-OpenSSH_9.6\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nciao!"
GONE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
ENDLESS_PAGE = b"HTTP/1.1 200 OK\r\n\r\nciao"


# The line port


@pytest.mark.parametrize(
    "answer",
    [
        SSH, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\n", b"OK: \n", b"OK: Logged in as dory\n",
        b"OK: Logged in as dory SESSION: \n", b"OK: Logged in as d\x07ry SESSION: rg1_a\n",
        b"OK: Logged in as dory SESSION: rg1_a\x1b[0m\n", b"ERR: no code\n", b"\xff\xfe\n",
        b"x" * 70_000, b"OK: " + b"x" * 70_000, b"half a line",
        b"OK: Registered as a b SESSION: c\n",
    ],
)  # fmt: skip
def test_an_answer_that_is_no_daemons(answer: bytes) -> None:
    with stranger(answers(answer)) as it, linked() as net:
        said = net.ask(SignIn(it.server, "dory", PASSWORD, ""), Unreachable)
        assert said == Unreachable(reasons.NOT_RUGGINE)


def test_what_a_daemon_says_is_shown_without_control_characters() -> None:
    reply = "ERR: Red \x1b[31malert\u202e\x00 now [rate_limited retry_after=2.5]\r\n".encode()
    with stranger(answers(reply)) as it, linked() as net:
        refused = net.ask(Validate(it.server, "rg1_a"), Refused)
        assert refused == Refused("rate_limited", "Red [31malert now", 2.5)


def test_a_line_that_comes_byte_by_byte() -> None:
    def act(peer: Peer) -> None:
        assert peer.line() == b'/login dory "a b\\"\\\\ c" box\n'
        for byte in b"OK: Logged in as Dory SESSION: rg1_abc\r\n":
            peer.say(bytes([byte]))
            time.sleep(0.002)

    with stranger(act) as it, linked() as net:
        said = net.ask(SignIn(it.server, "dory", 'a b"\\ c', "box"), SignedIn)
        assert (said.username, said.token) == ("Dory", "rg1_abc")


@pytest.mark.parametrize("part", [b"", b"OK: Logged in as do"])
def test_a_line_that_ends_too_soon(part: bytes) -> None:
    with stranger(answers(part)) as it, linked() as net:
        said = net.ask(SignIn(it.server, "dory", PASSWORD, ""), Unreachable)
        assert said.reason == reasons.LOST


def test_a_line_that_never_comes() -> None:
    with stranger(wait_for_end) as it, linked(patience_s=0.2) as net:
        said = net.ask(Validate(it.server, "rg1_a"), Unreachable)
        assert said.reason == reasons.TIMEOUT


# Before the WebSocket is open


@pytest.mark.parametrize(
    ("act", "reason", "detail"),
    [
        (says(SSH), reasons.NOT_RUGGINE, ""),
        (says(PAGE), reasons.NOT_RUGGINE, "HTTP 200"),
        (says(ENDLESS_PAGE), reasons.NOT_RUGGINE, ""),
        (says(b"\0" * 100_000), reasons.NOT_RUGGINE, ""),
        (says(GONE), reasons.NOT_RUGGINE, "HTTP 503"),
        (wait_for_end, reasons.TIMEOUT, ""),
        (lambda peer: peer.head(), reasons.LOST, ""),
        (Peer.upgrade, reasons.LOST, ""),
    ],
    ids=["ssh", "page", "endless page", "zeros", "503", "silence", "hangs up", "hangs up later"],
)  # fmt: skip
def test_no_websocket(act: Callable[[Peer], object], reason: str, detail: str) -> None:
    with stranger(act) as it, linked(patience_s=0.3) as net:
        closed = net.ask(it.open, Closed)
        assert (closed.code, closed.reason) == (1006, reason)
        assert detail in closed.detail
        assert net.silent(0.05)


def test_a_handshake_that_is_another_ones() -> None:
    """Also one with an extension that we have not asked for."""

    heads = [
        lambda key: switching(b"another"),
        lambda key: switching(key, b"Sec-WebSocket-Extensions: permessage-deflate"),
        lambda key: switching(key).replace(b"websocket", b"h2c"),
    ]

    def act(peer: Peer) -> None:
        peer.say(heads.pop()(peer.head()))
        wait_for_end(peer)

    with stranger(act) as it, linked() as net:
        while heads:
            closed = net.ask(it.open, Closed)
            assert (closed.code, closed.reason) == (1006, reasons.NOT_RUGGINE)


def test_a_close_that_comes_with_the_handshake() -> None:
    def act(peer: Peer) -> None:
        peer.say(switching(peer.head()) + frame(CLOSE, b"\x03\xe9"))
        wait_for_end(peer)

    with stranger(act) as it, linked() as net:
        assert net.ask(it.open, Closed) == Closed(1001)


def test_a_daemon_that_does_not_answer_the_authentication() -> None:
    def act(peer: Peer) -> None:
        peer.upgrade()
        wait_for_end(peer)

    with stranger(act) as it, linked(patience_s=0.2) as net:
        assert net.ask(it.open, Closed) == Closed(1006, reasons.TIMEOUT)


@pytest.mark.parametrize(
    ("code", "close"),
    [("invalid_session", 4501), ("invalid_request", 4500), ("unavailable", 4002)],
)
def test_a_refusal_without_a_close(code: str, close: int) -> None:
    def act(peer: Peer) -> None:
        peer.upgrade()
        peer.frame()
        no = WELCOME.replace(b"true", b"false").replace(b'"error"', b'"code": "%b", "error"')
        peer.say(frame(TEXT, no % code.encode()))

    with stranger(act) as it, linked() as net:
        assert net.ask(it.open, Closed) == Closed(close)


# Once it is open


def after(data: bytes) -> Callable[[Peer], None]:
    def act(peer: Peer) -> None:
        peer.let_in()
        peer.say(data)

    return act


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT, b"garbage"), 1002),
        (frame(TEXT, b"[]"), 1002),
        (frame(TEXT, b'{"message_type": "pong", "request_id": "\xff"}'), 1002),
        (frame(TEXT, b'{"a":' * 100_000), 1002),
        (frame(BINARY, b"{}"), 1003),
        (frame(TEXT, b"", claim=2**20 + 1), 1009),
        (frame(TEXT, b"", claim=2**62), 1009),
        (frame(TEXT, b"x" * 600_000, fin=False) + frame(0, b"x" * 600_000), 1009),
        (frame(0, b"a part of nothing"), 1002),
        (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
        (b"\xff\xff\xff\xff", 1002),
        (frame(11, b"no such opcode"), 1002),
        (frame(PING, b"x" * 126), 1002),
    ],
)
def test_what_no_daemon_says_is_closed_with_a_code(data: bytes, code: int) -> None:
    """The peer is told the code; what came before is reported."""
    said: list[tuple[int, bytes]] = []

    def act(peer: Peer) -> None:
        after(A_PONG + data)(peer)
        while (heard := peer.frame())[0] not in (0, CLOSE):
            pass
        said.append(heard)

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        assert net.expect(Heard).frame == Pong()
        assert net.expect(Closed) == Closed(code)
        assert net.silent(0.05)
    assert said[0][0] == CLOSE
    assert int.from_bytes(said[0][1][:2], "big") == code


def test_a_first_frame_that_is_no_welcome() -> None:
    def act(peer: Peer) -> None:
        peer.upgrade()
        peer.say(A_PONG)
        wait_for_end(peer)

    with stranger(act) as it, linked() as net:
        assert net.ask(it.open, Closed) == Closed(1002, reasons.NOT_RUGGINE)


@pytest.mark.parametrize("data", [b"", A_PONG[:9], A_PONG[:1], frame(TEXT, b"{", fin=False)])
def test_an_end_without_a_close(data: bytes) -> None:
    with stranger(after(data)) as it, linked() as net:
        net.ask(it.open, Opened)
        assert net.expect(Closed) == Closed(1006, reasons.LOST)


def test_a_connection_that_breaks() -> None:
    def act(peer: Peer) -> None:
        peer.let_in()
        peer.reset()

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        broken = net.expect(Closed)
        assert (broken.code, broken.reason) == (1006, reasons.LOST)


@pytest.mark.parametrize(("data", "code"), [(b"\x11\xa3why", 4515), (b"\x03\xe8", 1000)])
def test_a_close_is_answered(data: bytes, code: int) -> None:
    def act(peer: Peer) -> None:
        after(frame(CLOSE, data) + A_PONG)(peer)
        assert peer.frame() == (CLOSE, data)

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        assert net.expect(Closed) == Closed(code)
        assert net.silent(0.05)


def test_a_close_without_a_code() -> None:
    with stranger(after(frame(CLOSE, b""))) as it, linked() as net:
        net.ask(it.open, Opened)
        assert net.expect(Closed) == Closed(1006, reasons.LOST)


def test_last_words_are_heard_though_nothing_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon is gone, but its reason was on its way before."""
    told = threading.Event()

    def act(peer: Peer) -> None:
        peer.let_in()
        told.wait(PATIENCE_S)
        peer.say(frame(CLOSE, b"\x03\xe9"))
        wait_for_end(peer)

    def fail(_stream: Stream, _data: bytes) -> int:
        told.set()
        time.sleep(0.1)
        raise BrokenPipeError

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        monkeypatch.setattr(Stream, "write", fail)
        assert net.ask(Say(b"1"), Closed) == Closed(1001)
        assert net.silent(0.05)


def test_what_each_thread_tells_keeps_its_order() -> None:
    """Even when there is more of it than the bell can count."""
    got: list[tuple[int, int]] = []

    def act(peer: Peer) -> None:
        peer.let_in()
        while len(got) < 2000:
            thread, number = divmod(int(peer.frame()[1]), 1000)
            got.append((thread, number))

    def tell(thread: int) -> None:
        for number in range(500):
            net.link.tell(Say(b"%d" % (thread * 1000 + number)))

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        threads = [threading.Thread(target=tell, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), "telling blocks"
        net.expect(Closed)
    for which in range(4):
        assert [number for thread, number in got if thread == which] == list(range(500))


@pytest.mark.parametrize("reopens", [False, True])
def test_our_close_comes_after_all_that_was_said(reopens: bool) -> None:
    """Though the daemon reads slowly."""
    got: list[tuple[int, bytes]] = []

    def act(peer: Peer) -> None:
        peer.let_in()
        while CLOSE not in [opcode for opcode, _ in got]:
            got.append(peer.frame())
            time.sleep(0.002)

    with stranger(act) as it, stranger(Peer.let_in) as other, linked(farewell_s=5) as net:
        net.ask(it.open, Opened)
        for number in range(40):
            net.link.tell(Say(b"%d" % number + b" " * 60_000))
        net.link.tell(other.open if reopens else Close())
        if reopens:
            net.expect(Opened)
    assert [int(said) for opcode, said in got if opcode == TEXT] == list(range(40))
    assert got[-1] == (CLOSE, b"\x03\xe8")


def test_everything_byte_by_byte() -> None:
    renamed = (
        '{"message_type": "group_renamed", "chat_type": "group", "chat_id": "g", "group_id": "g",'
        ' "seq": 3, "timestamp": 1, "name": "città 🦀", "by": "luigi", "by_id": "1"}'
    ).encode()

    def act(peer: Peer) -> None:
        said = switching(peer.head()) + frame(TEXT, WELCOME)
        said += frame(TEXT, renamed[:148], fin=False) + frame(PING, b"?") + frame(0, renamed[148:])
        said += frame(TEXT, b'{"message_type": "from_the_future"}') + A_PONG
        for byte in said:
            peer.say(bytes([byte]))
        assert {peer.frame()[0], peer.frame()[0]} == {TEXT, PONG}
        wait_for_end(peer)

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        heard = net.expect(Heard).frame
        assert isinstance(heard, GroupRenamed)
        assert heard.name == "città 🦀"
        assert net.expect(Heard).frame == Pong()


def test_everything_at_once() -> None:
    def act(peer: Peer) -> None:
        said = frame(TEXT, WELCOME) + A_PONG * 5000 + frame(CLOSE, b"\x0f\xa2")
        peer.say(switching(peer.head()) + said)
        wait_for_end(peer)

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        for _ in range(5000):
            assert net.expect(Heard).frame == Pong()
        assert net.expect(Closed) == Closed(4002)


def test_a_daemon_that_does_not_say_the_ids_is_an_older_one() -> None:
    """Its frames are not passed over in silence."""

    def act(peer: Peer) -> None:
        peer.let_in()
        peer.say(frame(TEXT, b'{"message_type": "user_status", "username": "luigi",'
                             b' "online": true, "last_seen": 1.0}'))  # fmt: skip
        wait_for_end(peer)

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        assert net.expect(Closed) == Closed(1002, reasons.OLDER)
    assert "update it there" in wording.unreachable(reasons.OLDER, "", "chat.example")


# Time


def test_a_silent_daemon_is_asked_and_then_given_up() -> None:
    heard: list[tuple[int, bytes]] = []

    def act(peer: Peer) -> None:
        peer.let_in()
        heard.append(peer.frame())
        heard.append(peer.frame())

    with stranger(act) as it, linked(ping_s=0.2) as net:
        net.ask(it.open, Opened)
        began_s = time.monotonic()
        assert net.expect(Closed) == Closed(1006, reasons.SILENT)
        assert 0.35 < time.monotonic() - began_s < stretched(1)
    assert heard == [(PING, b""), (0, b"")]


def test_a_daemon_that_answers_is_kept() -> None:
    def act(peer: Peer) -> None:
        peer.let_in()
        for _ in range(5):
            assert peer.frame() == (PING, b"")
            peer.say(frame(PONG, b""))
        peer.say(A_PONG)
        wait_for_end(peer)

    with stranger(act) as it, linked(ping_s=0.1) as net:
        net.ask(it.open, Opened)
        assert net.expect(Heard).frame == Pong()


def test_a_daemon_that_does_not_read_is_given_up() -> None:
    """Though it goes on talking."""

    def act(peer: Peer) -> None:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.let_in()
        until_s = time.monotonic() + PATIENCE_S
        try:
            while time.monotonic() < until_s:
                peer.say(frame(PING, b""))
                time.sleep(0.02)
        except OSError:
            return
        raise AssertionError("it was not given up")

    with stranger(act) as it, linked(patience_s=0.5) as net:
        net.ask(it.open, Opened)
        for _ in range(200):
            net.link.tell(Say(b'"' + b"x" * 60_000 + b'"'))
        assert net.expect(Closed) == Closed(1006, reasons.TIMEOUT)


def test_who_reads_late_gets_everything_while_it_talks() -> None:
    """A daemon that resumes does not read before it was heard: both sides have full buffers."""
    got: list[bytes] = []

    def act(peer: Peer) -> None:
        peer.let_in()
        peer.say(A_PONG * 200_000)
        for _ in range(100):
            got.append(peer.frame()[1])

    with stranger(act) as it, linked() as net:
        net.ask(it.open, Opened)
        for number in range(100):
            net.link.tell(Say(b"%d" % number + b" " * 60_000))
        for _ in range(200_000):
            net.expect(Heard)
        net.expect(Closed)
    assert [int(said) for said in got] == list(range(100))


# Something newer


@pytest.mark.parametrize("act", [wait_for_end, Peer.upgrade, says(b"HTTP/1.1 101 ")])
def test_opening_gives_way(act: Callable[[Peer], object]) -> None:
    def slow(peer: Peer) -> None:
        act(peer)
        wait_for_end(peer)

    with stranger(slow) as it, stranger(after(A_PONG)) as good, linked(patience_s=NEVER) as net:
        for newer in (Close(), Open(it.server, "t"), Close()):
            net.link.tell(it.open)
            time.sleep(0.05)
            net.link.tell(Say(b"not heard by anybody"))
            net.link.tell(newer)
        began_s = time.monotonic()
        net.ask(good.open, Opened)
        assert time.monotonic() - began_s < stretched(1)
        assert net.expect(Heard).frame == Pong()


def test_signing_in_gives_way_and_the_later_is_answered() -> None:
    good = answers(b"OK: Logged in as dory SESSION: rg1_b\n")
    with stranger(wait_for_end) as it, stranger(good) as other, linked(patience_s=NEVER) as net:
        net.link.tell(SignIn(it.server, "dory", PASSWORD, ""))
        time.sleep(0.05)
        assert net.ask(SignIn(other.server, "dory", PASSWORD, ""), SignedIn).token == "rg1_b"
        assert net.silent(0.05)


@pytest.mark.parametrize("is_open", [True, False])
def test_stopping_does_not_wait_for_who_is_slow(is_open: bool) -> None:
    def act(peer: Peer) -> None:
        if is_open:
            peer.let_in()
        time.sleep(stretched(1.5))

    with stranger(act) as it, linked(patience_s=NEVER) as net:
        if is_open:
            net.ask(it.open, Opened)
        else:
            net.link.tell(it.open)
            time.sleep(0.05)
        began_s = time.monotonic()
        net.link.stop()
        assert time.monotonic() - began_s < stretched(0.9)
        assert not net.link._thread.is_alive()


def test_every_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """One where nobody listens, one that does not answer, and the right one."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    crowd = [socket.socket() for _ in range(4)]
    for one in crowd:
        one.setblocking(False)
        one.connect_ex(full.getsockname())
    with stranger(after(A_PONG)) as it, linked(patience_s=1.5) as net:
        kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        places = [
            (socket.AF_INET6, *kind, ("::1", it.port, 0, 0)),
            (socket.AF_INET, *kind, full.getsockname()),
            (socket.AF_INET, *kind, ("127.0.0.1", it.port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: places)
        began_s = time.monotonic()
        net.ask(it.open, Opened)
        assert time.monotonic() - began_s > 0.5
        assert net.expect(Heard).frame == Pong()
    for one in (*crowd, full):
        one.close()
