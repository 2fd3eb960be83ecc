"""A real database in a file, and people in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet import reactor

from ruggine.model import Chat, Session, User
from ruggine.storage.accounts import AccountStore
from ruggine.storage.chats import ChatStore
from ruggine.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(reactor, tmp_path / "it.db")
    database.open()
    yield database
    database.close()


class Town:
    """Makes users and chats."""

    def __init__(self, database: Database) -> None:
        self.accounts = AccountStore(database)
        self.chats = ChatStore(database)

    async def user(self, name: str) -> User:
        user = User(str(uuid.uuid4()), name)
        session = Session(uuid.uuid4().hex[:16], user, "", 100.0, 100.0)
        await self.accounts.add("hash", session, uuid.uuid4().bytes, "127.0.0.1")
        return user

    async def chat(self, one: User, other: User) -> Chat:
        chat, _ = await self.chats.private(one, other)
        return chat


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)
