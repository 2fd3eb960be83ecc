"""The command table: what each request means, for both ports.

A request that needs a session runs only with one; that is checked here, in one place. Each
command is one domain call and its result as a frame.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain.accounts import Accounts
from ruggine.domain.messages import Messages
from ruggine.domain.ports import Outcome
from ruggine.domain.sessions import Sessions
from ruggine.model import Appended, Chat, ChatSummary, Entry, Page, Session, User
from ruggine.wire import frames, lines, requests


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a request is made, and from which address."""

    session: Session | None
    address: str

    @property
    def own_session(self) -> Session:
        """Raises InvalidSession where there is none."""
        if self.session is None:
            raise errors.InvalidSession
        return self.session

    @property
    def user(self) -> User:
        return self.own_session.user


Answer = Callable[[frames.MessageSent | errors.Refusal], None]
Run = Callable[[Caller, Any], Awaitable[frames.Reply]]


class Commands:
    """Runs requests."""

    def __init__(self, accounts: Accounts, sessions: Sessions, messages: Messages) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._messages = messages
        self._for_anybody: dict[type[requests.Request], Run] = {
            requests.Register: self._register,
            requests.Login: self._login,
            requests.Help: self._help,
            requests.Quit: self._quit,
            requests.Ping: self._ping,
        }
        self._for_users: dict[type[requests.Request], Run] = {
            requests.ValidateSession: self._validate_session,
            requests.Auth: self._auth,
            requests.Logout: self._logout,
            requests.LogoutAll: self._logout_all,
            requests.Sessions: self._list_sessions,
            requests.RevokeSession: self._revoke_session,
            requests.ChangePassword: self._change_password,
            requests.DeleteAccount: self._delete_account,
            requests.OnlineUsers: self._online_users,
            requests.AllUsers: self._all_users,
            requests.SendPrivateMessage: self._send_private_message,
            requests.GetMessages: self._get_messages,
            requests.GetPrivateMessages: self._get_private_messages,
            requests.DeletePrivateMessages: self._delete_private_messages,
            requests.Watch: self._watch,
            requests.ListChats: self._list_chats,
            requests.MarkRead: self._mark_read,
        }

    async def run(self, caller: Caller, request: requests.AnyRequest) -> frames.Reply:
        """The result of any request but SendMessage. Raises its Refusal."""
        run = self._for_anybody.get(type(request))
        if run is None:
            run = self._for_users[type(request)]
            if caller.session is None:
                raise errors.InvalidSession
        return await run(caller, request)

    async def send(self, caller: Caller, request: requests.SendMessage, answer: Answer) -> None:
        """Give a message its place in the log; `answer` comes when it is stored or refused.

        Raises the refusals that are known at once; `answer` does not come then.
        """
        await self._messages.submit(
            caller.user,
            _peer(request),
            request.content,
            request.client_id,
            request.reply_to,
            partial(_answer_send, caller.user, request.request_id, answer),
        )

    # Accounts and sessions

    async def _register(self, caller: Caller, r: requests.Register) -> frames.Reply:
        user, token = await self._accounts.register(r.username, r.password, caller.address)
        return frames.RegisterResult(username=user.name, session_token=token)

    async def _login(self, caller: Caller, r: requests.Login) -> frames.Reply:
        user, token = await self._accounts.log_in(r.username, r.password, r.device, caller.address)
        return frames.LoginResult(username=user.name, session_token=token)

    async def _validate_session(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return frames.ValidateSessionResult(username=caller.user.name)

    async def _auth(self, caller: Caller, r: requests.Auth) -> frames.Reply:
        return frames.AuthResult(username=caller.user.name)

    async def _logout(self, caller: Caller, r: requests.Request) -> frames.Reply:
        await self._sessions.logout(caller.own_session, caller.address)
        return frames.LogoutResult()

    async def _logout_all(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return frames.LogoutAllResult(
            ended=await self._sessions.logout_all(caller.user, caller.address)
        )

    async def _list_sessions(self, caller: Caller, r: requests.Request) -> frames.Reply:
        items = [
            frames.SessionItem(
                s.id, s.device, round(s.created_s, 3), round(s.last_seen_s, 3), s.id == own
            )
            for own in [caller.own_session.id]
            for s in await self._sessions.of_user(caller.user)
        ]
        return frames.SessionsResult(sessions=items)

    async def _revoke_session(self, caller: Caller, r: requests.RevokeSession) -> frames.Reply:
        await self._sessions.revoke(caller.user, r.session_id, caller.address)
        return frames.RevokeSessionResult()

    async def _change_password(self, caller: Caller, r: requests.ChangePassword) -> frames.Reply:
        await self._accounts.change_password(caller.own_session, r.old, r.new, caller.address)
        return frames.ChangePasswordResult()

    async def _delete_account(self, caller: Caller, r: requests.DeleteAccount) -> frames.Reply:
        await self._accounts.delete(caller.user, r.password, caller.address)
        return frames.DeleteAccountResult()

    async def _online_users(self, caller: Caller, r: requests.Request) -> frames.Reply:
        users = await self._accounts.online(caller.user)
        return frames.OnlineUsersResult(users=[frames.UserItem(u.name, True) for u in users])

    async def _all_users(self, caller: Caller, r: requests.Request) -> frames.Reply:
        users = await self._accounts.everybody()
        return frames.AllUsersResult(users=[frames.UserItem(u.name, on) for u, on in users])

    # Messages

    async def _send_private_message(
        self, caller: Caller, r: requests.SendPrivateMessage
    ) -> frames.Reply:
        stored: Deferred[Appended] = Deferred()
        await self._messages.submit(
            caller.user, r.username, r.text, r.client_id, None, partial(_settle, stored)
        )
        appended = await stored
        return frames.SendPrivateMessageResult(
            seq=appended.entry.seq,
            timestamp=appended.entry.time_ms / 1000,
            duplicate=appended.duplicate,
        )

    async def _get_messages(self, caller: Caller, r: requests.GetMessages) -> frames.Reply:
        page = await self._messages.history(caller.user, _peer(r), r.before, r.after, r.limit)
        return frames.GetMessagesResult(messages=_items(page), has_more=page.has_more)

    async def _get_private_messages(
        self, caller: Caller, r: requests.GetPrivateMessages
    ) -> frames.Reply:
        page = await self._messages.history(caller.user, r.username, r.before, r.after, r.limit)
        return frames.GetPrivateMessagesResult(messages=_items(page), has_more=page.has_more)

    async def _delete_private_messages(
        self, caller: Caller, r: requests.DeletePrivateMessages
    ) -> frames.Reply:
        await self._messages.discard(caller.user, r.username)
        return frames.DeletePrivateMessagesResult()

    async def _watch(self, caller: Caller, r: requests.Watch) -> frames.Reply:
        """The port does the watching; here only the chat's existence is checked."""
        if r.chat is not None:
            if not r.chat.startswith("@"):
                raise errors.NotAMember
            await self._messages.find_chat(caller.user, r.chat.removeprefix("@"))
        return frames.WatchResult()

    async def _list_chats(self, caller: Caller, r: requests.Request) -> frames.Reply:
        summaries = await self._messages.summaries(caller.user)
        return frames.ListChatsResult(chats=[_chat_item(s, caller.user) for s in summaries])

    async def _mark_read(self, caller: Caller, r: requests.MarkRead) -> frames.Reply:
        await self._messages.mark_read(caller.user, _peer(r), r.seq)
        return frames.MarkReadResult()

    # The connection

    async def _help(self, caller: Caller, r: requests.Help) -> frames.Reply:
        if r.command is None:
            return frames.HelpResult(
                commands=[_help_item(c) for name, c in lines.COMMANDS.items() if name == c.name]
            )
        command = lines.COMMANDS.get(r.command.removeprefix("/"))
        if command is None:
            raise errors.InvalidRequest("Unknown command. /help lists every command.")
        return frames.HelpResult(commands=[_help_item(command)])

    async def _quit(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return frames.QuitResult()

    async def _ping(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return frames.Pong()


def _peer(request: requests.ChatRequest) -> str:
    """The other member of a private chat. Nobody is in a group yet."""
    if request.chat_type == "group" or request.to_user is None:
        raise errors.NotAMember
    return request.to_user


def _answer_send(
    sender: User, request_id: str | None, answer: Answer, chat: Chat, outcome: Outcome
) -> None:
    if isinstance(outcome, errors.Refusal):
        answer(outcome)
        return
    entry = outcome.entry
    answer(
        frames.MessageSent(
            request_id=request_id,
            client_id=entry.client_id,
            chat_type=chat.kind,
            to_user=chat.peer_of(sender.id).name,
            seq=entry.seq,
            timestamp=entry.time_ms / 1000,
            duplicate=outcome.duplicate,
        )
    )


def _settle(stored: Deferred[Appended], chat: Chat, outcome: Outcome) -> None:
    if isinstance(outcome, errors.Refusal):
        stored.errback(outcome)
    else:
        stored.callback(outcome)


def _items(page: Page) -> list[frames.MessageItem]:
    return [_item(entry) for entry in page.entries]


def _item(entry: Entry) -> frames.MessageItem:
    return frames.MessageItem(
        seq=entry.seq,
        sender=entry.sender.name,
        content=entry.content,
        timestamp=entry.time_ms / 1000,
        edited=False,
        deleted=False,
        reactions=[],
        client_id=entry.client_id,
        reply_to=entry.reply_to,
    )


def _chat_item(summary: ChatSummary, viewer: User) -> frames.ChatItem:
    return frames.ChatItem(
        chat_type=summary.chat.kind,
        to_user=summary.chat.peer_of(viewer.id).name,
        seq=summary.seq,
        read_seq=summary.read_seq,
        unread=summary.unread,
        last_message=_item(summary.last) if summary.last else None,
        muted=summary.muted,
    )


def _help_item(command: lines.Command) -> frames.HelpItem:
    text = (command.request.__doc__ or "").strip()
    return frames.HelpItem(command.usage, text, command.request.example)
