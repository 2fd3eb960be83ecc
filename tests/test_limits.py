"""Every limit of a real daemon is enforced, and the connection beside it goes on."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.cast import LinePerson, SocketPerson, Telephone, WebSocket, register
from tests.daemon import Daemon, wait_until
from tests.patience import stretched

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.fixture(scope="module")
def hasty_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """The same limits, in less time."""
    daemon = Daemon(
        tmp_path_factory.mktemp("hasty"),
        "--auth-timeout", "0.5", "--handshake-timeout", "2", "--ping-interval", "2",
        "--ping-timeout", "2", "--line-idle-timeout", "1.5", "--line-auth-timeout", "1.5",
        "--max-group-members", "2",
        "--allowed-origins", "https://Chat.example.org,http://lan.example.org:8000",
    ).start()  # fmt: skip
    yield daemon
    daemon.stop()


def close_code(there: WebSocket) -> int:
    """The code that the daemon closes with, after whatever it still had to say."""
    return hear_all(there)[1]


def raw(daemon: Daemon) -> socket.socket:
    """A bare connection to the WebSocket port."""
    return socket.create_connection(("127.0.0.1", daemon.websocket_port), 5)


def answer(connection: socket.socket) -> bytes:
    """Everything until the daemon closes."""
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            heard += data
    return heard


def test_silence_before_authentication(hasty_daemon: Daemon) -> None:
    assert close_code(WebSocket(hasty_daemon.url)) == 4004


def test_a_handshake_that_does_not_come_to_an_end(hasty_daemon: Daemon) -> None:
    """Slow ones too: every byte in time, but not all of them."""
    with raw(hasty_daemon) as connection:
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in UPGRADE:
                connection.sendall(bytes([byte]))
                time.sleep(0.04)
        answer(connection)
        assert time.monotonic() - begun < stretched(4)


def test_the_head_of_a_handshake_is_at_most_8_kib(daemon: Daemon) -> None:
    """In one piece or in many, finished or not."""
    fits = UPGRADE + b"X-Long: " + b"x" * 7000 + b"\r\n\r\n"
    with raw(daemon) as connection:
        connection.sendall(fits)
        assert connection.recv(65536).startswith(b"HTTP/1.1 101 ")
    for end in (b"\r\n\r\n", b""):
        with raw(daemon) as connection:
            connection.sendall(UPGRADE + b"X-Long: " + b"x" * 9000 + end)
            assert answer(connection).startswith(b"HTTP/1.1 431 ")
    with raw(daemon) as connection, contextlib.suppress(ConnectionResetError, BrokenPipeError):
        for _ in range(2000):
            connection.sendall(b"X-Header: again\r\n")
        assert answer(connection)[:5] in (b"", b"HTTP/")


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        ("https://chat.example.org", True),
        ("https://CHAT.example.org:443", True),
        ("http://lan.example.org:8000", True),
        ("http://lan.example.org", False),
        ("https://chat.example.org:444", False),
        ("https://evil.example.org", False),
        ("http://chat.example.org", False),
        ("https://chat.example.org.evil.org", False),
        ("null", False),
    ],
)
def test_a_foreign_origin_is_refused(hasty_daemon: Daemon, origin: str, accepted: bool) -> None:
    """A page of another site in a person's browser."""
    if accepted:
        WebSocket(hasty_daemon.url, origin=origin).hang_up()
        return
    with pytest.raises(InvalidStatus) as refused:
        WebSocket(hasty_daemon.url, origin=origin)
    assert 400 <= refused.value.response.status_code < 500


def test_no_origin_is_allowed_unless_configured(daemon: Daemon) -> None:
    """Programs, which send none, are welcome."""
    with pytest.raises(InvalidStatus) as refused:
        WebSocket(daemon.url, origin="http://localhost")
    assert 400 <= refused.value.response.status_code < 500


def test_a_peer_that_answers_no_ping_is_closed(hasty_daemon: Daemon) -> None:
    _, token = register(hasty_daemon, "luigi")
    with raw(hasty_daemon) as connection:
        connection.sendall(UPGRADE + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 101 ")
        auth = b'{"message_type":"auth","session_token":"%b"}' % token.encode()
        connection.sendall(bytes([0x81, 0x80 | len(auth), 0, 0, 0, 0]) + auth)
        begun = time.monotonic()
        heard = answer(connection)
    assert b'"success":true' in heard
    assert time.monotonic() - begun < stretched(6)


def test_a_peer_that_answers_pings_stays(hasty_daemon: Daemon) -> None:
    _, token = register(hasty_daemon, "luigi")
    there = WebSocket(hasty_daemon.url, token)
    with pytest.raises(TimeoutError):
        there.hear(4.5)
    assert there.silent()
    there.hang_up()


def test_a_line_connection_may_not_be_silent_for_ever(hasty_daemon: Daemon) -> None:
    _, token = register(hasty_daemon, "luigi")
    for said in ("", f"/validate_session {token}"):
        with Telephone(hasty_daemon.tcp_port) as line:
            if said:
                assert line.ask(said).startswith("OK: ")
            assert line.hear().endswith("[invalid_request]")
            assert line.hear() == ""


def test_compression_is_off(daemon: Daemon) -> None:
    """A client that offers it gets none: small messages, and no oracle for what they hold."""
    with connect(daemon.url, compression="deflate", proxy=None) as offered:
        assert offered.protocol.extensions == []


def test_ten_connections_a_user(daemon: Daemon) -> None:
    """The oldest gets 4502, the others stay; other users have their own."""
    _, token = register(daemon, "luigi")
    _, other = register(daemon, "dory")
    dory = WebSocket(daemon.url, other)
    sockets = [WebSocket(daemon.url, token) for _ in range(11)]
    assert close_code(sockets[0]) == 4502
    assert all(there.silent() for there in (*sockets[1:], dory))
    for there in (*sockets, dory):
        there.hang_up()


def test_a_group_takes_no_more_members_than_it_may_have(hasty_daemon: Daemon) -> None:
    """Who was invited while there was room, who joins and who is invited then: nobody comes in."""
    (_, owner), (guest, late), (_, other), (fourth, _) = (
        register(hasty_daemon, name) for name in ("luigi", "dory", "gita", "anna")
    )
    phone = Telephone(hasty_daemon.tcp_port)
    group = phone.ask(f"/create_group {owner} crew {guest}").split()[-1]
    assert phone.ask(f"/open_group {owner} {group}").startswith("OK")
    assert phone.ask(f"/join_group {other} {group}").startswith("OK")
    invite = (
        phone.ask(f"/my_group_invites {late}").removeprefix("OK: Group invites: ").split(":")[0]
    )
    full = "ERR: A group has at most 2 members. [forbidden]"
    assert phone.ask(f"/accept_group_invite {late} {invite}") == full
    assert phone.ask(f"/join_group {late} {group}") == full
    assert phone.ask(f"/invite {owner} {fourth} {group}") == full
    assert phone.ask(f"/leave_group {other} {group}").startswith("OK")
    assert phone.ask(f"/accept_group_invite {late} {invite}").startswith("OK")


def test_a_reader_too_slow_is_closed_with_4003_and_reads_the_rest_from_the_log(
    daemon: Daemon,
) -> None:
    """The sender and the reader's other connection notice nothing; nothing is lost."""
    luigi, dory = SocketPerson(daemon, "luigi"), SocketPerson(daemon, "dory")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.settimeout(10)
    slow.connect(("127.0.0.1", daemon.websocket_port))
    slow.sendall(UPGRADE + b"\r\n")
    auth = b'{"message_type":"auth","session_token":"%b"}' % dory.token.encode()
    slow.sendall(bytes([0x81, 0x80 | len(auth), 0, 0, 0, 0]) + auth)
    wait_until(lambda: daemon.log().count("[WS:AUTH]") >= 3)
    count = 1500
    for first in range(0, count, 50):
        contents = [f"{number} " + "x" * 4000 for number in range(first, first + 50)]
        for content in contents:
            luigi.socket.say(
                message_type="send_message", chat_type="private", to_user=dory.name, content=content
            )
        for content in contents:
            dory.receives(luigi, content)
        for _ in range(100):
            luigi.socket.hear()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    heard = b""
    while (4003).to_bytes(2, "big") not in heard[-60:]:
        data = slow.recv(1 << 20)
        assert data
        heard += data
    slow.close()
    assert heard.count(b'"incoming_message"') < count
    page = dory.socket.ask(
        message_type="get_messages", chat_type="private", to_user=luigi.name, after=count - 5
    )
    assert [message["seq"] for message in page["messages"]] == list(range(count - 4, count + 1))


def test_a_page_of_the_longest_messages_still_fits_a_client(daemon: Daemon) -> None:
    """Three of them are a page; `has_more` says that there is more."""
    luigi, dory = SocketPerson(daemon, "luigi"), SocketPerson(daemon, "dory")
    for _ in range(8):
        luigi.sends(dory, "👩" * 4096)
    newest = dory.socket
    newest.say(message_type="get_messages", chat_type="private", to_user=luigi.name)
    [*_, page] = newest.hear_until("get_messages_result")
    assert [message["seq"] for message in page["messages"]] == [6, 7, 8]
    assert page["has_more"]
    page = newest.ask(message_type="get_messages", chat_type="private", to_user=luigi.name, after=2)
    assert [message["seq"] for message in page["messages"]] == [3, 4, 5]
    assert page["has_more"]


def test_two_thousand_commands_at_once_are_answered_in_order(daemon: Daemon) -> None:
    """Pipelined without a look at the answers; memory is bounded by pausing the reading."""
    name, token = register(daemon, "luigi")
    with Telephone(daemon.tcp_port) as line:
        commands = [f"/auth {token}"] + [f"/private - {name} n. {n}" for n in range(2000)]
        line.socket.sendall("".join(f"{command}\n" for command in commands).encode())
        line.half_close()
        assert line.hear() == f"OK: Authenticated as {name}"
        assert [line.hear() for _ in range(2000)] == [
            f"OK: Message sent {n}" for n in range(1, 2001)
        ]
        assert line.hear() == ""


def test_too_many_logins_at_once_are_put_off(own_daemon: Daemon) -> None:
    """A bounded queue, an answer that says when to come back, and a chat that goes on."""
    own_daemon._options = ("--max-waiting-logins", "2")
    own_daemon.start()
    luigi = SocketPerson(own_daemon, "luigi")
    lines = [Telephone(own_daemon.tcp_port) for _ in range(8)]
    for line in lines:
        line.say("/login nobody wrong-password")
    luigi.sends(luigi, "intanto")
    answers = [line.hear() for line in lines]
    for line in lines:
        line.hang_up()
    put_off = [a for a in answers if a.endswith("[unavailable retry_after=1.0]")]
    assert put_off
    assert len(put_off) + sum(a.endswith("[invalid_credentials]") for a in answers) == 8


def test_stopping_finishes_what_is_in_flight(own_daemon: Daemon) -> None:
    """Every message that came before SIGTERM is acknowledged or refused; then 1001."""
    own_daemon.start()
    name, token = register(own_daemon, "luigi")
    there = WebSocket(own_daemon.url, token)
    watching = Telephone(own_daemon.tcp_port)
    assert watching.ask(f"/watch {token}") == "OK: Watching"
    for number in range(200):
        there.say(
            message_type="send_message", chat_type="private", to_user=name, content=f"n. {number}"
        )
    own_daemon.process.terminate()
    frames, code = hear_all(there)
    assert own_daemon.process.wait(10) == 0
    assert (frames.count("server_shutdown"), code) == (1, 1001)
    acknowledged = frames.count("message_sent")
    assert frames.count("incoming_message") == acknowledged
    assert acknowledged + frames.count("error") == 200
    heard = [watching.hear() for _ in range(acknowledged + 1)]
    assert heard[-1].endswith("[unavailable]")
    own_daemon.check_log()
    own_daemon.start()
    with Telephone(own_daemon.tcp_port) as line:
        assert line.ask(f"/private {token} {name} dopo") == f"OK: Message sent {acknowledged + 1}"


def hear_all(there: WebSocket) -> tuple[list[str], int]:
    """The type of every frame until the daemon closes, and the code it closes with."""
    types: list[str] = []
    try:
        while True:
            types.append(there.hear()["message_type"])
    except ConnectionClosed as closed:
        return types, closed.rcvd.code if closed.rcvd is not None else 1006


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux shows its timers")
def test_who_vanishes_without_a_word_is_not_online_for_ever(daemon: Daemon) -> None:
    """A line that watches may be silent: the system asks whether its peer is there."""
    luigi = LinePerson(daemon, "luigi")
    lines = [line.split() for line in Path("/proc/net/tcp").read_text("utf-8").splitlines()[1:]]
    timers = [
        line[5].split(":")[0]
        for line in lines
        if line[1].endswith(f":{daemon.tcp_port:04X}") and line[3] == "01"
    ]
    assert len(timers) >= 2
    assert set(timers) == {"02"}, "02 is the keep-alive timer (proc_net_tcp in the kernel's manual)"
    luigi.leaves()
