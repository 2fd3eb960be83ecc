"""Friends and blocks."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from ruggine.wire import rules
from ruggine.wire.requests.base import ListRequest, UserRequest


class SendFriendRequest(UserRequest, frozen=True):
    """Ask somebody to be friends; if they have asked you, you are friends at once."""

    usage: ClassVar[str] = "/send_friend_request <token> <username> [message…]"
    example: ClassVar[str] = "/send_friend_request - dory ci siamo visti al lago"

    message: Annotated[str, Meta(max_length=500)] = ""

    def __post_init__(self) -> None:
        UserRequest.__post_init__(self)
        if self.message:
            rules.check_content(self.message)


class AcceptFriendRequest(UserRequest, frozen=True):
    """Become friends with somebody who asked you."""

    usage: ClassVar[str] = "/accept_friend_request <token> <username>"
    example: ClassVar[str] = "/accept_friend_request - luigi"


class RejectFriendRequest(UserRequest, frozen=True):
    """Decline the request of somebody who asked you."""

    usage: ClassVar[str] = "/reject_friend_request <token> <username>"
    example: ClassVar[str] = "/reject_friend_request - luigi"


class RemoveFriend(UserRequest, frozen=True):
    """End a friendship, or take a request back."""

    usage: ClassVar[str] = "/remove_friend <token> <username>"
    example: ClassVar[str] = "/remove_friend - luigi"


class ListFriends(ListRequest, frozen=True):
    """List your friends."""

    usage: ClassVar[str] = "/list_friends <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/list_friends -"


class ReceivedFriendRequests(ListRequest, frozen=True):
    """List who asks to be friends with you."""

    usage: ClassVar[str] = "/received_friend_requests <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/received_friend_requests -"


class SentFriendRequests(ListRequest, frozen=True):
    """List whom you have asked to be friends."""

    usage: ClassVar[str] = "/sent_friend_requests <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/sent_friend_requests -"


class BlockUser(UserRequest, frozen=True):
    """Hear nothing private from somebody any more; also ends a friendship."""

    usage: ClassVar[str] = "/block_user <token> <username>"
    example: ClassVar[str] = "/block_user - ugo"


class UnblockUser(UserRequest, frozen=True):
    """Hear from somebody again."""

    usage: ClassVar[str] = "/unblock_user <token> <username>"
    example: ClassVar[str] = "/unblock_user - ugo"


class BlockedUsers(ListRequest, frozen=True):
    """List whom you have blocked."""

    usage: ClassVar[str] = "/blocked_users <token> [limit=<n>] [cursor=<c>]"
    example: ClassVar[str] = "/blocked_users -"
