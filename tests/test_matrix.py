"""Who may do what: every command, by everybody, with every kind of token.

Luigi owns a group and has written in it; Dory is a member, Ugo is not, Ada has left, and Eva is
blocked by Luigi. Whatever is refused leaves the database as it was, row by row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from ruggine.wire import lines, requests
from tests.cast import Telephone, WebSocket
from tests.contract import LineActor, request_of
from tests.daemon import PASSWORD, Daemon

STANDINGS = {"member": "dory", "stranger": "ugo", "ex-member": "ada", "blocked": "eva"}
OK, MEMBERS = ("OK",) * 4, ("OK", "not_a_member", "not_a_member", "not_a_member")
READERS = ("OK", "not_a_member", "OK", "not_a_member")
MANAGERS = ("forbidden", "not_a_member", "not_a_member", "not_a_member")
BY_CHAT_ID = ("OK", "not_found", "not_a_member", "not_found")
WELCOME = ("OK", "OK", "OK", "forbidden")
NOBODY = ("not_found",) * 4

MATRIX: dict[str, tuple[str, ...]] = {
    "/sessions -": OK,
    "/revoke_session - $session": NOBODY,
    "/change_password - sbagliata una-nuova-password": ("invalid_credentials",) * 4,
    "/delete_account - sbagliata": ("invalid_credentials",) * 4,
    "/online_users -": OK,
    "/all_users -": OK,
    "/send_friend_request - luigi ciao": WELCOME,
    "/accept_friend_request - luigi": NOBODY,
    "/reject_friend_request - luigi": NOBODY,
    "/remove_friend - luigi": NOBODY,
    "/list_friends -": OK,
    "/received_friend_requests -": OK,
    "/sent_friend_requests -": OK,
    "/block_user - luigi": OK,
    "/unblock_user - luigi": NOBODY,
    "/blocked_users -": OK,
    "/create_group - altro luigi": WELCOME,
    "/my_groups -": OK,
    "/group_members - $group": MEMBERS,
    "/invite - luigi $group": ("already_done", *MEMBERS[1:]),
    "/invite - frida $group": ("already_done", *MEMBERS[1:]),
    "/my_group_invites -": OK,
    "/accept_group_invite - $invite": NOBODY,
    "/reject_group_invite - $invite": NOBODY,
    "/join_group - $group": ("already_done", "forbidden", "forbidden", "forbidden"),
    "/join_group - $name": ("already_done", "forbidden", "forbidden", "forbidden"),
    "/open_group - $group": MANAGERS,
    "/close_group - $group": MANAGERS,
    "/leave_group - $group": MEMBERS,
    "/rename_group - $group mio": MANAGERS,
    "/remove_member - $group luigi": MANAGERS,
    "/set_role - $group luigi member": MANAGERS,
    "/send_private_message - luigi ciao": WELCOME,
    "/send_group_message - $group ciao": MEMBERS,
    "/get_private_messages - luigi": OK,
    "/get_group_messages - $group": READERS,
    "/delete_private_messages - luigi": OK,
    "/delete_group_messages - $group": READERS,
    "/edit_message - $group $seq mio": ("forbidden", *BY_CHAT_ID[1:]),
    "/edit_message - @luigi $private meglio": WELCOME,
    "/delete_message - $group $seq": ("forbidden", *BY_CHAT_ID[1:]),
    "/delete_message - @luigi $private": OK,
    "/search - segreto": OK,
    "/watch - $group": BY_CHAT_ID,
    "/watch - @luigi": OK,
    "/watch -": OK,
}
"""What each answers to a member, a stranger, an ex-member and a blocked user."""

GROUP = {"chat_type": "group", "group_id": "$group"}
PRIVATE = {"chat_type": "private", "to_user": "luigi"}
BY_ID = {"chat_id": "$group"}
SOCKET_MATRIX: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"message_type": "send_message", **GROUP, "content": "ciao"}, MEMBERS),
    ({"message_type": "send_message", **GROUP, "content": "ciao", "reply_to": "$seq"}, MEMBERS),
    ({"message_type": "send_message", **PRIVATE, "content": "ciao"}, WELCOME),
    ({"message_type": "get_messages", **GROUP}, READERS),
    ({"message_type": "get_messages", **PRIVATE}, OK),
    ({"message_type": "mark_read", **GROUP, "seq": 2}, MEMBERS),
    ({"message_type": "mark_read", **PRIVATE, "seq": 1}, OK),
    ({"message_type": "mute_chat", **GROUP}, MEMBERS),
    ({"message_type": "mute_chat", **PRIVATE}, OK),
    ({"message_type": "react", **GROUP, "seq": "$seq", "emoji": "👍"}, MEMBERS),
    ({"message_type": "react", **PRIVATE, "seq": "$private", "emoji": "👍"}, WELCOME),
    ({"message_type": "search", "query": "segreto", **GROUP}, READERS),
    ({"message_type": "search", "query": "segreto", **PRIVATE}, OK),
    ({"message_type": "search", "query": "segreto"}, OK),
    ({"message_type": "send_message", **BY_ID, "content": "ciao"}, BY_CHAT_ID),
    ({"message_type": "get_messages", **BY_ID}, ("OK", "not_found", "OK", "not_found")),
    ({"message_type": "mark_read", **BY_ID, "seq": 2}, BY_CHAT_ID),
    ({"message_type": "mute_chat", **BY_ID}, BY_CHAT_ID),
    ({"message_type": "react", **BY_ID, "seq": "$seq", "emoji": "👍"}, BY_CHAT_ID),
    ({"message_type": "list_chats"}, OK),
]


class World:
    """A daemon of its own, the people, and a group that is new for each row."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.line = LineActor(daemon)
        self.tokens: dict[str, str] = {}
        for name in ("luigi", "frida", *STANDINGS.values()):
            self.tokens[name] = self.line.ask(f"/register {name} {PASSWORD}")[0].split()[-1]
        [session] = self.line.ask(f"/sessions {self.tokens['luigi']}")[1:-1]
        self.known = {"session": session.split()[0]}
        self._rounds = 0

    def ask(self, who: str, line: str) -> str:
        """The first line of the answer."""
        return self.line.ask(self.fill(line.replace(" -", f" {self.tokens[who]}", 1)))[0]

    def fill(self, text: str) -> str:
        for name, value in self.known.items():
            text = text.replace(f"${name}", value)
        return text

    def begin(self, caller: str) -> None:
        """Everybody in their place; what earlier rows did to each other is undone."""
        self._rounds += 1
        with closing(sqlite3.connect(self.daemon.database, timeout=5)) as database, database:
            for table in ("friends", "friend_requests", "group_invites", "blocks"):
                database.execute(f"DELETE FROM {table}")
            database.execute("UPDATE chat_members SET barred = 0")
            database.execute("UPDATE chat_members SET left_seq = 1 WHERE role IS NOT NULL")
        self.known["private"] = self.ask(caller, "/private - luigi da prima").split()[-1]
        self.known["name"] = f"gruppo{self._rounds}"
        self.known["group"] = self.ask("luigi", "/create_group - $name frida").split()[-1]
        invites = self.ask("frida", "/my_group_invites -")
        self.known["invite"] = invites.split(": ")[2].split(":")[0]
        self.ask("luigi", "/open_group - $group")
        for name in ("dory", "ada"):
            assert self.ask(name, "/join_group - $group") == "OK: Joined group"
        self.known["seq"] = self.ask("luigi", "/send - $group segreto").split()[-1]
        for who, line in (
            ("ada", "/leave_group - $group"),
            ("luigi", "/close_group - $group"),
            ("luigi", "/block_user - eva"),
        ):
            assert self.ask(who, line).startswith("OK")

    def rows(self) -> list[Any]:
        """All that a refused request must leave alone."""
        with closing(sqlite3.connect(self.daemon.database, timeout=5)) as database:
            columns = {
                "users": "*", "chats": "id, name, open, last_seq, closed", "chat_members": "*",
                "entries": "*", "reactions": "*", "group_invites": "*", "friend_requests": "*",
                "friends": "*", "blocks": "*", "sessions": "token_hash, id, user_id",
            }  # fmt: skip
            return [
                database.execute(f"SELECT {what} FROM {table}").fetchall()
                for table, what in columns.items()
            ]

    def request(self, who: str, fields: dict[str, Any]) -> dict[str, Any]:
        """The reply, over a WebSocket that is there for this one request."""
        socket = WebSocket(self.daemon.url, self.tokens[who])
        reply = socket.request(**fields)
        socket.hang_up()
        return reply


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    daemon = Daemon(tmp_path_factory.mktemp("matrix")).start()
    world = World(daemon)
    yield world
    world.line.leave()
    daemon.stop()


def check(world: World, before: list[Any], answer: str, expected: str) -> None:
    if expected == "OK":
        assert answer.startswith("OK"), answer
    else:
        assert answer.endswith(f"[{expected}]"), answer
        assert world.rows() == before


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("line", MATRIX)
def test_on_the_line_port(world: World, line: str, standing: str) -> None:
    """With somebody else's token one is somebody else; `/watch` gets a line of its own."""
    caller = STANDINGS[standing]
    world.begin(caller)
    before = world.rows()
    expected = MATRIX[line][list(STANDINGS).index(standing)]
    if not line.startswith("/watch"):
        check(world, before, world.ask(caller, line), expected)
        return
    with Telephone(world.daemon.tcp_port) as telephone:
        spoken = world.fill(line.replace(" -", f" {world.tokens[caller]}", 1))
        check(world, before, telephone.ask(spoken), expected)


REQUESTS = [
    *((request_of(line), codes) for line, codes in MATRIX.items()),
    *SOCKET_MATRIX,
]


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize(("request_", "codes"), REQUESTS, ids=lambda v: str(v)[:60])
def test_on_the_websocket(
    world: World, request_: dict[str, Any], codes: tuple[str, ...], standing: str
) -> None:
    caller = STANDINGS[standing]
    world.begin(caller)
    before = world.rows()
    filled = json.loads(world.fill(json.dumps(request_)))
    for field in ("seq", "reply_to"):
        if field in filled:
            filled[field] = int(filled[field])
    reply = world.request(caller, filled)
    answer = f"[{reply['code']}]" if reply["message_type"] == "error" else "OK"
    check(world, before, answer, codes[list(STANDINGS).index(standing)])


def test_the_matrix_has_every_command_that_takes_a_token() -> None:
    """Those about one's own session are tried with every token below."""
    own = {"validate_session", "auth", "logout", "logout_all"}
    tried = {lines.COMMANDS[line.split()[0][1:]].name for line in MATRIX}
    assert tried | own == {c.name for c in lines.COMMANDS.values() if c.takes_token}


@pytest.mark.parametrize("name", [n for n, c in lines.COMMANDS.items() if c.takes_token])
def test_no_other_token_lets_anybody_in(world: World, name: str) -> None:
    """None at all, a made-up one, an expired one, an ended one, and `-` before /auth."""
    usage = lines.COMMANDS[name].usage
    rest = next((m.split(" - ", 1)[1] for m in MATRIX if m.startswith(f"/{name} - ")), "x y z")
    world.begin("dory")
    expired = world.line.ask(f"/login ugo {PASSWORD}")[0].split()[-1]
    ended = world.line.ask(f"/login ugo {PASSWORD}")[0].split()[-1]
    assert world.line.ask(f"/logout {ended}") == ["OK: Logout successful"]
    with closing(sqlite3.connect(world.daemon.database, timeout=5)) as database, database:
        database.execute(
            "UPDATE sessions SET last_seen_s = 1, created_s = 1 "
            "WHERE created_s = (SELECT MAX(created_s) FROM sessions)"
        )
    before = world.rows()
    assert "<token>" in usage
    assert world.line.ask(f"/{name}")[0].endswith("[invalid_request]")
    for token in ("rg1_" + "x" * 43, expired, ended, "-", "''", world.known["session"]):
        with Telephone(world.daemon.tcp_port) as telephone:
            answer = telephone.ask(world.fill(f"/{name} {token} {rest}"))
        assert answer.endswith(("[invalid_session]", "[invalid_request]")), answer
        if rest != "x y z":
            assert answer.endswith("[invalid_session]"), answer
    assert world.rows() == before


BEFORE_AUTH = (requests.Auth, requests.Register, requests.Login)


@pytest.mark.parametrize(
    "name",
    [cls.__struct_config__.tag for cls in requests.AnyRequest.__args__ if cls not in BEFORE_AUTH],
)
def test_no_other_request_comes_before_auth(world: World, name: str) -> None:
    """Not even a well-formed one."""
    example = next((r for r, _ in REQUESTS if r["message_type"] == name), {"message_type": name})
    before = world.rows()
    socket = WebSocket(world.daemon.url)
    refusal = socket.ask(**{**example, "session_token": world.tokens["luigi"]})
    assert (refusal["message_type"], refusal["success"]) == ("auth_response", False)
    with pytest.raises(ConnectionClosed) as closed:
        socket.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4500
    socket.hang_up()
    assert world.rows() == before


def test_an_expired_session_is_no_session_on_the_websocket(world: World) -> None:
    token = world.line.ask(f"/login ugo {PASSWORD}")[0].split()[-1]
    with closing(sqlite3.connect(world.daemon.database, timeout=5)) as database, database:
        database.execute(
            "UPDATE sessions SET last_seen_s = 1, created_s = 1 "
            "WHERE created_s = (SELECT MAX(created_s) FROM sessions)"
        )
    for bad in (token, "rg1_" + "x" * 43, ""):
        socket = WebSocket(world.daemon.url, bad)
        assert (socket.welcome["success"], socket.welcome["code"]) == (False, "invalid_session")
        socket.hang_up()


def test_what_is_not_ones_own_and_what_is_not_there_answer_alike(world: World) -> None:
    """Sentence and all: nobody can find out which groups there are."""
    world.begin("ugo")
    nothing = "00000000-0000-4000-8000-000000000000"
    for line in MATRIX:
        if "$group" in line or "$invite" in line:
            there = world.ask("ugo", line)
            with_nothing = line.replace("$group", nothing).replace("$invite", nothing)
            assert world.ask("ugo", with_nothing) == there, line
    for request, _ in SOCKET_MATRIX:
        if request.get("group_id"):
            asked = {**request, "seq": 2, "reply_to": 2, "group_id": world.known["group"]}
            there = world.request("ugo", asked)
            assert world.request("ugo", {**asked, "group_id": nothing}) == there, request
