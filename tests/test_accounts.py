"""Accounts and sessions as the contract has them, typed on the line port of a real daemon."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import statistics
import time
import uuid
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.cast import Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon, wait_until


@pytest.fixture
def line(daemon: Daemon) -> Iterator[Telephone]:
    with Telephone(daemon.tcp_port) as line:
        yield line


def rows(daemon: Daemon, sql: str, *values: object) -> list[tuple[object, ...]]:
    """What an operator sees."""
    with sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True) as looking:
        return looking.execute(sql, values).fetchall()


def events(daemon: Daemon, name: str) -> list[object]:
    return [
        row[0]
        for row in rows(
            daemon,
            "SELECT event FROM session_events JOIN users ON users.id = user_id WHERE name = ? "
            "ORDER BY session_events.id",
            name,
        )
    ]


def refused(answer: str, code: str) -> bool:
    return answer.startswith("ERR: ") and answer.endswith(f"[{code}]")


def test_a_name_is_taken_in_any_case(daemon: Daemon, line: Telephone) -> None:
    name, _ = register(daemon, "Luigi")
    for taken in (name, name.upper(), name.lower()):
        assert refused(line.ask(f"/register {taken} another-password"), "username_taken")


def test_two_who_register_one_name_at_once_are_not_both_served(daemon: Daemon) -> None:
    name = f"twin.{time.time_ns()}"
    with Telephone(daemon.tcp_port) as one, Telephone(daemon.tcp_port) as other:
        one.say(f"/register {name} {PASSWORD}")
        other.say(f"/register {name.upper()} {PASSWORD}")
        answers = sorted([one.hear(), other.hear()])
    assert refused(answers[0], "username_taken")
    assert answers[1].startswith("OK: Registered")


def test_login_in_any_case_starts_a_session_beside_the_others(
    daemon: Daemon, line: Telephone
) -> None:
    name, token = register(daemon, "Luigi")
    answer = line.ask(f"/login {name.upper()} {PASSWORD} telefono")
    assert answer.startswith(f"OK: Logged in as {name} SESSION: rg1_")
    for valid in (token, answer.split()[-1]):
        assert line.ask(f"/validate_session {valid}") == f"OK: {name}"


def test_a_token_is_256_random_bits_and_only_its_hash_is_stored(daemon: Daemon) -> None:
    name, token = register(daemon, "luigi")
    assert re.fullmatch(r"rg1_[A-Za-z0-9_-]{43}", token)
    digest = hashlib.sha256(token.encode()).digest()
    assert rows(daemon, "SELECT 1 FROM sessions WHERE token_hash = ?", digest) == [(1,)]
    everything = b"".join(
        file.read_bytes() for file in daemon.database.parent.iterdir() if file.is_file()
    )
    assert token.encode() not in everything
    assert PASSWORD.encode() not in everything
    [(stored,)] = rows(daemon, "SELECT password_hash FROM users WHERE name = ?", name)
    assert str(stored).startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_an_unknown_user_and_a_wrong_password_are_one_answer(
    daemon: Daemon, line: Telephone
) -> None:
    """And the same work: medians within a factor that no missing hash could hide."""
    name, _ = register(daemon, "luigi")
    answers: dict[str, set[str]] = {name: set(), "nobody": set()}
    seconds: dict[str, list[float]] = {name: [], "nobody": []}
    line.ask("/login nobody wrong-password")
    for _ in range(5):
        for who in answers:
            begun = time.perf_counter()
            answers[who].add(line.ask(f"/login {who} wrong-password"))
            seconds[who].append(time.perf_counter() - begun)
    assert answers[name] == answers["nobody"]
    assert refused(answers[name].pop(), "invalid_credentials")
    known, unknown = (statistics.median(values) for values in seconds.values())
    assert 1 / 3 < known / unknown < 3
    assert events(daemon, name).count("failed_login") == 5


def test_a_login_may_replace_the_session_of_its_device(daemon: Daemon, line: Telephone) -> None:
    """Whose connections close; without a device there is nothing to replace."""
    name, token = register(daemon, "luigi")
    phone = line.ask(f"/login {name} {PASSWORD} phone").split()[-1]
    first = line.ask(f"/login {name} {PASSWORD} cron replace=yes").split()[-1]
    socket = WebSocket(daemon.url, first)
    for replace in ("", "replace=no", "replace=yes=yes"):
        answer = line.ask(f"/login {name} wrong-password {replace}")
        assert refused(answer, "invalid_request" if replace else "invalid_credentials")
    assert refused(line.ask(f"/login {name} {PASSWORD} replace=yes"), "invalid_request")
    assert refused(
        line.ask(f"/login {name} wrong-password cron replace=yes"), "invalid_credentials"
    )
    assert socket.silent()
    second = line.ask(f"/login {name} {PASSWORD} cron replace=yes").split()[-1]
    closes_with_4501(socket)
    assert refused(line.ask(f"/validate_session {first}"), "invalid_session")
    for valid in (token, phone, second):
        assert line.ask(f"/validate_session {valid}") == f"OK: {name}"
    # A device of that name is named in quotes.
    named = line.ask(f'/login {name} {PASSWORD} "replace=yes"').split()[-1]
    assert line.ask_lines(f"/sessions {named}")[-1].split()[1] == "replace=yes"


def test_a_user_has_so_many_sessions_at_most(own_daemon: Daemon) -> None:
    """The one that a client uses stays, the newest is valid, and the longest unused has ended."""
    own_daemon._options = ("--max-sessions-per-user", "3")
    own_daemon.start()
    name, token = register(own_daemon, "luigi")
    socket = WebSocket(own_daemon.url, token)
    with Telephone(own_daemon.tcp_port) as line:
        tokens = [line.ask(f"/login {name} {PASSWORD} cron").split()[-1] for _ in range(6)]
        assert socket.silent()
        expected = [f"OK: {name}"] * 2
        assert [line.ask(f"/validate_session {t}") for t in tokens[-2:]] == expected
        for ended in tokens[:-2]:
            assert refused(line.ask(f"/validate_session {ended}"), "invalid_session")
        assert line.ask_lines(f"/sessions {token}")[0] == "OK: Sessions: 3"
    socket.hang_up()


def test_sessions_are_listed_oldest_first(daemon: Daemon, line: Telephone) -> None:
    name, token = register(daemon, "luigi")
    line.ask(f'/login {name} {PASSWORD} "il mio telefono"')
    head, first, second = line.ask_lines(f"/sessions {token}")
    assert head == "OK: Sessions: 2"
    assert re.fullmatch(r"\S+ - \d{10} \d{10} current", first)
    assert re.fullmatch(r'\S+ "il mio telefono" \d{10} \d{10}', second)


def test_logout_ends_that_session_and_closes_its_connections(
    daemon: Daemon, line: Telephone
) -> None:
    name, token = register(daemon, "luigi")
    other = line.ask(f"/login {name} {PASSWORD}").split()[-1]
    ended, alive = WebSocket(daemon.url, token), WebSocket(daemon.url, other)
    assert line.ask(f"/logout {token}") == "OK: Logout successful"
    closes_with_4501(ended)
    assert alive.silent()
    assert refused(line.ask(f"/validate_session {token}"), "invalid_session")
    assert refused(line.ask(f"/logout {token}"), "invalid_session")
    assert line.ask(f"/validate_session {other}") == f"OK: {name}"
    assert events(daemon, name) == ["login", "login", "logout"]
    alive.hang_up()


def test_one_port_is_enough(daemon: Daemon) -> None:
    """Register, log in and chat on one WebSocket."""
    name = f"luigi.{uuid.uuid4().hex[:8]}"
    account = {"username": name, "password": PASSWORD}
    socket = WebSocket(daemon.url)
    made = socket.request("register", **account)
    assert (made["message_type"], made["username"]) == ("register_result", name)
    assert socket.request("register", **account)["code"] == "username_taken"
    assert socket.request("login", username=name, password="sbagliata")["code"] == (
        "invalid_credentials"
    )
    session = socket.request("login", **account, device="laptop")
    assert (session["message_type"], session["user_id"]) == ("login_result", made["user_id"])
    welcome = socket.ask(message_type="auth", session_token=session["session_token"])
    assert (welcome["success"], welcome["user_id"]) == (True, made["user_id"])
    assert socket.request("send_message", to_user=name, content="nota")["seq"] == 1
    socket.hang_up()


def test_logout_over_the_websocket_answers_before_it_closes(daemon: Daemon) -> None:
    _, token = register(daemon, "luigi")
    socket = WebSocket(daemon.url, token)
    assert socket.ask(message_type="logout", request_id="7") == {
        "message_type": "logout_result", "request_id": "7",
    }  # fmt: skip
    closes_with_4501(socket)


def test_logout_all_ends_every_session(daemon: Daemon, line: Telephone) -> None:
    name, token = register(daemon, "luigi")
    others = [line.ask(f"/login {name} {PASSWORD}").split()[-1] for _ in range(2)]
    sockets = [WebSocket(daemon.url, other) for other in others]
    assert line.ask(f"/logout_all {token}") == "OK: Logout successful, 3 sessions ended"
    for socket in sockets:
        closes_with_4501(socket)
    for ended in (token, *others):
        assert refused(line.ask(f"/validate_session {ended}"), "invalid_session")


def test_revoking_another_session(daemon: Daemon, line: Telephone) -> None:
    """One's own only."""
    name, token = register(daemon, "luigi")
    _, stranger = register(daemon, "mallory")
    other = line.ask(f"/login {name} {PASSWORD}").split()[-1]
    socket = WebSocket(daemon.url, other)
    session_id = line.ask_lines(f"/sessions {other}")[2].split()[0]
    assert refused(line.ask(f"/revoke_session {stranger} {session_id}"), "not_found")
    assert socket.silent()
    assert line.ask(f"/revoke_session {token} {session_id}") == "OK: Session revoked"
    closes_with_4501(socket)
    assert refused(line.ask(f"/revoke_session {token} {session_id}"), "not_found")
    assert events(daemon, name)[-1] == "revoke"


def test_changing_the_password_ends_all_other_sessions(daemon: Daemon, line: Telephone) -> None:
    name, token = register(daemon, "luigi")
    other = line.ask(f"/login {name} {PASSWORD}").split()[-1]
    wrong = line.ask(f"/change_password {token} wrong-password new-password")
    assert refused(wrong, "invalid_credentials")
    short = line.ask(f"/change_password {token} {PASSWORD} short")
    assert refused(short, "invalid_password")
    assert line.ask(f"/validate_session {other}") == f"OK: {name}"
    assert line.ask(f"/change_password {token} {PASSWORD} new-password") == "OK: Password changed"
    assert refused(line.ask(f"/validate_session {other}"), "invalid_session")
    assert line.ask(f"/validate_session {token}") == f"OK: {name}"
    assert refused(line.ask(f"/login {name} {PASSWORD}"), "invalid_credentials")
    assert line.ask(f"/login {name} new-password").startswith("OK: ")


def test_a_deleted_account(daemon: Daemon, line: Telephone) -> None:
    """Its messages stay, its sessions end, its name is free and reaches nobody by mistake."""
    luigi, luigis_token = register(daemon, "luigi")
    dory, token = register(daemon, "dory")
    line.ask(f"/private {token} {luigi} addio")
    socket = WebSocket(daemon.url, token)
    wrong = line.ask(f"/delete_account {token} wrong-password")
    assert refused(wrong, "invalid_credentials")
    assert line.ask(f"/delete_account {token} {PASSWORD}") == "OK: Account deleted"
    closes_with_4501(socket)
    assert refused(line.ask(f"/login {dory} {PASSWORD}"), "invalid_credentials")
    assert refused(line.ask(f"/private {luigis_token} {dory} ciao"), "not_found")
    assert f", {dory}" not in line.ask(f"/all_users {luigis_token}")
    [chat] = WebSocket(daemon.url, luigis_token).ask(message_type="list_chats")["chats"]
    assert chat["to_user"].startswith("deleted~")
    history = line.ask_lines(f"/get_private_messages {luigis_token} {chat['to_user']}")
    assert history[1].endswith(f"] {chat['to_user']}: addio")
    assert refused(line.ask(f"/private {luigis_token} {chat['to_user']} torna"), "not_found")
    assert line.ask(f"/register {dory} {PASSWORD}").startswith("OK: ")
    assert line.ask(f"/private {luigis_token} {dory} sei tu?") == "OK: Message sent 1"


def test_who_is_online(daemon: Daemon, line: Telephone) -> None:
    """A WebSocket or an /auth makes one; the caller is left out."""
    luigi, token = register(daemon, "luigi")
    dory, dorys_token = register(daemon, "dory")

    def online() -> list[str]:
        return line.ask(f"/online_users {token}").removeprefix("OK: Online users:").split()

    assert dory not in online()
    socket = WebSocket(daemon.url, dorys_token)
    assert dory in [name.strip(",") for name in online()]
    assert luigi not in online()
    socket.hang_up()
    wait_until(lambda: dory not in online())


def test_all_users_are_listed_by_name(daemon: Daemon, line: Telephone) -> None:
    luigi, token = register(daemon, "luigi")
    dory, _ = register(daemon, "Dory")
    names = line.ask(f"/all_users {token}").removeprefix("OK: All users: ").split(", ")
    assert {luigi, dory} <= set(names)
    assert names == sorted(names, key=str.lower)


def test_help(line: Telephone) -> None:
    """Lists every command; shows one with an example; says so where there is none."""
    commands = line.ask_lines("/help")
    assert commands[0] == "OK: Commands:"
    assert "/send_private_message <token> <username> [id=<client_id>] <text…>" in commands
    for command in ("login", "/login"):
        assert line.ask_lines(f"/help {command}") == [
            "OK: /login <username> <password> [device] [replace=yes]",
            "Start a new session; other sessions stay. replace=yes ends those of the same device.",
            'Example: /login luigi "a good password" laptop replace=yes',
        ]
    assert refused(line.ask("/help fly"), "invalid_request")


def test_quit(line: Telephone) -> None:
    assert line.ask("/quit") == "OK: Disconnected"
    assert line.hear() == ""


def test_sessions_and_messages_survive_a_restart(own_daemon: Daemon) -> None:
    """And a kill: what was acknowledged is there."""
    own_daemon.start()
    name, token = register(own_daemon, "luigi")
    with Telephone(own_daemon.tcp_port) as line:
        assert line.ask(f"/private {token} {name} nota uno") == "OK: Message sent 1"
    own_daemon.stop()
    own_daemon.start()
    with Telephone(own_daemon.tcp_port) as line:
        assert line.ask(f"/private {token} {name} nota due") == "OK: Message sent 2"
    own_daemon.kill()
    own_daemon.start()
    with Telephone(own_daemon.tcp_port) as line:
        history = line.ask_lines(f"/get_private_messages {token} {name}")
    assert [entry.split("] ")[1] for entry in history[1:]] == [
        f"{name}: nota uno",
        f"{name}: nota due",
    ]


@pytest.mark.parametrize("option", ["--session-idle", "--session-max"])
def test_a_session_expires(option: str, own_daemon: Daemon) -> None:
    """Refused when its time is over, whether it was swept yet or not."""
    own_daemon._options = (option, "1")
    own_daemon.start()
    name, token = register(own_daemon, "luigi")
    with Telephone(own_daemon.tcp_port) as line:
        assert line.ask(f"/validate_session {token}") == f"OK: {name}"
        wait_until(lambda: refused(line.ask(f"/validate_session {token}"), "invalid_session"))


def closes_with_4501(socket: WebSocket) -> None:
    with pytest.raises(ConnectionClosedError) as closed:
        socket.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4501
    socket.hang_up()
