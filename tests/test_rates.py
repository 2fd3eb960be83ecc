"""The limits as somebody meets them who is too fast; the shared daemons have theirs off."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Telephone, WebSocket
from tests.daemon import PASSWORD, Daemon

_REFUSED = re.compile(r"ERR: .* \[rate_limited retry_after=(\d+\.\d)\]")


def refused_for(answer: str) -> float:
    found = _REFUSED.fullmatch(answer)
    assert found, answer
    return float(found[1])


def guess(line: Telephone, attempt: str) -> float:
    """Seconds to wait after the fifth wrong password.

    The wait begins with a try: where trying itself takes longer, and only there, one more is heard.
    """
    began_s = [0.0]
    while True:
        began_s.append(time.monotonic())
        answer = line.ask(attempt)
        wrong = len(began_s) - 1
        if not answer.endswith("[invalid_credentials]"):
            break
        assert wrong <= 5 or time.monotonic() - began_s[wrong - 1] >= 2 ** (wrong - 6), began_s
    assert wrong > 5, answer
    return refused_for(answer)


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Daemon]:
    """With the limits on, and some of them lower."""
    daemon = Daemon(
        tmp_path, "--rate-limits", "on", "--registrations-rate", "3/h:3", "--messages-rate",
        "10/s:5", "--logins-rate", "30/m:30", "--invitations-rate", "30/h:2",
    ).start()  # fmt: skip
    yield daemon
    daemon.stop()


def test_each_limit_says_how_long_to_wait(limited: Daemon) -> None:
    with Telephone(limited.tcp_port) as line:
        people = ("luigi", "dory", "ugo")
        tokens = [line.ask(f"/register {name} {PASSWORD}").split()[-1] for name in people]
        assert refused_for(line.ask(f"/register altro {PASSWORD}")) == pytest.approx(1200, abs=30)
        for number in range(5):
            answer = line.ask(f"/private {tokens[0]} dory {number}")
            assert answer.startswith("OK: Message sent"), answer
        wait_s = refused_for(line.ask(f"/private {tokens[0]} dory troppo"))
        assert line.ask(f"/private {tokens[1]} luigi io posso").startswith("OK")
        time.sleep(wait_s)
        assert line.ask(f"/private {tokens[0]} dory adesso").startswith("OK")
        for name in ("dory", "ugo"):
            assert line.ask(f"/send_friend_request {tokens[0]} {name}").startswith("OK")
        refused_for(line.ask(f"/create_group {tokens[0]} g"))
        for _ in range(60):
            line.say(f"/my_groups {tokens[2]}")
        answers = [line.hear() for _ in range(60)]
        line.say("/quit")
        assert sum(answer.startswith("OK") for answer in answers) >= 59
    socket = WebSocket(limited.url, tokens[1])
    draft = {"chat_type": "private", "to_user": "ugo", "content": "x"}
    replies = [
        socket.request("send_message", **draft, client_id=f"0000000{number}") for number in range(8)
    ]
    last = next(reply for reply in replies if reply["message_type"] == "error")
    assert (last["code"], last["retry_after"] > 0) == ("rate_limited", True)
    assert last["client_id"].startswith("0000000")
    socket.hang_up()
    codes = set()
    for _ in range(60):
        socket = WebSocket(limited.url)
        resume = {"epoch": "x", "chats": []}
        answer = socket.ask(message_type="auth", session_token=tokens[2], resume=resume)
        codes.add(answer.get("code"))
        socket.hang_up()
    assert codes == {None, "rate_limited"}


def test_the_limits_of_strangers_hold_on_the_websocket_too(limited: Daemon) -> None:
    """They are those of the address, whichever port it comes to."""
    with Telephone(limited.tcp_port) as line:
        for name in ("luigi", "dory"):
            assert line.ask(f"/register {name} {PASSWORD}").startswith("OK")
    socket = WebSocket(limited.url)
    third = socket.request("register", username="ugo", password=PASSWORD)
    assert third["message_type"] == "register_result"
    fourth = socket.request("register", username="ada", password=PASSWORD)
    assert fourth["code"] == "rate_limited"
    assert fourth["retry_after"] == pytest.approx(1200, abs=30)
    socket.hang_up()


def test_guessing_gets_slow_and_the_session_of_the_owner_stays(limited: Daemon) -> None:
    with Telephone(limited.tcp_port) as line:
        token = line.ask(f"/register luigi {PASSWORD}").split()[-1]
        wait_s = guess(line, "/login luigi sbagliata")
        assert refused_for(line.ask(f"/login LUIGI {PASSWORD}")) <= wait_s
        assert line.ask(f"/validate_session {token}") == "OK: luigi"
        guess(line, "/login nessuno sbagliata")
        time.sleep(wait_s)
        assert line.ask(f"/login luigi {PASSWORD}").startswith("OK: Logged in")
        guess(line, f"/change_password {token} sbagliata nuova-password")
        refused_for(line.ask(f"/delete_account {token} {PASSWORD}"))
