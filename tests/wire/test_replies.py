"""What the line port answers."""

from __future__ import annotations

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruggine.wire import frames, lines, replies

MESSAGE = frames.MessageItem(
    seq=3, sender="luigi", content="uno\ndue \\ tre", timestamp=1763870400.9, edited=False,
    deleted=False, reactions=[],
)  # fmt: skip
SESSION = frames.SessionItem("12ab", "my phone", 10.5, 20.25, True)
OTHER = frames.SessionItem("34cd", "", 10.5, 20.25, False)
PEOPLE = [frames.UserItem("dory", True), frames.UserItem("luigi", False)]
ANSWERS: list[tuple[frames.Reply, list[str]]] = [
    (
        frames.RegisterResult(username="luigi", session_token="rg1_x"),
        ["OK: Registered as luigi SESSION: rg1_x"],
    ),
    (
        frames.LoginResult(username="luigi", session_token="rg1_x"),
        ["OK: Logged in as luigi SESSION: rg1_x"],
    ),
    (frames.ValidateSessionResult(username="luigi"), ["OK: luigi"]),
    (frames.AuthResult(username="luigi"), ["OK: Authenticated as luigi"]),
    (frames.LogoutResult(), ["OK: Logout successful"]),
    (frames.LogoutAllResult(ended=2), ["OK: Logout successful, 2 sessions ended"]),
    (
        frames.SessionsResult(sessions=[SESSION, OTHER]),
        ["OK: Sessions: 2", '12ab "my phone" 10 20 current', "34cd - 10 20", ""],
    ),
    (frames.RevokeSessionResult(), ["OK: Session revoked"]),
    (frames.ChangePasswordResult(), ["OK: Password changed"]),
    (frames.DeleteAccountResult(), ["OK: Account deleted"]),
    (frames.OnlineUsersResult(users=PEOPLE), ["OK: Online users: dory, luigi"]),
    (frames.OnlineUsersResult(users=[]), ["OK: Online users:"]),
    (frames.AllUsersResult(users=PEOPLE), ["OK: All users: dory, luigi"]),
    (
        frames.SendPrivateMessageResult(seq=7, timestamp=1.5, duplicate=True),
        ["OK: Message sent 7"],
    ),
    (
        frames.GetPrivateMessagesResult(messages=[MESSAGE], has_more=False),
        ["OK: Messages:", "[1763870400] luigi: uno\\ndue \\\\ tre", ""],
    ),
    (
        frames.GetPrivateMessagesResult(messages=[], has_more=False),
        ["OK: Messages:", ""],
    ),
    (frames.DeletePrivateMessagesResult(), ["OK: Messages discarded for you only"]),
    (frames.WatchResult(), ["OK: Watching"]),
    (
        frames.HelpResult(commands=[frames.HelpItem("/quit", "Say goodbye.", "/quit")]),
        ["OK: /quit", "Say goodbye.", "Example: /quit", ""],
    ),
    (frames.QuitResult(), ["OK: Disconnected"]),
]


@pytest.mark.parametrize(("result", "expected"), ANSWERS, ids=lambda value: type(value).__name__)
def test_a_result_in_lines(result: frames.Reply, expected: list[str]) -> None:
    assert replies.reply(result) == expected


def test_every_command_has_its_lines() -> None:
    """A command's result is named after it."""
    tested = {type(result) for result, _ in ANSWERS}
    for command in lines.COMMANDS.values():
        result = getattr(frames, command.request.__name__ + "Result")
        assert result in tested
    assert typing.get_type_hints(replies.reply)


@given(st.text(min_size=1))
def test_a_watched_message_is_one_line(content: str) -> None:
    message = frames.IncomingMessage(
        chat_type="private", sender="luigi", to_user="dory", content=content, timestamp=9.9, seq=4
    )
    line = lines.encode(replies.message_line("@luigi", message))
    assert line.startswith(b"MSG @luigi 4 9 luigi ")
    assert line.count(b"\n") == 1
