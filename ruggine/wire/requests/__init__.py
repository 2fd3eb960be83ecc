"""Every request a client can make, as one value for both ports (docs/protocol.md, 2 and 3)."""

from __future__ import annotations

from ruggine.wire.requests.accounts import (
    AllUsers,
    Auth,
    ChangePassword,
    Cursor,
    DeleteAccount,
    ListUsers,
    Login,
    Logout,
    LogoutAll,
    OnlineUsers,
    Register,
    Resume,
    RevokeSession,
    Sessions,
    ValidateSession,
)
from ruggine.wire.requests.base import (
    DEFAULT_PAGE,
    MAX_PAGE,
    MAX_ROWS,
    ChatRequest,
    ChatType,
    ListRequest,
    NamesChat,
    Request,
    RequestId,
    UserRequest,
    chat_named,
)
from ruggine.wire.requests.connection import (
    Help,
    Ping,
    Quit,
)
from ruggine.wire.requests.friends import (
    AcceptFriendRequest,
    BlockedUsers,
    BlockUser,
    ListFriends,
    ReceivedFriendRequests,
    RejectFriendRequest,
    RemoveFriend,
    SendFriendRequest,
    SentFriendRequests,
    UnblockUser,
)
from ruggine.wire.requests.groups import (
    AcceptGroupInvite,
    CloseGroup,
    CreateGroup,
    GroupMembers,
    Invite,
    JoinGroup,
    LeaveGroup,
    MyGroupInvites,
    MyGroups,
    NamedGroup,
    OpenGroup,
    RejectGroupInvite,
    RemoveMember,
    RenameGroup,
    SetRole,
)
from ruggine.wire.requests.messages import (
    DeleteGroupMessages,
    DeleteMessage,
    DeletePrivateMessages,
    EditMessage,
    GetGroupMessages,
    GetMessages,
    GetPrivateMessages,
    GetReactions,
    ListChats,
    MarkRead,
    MuteChat,
    React,
    Search,
    SendGroupMessage,
    SendMessage,
    SendPrivateMessage,
    Typing,
    Watch,
)

AnyRequest = (
    Register
    | Login
    | ValidateSession
    | Auth
    | Logout
    | LogoutAll
    | Sessions
    | RevokeSession
    | ChangePassword
    | DeleteAccount
    | OnlineUsers
    | AllUsers
    | ListUsers
    | SendFriendRequest
    | AcceptFriendRequest
    | RejectFriendRequest
    | RemoveFriend
    | ListFriends
    | ReceivedFriendRequests
    | SentFriendRequests
    | BlockUser
    | UnblockUser
    | BlockedUsers
    | CreateGroup
    | MyGroups
    | GroupMembers
    | Invite
    | MyGroupInvites
    | AcceptGroupInvite
    | RejectGroupInvite
    | JoinGroup
    | OpenGroup
    | CloseGroup
    | LeaveGroup
    | RenameGroup
    | RemoveMember
    | SetRole
    | SendMessage
    | SendPrivateMessage
    | SendGroupMessage
    | GetMessages
    | GetPrivateMessages
    | GetGroupMessages
    | GetReactions
    | DeletePrivateMessages
    | DeleteGroupMessages
    | EditMessage
    | DeleteMessage
    | React
    | Search
    | Watch
    | ListChats
    | MarkRead
    | Typing
    | MuteChat
    | Ping
    | Help
    | Quit
)

__all__ = [
    "DEFAULT_PAGE",
    "MAX_PAGE",
    "MAX_ROWS",
    "AcceptFriendRequest",
    "AcceptGroupInvite",
    "AllUsers",
    "AnyRequest",
    "Auth",
    "BlockUser",
    "BlockedUsers",
    "ChangePassword",
    "ChatRequest",
    "ChatType",
    "CloseGroup",
    "CreateGroup",
    "Cursor",
    "DeleteAccount",
    "DeleteGroupMessages",
    "DeleteMessage",
    "DeletePrivateMessages",
    "EditMessage",
    "GetGroupMessages",
    "GetMessages",
    "GetPrivateMessages",
    "GetReactions",
    "GroupMembers",
    "Help",
    "Invite",
    "JoinGroup",
    "LeaveGroup",
    "ListChats",
    "ListFriends",
    "ListRequest",
    "ListUsers",
    "Login",
    "Logout",
    "LogoutAll",
    "MarkRead",
    "MuteChat",
    "MyGroupInvites",
    "MyGroups",
    "NamedGroup",
    "NamesChat",
    "OnlineUsers",
    "OpenGroup",
    "Ping",
    "Quit",
    "React",
    "ReceivedFriendRequests",
    "Register",
    "RejectFriendRequest",
    "RejectGroupInvite",
    "RemoveFriend",
    "RemoveMember",
    "RenameGroup",
    "Request",
    "RequestId",
    "Resume",
    "RevokeSession",
    "Search",
    "SendFriendRequest",
    "SendGroupMessage",
    "SendMessage",
    "SendPrivateMessage",
    "SentFriendRequests",
    "Sessions",
    "SetRole",
    "Typing",
    "UnblockUser",
    "UserRequest",
    "ValidateSession",
    "Watch",
    "chat_named",
]
