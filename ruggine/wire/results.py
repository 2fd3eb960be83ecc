"""What requests answer with: `<name>_result` on the WebSocket, lines on the line port."""

from __future__ import annotations

from msgspec import Struct, field

from ruggine.wire.frames import Reply
from ruggine.wire.requests import ChatType


class ListResult(Reply, kw_only=True):
    """One page of a list; `cursor` is for the request of the next one, if there is one."""

    has_more: bool = field(default_factory=bool)  # which msgspec does not leave out
    cursor: str | None = None


class RegisterResult(Reply):
    username: str
    user_id: str
    session_token: str


class LoginResult(Reply):
    username: str
    user_id: str
    session_token: str


class ValidateSessionResult(Reply):
    username: str
    user_id: str


class AuthResult(Reply):
    username: str
    user_id: str


class LogoutResult(Reply):
    pass


class LogoutAllResult(Reply):
    ended: int


class SessionItem(Struct):
    session_id: str
    device: str
    created: float
    last_seen: float
    current: bool


class SessionsResult(ListResult):
    sessions: list[SessionItem]


class RevokeSessionResult(Reply):
    pass


class ChangePasswordResult(Reply):
    pass


class DeleteAccountResult(Reply):
    pass


class UserItem(Struct):
    username: str
    user_id: str
    online: bool


class NameItem(Struct):
    username: str
    user_id: str


class OnlineUsersResult(ListResult):
    users: list[UserItem]


class AllUsersResult(ListResult):
    users: list[UserItem]


class ListUsersResult(AllUsersResult):
    pass


class SendPrivateMessageResult(Reply):
    seq: int
    timestamp: float
    duplicate: bool


class ReactionItem(Struct):
    """Who put an emoji on a message."""

    emoji: str
    users: list[str]
    user_ids: list[str]


class MessageItem(Struct, omit_defaults=True, kw_only=True):
    """A message in its present state. `cut` where its content does not stand here whole, and
    `reactions_cut` where not every reaction does."""

    chat_type: ChatType | None = None
    chat_id: str | None = None
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    seq: int
    sender: str = field(name="from")
    sender_id: str = field(name="from_id")
    content: str
    timestamp: float
    edited: bool
    deleted: bool
    reactions: list[ReactionItem]
    cut: bool = False
    reactions_cut: bool = False
    client_id: str | None = None
    reply_to: int | None = None


class GetMessagesResult(Reply):
    """`chat_id` is left out where nobody has written yet."""

    messages: list[MessageItem]
    has_more: bool
    chat_id: str | None = None


class GetPrivateMessagesResult(GetMessagesResult):
    pass


class DeletePrivateMessagesResult(Reply):
    pass


class SendGroupMessageResult(SendPrivateMessageResult):
    pass


class GetGroupMessagesResult(GetMessagesResult):
    pass


class ReactionOfItem(Struct):
    """An emoji that somebody put on a message."""

    emoji: str
    username: str
    user_id: str


class GetReactionsResult(ListResult):
    reactions: list[ReactionOfItem]


class DeleteGroupMessagesResult(Reply):
    pass


class EditMessageResult(Reply):
    pass


class DeleteMessageResult(Reply):
    pass


class ReactResult(Reply):
    pass


class SearchResult(ListResult):
    messages: list[MessageItem]


class MuteChatResult(Reply):
    pass


class WatchResult(Reply):
    """Which chat, where one was named."""

    chat_id: str | None = None
    to_user_id: str | None = None


class ChatItem(Struct, kw_only=True, omit_defaults=True):
    chat_type: ChatType
    chat_id: str
    to_user: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    name: str | None = None
    role: str | None = None
    open: bool | None = None
    seq: int
    read_seq: int
    unread: int
    last_message: MessageItem | None
    muted: bool


class ListChatsResult(ListResult):
    chats: list[ChatItem]


class MarkReadResult(Reply):
    pass


# Friends and blocks


class SendFriendRequestResult(Reply):
    """`accepted` where the other had asked already."""

    accepted: bool


class AcceptFriendRequestResult(Reply):
    pass


class RejectFriendRequestResult(Reply):
    pass


class RemoveFriendResult(Reply):
    pass


class ListFriendsResult(ListResult):
    friends: list[UserItem]


class FriendRequestItem(Struct):
    username: str
    user_id: str
    message: str
    created: float


class ReceivedFriendRequestsResult(ListResult):
    requests: list[FriendRequestItem]


class SentFriendRequestsResult(ListResult):
    requests: list[FriendRequestItem]


class BlockUserResult(Reply):
    pass


class UnblockUserResult(Reply):
    pass


class BlockedUsersResult(ListResult):
    users: list[NameItem]


# Groups


class CreateGroupResult(Reply):
    group_id: str
    name: str


class GroupItem(Struct):
    group_id: str
    chat_id: str
    name: str
    role: str
    open: bool


class MyGroupsResult(ListResult):
    groups: list[GroupItem]


class MemberItem(Struct):
    username: str
    user_id: str
    role: str
    online: bool


class GroupMembersResult(ListResult):
    members: list[MemberItem]


class InviteResult(Reply):
    invite_id: str
    username: str
    user_id: str


class InviteItem(Struct):
    invite_id: str
    group_id: str
    name: str
    invited_by: str
    invited_by_id: str
    created: float


class MyGroupInvitesResult(ListResult):
    invites: list[InviteItem]


class AcceptGroupInviteResult(Reply):
    group_id: str


class RejectGroupInviteResult(Reply):
    pass


class JoinGroupResult(Reply):
    group_id: str


class OpenGroupResult(Reply):
    pass


class CloseGroupResult(Reply):
    pass


class LeaveGroupResult(Reply):
    pass


class RenameGroupResult(Reply):
    pass


class RemoveMemberResult(Reply):
    pass


class SetRoleResult(Reply):
    pass


# The connection


class HelpItem(Struct):
    usage: str
    text: str
    example: str


class HelpResult(ListResult):
    commands: list[HelpItem]


class QuitResult(Reply):
    pass
