"""Accounts and sessions."""

from __future__ import annotations

from collections import Counter

from ruggine import errors
from ruggine.domain.accounts import Accounts
from ruggine.domain.paging import Seen
from ruggine.domain.sessions import Sessions
from ruggine.model import Session
from ruggine.net.commands.caller import Caller, Table
from ruggine.net.pages import asked, page
from ruggine.wire import frames, requests, results


class AccountCommands:
    """`for_anybody` need no session."""

    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self.logins: Counter[str] = Counter()
        self.for_anybody: Table = {
            requests.Register: self._register,
            requests.Login: self._login,
        }
        self.for_users: Table = {
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
            requests.ListUsers: self._all_users,
        }

    async def _register(self, caller: Caller, r: requests.Register) -> frames.Reply:
        user, token = await self._accounts.register(r.username, r.password, caller.address)
        return results.RegisterResult(username=user.name, user_id=user.id, session_token=token)

    async def _login(self, caller: Caller, r: requests.Login) -> frames.Reply:
        try:
            user, token = await self._accounts.log_in(
                r.username, r.password, r.device, caller.address, replace=r.replace
            )
        except errors.Refusal as refusal:
            self.logins[refusal.code] += 1
            raise
        self.logins["ok"] += 1
        return results.LoginResult(username=user.name, user_id=user.id, session_token=token)

    async def _validate_session(self, caller: Caller, r: requests.Request) -> frames.Reply:
        return results.ValidateSessionResult(username=caller.user.name, user_id=caller.user.id)

    async def _auth(self, caller: Caller, r: requests.Auth) -> frames.Reply:
        return results.AuthResult(username=caller.user.name, user_id=caller.user.id)

    async def _logout(self, caller: Caller, r: requests.Request) -> frames.Reply:
        await self._sessions.logout(caller.own_session, caller.address)
        return results.LogoutResult()

    async def _logout_all(self, caller: Caller, r: requests.Request) -> frames.Reply:
        ended = await self._sessions.logout_all(caller.user, caller.address)
        return results.LogoutAllResult(ended=ended)

    async def _list_sessions(self, caller: Caller, r: requests.Sessions) -> frames.Reply:
        def item(s: Session) -> results.SessionItem:
            created, last_seen = round(s.created_s, 3), round(s.last_seen_s, 3)
            current = s.id == caller.own_session.id
            return results.SessionItem(s.id, s.device, created, last_seen, current)

        part = await self._sessions.of_user(caller.user, asked(r))
        sessions, more = page(part, item, caller.room)
        return results.SessionsResult(sessions=sessions, **more)

    async def _revoke_session(self, caller: Caller, r: requests.RevokeSession) -> frames.Reply:
        await self._sessions.revoke(caller.user, r.session_id, caller.address)
        return results.RevokeSessionResult()

    async def _change_password(self, caller: Caller, r: requests.ChangePassword) -> frames.Reply:
        await self._accounts.change_password(caller.own_session, r.old, r.new, caller.address)
        return results.ChangePasswordResult()

    async def _delete_account(self, caller: Caller, r: requests.DeleteAccount) -> frames.Reply:
        await self._accounts.delete(caller.user, r.password, caller.address)
        return results.DeleteAccountResult()

    async def _online_users(self, caller: Caller, r: requests.OnlineUsers) -> frames.Reply:
        part = await self._accounts.online(caller.user, asked(r))
        users, more = page(part, user_item, caller.room)
        return results.OnlineUsersResult(users=users, **more)

    async def _all_users(self, caller: Caller, r: requests.AllUsers) -> frames.Reply:
        users, more = page(await self._accounts.everybody(asked(r)), user_item, caller.room)
        result = _EVERYBODY[type(r)]
        return result(users=users, **more)


_EVERYBODY = {
    requests.AllUsers: results.AllUsersResult,
    requests.ListUsers: results.ListUsersResult,
}


def user_item(seen: Seen) -> results.UserItem:
    """Somebody in a list."""
    user, online = seen
    return results.UserItem(user.name, user.id, online)
