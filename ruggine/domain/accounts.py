"""Accounts: registration, login, passwords, and who there is."""

from __future__ import annotations

import uuid

from ruggine import errors
from ruggine.domain import paging, ports
from ruggine.domain.directory import Directory
from ruggine.domain.groups import Groups
from ruggine.domain.hub import Hub
from ruggine.domain.limits import LoginFailures, network_of
from ruggine.domain.paging import Seen
from ruggine.domain.sessions import Sessions, token_hash
from ruggine.events import AccountDeleted
from ruggine.model import Asked, Credentials, Origin, Part, Session, User


class Accounts:
    """What a person can do with an account."""

    def __init__(
        self,
        *,
        store: ports.AccountStore,
        session_store: ports.SessionStore,
        sessions: Sessions,
        directory: Directory,
        groups: Groups,
        hub: Hub,
        hasher: ports.PasswordHasher,
        failures: LoginFailures,
        clock: ports.Clock,
    ) -> None:
        self._store = store
        self._session_store = session_store
        self._sessions = sessions
        self._directory = directory
        self._groups = groups
        self._hub = hub
        self._hasher = hasher
        self._failures = failures
        self._clock = clock

    async def register(self, name: str, password: str, address: str) -> tuple[User, str]:
        """A new account and the token of its first session. Raises UsernameTaken."""
        if await self._store.named(name) is not None:
            raise errors.UsernameTaken
        password_hash = await self._hasher.hash(password, Origin(network_of(address), known=False))
        session, token = self._sessions.new(User(str(uuid.uuid4()), name), device="")
        await self._store.add(password_hash, session, token_hash(token), address)
        return session.user, token

    async def log_in(
        self, name: str, password: str, device: str, address: str, *, replace: bool = False
    ) -> tuple[User, str]:
        """The user and a new session's token; with `replace` the others of that device end.

        Raises InvalidCredentials after the same work for an unknown user and a wrong password,
        and RateLimited after too many of them.
        """
        network = network_of(address)
        found = await self._store.credentials(name, network)
        origin = Origin(network, known=found is not None and found.known)
        user = await self._verified(name, found, password, origin)
        if user is None:
            await self._session_store.note_failed_login(
                found.user.id if found else None, self._clock(), address
            )
            raise errors.InvalidCredentials
        return user, await self._sessions.begin(user, device, address, replace=replace)

    async def change_password(self, session: Session, old: str, new: str, address: str) -> None:
        """Ends the user's other sessions. Raises InvalidCredentials, RateLimited."""
        origin = await self._confirm(session.user, old, address)
        password_hash = await self._hasher.hash(new, origin)
        await self._sessions.ended(
            await self._store.set_password(
                session.user.id, password_hash, self._clock(), address, keep=session.id
            )
        )

    async def delete(self, user: User, password: str, address: str) -> None:
        """Delete the account; its messages stay, its groups lose a member.

        Raises InvalidCredentials, RateLimited.
        """
        await self._confirm(user, password, address)
        deleted = await self._store.delete(user, self._clock(), address)
        self._directory.forget_user(user)
        self._groups.left(deleted.left)
        self._hub.tell_users(deleted.circle, AccountDeleted(user, deleted.new_name))
        await self._sessions.ended(deleted.ended)

    async def everybody(self, asked: Asked) -> Part[Seen]:
        """Every user, by name."""
        found = await self._store.everybody(paging.name_after(asked), asked.limit + 1)
        return paging.by_name(found, await self._hub.online(), asked)

    async def online(self, viewer: User, asked: Asked) -> Part[Seen]:
        """Who is connected to any node, by name, without the viewer."""
        online = await self._hub.online()
        found = await self._store.with_ids(
            online - {viewer.id}, paging.name_after(asked), asked.limit + 1
        )
        return paging.by_name(found, online, asked)

    async def _confirm(self, user: User, password: str, address: str) -> Origin:
        """Whoever has got hold of a session must not guess the password with it."""
        origin = Origin(network_of(address), known=True)
        found = await self._store.credentials(user.name, origin.network)
        if await self._verified(user.name, found, password, origin) is None:
            raise errors.InvalidCredentials("The password is wrong.")
        return origin

    async def _verified(
        self, name: str, found: Credentials | None, password: str, origin: Origin
    ) -> User | None:
        """The user, if the password is right; the same work where nobody was found."""
        with self._failures.attempt(name, origin) as verdict:
            password_hash = found.password_hash if found else None
            right = await self._hasher.verify(password_hash, password, origin)
            verdict(right)
        return found.user if found and right else None
