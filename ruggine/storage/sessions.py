"""The tables of sessions and of what happened to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from ruggine.domain.limits import network_of
from ruggine.model import EndedSession, Session, User
from ruggine.storage.database import Cursor, Database

SessionEvent = Literal["login", "failed_login", "logout", "revoke", "expire"]

_NETWORKS_OF_A_USER = 64
_NOTED_WITHIN_S = 120.0


class SessionStore:
    """Sessions by the SHA-256 of their token. Implements `ruggine.domain.ports.SessionStore`."""

    def __init__(self, database: Database, max_of_user: int) -> None:
        self._database = database
        self._max_of_user = max_of_user

    async def add(
        self,
        session: Session,
        token_hash: bytes,
        address: str,
        in_use: Collection[str] = (),
        *,
        replace: bool = False,
    ) -> list[EndedSession]:
        return await self._database.write(
            _begin_txn, session, token_hash, address, list(in_use), replace, self._max_of_user
        )

    async def find(self, token_hash: bytes) -> Session | None:
        return await self._database.read(_find_txn, token_hash)

    async def of_user(self, user_id: str, after: tuple[float, str], limit: int) -> list[Session]:
        return await self._database.read(_of_user_txn, user_id, after, limit)

    async def existing(self, session_ids: Collection[str]) -> set[str]:
        return await self._database.read(_existing_txn, list(session_ids))

    async def end(
        self,
        user_id: str,
        session_id: str,
        event: Literal["logout", "revoke"],
        now_s: float,
        address: str,
    ) -> list[EndedSession]:
        return await self._database.write(_end_txn, user_id, session_id, event, now_s, address)

    async def end_all(self, user_id: str, now_s: float, address: str) -> list[EndedSession]:
        return await self._database.write(end_all_txn, user_id, "logout", now_s, address)

    async def expire(
        self, now_s: float, idle_before_s: float, begun_before_s: float
    ) -> list[EndedSession]:
        return await self._database.write(_expire_txn, now_s, idle_before_s, begun_before_s)

    async def touch(self, session_ids: Collection[str], now_s: float) -> None:
        await self._database.write(_touch_txn, list(session_ids), now_s)

    async def note_failed_login(self, user_id: str | None, now_s: float, address: str) -> None:
        await self._database.write(note_txn, "failed_login", user_id, None, now_s, address)


def add_txn(cursor: Cursor, session: Session, token_hash: bytes, address: str) -> None:
    """Begin a session and note its login."""
    cursor.execute(
        "INSERT INTO sessions (token_hash, id, user_id, device, created_s, last_seen_s) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            token_hash,
            session.id,
            session.user.id,
            session.device,
            session.created_s,
            session.last_seen_s,
        ),
    )
    note_txn(cursor, "login", session.user.id, session.id, session.created_s, address)
    _note_network(cursor, session, network_of(address))


def _begin_txn(
    cursor: Cursor,
    session: Session,
    token_hash: bytes,
    address: str,
    in_use: list[str],
    replace: bool,
    most: int,
) -> list[EndedSession]:
    replaced = _end_device_txn(cursor, session, address) if replace else []
    add_txn(cursor, session, token_hash, address)
    return replaced + _end_surplus_txn(cursor, session, in_use, most, address)


def _end_device_txn(cursor: Cursor, session: Session, address: str) -> list[EndedSession]:
    ended = _ended(
        cursor.execute(
            "DELETE FROM sessions WHERE user_id = ? AND device = ? "
            "RETURNING id, user_id, token_hash",
            (session.user.id, session.device),
        )
    )
    _note_all(cursor, "revoke", ended, session.created_s, address)
    return ended


def _end_surplus_txn(
    cursor: Cursor, begun: Session, in_use: list[str], most: int, address: str
) -> list[EndedSession]:
    """End what was unused for longest.

    Uses are noted once a minute: of those that may be in use right now, the ones that were used
    after their login stay longest, so that a crowd of fresh logins ends no client at work.
    """
    user_id = begun.user.id
    count = cursor.execute("SELECT COUNT(*) FROM sessions WHERE user_id = ?", (user_id,))
    if count.fetchone()[0] <= most:
        return []
    _touch_txn(cursor, in_use, begun.created_s)
    ended = _ended(
        cursor.execute(
            "DELETE FROM sessions WHERE id IN ("
            "SELECT id FROM sessions WHERE user_id = ? AND id <> ? ORDER BY "
            "MIN(last_seen_s, ?) DESC, last_seen_s > created_s DESC, last_seen_s DESC, id "
            "LIMIT -1 OFFSET ?) RETURNING id, user_id, token_hash",
            (user_id, begun.id, begun.created_s - _NOTED_WITHIN_S, most - 1),
        )
    )
    _note_all(cursor, "expire", ended, begun.created_s, address)
    return ended


def _note_network(cursor: Cursor, session: Session, network: str) -> None:
    """Remember where the owner of an account comes from: the last few places."""
    user_id = session.user.id
    cursor.execute(
        "INSERT INTO login_networks (user_id, network, last_s) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET last_s = excluded.last_s",
        (user_id, network, session.created_s),
    )
    cursor.execute(
        "DELETE FROM login_networks WHERE user_id = ? AND network NOT IN (SELECT network "
        "FROM login_networks WHERE user_id = ? ORDER BY last_s DESC LIMIT ?)",
        (user_id, user_id, _NETWORKS_OF_A_USER),
    )


def end_all_txn(
    cursor: Cursor, user_id: str, event: SessionEvent, now_s: float, address: str, keep: str = ""
) -> list[EndedSession]:
    """End every session of a user but the one with the id `keep`."""
    ended = _ended(
        cursor.execute(
            "DELETE FROM sessions WHERE user_id = ? AND id <> ? RETURNING id, user_id, token_hash",
            (user_id, keep),
        )
    )
    _note_all(cursor, event, ended, now_s, address)
    return ended


def note_txn(
    cursor: Cursor,
    event: SessionEvent,
    user_id: str | None,
    session_id: str | None,
    now_s: float,
    address: str,
) -> None:
    """Add to the table of session events."""
    cursor.execute(
        "INSERT INTO session_events (time_s, event, user_id, session_id, address) "
        "VALUES (?, ?, ?, ?, ?)",
        (now_s, event, user_id, session_id, address),
    )


def _note_all(
    cursor: Cursor, event: SessionEvent, ended: list[EndedSession], now_s: float, address: str
) -> None:
    for session in ended:
        note_txn(cursor, event, session.user_id, session.id, now_s, address)


def _ended(rows: Cursor) -> list[EndedSession]:
    return [EndedSession(*row) for row in rows.fetchall()]


_SELECT = (
    "SELECT s.id, u.id, u.name, s.device, s.created_s, s.last_seen_s "
    "FROM sessions AS s JOIN users AS u ON u.id = s.user_id "
)


def _session(row: tuple[str, str, str, str, float, float]) -> Session:
    return Session(row[0], User(row[1], row[2]), *row[3:])


def _find_txn(cursor: Cursor, token_hash: bytes) -> Session | None:
    row = cursor.execute(_SELECT + "WHERE s.token_hash = ?", (token_hash,)).fetchone()
    return _session(row) if row else None


def _of_user_txn(
    cursor: Cursor, user_id: str, after: tuple[float, str], limit: int
) -> list[Session]:
    rows = cursor.execute(
        _SELECT + "WHERE s.user_id = ? AND (s.created_s, s.id) > (?, ?) "
        "ORDER BY s.created_s, s.id LIMIT ?",
        (user_id, *after, limit),
    )
    return [_session(row) for row in rows]


def _existing_txn(cursor: Cursor, session_ids: list[str]) -> set[str]:
    found = (
        cursor.execute("SELECT id FROM sessions WHERE id = ?", (id_,)).fetchone()
        for id_ in session_ids
    )
    return {row[0] for row in found if row}


def _end_txn(
    cursor: Cursor, user_id: str, session_id: str, event: SessionEvent, now_s: float, address: str
) -> list[EndedSession]:
    ended = _ended(
        cursor.execute(
            "DELETE FROM sessions WHERE user_id = ? AND id = ? RETURNING id, user_id, token_hash",
            (user_id, session_id),
        )
    )
    _note_all(cursor, event, ended, now_s, address)
    return ended


def _expire_txn(
    cursor: Cursor, now_s: float, idle_before_s: float, begun_before_s: float
) -> list[EndedSession]:
    """End what is too old, and forget events as old as the oldest possible session."""
    ended = _ended(
        cursor.execute(
            "DELETE FROM sessions WHERE last_seen_s < ? OR created_s < ? "
            "RETURNING id, user_id, token_hash",
            (idle_before_s, begun_before_s),
        )
    )
    _note_all(cursor, "expire", ended, now_s, "")
    cursor.execute("DELETE FROM session_events WHERE time_s < ?", (begun_before_s,))
    cursor.execute("DELETE FROM login_networks WHERE last_s < ?", (begun_before_s,))
    return ended


def _touch_txn(cursor: Cursor, session_ids: list[str], now_s: float) -> None:
    cursor.executemany(
        "UPDATE sessions SET last_seen_s = ? WHERE id = ? AND last_seen_s < ?",
        [(now_s, id_, now_s) for id_ in session_ids],
    )
