"""Friends, the requests that lead there, and blocks."""

from __future__ import annotations

from collections.abc import Collection

from ruggine import errors
from ruggine.model import FriendRequest, User
from ruggine.storage.database import Cursor, Database

MAX_SENT = 100
"""Requests of one user that wait for an answer."""


class FriendStore:
    """Implements `ruggine.domain.ports.FriendStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def request(self, user: User, other: User, message: str, now_s: float) -> bool:
        return await self._database.write(_request_txn, user, other, message, now_s)

    async def accept(self, user: User, other: User, now_s: float) -> None:
        await self._database.write(_accept_txn, user, other, now_s)

    async def reject(self, user: User, other: User) -> None:
        await self._database.write(_reject_txn, user, other)

    async def remove(self, user: User, other: User) -> None:
        await self._database.write(_remove_txn, user, other)

    async def friends(self, user_id: str, after: str, limit: int) -> list[User]:
        return await self._database.read(_friends_txn, user_id, after, limit)

    async def received(
        self, user_id: str, after: tuple[float, str], limit: int
    ) -> list[FriendRequest]:
        return await self._database.read(_received_txn, user_id, after, limit)

    async def sent(self, user_id: str, after: tuple[float, str], limit: int) -> list[FriendRequest]:
        return await self._database.read(_sent_txn, user_id, after, limit)

    async def block(self, user: User, other: User, now_s: float) -> bool:
        return await self._database.write(_block_txn, user, other, now_s)

    async def unblock(self, user: User, other: User) -> None:
        await self._database.write(_unblock_txn, user, other)

    async def blocked(self, user_id: str, after: str, limit: int) -> list[User]:
        return await self._database.read(_blocked_txn, user_id, after, limit)

    async def acquainted(self, user_ids: Collection[str]) -> list[tuple[User, list[str]]]:
        return await self._database.read(_acquainted_txn, list(user_ids))


def check_reachable_txn(cursor: Cursor, by: User, user: User) -> None:
    """Raises NotFound for a deleted account, and Forbidden where `user` has blocked `by`."""
    alive = cursor.execute(
        "SELECT 1 FROM users WHERE id = ? AND deleted_s IS NULL", (user.id,)
    ).fetchone()
    if not alive:
        raise errors.NoSuchUser
    if _has_blocked_txn(cursor, user, by):
        raise errors.Forbidden(f"{user.name} does not want to hear from you.")


def forget_all_txn(cursor: Cursor, user: User) -> None:
    """A deleted account has no friends, requests and blocks."""
    for table, one, other in (
        ("friends", "user_id", "friend_id"),
        ("friend_requests", "from_id", "to_id"),
        ("blocks", "user_id", "blocked_id"),
    ):
        cursor.execute(
            f"DELETE FROM {table} WHERE {one} = ? OR {other} = ?",  # noqa: S608 - our own names
            (user.id, user.id),
        )


# Requests


def _request_txn(cursor: Cursor, user: User, other: User, message: str, now_s: float) -> bool:
    """Whether the other had asked already, and they are friends now."""
    if user.id == other.id:
        raise errors.InvalidRequest("You are your own friend already.")
    check_reachable_txn(cursor, user, other)
    if _has_blocked_txn(cursor, user, other):
        raise errors.Forbidden(f"You have blocked {other.name}; unblock them first.")
    if _are_friends_txn(cursor, user, other):
        raise errors.AlreadyDone(f"You and {other.name} are friends already.")
    if _end_request_txn(cursor, other, user):
        _befriend_txn(cursor, user, other, now_s)
        return True
    waiting = cursor.execute(
        "SELECT COUNT(*), COALESCE(SUM(to_id = ?), 0) FROM friend_requests WHERE from_id = ?",
        (other.id, user.id),
    ).fetchone()
    if waiting[1]:
        raise errors.AlreadyDone(f"You have asked {other.name} already.")
    if waiting[0] >= MAX_SENT:
        raise errors.Forbidden(f"{MAX_SENT} of your requests wait for an answer; take some back.")
    cursor.execute(
        "INSERT INTO friend_requests (from_id, to_id, message, created_s) VALUES (?, ?, ?, ?)",
        (user.id, other.id, message, now_s),
    )
    return False


def _accept_txn(cursor: Cursor, user: User, other: User, now_s: float) -> None:
    if not _end_request_txn(cursor, other, user):
        raise _no_request(cursor, user, other)
    _befriend_txn(cursor, user, other, now_s)


def _reject_txn(cursor: Cursor, user: User, other: User) -> None:
    if not _end_request_txn(cursor, other, user):
        raise _no_request(cursor, user, other)


def _no_request(cursor: Cursor, user: User, other: User) -> errors.Refusal:
    if _are_friends_txn(cursor, user, other):
        return errors.AlreadyDone(f"You and {other.name} are friends already.")
    return errors.NotFound(f"{other.name} has not asked you.")


def _end_request_txn(cursor: Cursor, asking: User, asked: User) -> bool:
    cursor.execute(
        "DELETE FROM friend_requests WHERE from_id = ? AND to_id = ?", (asking.id, asked.id)
    )
    return cursor.rowcount > 0


_REQUESTS = "SELECT u.id, u.name, r.message, r.created_s FROM friend_requests AS r "
_IN_ORDER = "AND (r.created_s, u.name_key) > (?, ?) ORDER BY r.created_s, u.name_key LIMIT ?"


def _received_txn(
    cursor: Cursor, user_id: str, after: tuple[float, str], limit: int
) -> list[FriendRequest]:
    return _requests(
        cursor.execute(
            _REQUESTS + "JOIN users AS u ON u.id = r.from_id WHERE r.to_id = ? " + _IN_ORDER,
            (user_id, *after, limit),
        )
    )


def _sent_txn(
    cursor: Cursor, user_id: str, after: tuple[float, str], limit: int
) -> list[FriendRequest]:
    return _requests(
        cursor.execute(
            _REQUESTS + "JOIN users AS u ON u.id = r.to_id WHERE r.from_id = ? " + _IN_ORDER,
            (user_id, *after, limit),
        )
    )


def _requests(rows: Cursor) -> list[FriendRequest]:
    return [FriendRequest(User(row[0], row[1]), row[2], row[3]) for row in rows]


# Friends


def _befriend_txn(cursor: Cursor, user: User, other: User, now_s: float) -> None:
    cursor.executemany(
        "INSERT INTO friends (user_id, friend_id, created_s) VALUES (?, ?, ?)",
        [(user.id, other.id, now_s), (other.id, user.id, now_s)],
    )


def _are_friends_txn(cursor: Cursor, user: User, other: User) -> bool:
    row = cursor.execute(
        "SELECT 1 FROM friends WHERE user_id = ? AND friend_id = ?", (user.id, other.id)
    ).fetchone()
    return row is not None


def _unfriend_txn(cursor: Cursor, user: User, other: User) -> bool:
    cursor.execute(
        "DELETE FROM friends WHERE (user_id = ?1 AND friend_id = ?2) "
        "OR (user_id = ?2 AND friend_id = ?1)",
        (user.id, other.id),
    )
    return cursor.rowcount > 0


def _remove_txn(cursor: Cursor, user: User, other: User) -> None:
    """A friend, or one's own request."""
    if not _unfriend_txn(cursor, user, other) and not _end_request_txn(cursor, user, other):
        raise errors.NotFound(f"{other.name} is not your friend.")


def _friends_txn(cursor: Cursor, user_id: str, after: str, limit: int) -> list[User]:
    rows = cursor.execute(
        "SELECT u.id, u.name FROM friends AS f JOIN users AS u ON u.id = f.friend_id "
        "WHERE f.user_id = ? AND u.name_key > ? ORDER BY u.name_key LIMIT ?",
        (user_id, after, limit),
    )
    return [User(*row) for row in rows]


# Blocks


def _has_blocked_txn(cursor: Cursor, user: User, other: User) -> bool:
    row = cursor.execute(
        "SELECT 1 FROM blocks WHERE user_id = ? AND blocked_id = ?", (user.id, other.id)
    ).fetchone()
    return row is not None


def _block_txn(cursor: Cursor, user: User, other: User, now_s: float) -> bool:
    """Ends a friendship and requests in both directions; whether the other notices something."""
    if user.id == other.id:
        raise errors.InvalidRequest("You cannot block yourself.")
    if _has_blocked_txn(cursor, user, other):
        raise errors.AlreadyDone(f"You have blocked {other.name} already.")
    cursor.execute(
        "INSERT INTO blocks (user_id, blocked_id, created_s) VALUES (?, ?, ?)",
        (user.id, other.id, now_s),
    )
    _bar_txn(cursor, user, other, True)
    _withdraw_invites_txn(cursor, user, other)
    _end_request_txn(cursor, user, other)
    _end_request_txn(cursor, other, user)
    return _unfriend_txn(cursor, user, other)


def _withdraw_invites_txn(cursor: Cursor, user: User, other: User) -> None:
    """Into any group, of who is blocked and to them."""
    cursor.execute(
        "DELETE FROM group_invites WHERE answer IS NULL AND "
        "((user_id = ?1 AND invited_by = ?2) OR (user_id = ?2 AND invited_by = ?1))",
        (user.id, other.id),
    )


def _unblock_txn(cursor: Cursor, user: User, other: User) -> None:
    cursor.execute("DELETE FROM blocks WHERE user_id = ? AND blocked_id = ?", (user.id, other.id))
    if not cursor.rowcount:
        raise errors.NotFound(f"You have not blocked {other.name}.")
    _bar_txn(cursor, user, other, False)


def _bar_txn(cursor: Cursor, user: User, other: User, barred: bool) -> None:
    """What a send looks at: one row that it reads anyway."""
    low, high = sorted((user.id, other.id))
    cursor.execute(
        "UPDATE chat_members SET barred = ? WHERE user_id = ? AND chat_id = "
        "(SELECT id FROM chats WHERE low_user_id = ? AND high_user_id = ?)",
        (barred, other.id, low, high),
    )


def _blocked_txn(cursor: Cursor, user_id: str, after: str, limit: int) -> list[User]:
    rows = cursor.execute(
        "SELECT u.id, u.name FROM blocks AS b JOIN users AS u ON u.id = b.blocked_id "
        "WHERE b.user_id = ? AND u.name_key > ? ORDER BY u.name_key LIMIT ?",
        (user_id, after, limit),
    )
    return [User(*row) for row in rows]


# Who hears of whose coming and going

_ACQUAINTED = """
SELECT friend_id FROM friends WHERE user_id = ?1
UNION
SELECT theirs.user_id FROM chat_members AS own
JOIN chat_members AS theirs ON theirs.chat_id = own.chat_id
WHERE own.user_id = ?1 AND own.left_seq IS NULL AND theirs.left_seq IS NULL
EXCEPT
SELECT user_id FROM blocks WHERE blocked_id = ?1
EXCEPT
SELECT blocked_id FROM blocks WHERE user_id = ?1
"""


def _acquainted_txn(cursor: Cursor, user_ids: list[str]) -> list[tuple[User, list[str]]]:
    found = []
    for user_id in user_ids:
        user = cursor.execute(
            "SELECT id, name FROM users WHERE id = ? AND deleted_s IS NULL", (user_id,)
        ).fetchone()
        if user is not None:
            found.append((User(*user), circle_txn(cursor, user_id)))
    return found


def circle_txn(cursor: Cursor, user_id: str) -> list[str]:
    """The ids of the others who hear of a user's coming and going."""
    others = (row[0] for row in cursor.execute(_ACQUAINTED, (user_id,)))
    return [other for other in others if other != user_id]
