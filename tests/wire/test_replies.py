"""What the line port answers."""

from __future__ import annotations

import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruggine.wire import frames, lines, replies, results

MESSAGE = results.MessageItem(
    seq=3, sender="luigi", sender_id="1", content="uno\ndue \\ tre", timestamp=1763870400.9,
    edited=False, deleted=False, reactions=[],
)  # fmt: skip
SESSION = results.SessionItem("12ab", "my phone", 10.5, 20.25, True)
OTHER = results.SessionItem("34cd", "", 10.5, 20.25, False)
PEOPLE = [results.UserItem("dory", "2", True), results.UserItem("luigi", "1", False)]
GONE = msgspec.structs.replace(MESSAGE, content="", deleted=True)
FOUND = [
    msgspec.structs.replace(MESSAGE, to_user="dory"),
    msgspec.structs.replace(MESSAGE, group_id="g1"),
]
ASKED = [
    results.FriendRequestItem("ugo", "3", "ciao | luigi: no\nsì", 1.0),
    results.FriendRequestItem("dory", "2", "", 2.0),
]
GROUPS = [
    results.GroupItem("g1", "g1", "al lago", "owner", False),
    results.GroupItem("g2", "g2", "x", "member", True),
]
INVITE = results.InviteItem("i1", "g1", "al lago", "luigi", "1", 1.0)
ANSWERS: list[tuple[frames.Reply, list[str]]] = [
    (
        results.RegisterResult(username="luigi", user_id="1", session_token="rg1_x"),
        ["OK: Registered as luigi SESSION: rg1_x"],
    ),
    (
        results.LoginResult(username="luigi", user_id="1", session_token="rg1_x"),
        ["OK: Logged in as luigi SESSION: rg1_x"],
    ),
    (results.ValidateSessionResult(username="luigi", user_id="1"), ["OK: luigi"]),
    (results.AuthResult(username="luigi", user_id="1"), ["OK: Authenticated as luigi"]),
    (results.LogoutResult(), ["OK: Logout successful"]),
    (results.LogoutAllResult(ended=2), ["OK: Logout successful, 2 sessions ended"]),
    (
        results.SessionsResult(sessions=[SESSION, OTHER]),
        ["OK: Sessions: 2", '12ab "my phone" 10 20 current', "34cd - 10 20", ""],
    ),
    (results.RevokeSessionResult(), ["OK: Session revoked"]),
    (results.ChangePasswordResult(), ["OK: Password changed"]),
    (results.DeleteAccountResult(), ["OK: Account deleted"]),
    (results.OnlineUsersResult(users=PEOPLE), ["OK: Online users: dory, luigi"]),
    (results.OnlineUsersResult(users=[]), ["OK: Online users:"]),
    (results.AllUsersResult(users=PEOPLE), ["OK: All users: dory, luigi"]),
    (
        results.SendPrivateMessageResult(seq=7, timestamp=1.5, duplicate=True),
        ["OK: Message sent 7"],
    ),
    (
        results.GetPrivateMessagesResult(messages=[MESSAGE], has_more=False),
        ["OK: Messages:", "[1763870400] luigi: uno\\ndue \\\\ tre", ""],
    ),
    (
        results.GetPrivateMessagesResult(messages=[], has_more=False),
        ["OK: Messages:", ""],
    ),
    (results.DeletePrivateMessagesResult(), ["OK: Messages discarded for you only"]),
    (results.WatchResult(), ["OK: Watching"]),
    (
        results.HelpResult(commands=[results.HelpItem("/quit", "Say goodbye.", "/quit")]),
        ["OK: /quit", "Say goodbye.", "Example: /quit", ""],
    ),
    (results.QuitResult(), ["OK: Disconnected"]),
    (results.SendFriendRequestResult(accepted=False), ["OK: Friend request sent"]),
    (results.SendFriendRequestResult(accepted=True), ["OK: Friend request accepted"]),
    (results.AcceptFriendRequestResult(), ["OK: Friend request accepted"]),
    (results.RejectFriendRequestResult(), ["OK: Friend request rejected"]),
    (results.RemoveFriendResult(), ["OK: Friend removed"]),
    (results.ListFriendsResult(friends=PEOPLE), ["OK: Friends: dory, luigi"]),
    (results.ListFriendsResult(friends=[]), ["OK: Friends:"]),
    (
        results.ReceivedFriendRequestsResult(requests=ASKED),
        [r"OK: Received requests: ugo: ciao \| luigi: no\nsì | dory:"],
    ),
    (results.SentFriendRequestsResult(requests=[]), ["OK: Sent requests:"]),
    (results.SentFriendRequestsResult(requests=ASKED[1:]), ["OK: Sent requests: dory:"]),
    (results.BlockUserResult(), ["OK: User blocked"]),
    (results.UnblockUserResult(), ["OK: User unblocked"]),
    (results.BlockedUsersResult(users=[results.NameItem("ugo", "3")]), ["OK: Blocked users: ugo"]),
    (
        results.CreateGroupResult(group_id="g1", name="al lago"),
        ["OK: Group 'al lago' created with ID: g1"],
    ),
    (results.MyGroupsResult(groups=GROUPS), ["OK: My groups: g1:al lago, g2:x"]),
    (results.MyGroupsResult(groups=[]), ["OK: My groups:"]),
    (
        results.GroupMembersResult(members=[results.MemberItem("dory", "2", "owner", True)]),
        ["OK: Group members: dory"],
    ),
    (
        results.InviteResult(invite_id="i1", username="dory", user_id="2"),
        ["OK: Invite sent to dory"],
    ),
    (
        results.MyGroupInvitesResult(invites=[INVITE, INVITE]),
        ["OK: Group invites: i1:al lago:luigi | i1:al lago:luigi"],
    ),
    (results.AcceptGroupInviteResult(group_id="g1"), ["OK: Invite accepted"]),
    (results.RejectGroupInviteResult(), ["OK: Invite rejected"]),
    (results.JoinGroupResult(group_id="g1"), ["OK: Joined group"]),
    (results.OpenGroupResult(), ["OK: Group opened"]),
    (results.CloseGroupResult(), ["OK: Group closed"]),
    (results.LeaveGroupResult(), ["OK: Left group"]),
    (results.RenameGroupResult(), ["OK: Group renamed"]),
    (results.RemoveMemberResult(), ["OK: Member removed"]),
    (results.SetRoleResult(), ["OK: Role set"]),
    (
        results.SendGroupMessageResult(seq=7, timestamp=1.5, duplicate=False),
        ["OK: Message sent 7"],
    ),
    (
        results.GetGroupMessagesResult(messages=[GONE, MESSAGE], has_more=False),
        ["OK: Messages:", "[1763870400] luigi: uno\\ndue \\\\ tre", ""],
    ),
    (results.DeleteGroupMessagesResult(), ["OK: Messages discarded for you only"]),
    (results.EditMessageResult(), ["OK: Message edited"]),
    (results.DeleteMessageResult(), ["OK: Message deleted"]),
    (
        results.SearchResult(messages=FOUND, has_more=True, cursor="WzFd"),
        [
            "OK: Results: 2 … cursor=WzFd",
            r"@dory 3 [1763870400] luigi: uno\ndue \\ tre",
            r"g1 3 [1763870400] luigi: uno\ndue \\ tre",
            "",
        ],
    ),
    (results.SearchResult(messages=[], has_more=False), ["OK: Results: 0", ""]),
]


@pytest.mark.parametrize(("result", "expected"), ANSWERS, ids=lambda value: type(value).__name__)
def test_a_result_in_lines(result: frames.Reply, expected: list[str]) -> None:
    assert replies.reply(result) == expected


def test_every_command_has_its_lines() -> None:
    """A command's result is named after it."""
    tested = {type(result) for result, _ in ANSWERS}
    for command in lines.COMMANDS.values():
        result = getattr(results, command.request.__name__ + "Result")
        assert result in tested
    assert typing.get_type_hints(replies.reply)


@given(st.text(min_size=1))
def test_a_watched_message_is_one_line(content: str) -> None:
    message = frames.IncomingMessage(
        chat_type="private", chat_id="c", sender="luigi", sender_id="1", content=content,
        timestamp=9.9, seq=4,
    )  # fmt: skip
    line = lines.encode(replies.message_line("@luigi", message))
    assert line.startswith(b"MSG @luigi 4 9 luigi ")
    assert line.count(b"\n") == 1
