"""Bad input on both ports: a documented answer, nothing stored, and nobody else notices."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode

from tests.cast import SocketPerson, Telephone, WebSocket
from tests.daemon import PASSWORD, Daemon

CLOSES = "(closes)"
LINES: dict[str, tuple[bytes, list[str]]] = {
    "no command": (b"ciao\n", ["invalid_request"]),
    "unknown command": (b"/fly\n", ["invalid_request"]),
    "capitals": (b"/REGISTER a b\n", ["invalid_request"]),
    "missing arguments": (b"/register\n/login\n/send_private_message\n", ["invalid_request"] * 3),
    "too many arguments": (b"/quit now\n/logout a b\n", ["invalid_request"] * 2),
    "a quote that does not end": (b'/register ugo "password\n', ["invalid_request"]),
    "a bad name": (b"/register u,go password\n/register .. password\n", ["invalid_username"] * 2),
    "a long name": (b"/register " + b"u" * 33 + b" password\n", ["invalid_username"]),
    "a name in another script": (
        "/register \u0443\u0433\u043e password\n".encode(), ["invalid_username"]
    ),
    "a short password": (b"/register ugo 1234567\n", ["invalid_password"]),
    "a long password": (b"/register ugo " + b"x" * 1025 + b"\n", ["invalid_password"]),
    "wrong tokens": (
        b"/auth x\n/all_users rg1_x\n/logout ''\n/validate_session -\n", ["invalid_session"] * 4
    ),
    "the token of somebody in another spelling": (
        b"/validate_session {TOKEN}x\n/validate_session {token}\n", ["invalid_session"] * 2
    ),
    "invalid UTF-8": (b"\xff\xfe\xfa\n/register \xc3( password\n", ["invalid_request"] * 2),
    "NUL": (b"\0\n/register u\0go password\n", ["invalid_request", "invalid_username"]),
    "control characters in a message": (
        b"/private {TOKEN} {NAME} \x1b[2J\n/private {TOKEN} {NAME} a\0b\n", ["invalid_content"] * 2
    ),
    "an empty message": (b"/private {TOKEN} {NAME}  \n", ["invalid_request"]),
    "a blank message": (b"/private {TOKEN} {NAME} \xe3\x80\x80\n", ["invalid_content"]),
    "a long message": (b"/private {TOKEN} {NAME} " + b"x" * 4097 + b"\n", ["message_too_long"]),
    "a message to nobody": (b"/private {TOKEN} nobody ciao\n", ["not_found"]),
    "SQL": (b"/private {TOKEN} ' ciao\n/get_private_messages {TOKEN} a';--\n", ["not_found"] * 2),
    "numbers that are none": (
        b"/get_private_messages {TOKEN} {NAME} limit=x\n"
        b"/get_private_messages {TOKEN} {NAME} before=-1\n"
        b"/get_private_messages {TOKEN} {NAME} after=9223372036854775808\n"
        b"/get_private_messages {TOKEN} {NAME} limit=1.5\n",
        ["invalid_request"] * 4,
    ),
    "a short client_id": (b"/private {TOKEN} {NAME} id=1 ciao\n", ["invalid_request"]),
    "a long line": (b"/help " + b"x" * 8192 + b"\n/help\n", ["invalid_request", CLOSES]),
    "a line without an end": (b"x" * 20_000, ["invalid_request", CLOSES]),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ["invalid_request", CLOSES]),
    "HTTP after something else": (
        b"ciao\nPOST / HTTP/1.1\r\n/help\n", ["invalid_request"] * 2 + [CLOSES]
    ),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + b"\n", ["invalid_request"]),
}  # fmt: skip

SEND = '{"message_type":"send_message","chat_type":"private","to_user":"{NAME}","content":"ciao"'
FRAMES: dict[str, tuple[str | bytes, str | int]] = {
    "no JSON": ("ciao", "invalid_request"),
    "half a JSON": (SEND, "invalid_request"),
    "a list": ("[]", "invalid_request"),
    "a number": ("42", "invalid_request"),
    "null": ("null", "invalid_request"),
    "nothing": ("", "invalid_request"),
    "no message_type": ("{}", "invalid_request"),
    "an unknown message_type": ('{"message_type":"fly"}', "invalid_request"),
    "a message_type that is no text": ('{"message_type":{}}', "invalid_request"),
    "deep nesting": ('{"a":' * 9000, "invalid_request"),
    "a content that is no text": (SEND.replace('"ciao"', "{}") + "}", "invalid_request"),
    "no content": (SEND.replace(',"content":"ciao"', "}"), "invalid_request"),
    "an empty content": (SEND.replace("ciao", "") + "}", "invalid_content"),
    "a blank content": (SEND.replace("ciao", " \\n\\t") + "}", "invalid_content"),
    "NUL": (SEND.replace("ciao", "a\\u0000b") + "}", "invalid_content"),
    "control characters": (SEND.replace("ciao", "\\u001b[2J") + "}", "invalid_content"),
    "half a character": (SEND.replace("ciao", "\\ud800") + "}", "invalid_request"),
    "a long content": (SEND.replace("ciao", "x" * 4097) + "}", "message_too_long"),
    "nobody": (SEND.replace("{NAME}", "nobody") + "}", "not_found"),
    "nobody's name": (SEND.replace("{NAME}", "no\\u0000body' OR 1=1") + "}", "not_found"),
    "no receiver": (SEND.replace('"to_user":"{NAME}",', "") + "}", "invalid_request"),
    "a chat of another type": (SEND.replace("private", "public") + "}", "invalid_request"),
    "a group": (SEND.replace('private","to_user', 'group","group_id') + "}", "not_a_member"),
    "a short client_id": (SEND + ',"client_id":"1"}', "invalid_request"),
    "a reply to nothing": (SEND + ',"reply_to":999999}', "not_found"),
    "a reply to infinity": (SEND + ',"reply_to":1e999}', "invalid_request"),
    "a long request_id": (SEND + ',"request_id":"' + "x" * 65 + '"}', "invalid_request"),
    "a page too large": (
        '{"message_type":"get_messages","chat_type":"private","to_user":"{NAME}","limit":201}',
        "invalid_request",
    ),
    "a binary frame": (b"\x00\x01", 1003),
    "a large frame": ("x" * 65537, 1009),
}


class Witness:
    """What is stored, and two people who talk and must notice nothing."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.luigi, self.dory = SocketPerson(daemon, "luigi"), SocketPerson(daemon, "dory")

    def watch(self) -> None:
        self._talk("prima")
        self._before = self._stored()

    def noticed_nothing(self) -> None:
        assert self._stored() == self._before
        assert self.luigi.socket.silent()
        assert self.dory.socket.silent()
        self._talk("dopo")

    def _talk(self, content: str) -> None:
        self.luigi.sends(self.dory, content)
        self.dory.receives(self.luigi, content)
        self.luigi.receives(self.luigi, content)

    def _stored(self) -> list[int]:
        with sqlite3.connect(f"file:{self._daemon.database}?mode=ro", uri=True) as looking:
            return [
                looking.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
                for table in ("users", "sessions", "chats", "entries")
            ]


@pytest.fixture(scope="module")
def people(running_daemon: Daemon) -> Iterator[Witness]:
    """Two who talk through all of it."""
    witness = Witness(running_daemon)
    yield witness
    witness.luigi.leaves()
    witness.dory.leaves()


@pytest.fixture
def witness(daemon: Daemon, people: Witness) -> Iterator[Witness]:
    people.watch()
    yield people
    people.noticed_nothing()


@pytest.mark.parametrize("what", LINES)
def test_on_the_line_port(what: str, daemon: Daemon, witness: Witness) -> None:
    said, codes = LINES[what]
    said = said.replace(b"{TOKEN}", witness.luigi.token.encode())
    said = said.replace(b"{token}", witness.luigi.token.lower().encode())
    said = said.replace(b"{NAME}", witness.dory.name.encode())
    with Telephone(daemon.tcp_port) as line:
        line.socket.sendall(said)
        for code in codes:
            heard = line.hear()
            if code is CLOSES:
                assert heard == ""
                return
            assert heard.startswith("ERR: "), heard
            assert heard.endswith(f" [{code}]"), heard
        assert line.ask("/quit") == "OK: Disconnected"


@pytest.mark.parametrize("what", FRAMES)
def test_on_the_websocket(what: str, daemon: Daemon, witness: Witness) -> None:
    said, answer = FRAMES[what]
    if isinstance(said, str):
        said = said.replace("{NAME}", witness.dory.name)
    mallory = WebSocket(daemon.url, witness.luigi.token)
    mallory.socket.send(said)
    if isinstance(answer, int):
        with pytest.raises(ConnectionClosedError) as closed:
            mallory.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == answer
    else:
        heard = mallory.hear()
        assert (heard["message_type"], heard["code"]) == ("error", answer)
        assert heard["error"].endswith(".")
        assert mallory.silent()
    mallory.hang_up()


def test_invalid_utf_8_on_the_websocket(daemon: Daemon, witness: Witness) -> None:
    mallory = WebSocket(daemon.url, witness.luigi.token)
    bad = Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True)
    mallory.socket.socket.sendall(bad)
    with pytest.raises(ConnectionClosedError) as closed:
        mallory.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007


@pytest.mark.parametrize("first", ["ciao", "{}", SEND + "}", '{"message_type":"auth"}', "[1]"])
def test_before_authentication(first: str, daemon: Daemon, witness: Witness) -> None:
    """4500 for what is no auth; an auth without a token is one with a wrong token: 4501."""
    mallory = WebSocket(daemon.url)
    mallory.socket.send(first)
    heard = mallory.hear()
    assert (heard["message_type"], heard["success"]) == ("auth_response", False)
    with pytest.raises(ConnectionClosedError) as closed:
        mallory.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == (4501 if '"auth"' in first else 4500)


def test_nothing_can_be_forged_in_the_log(daemon: Daemon, witness: Witness) -> None:
    """Not by a name, a device, a header or a path; and no content is in it."""
    forged = "2026-01-01T00:00:00.000Z [INFO] forged"
    with Telephone(daemon.tcp_port) as line:
        line.ask(f'/login {witness.luigi.name} "not {PASSWORD}" "x\\\\n{forged}"')
        line.ask(f"/register {forged} {PASSWORD}\r{forged}")
    WebSocket(
        daemon.url + "/%0a" + forged.replace(" ", "%20"), witness.luigi.token,
        additional_headers={"X-Forged": forged}, user_agent_header=forged,
    ).hang_up()  # fmt: skip
    witness.luigi.socket.say(message_type=f"x\n{forged}")
    witness.luigi.socket.hear()
    log = daemon.log()
    assert not [
        line for line in log.splitlines() if line.startswith(forged[:24] + " [INFO] forged")
    ]
    assert "prima" not in log


def test_a_request_that_is_refused_keeps_its_ids(daemon: Daemon, witness: Witness) -> None:
    """So that a client knows which of its sends was refused."""
    luigi = witness.luigi.socket
    heard = luigi.ask(
        message_type="send_message", chat_type="private", to_user="nobody", content="x",
        request_id="7", client_id="0f8e0001",
    )  # fmt: skip
    assert (heard["request_id"], heard["client_id"], heard["code"]) == (
        "7",
        "0f8e0001",
        "not_found",
    )
