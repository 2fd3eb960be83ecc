"""How many messages and groups there are in all, without looking through them."""

from __future__ import annotations

from ruggine.storage.database import Cursor, Database


async def read_totals(database: Database) -> dict[str, int]:
    """`messages` and `groups`. Raises Unavailable."""
    return await database.read(_totals_txn)


def _totals_txn(cursor: Cursor) -> dict[str, int]:
    return dict(
        cursor.execute("SELECT what, count FROM totals WHERE what IN ('messages', 'groups')")
    )
