"""What the line port answers: each result as its line or lines (docs/protocol.md, section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ruggine.wire import frames, lines, results

Lines = list[str]


def reply(result: frames.Reply) -> Lines:
    """The lines that answer a command; a reply marked ¶ in the contract ends with an empty one."""
    text = _TEXTS[type(result)](result)
    return [lines.ok(text)] if isinstance(text, str) else [lines.ok(text[0]), *text[1:], ""]


def message_line(chat: str, message: frames.IncomingMessage) -> str:
    """One new message for /watch; `chat` is `@username` or a group_id, as the watcher sees it."""
    content = lines.escape(message.content)
    return f"MSG {chat} {message.seq} {int(message.timestamp)} {message.sender} {content}"


def _names(users: Iterable[results.UserItem | results.MemberItem | results.NameItem]) -> str:
    return ", ".join(user.username for user in users)


def _listed(what: str, items: str, result: results.ListResult) -> str:
    """One line of a list, which says how to go on where there is more."""
    more = f" … cursor={result.cursor}" if result.cursor else ""
    return f"{what}: {items}".rstrip() + more


def _history(result: results.GetMessagesResult) -> Lines:
    return ["Messages:"] + [
        f"[{int(message.timestamp)}] {message.sender}: {lines.escape(message.content)}"
        for message in result.messages
        if not message.deleted
    ]


def _found(result: results.SearchResult) -> Lines:
    return [_listed("Results", str(len(result.messages)), result)] + [
        f"{m.group_id or '@' + (m.to_user or '')} {m.seq} [{int(m.timestamp)}] {m.sender}: "
        f"{lines.escape(m.content)}"
        for m in result.messages
    ]


def _asked(
    which: str, result: results.ReceivedFriendRequestsResult | results.SentFriendRequestsResult
) -> str:
    listed = (f"{r.username}: {_unpiped(r.message)}".rstrip() for r in result.requests)
    return _listed(f"{which} requests", " | ".join(listed), result)


def _unpiped(message: str) -> str:
    """No message can look like the next request of the list."""
    return lines.escape(message).replace("|", r"\|")


def _sessions(result: results.SessionsResult) -> Lines:
    return [_listed("Sessions", str(len(result.sessions)), result)] + [
        f"{item.session_id} {lines.quote(item.device or '-')} {int(item.created)} "
        f"{int(item.last_seen)}{' current' if item.current else ''}"
        for item in result.sessions
    ]


def _help(result: results.HelpResult) -> Lines:
    if len(result.commands) == 1:
        item = result.commands[0]
        return [item.usage, item.text, f"Example: {item.example}"]
    return ["Commands:", *(item.usage for item in result.commands)]


_TEXTS: dict[type[frames.Reply], Callable[[Any], str | Lines]] = {
    results.RegisterResult: lambda r: f"Registered as {r.username} SESSION: {r.session_token}",
    results.LoginResult: lambda r: f"Logged in as {r.username} SESSION: {r.session_token}",
    results.ValidateSessionResult: lambda r: str(r.username),
    results.AuthResult: lambda r: f"Authenticated as {r.username}",
    results.LogoutResult: lambda r: "Logout successful",
    results.LogoutAllResult: lambda r: f"Logout successful, {r.ended} sessions ended",
    results.SessionsResult: _sessions,
    results.RevokeSessionResult: lambda r: "Session revoked",
    results.ChangePasswordResult: lambda r: "Password changed",
    results.DeleteAccountResult: lambda r: "Account deleted",
    results.OnlineUsersResult: lambda r: _listed("Online users", _names(r.users), r),
    results.AllUsersResult: lambda r: _listed("All users", _names(r.users), r),
    results.SendPrivateMessageResult: lambda r: f"Message sent {r.seq}",
    results.GetPrivateMessagesResult: _history,
    results.SendGroupMessageResult: lambda r: f"Message sent {r.seq}",
    results.GetGroupMessagesResult: _history,
    results.DeleteGroupMessagesResult: lambda r: "Messages discarded for you only",
    results.EditMessageResult: lambda r: "Message edited",
    results.DeleteMessageResult: lambda r: "Message deleted",
    results.SearchResult: _found,
    results.SendFriendRequestResult: lambda r: (
        "Friend request accepted" if r.accepted else "Friend request sent"
    ),
    results.AcceptFriendRequestResult: lambda r: "Friend request accepted",
    results.RejectFriendRequestResult: lambda r: "Friend request rejected",
    results.RemoveFriendResult: lambda r: "Friend removed",
    results.ListFriendsResult: lambda r: _listed("Friends", _names(r.friends), r),
    results.ReceivedFriendRequestsResult: lambda r: _asked("Received", r),
    results.SentFriendRequestsResult: lambda r: _asked("Sent", r),
    results.BlockUserResult: lambda r: "User blocked",
    results.UnblockUserResult: lambda r: "User unblocked",
    results.BlockedUsersResult: lambda r: _listed("Blocked users", _names(r.users), r),
    results.CreateGroupResult: lambda r: f"Group '{r.name}' created with ID: {r.group_id}",
    results.MyGroupsResult: lambda r: _listed(
        "My groups", ", ".join(f"{g.group_id}:{g.name}" for g in r.groups), r
    ),
    results.GroupMembersResult: lambda r: _listed("Group members", _names(r.members), r),
    results.InviteResult: lambda r: f"Invite sent to {r.username}",
    results.MyGroupInvitesResult: lambda r: _listed(
        "Group invites",
        " | ".join(f"{i.invite_id}:{i.name}:{i.invited_by}" for i in r.invites),
        r,
    ),
    results.AcceptGroupInviteResult: lambda r: "Invite accepted",
    results.RejectGroupInviteResult: lambda r: "Invite rejected",
    results.JoinGroupResult: lambda r: "Joined group",
    results.OpenGroupResult: lambda r: "Group opened",
    results.CloseGroupResult: lambda r: "Group closed",
    results.LeaveGroupResult: lambda r: "Left group",
    results.RenameGroupResult: lambda r: "Group renamed",
    results.RemoveMemberResult: lambda r: "Member removed",
    results.SetRoleResult: lambda r: "Role set",
    results.DeletePrivateMessagesResult: lambda r: "Messages discarded for you only",
    results.WatchResult: lambda r: "Watching",
    results.HelpResult: _help,
    results.QuitResult: lambda r: "Disconnected",
}
