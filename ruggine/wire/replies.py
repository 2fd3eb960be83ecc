"""What the line port answers: each result as its line or lines (docs/protocol.md, section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ruggine.wire import frames, lines

Lines = list[str]


def reply(result: frames.Reply) -> Lines:
    """The lines that answer a command; a reply marked ¶ in the contract ends with an empty one."""
    text = _TEXTS[type(result)](result)
    return [lines.ok(text)] if isinstance(text, str) else [lines.ok(text[0]), *text[1:], ""]


def message_line(chat: str, message: frames.IncomingMessage) -> str:
    """One new message for /watch; `chat` is `@username` or a group_id, as the watcher sees it."""
    content = lines.escape(message.content)
    return f"MSG {chat} {message.seq} {int(message.timestamp)} {message.sender} {content}"


def _names(users: Iterable[frames.UserItem]) -> str:
    return ", ".join(user.username for user in users)


def _history(result: frames.GetPrivateMessagesResult) -> Lines:
    return ["Messages:"] + [
        f"[{int(message.timestamp)}] {message.sender}: {lines.escape(message.content)}"
        for message in result.messages
    ]


def _sessions(result: frames.SessionsResult) -> Lines:
    return [f"Sessions: {len(result.sessions)}"] + [
        f"{item.session_id} {lines.quote(item.device or '-')} {int(item.created)} "
        f"{int(item.last_seen)}{' current' if item.current else ''}"
        for item in result.sessions
    ]


def _help(result: frames.HelpResult) -> Lines:
    if len(result.commands) == 1:
        item = result.commands[0]
        return [item.usage, item.text, f"Example: {item.example}"]
    return ["Commands:", *(item.usage for item in result.commands)]


_TEXTS: dict[type[frames.Reply], Callable[[Any], str | Lines]] = {
    frames.RegisterResult: lambda r: f"Registered as {r.username} SESSION: {r.session_token}",
    frames.LoginResult: lambda r: f"Logged in as {r.username} SESSION: {r.session_token}",
    frames.ValidateSessionResult: lambda r: str(r.username),
    frames.AuthResult: lambda r: f"Authenticated as {r.username}",
    frames.LogoutResult: lambda r: "Logout successful",
    frames.LogoutAllResult: lambda r: f"Logout successful, {r.ended} sessions ended",
    frames.SessionsResult: _sessions,
    frames.RevokeSessionResult: lambda r: "Session revoked",
    frames.ChangePasswordResult: lambda r: "Password changed",
    frames.DeleteAccountResult: lambda r: "Account deleted",
    frames.OnlineUsersResult: lambda r: f"Online users: {_names(r.users)}".rstrip(),
    frames.AllUsersResult: lambda r: f"All users: {_names(r.users)}".rstrip(),
    frames.SendPrivateMessageResult: lambda r: f"Message sent {r.seq}",
    frames.GetPrivateMessagesResult: _history,
    frames.DeletePrivateMessagesResult: lambda r: "Messages discarded for you only",
    frames.WatchResult: lambda r: "Watching",
    frames.HelpResult: _help,
    frames.QuitResult: lambda r: "Disconnected",
}
