"""Who is behind a name, and which chat is behind a place."""

from __future__ import annotations

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.hub import Hub
from ruggine.domain.recent import Recent
from ruggine.model import Chat, Place, User

_CACHED_USERS = 20_000
_CACHED_CHATS = 50_000


class Directory:
    """Looks up users and chats. What is remembered is confirmed by the database on every write."""

    def __init__(
        self,
        *,
        accounts: ports.AccountStore,
        chats: ports.ChatStore,
        groups: ports.GroupStore,
        hub: Hub,
    ) -> None:
        self._accounts = accounts
        self._chats = chats
        self._groups = groups
        self._hub = hub
        self._user_named: Recent[str, User] = Recent(_CACHED_USERS)
        self._private_chat_of: Recent[tuple[str, str], Chat] = Recent(_CACHED_CHATS)
        self._group_chat_of: Recent[str, Chat] = Recent(_CACHED_CHATS)

    async def user(self, name: str) -> User:
        """By name, in any case. Asks the database. Raises NotFound."""
        user = await self._accounts.named(name)
        if user is None:
            raise errors.NotFound("There is no such user.")
        return user

    def known_chat(self, user: User, place: Place) -> Chat | None:
        """The chat that `chat_to_send_to` has found lately."""
        if place.kind == "group":
            return self._group_chat_of.get(place.name)
        other = self._user_named.get(place.name.lower())
        return self._private_chat_of.get((user.id, other.id)) if other is not None else None

    async def chat_to_send_to(self, user: User, place: Place) -> Chat:
        """From memory where possible; a private chat is made if there is none.

        Raises NotFound for no such user, and NotAMember for no such group.
        """
        if place.kind == "group":
            return await self._group_chat(place.name)
        return await self._private_chat(user, await self._remembered_user(place.name))

    async def find_chat(self, user: User, place: Place) -> Chat | None:
        """None where nobody has written yet. Raises NotFound, NotAMember.

        Asks the database for a user: on another node the name may have come to belong to somebody
        else. Whether `user` belongs to the chat is not looked at.
        """
        if place.kind == "group":
            return await self._group_chat(place.name)
        return await self._chats.find_private(user, await self.user(place.name))

    def forget_user(self, user: User) -> None:
        """The account behind a name has changed."""
        self._user_named.forget(user.name.lower())

    def forget_chat(self, chat: Chat) -> None:
        """The chat is closed: a name may belong to somebody else by now."""
        for member in chat.members:
            self.forget_user(member)
            self._private_chat_of.forget((member.id, chat.peer_of(member.id).id))

    async def _remembered_user(self, name: str) -> User:
        key = name.lower()
        user = self._user_named.get(key)
        if user is None:
            user = await self.user(name)
            self._user_named.put(key, user)
        return user

    async def _private_chat(self, user: User, other: User) -> Chat:
        key = (user.id, other.id)
        chat = self._private_chat_of.get(key)
        if chat is None:
            try:
                chat, made = await self._chats.private(user, other)
            except errors.NotFound:
                self.forget_user(other)
                raise
            self._private_chat_of.put(key, chat)
            if made:
                self._hub.chat_opened(chat, [member.id for member in chat.members])
        return chat

    async def _group_chat(self, group_id: str) -> Chat:
        chat = self._group_chat_of.get(group_id)
        if chat is None:
            chat = await self._groups.chat(group_id)
            if chat is None:
                raise errors.NotAMember
            self._group_chat_of.put(group_id, chat)
        return chat
