"""The table of accounts, and what must change together with it."""

from __future__ import annotations

import json
from collections.abc import Collection

from ruggine import errors
from ruggine.model import Credentials, DeletedAccount, EndedSession, Session, User
from ruggine.storage import friends, groups, sessions
from ruggine.storage.database import Cursor, Database


class AccountStore:
    """Accounts by name and by id. Implements `ruggine.domain.ports.AccountStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, password_hash: str, session: Session, token_hash: bytes, address: str
    ) -> None:
        await self._database.write(_add_txn, password_hash, session, token_hash, address)

    async def named(self, name: str) -> User | None:
        return await self._database.read(_named_txn, name)

    async def credentials(self, name: str, network: str) -> Credentials | None:
        return await self._database.read(_credentials_txn, name, network)

    async def set_password(
        self, user_id: str, password_hash: str, now_s: float, address: str, keep: str
    ) -> list[EndedSession]:
        return await self._database.write(
            _set_password_txn, user_id, password_hash, now_s, address, keep
        )

    async def delete(self, user: User, now_s: float, address: str) -> DeletedAccount:
        return await self._database.write(_delete_txn, user, now_s, address)

    async def everybody(self, after: str, limit: int) -> list[User]:
        return await self._database.read(_everybody_txn, after, limit)

    async def with_ids(self, user_ids: Collection[str], after: str, limit: int) -> list[User]:
        return await self._database.read(_with_ids_txn, list(user_ids), after, limit)


def _key(name: str) -> str:
    """Names are ASCII, and unique without regard to case."""
    return name.lower()


def _add_txn(
    cursor: Cursor, password_hash: str, session: Session, token_hash: bytes, address: str
) -> None:
    user = session.user
    if cursor.execute(
        "SELECT 1 FROM users WHERE rtrim(name_key, '.') = rtrim(?, '.')", (_key(user.name),)
    ).fetchone():
        raise errors.UsernameTaken
    cursor.execute(
        "INSERT INTO users (id, name, name_key, password_hash, created_s) VALUES (?, ?, ?, ?, ?)",
        (user.id, user.name, _key(user.name), password_hash, session.created_s),
    )
    sessions.add_txn(cursor, session, token_hash, address)


def _named_txn(cursor: Cursor, name: str) -> User | None:
    row = cursor.execute("SELECT id, name FROM users WHERE name_key = ?", (_key(name),)).fetchone()
    return User(*row) if row else None


def _credentials_txn(cursor: Cursor, name: str, network: str) -> Credentials | None:
    row = cursor.execute(
        "SELECT id, name, password_hash, "
        "EXISTS (SELECT 1 FROM login_networks WHERE user_id = id AND network = ?) "
        "FROM users WHERE name_key = ? AND password_hash IS NOT NULL",
        (network, _key(name)),
    ).fetchone()
    return Credentials(User(row[0], row[1]), row[2], bool(row[3])) if row else None


def _set_password_txn(
    cursor: Cursor, user_id: str, password_hash: str, now_s: float, address: str, keep: str
) -> list[EndedSession]:
    cursor.execute(
        "UPDATE users SET password_hash = ? WHERE id = ? AND deleted_s IS NULL",
        (password_hash, user_id),
    )
    return sessions.end_all_txn(cursor, user_id, "revoke", now_s, address, keep)


def _delete_txn(cursor: Cursor, user: User, now_s: float, address: str) -> DeletedAccount:
    """The row stays for its messages, under a name that nobody can register because of its '~'."""
    circle = friends.circle_txn(cursor, user.id)
    left = groups.leave_all_txn(cursor, user, now_s)
    name = "deleted~" + user.id.replace("-", "")[:12]
    cursor.execute(
        "UPDATE users SET name = ?, name_key = ?, password_hash = NULL, deleted_s = ? WHERE id = ?",
        (name, name, now_s, user.id),
    )
    cursor.execute(
        "UPDATE chats SET closed = 1 WHERE low_user_id = ? OR high_user_id = ?", (user.id, user.id)
    )
    friends.forget_all_txn(cursor, user)
    ended = sessions.end_all_txn(cursor, user.id, "logout", now_s, address)
    cursor.execute("DELETE FROM login_networks WHERE user_id = ?", (user.id,))
    return DeletedAccount(user, name, ended, left, circle)


def _everybody_txn(cursor: Cursor, after: str, limit: int) -> list[User]:
    rows = cursor.execute(
        "SELECT id, name FROM users WHERE deleted_s IS NULL AND name_key > ? "
        "ORDER BY name_key LIMIT ?",
        (after, limit),
    )
    return [User(*row) for row in rows]


def _with_ids_txn(cursor: Cursor, user_ids: list[str], after: str, limit: int) -> list[User]:
    rows = cursor.execute(
        "SELECT u.id, u.name FROM json_each(?) AS wanted JOIN users AS u ON u.id = wanted.value "
        "WHERE u.deleted_s IS NULL AND u.name_key > ? ORDER BY u.name_key LIMIT ?",
        (json.dumps(user_ids), after, limit),
    )
    return [User(*row) for row in rows]
