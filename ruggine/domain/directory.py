"""Who is behind a name, and which chat is behind a place."""

from __future__ import annotations

from ruggine import errors
from ruggine.domain import ports
from ruggine.domain.hub import Hub
from ruggine.domain.recent import Recent
from ruggine.model import Chat, Place, User, Who

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
        self._chat_with_id: Recent[tuple[str, str], Chat] = Recent(_CACHED_CHATS)

    async def user(self, who: Who) -> User:
        """Asks the database. Raises NotFound; who is given by id must still be there."""
        if who.id is None:
            user = await self._accounts.named(who.name)
        else:
            user = next(iter(await self._accounts.with_ids([who.id], "", 1)), None)
        if user is None:
            raise errors.NoSuchUser
        return user

    def known_chat(self, user: User, place: Place) -> Chat | None:
        """The chat that `chat_to_send_to` has found lately."""
        match place.kind:
            case "chat":
                return self._chat_with_id.get((user.id, place.name))
            case "group":
                return self._group_chat_of.get(place.name)
            case "user":
                return self._private_chat_of.get((user.id, place.name))
        other = self._user_named.get(place.name.lower())
        return self._private_chat_of.get((user.id, other.id)) if other is not None else None

    async def chat_to_send_to(self, user: User, place: Place) -> Chat:
        """From memory where possible; a private chat is made if there is none.

        Raises NotFound for no such user or chat, and NotAMember for no such group.
        """
        match place.kind:
            case "chat":
                chat = await self._chat_of_member(user, place.name)
                self._chat_with_id.put((user.id, place.name), chat)
                return chat
            case "group":
                return await self._group_chat(place.name)
            case "user":
                return await self._chat_with(user, place.name)
        return await self._chat_with_named(user, place.name)

    async def find_chat(self, user: User, place: Place) -> Chat | None:
        """None where nobody has written yet. Raises NotFound, NotAMember.

        Asks the database for who is in it: by now a name may belong to somebody else, and a member
        have another name. Whether `user` belongs to the chat now is not looked at.
        """
        match place.kind:
            case "chat":
                return await self._chat_of_member(user, place.name)
            case "group":
                return await self._group_chat(place.name)
        return await self._chats.find_private(user.id, (await self.peer(place)).id)

    async def peer(self, place: Place) -> User:
        """The other member of a private chat that is named by them. Raises NotFound."""
        by_id = place.kind == "user"
        return await self.user(Who(id=place.name) if by_id else Who(name=place.name))

    def forget_user(self, user: User) -> None:
        """The account behind a name has changed."""
        self._user_named.forget(user.name.lower())

    def forget_chat(self, chat: Chat) -> None:
        """The chat is closed: a name may belong to somebody else by now."""
        for member in chat.members:
            self.forget_user(member)
            self._private_chat_of.forget((member.id, chat.peer_of(member.id).id))
            self._chat_with_id.forget((member.id, chat.public_id))

    async def _chat_with(self, user: User, other_id: str) -> Chat:
        """Also where the account is gone: a message that was stored before may be sent again."""
        chat = await self._chats.find_private(user.id, other_id)
        if chat is None:
            return await self._private_chat(user, await self.user(Who(id=other_id)))
        self._private_chat_of.put((user.id, other_id), chat)
        return chat

    async def _chat_with_named(self, user: User, name: str) -> Chat:
        """Who had the name when it was last asked for may be gone, and another have it now."""
        remembered = self._user_named.get(name.lower())
        if remembered is not None:
            try:
                return await self._private_chat(user, remembered)
            except errors.NotFound:
                self.forget_user(remembered)
        other = await self.user(Who(name=name))
        self._user_named.put(name.lower(), other)
        return await self._private_chat(user, other)

    async def _private_chat(self, user: User, other: User) -> Chat:
        key = (user.id, other.id)
        chat = self._private_chat_of.get(key)
        if chat is None:
            chat, made = await self._chats.private(user, other)
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

    async def _chat_of_member(self, user: User, public_id: str) -> Chat:
        """Whether somebody else's or none at all: the refusal is the same."""
        chat = await self._chats.of_member(user.id, public_id)
        if chat is None:
            raise errors.NotFound("There is no such chat.")
        return chat
