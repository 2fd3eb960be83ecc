"""Messages: sending, reading, changing, marks and signs."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from ruggine import errors
from ruggine.domain.messages import Answer, Messages
from ruggine.domain.ports import Outcome
from ruggine.model import Appended, Chat, ChatSummary, Entry, Page, Place, Reaction, User
from ruggine.net import pages
from ruggine.net.commands.caller import Caller, Table, place_of
from ruggine.net.framing import chat_fields
from ruggine.wire import frames, requests, results


class MessageCommands:
    """`send` is not in the table: its answer comes when the message is stored."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self.for_users: Table = {
            requests.SendPrivateMessage: self._send_private_message,
            requests.SendGroupMessage: self._send_group_message,
            requests.GetMessages: self._get_messages,
            requests.GetPrivateMessages: self._get_private_messages,
            requests.GetGroupMessages: self._get_group_messages,
            requests.GetReactions: self._get_reactions,
            requests.DeletePrivateMessages: self._delete_private_messages,
            requests.DeleteGroupMessages: self._delete_group_messages,
            requests.EditMessage: self._edit_message,
            requests.DeleteMessage: self._delete_message,
            requests.React: self._react,
            requests.Watch: self._watch,
            requests.ListChats: self._list_chats,
            requests.MarkRead: self._mark_read,
            requests.Typing: self._typing,
            requests.MuteChat: self._mute_chat,
        }

    def send(
        self, caller: Caller, request: requests.SendMessage, answer: Answer
    ) -> Coroutine[Any, Any, None] | None:
        """Give a message its place in the log; `answer` comes when it is stored or refused.

        Returns what is left to do, if something has to be looked up first. Both raise the refusals
        that are known before the message is stored; `answer` does not come then.
        """
        return self._messages.submit(
            caller.user,
            place_of(request),
            request.content,
            request.client_id,
            request.reply_to,
            answer,
        )

    async def _send_private_message(
        self, caller: Caller, r: requests.SendPrivateMessage
    ) -> frames.Reply:
        return results.SendPrivateMessageResult(**await self._sent(caller, _person(r), r))

    async def _send_group_message(
        self, caller: Caller, r: requests.SendGroupMessage
    ) -> frames.Reply:
        return results.SendGroupMessageResult(**await self._sent(caller, _group(r), r))

    async def _sent(
        self,
        caller: Caller,
        place: Place,
        r: requests.SendPrivateMessage | requests.SendGroupMessage,
    ) -> dict[str, Any]:
        stored: Deferred[Appended] = Deferred()
        rest = self._messages.submit(
            caller.user, place, r.text, r.client_id, None, partial(_settle, stored)
        )
        if rest is not None:
            await rest
        appended = await stored
        return {
            "seq": appended.entry.seq,
            "timestamp": appended.entry.time_ms / 1000,
            "duplicate": appended.duplicate,
        }

    async def _get_messages(self, caller: Caller, r: requests.GetMessages) -> frames.Reply:
        return results.GetMessagesResult(**await self._page(caller, place_of(r), r))

    async def _get_private_messages(
        self, caller: Caller, r: requests.GetPrivateMessages
    ) -> frames.Reply:
        return results.GetPrivateMessagesResult(**await self._page(caller, _person(r), r))

    async def _get_group_messages(
        self, caller: Caller, r: requests.GetGroupMessages
    ) -> frames.Reply:
        return results.GetGroupMessagesResult(**await self._page(caller, _group(r), r))

    async def _page(
        self,
        caller: Caller,
        place: Place,
        r: requests.GetMessages | requests.GetPrivateMessages | requests.GetGroupMessages,
    ) -> dict[str, Any]:
        chat, page = await self._messages.history(caller.user, place, r.before, r.after, r.limit)
        messages = _items(page, caller.room, keep_oldest=r.after is not None)
        return {
            "messages": messages,
            "has_more": page.has_more or len(messages) < len(page.entries),
            "chat_id": chat.public_id if chat else None,
        }

    async def _get_reactions(self, caller: Caller, r: requests.GetReactions) -> frames.Reply:
        part = await self._messages.reactions(caller.user, place_of(r), r.seq, pages.asked(r))
        reactions, more = pages.page(part, _reaction_of_item, caller.room)
        return results.GetReactionsResult(reactions=reactions, **more)

    async def _delete_private_messages(
        self, caller: Caller, r: requests.DeletePrivateMessages
    ) -> frames.Reply:
        await self._messages.discard(caller.user, _person(r))
        return results.DeletePrivateMessagesResult()

    async def _delete_group_messages(
        self, caller: Caller, r: requests.DeleteGroupMessages
    ) -> frames.Reply:
        await self._messages.discard(caller.user, _group(r))
        return results.DeleteGroupMessagesResult()

    async def _edit_message(self, caller: Caller, r: requests.EditMessage) -> frames.Reply:
        await self._messages.edit(caller.user, place_of(r), r.seq, r.content)
        return results.EditMessageResult()

    async def _delete_message(self, caller: Caller, r: requests.DeleteMessage) -> frames.Reply:
        await self._messages.delete(caller.user, place_of(r), r.seq)
        return results.DeleteMessageResult()

    async def _react(self, caller: Caller, r: requests.React) -> frames.Reply:
        await self._messages.react(caller.user, place_of(r), r.seq, r.emoji, r.active)
        return results.ReactResult()

    async def _watch(self, caller: Caller, r: requests.Watch) -> frames.Reply:
        """The port does the watching; here only the chat is looked up."""
        if r.chat is None:
            return results.WatchResult()
        person = r.chat.startswith("@")
        place = Place("private" if person else "chat", r.chat.removeprefix("@"))
        chat, peer = await self._messages.whereabouts(caller.user, place)
        return results.WatchResult(
            chat_id=chat.public_id if chat else None, to_user_id=peer.id if peer else None
        )

    async def _list_chats(self, caller: Caller, r: requests.ListChats) -> frames.Reply:
        part = await self._messages.summaries(caller.user, pages.asked(r))
        chats, more = pages.page(part, lambda s: _chat_item(s, caller.user), caller.room)
        return results.ListChatsResult(chats=chats, **more)

    async def _mark_read(self, caller: Caller, r: requests.MarkRead) -> frames.Reply:
        await self._messages.mark_read(caller.user, place_of(r), r.seq)
        return results.MarkReadResult()

    async def _typing(self, caller: Caller, r: requests.Typing) -> None:
        """The one request that has no reply."""
        await self._messages.typing(caller.user, place_of(r), r.active)

    async def _mute_chat(self, caller: Caller, r: requests.MuteChat) -> frames.Reply:
        await self._messages.mute(caller.user, place_of(r), r.active)
        return results.MuteChatResult()


def _person(request: requests.UserRequest) -> Place:
    if request.user_id is not None:
        return Place("user", request.user_id)
    return Place("private", request.username or "")


def _group(
    request: requests.SendGroupMessage | requests.GetGroupMessages | requests.DeleteGroupMessages,
) -> Place:
    return Place("group", request.group_id)


def message_sent(
    request: requests.SendMessage, sender: User, chat: Chat, appended: Appended
) -> frames.MessageSent:
    """The answer to a send that is stored."""
    entry = appended.entry
    peer = _peer(chat, sender)
    return frames.MessageSent(
        request_id=request.request_id,
        client_id=entry.client_id,
        chat_type=chat.kind,
        chat_id=chat.public_id,
        to_user=peer.name if peer else None,
        to_user_id=peer.id if peer else None,
        group_id=chat.group_id,
        seq=entry.seq,
        timestamp=entry.time_ms / 1000,
        duplicate=appended.duplicate,
    )


def _settle(stored: Deferred[Appended], chat: Chat, outcome: Outcome) -> None:
    if isinstance(outcome, errors.Refusal):
        stored.errback(outcome)
    else:
        stored.callback(outcome)


def _items(page: Page, room: int, *, keep_oldest: bool) -> list[results.MessageItem]:
    """As many as fit, from the side that was asked for."""
    items = [
        pages.whole(message_item(entry, page.reactions.get(entry.seq, ())), room)
        for entry in page.entries
    ]
    if keep_oldest:
        return items[: pages.how_many_fit(items, room)]
    return items[len(items) - pages.how_many_fit(reversed(items), room) :]


def message_item(
    entry: Entry,
    reactions: tuple[Reaction, ...] = (),
    chat: Chat | None = None,
    viewer: User | None = None,
) -> results.MessageItem:
    """A message in a list; with its chat, where the list is of several."""
    named = chat_fields(chat, viewer) if chat and viewer else {}
    return results.MessageItem(
        **named,
        seq=entry.seq,
        sender=entry.sender.name,
        sender_id=entry.sender.id,
        content=entry.content,
        timestamp=entry.time_ms / 1000,
        edited=entry.edited,
        deleted=entry.deleted,
        reactions=[_reaction_item(reaction) for reaction in reactions],
        client_id=entry.client_id,
        reply_to=entry.reply_to,
    )


def _reaction_item(reaction: Reaction) -> results.ReactionItem:
    return results.ReactionItem(
        reaction.emoji, [user.name for user in reaction.users], [user.id for user in reaction.users]
    )


def _reaction_of_item(given: tuple[str, User]) -> results.ReactionOfItem:
    emoji, user = given
    return results.ReactionOfItem(emoji, user.name, user.id)


def _peer(chat: Chat, viewer: User) -> User | None:
    return chat.peer_of(viewer.id) if chat.members else None


def _chat_item(summary: ChatSummary, viewer: User) -> results.ChatItem:
    group = summary.group
    return results.ChatItem(
        **chat_fields(summary.chat, viewer),
        name=group.name if group else None,
        role=group.role if group else None,
        open=group.open if group else None,
        seq=summary.seq,
        read_seq=summary.read_seq,
        unread=summary.unread,
        last_message=pages.preview(message_item(summary.last)) if summary.last else None,
        muted=summary.muted,
    )
