"""Nobody deceives with a name: invisible, turned around, alike in another script, or by a dot."""

from __future__ import annotations

import pytest

from tests.cast import Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon


@pytest.fixture
def founder(daemon: Daemon) -> WebSocket:
    """Owns whatever groups a test makes."""
    return WebSocket(daemon.url, register(daemon, "founder")[1])


@pytest.fixture
def stranger(daemon: Daemon) -> WebSocket:
    return WebSocket(daemon.url, register(daemon, "stranger")[1])


def an_open_group(owner: WebSocket, name: str) -> str:
    group_id: str = owner.request("create_group", name=name)["group_id"]
    assert "code" not in owner.request("open_group", group_id=group_id)
    return group_id


def test_a_group_is_joined_and_left_by_any_form_of_its_name(
    founder: WebSocket, stranger: WebSocket
) -> None:
    group_id = an_open_group(founder, "Café ❤\ufe0f Tokyo")
    for form in ("café ❤ tokyo", "CAFE\u0301  ❤ TOKYO", "café\u3000❤ Ｔｏｋｙｏ"):
        assert stranger.request("join_group", name=form).get("group_id") == group_id, form
        assert stranger.request("join_group", name=form)["code"] == "already_done"
        assert "code" not in stranger.request("leave_group", name=form)


def test_a_look_alike_of_an_open_group_is_refused(founder: WebSocket, stranger: WebSocket) -> None:
    """When it is made, renamed to, or opened."""
    before = stranger.request("create_group", name="рaypal")["group_id"]  # a Cyrillic р
    an_open_group(founder, "paypal")
    assert stranger.request("create_group", name="раypal")["code"] == "invalid_group_name"
    assert stranger.request("open_group", group_id=before)["code"] == "invalid_group_name"
    other = stranger.request("create_group", name="other")["group_id"]
    renamed = stranger.request("rename_group", group_id=other, name="pаypаl")
    assert renamed["code"] == "invalid_group_name"
    assert "looks like that of the group" in renamed["error"]


def test_a_group_may_be_renamed_to_what_it_looked_like(founder: WebSocket) -> None:
    """Its own name stood in the way of the right spelling."""
    group_id = an_open_group(founder, "lаboratory")  # a Cyrillic а
    renamed = founder.request("rename_group", group_id=group_id, name="laboratory")
    assert "code" not in renamed
    assert "code" not in founder.request("rename_group", group_id=group_id, name="LABORATORY")


def test_nobody_learns_of_a_closed_group_by_its_look_alikes(
    founder: WebSocket, stranger: WebSocket
) -> None:
    founder.request("create_group", name="secret plans")
    assert "code" not in stranger.request("create_group", name="sеcret plans")
    assert founder.request("create_group", name="sесret plans")["code"] == "invalid_group_name"


def test_no_two_accounts_differ_by_dots_at_the_end(daemon: Daemon) -> None:
    name, _ = register(daemon, "luigi")
    with Telephone(daemon.tcp_port) as line:
        for twin in (f"{name}.", f"{name.upper()}...", name.upper()):
            assert line.ask(f"/register {twin} {PASSWORD}").endswith("[username_taken]"), twin
        assert line.ask(f"/register {name}.x {PASSWORD}").startswith("OK")
        assert line.ask(f"/register x{name}. {PASSWORD}").startswith("OK")
        assert line.ask(f"/register x{name} {PASSWORD}").endswith("[username_taken]")


@pytest.mark.parametrize(
    "emoji", ["\u200b", "\u202e👍", "\u3164", "\u2800", "\u2066", "\ufe0f", " "]
)
def test_no_reaction_is_invisible(founder: WebSocket, emoji: str) -> None:
    name = founder.welcome["username"]
    seq = founder.request("send_message", to_user=name, content="a note")["seq"]
    reply = founder.request("react", to_user=name, seq=seq, emoji=emoji)
    assert reply["code"] == "invalid_request"


@pytest.mark.parametrize("emoji", ["👍🏽", "❤\ufe0f", "🏳\ufe0f\u200d🌈", "🇮🇹", "+1", "♥"])
def test_every_emoji_is_a_reaction(founder: WebSocket, emoji: str) -> None:
    name = founder.welcome["username"]
    seq = founder.request("send_message", to_user=name, content="a note")["seq"]
    assert "code" not in founder.request("react", to_user=name, seq=seq, emoji=emoji)


def test_nothing_turns_the_lines_of_a_terminal_around(daemon: Daemon) -> None:
    """On a connection that watches, and in a history."""
    name, token = register(daemon, "luigi")
    with Telephone(daemon.tcp_port) as watching, Telephone(daemon.tcp_port) as line:
        assert watching.ask(f"/watch {token}") == "OK: Watching"
        line.ask(f"/private {token} {name} a\u202eb\u2028c\u2066d \u05d0")
        expected = "a\\u202eb\\u2028c\\u2066d \u05d0"
        assert watching.hear().endswith(f" {expected}")
        history = line.ask_lines(f"/get_private_messages {token} {name}")
        assert history[1].endswith(f": {expected}")
