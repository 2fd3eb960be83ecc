"""A web page makes its reader's browser send commands to the line port."""

from __future__ import annotations

import pytest

from tests.cast import Telephone, register
from tests.daemon import PASSWORD, Daemon

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"]
"""Of RFC 9110 and RFC 5789, and the word that begins HTTP/2."""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pieces", ["at once", "byte by byte"])
def test_no_line_after_an_http_method_is_executed(method: str, pieces: str, daemon: Daemon) -> None:
    """As a form with enctype="text/plain" sends them."""
    name, token = register(daemon, "luigi")
    request = (
        f"{method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n"
        f"x=\r\n/register {name}x {PASSWORD}\r\n/logout {token}\r\n"
    ).encode()
    with Telephone(daemon.tcp_port) as browser:
        try:
            for piece in [request] if pieces == "at once" else [bytes([b]) for b in request]:
                browser.socket.sendall(piece)
        except OSError:
            pass  # it has been hung up on meanwhile
        assert browser.hear().startswith("ERR: ")
        assert browser.hear() == ""
    with Telephone(daemon.tcp_port) as line:
        assert line.ask(f"/validate_session {token}").startswith("OK: ")
        assert line.ask(f"/login {name}x {PASSWORD}").startswith("ERR: ")


@pytest.mark.parametrize("word", ["GETTING", "get", "/help", "POST_", "HOST"])
def test_other_words_are_answered(word: str, daemon: Daemon) -> None:
    with Telephone(daemon.tcp_port) as line:
        line.say(word)
        assert line.hear() != ""
        line.say("/quit")
        while (heard := line.hear()) != "OK: Disconnected":
            assert heard is not None
