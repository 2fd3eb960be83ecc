"""A relay on websockets and sqlite3: relay_asyncio.py PORT DATABASE.

A session token is a name, and a group is everybody who is connected.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve

Waiting = list[tuple[ServerConnection, str, dict[str, Any]]]


class Relay:
    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute(
            "CREATE TABLE entries (chat, seq, sender, content, PRIMARY KEY (chat, seq))"
        )
        self.everybody: set[ServerConnection] = set()
        self.here: dict[str, ServerConnection] = {}
        self.last: dict[str, int] = {}
        self.waiting: Waiting = []
        self.arrived = asyncio.Event()

    async def talk(self, there: ServerConnection) -> None:
        name = json.loads(await there.recv())["session_token"]
        self.here[name] = there
        self.everybody.add(there)
        await there.send(json.dumps({"message_type": "auth_response", "success": True}))
        try:
            async for text in there:
                self.waiting.append((there, name, json.loads(text)))
                self.arrived.set()
        finally:
            self.everybody.discard(there)

    async def store(self) -> None:
        """What arrives while a batch is committed is the next one."""
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            batch, self.waiting = self.waiting, []
            rows = []
            for _, name, said in batch:
                chat = said.get("group_id") or "/".join(sorted((name, said["to_user"])))
                self.last[chat] = said["seq"] = self.last.get(chat, 0) + 1
                rows.append((chat, said["seq"], name, said["content"]))
            await asyncio.to_thread(self.commit, rows)
            for there, name, said in batch:
                await self.deliver(there, name, said)

    def commit(self, rows: list[tuple[Any, ...]]) -> None:
        self.database.execute("BEGIN")
        self.database.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
        self.database.execute("COMMIT")

    async def deliver(self, there: ServerConnection, name: str, said: dict[str, Any]) -> None:
        content = said.pop("content")
        said["timestamp"] = round(time.time(), 3)
        said["message_type"] = "message_sent"
        await there.send(json.dumps(said))
        said["message_type"] = "incoming_message"
        text = json.dumps({"from": name, "content": content, **said})
        if "group_id" in said:
            broadcast(self.everybody, text)
        else:
            names = (name, said["to_user"])
            broadcast([self.here[who] for who in names if who in self.here], text)


async def main() -> None:
    relay = Relay(sys.argv[2])
    async with serve(relay.talk, "127.0.0.1", int(sys.argv[1]), compression=None):
        await relay.store()


if __name__ == "__main__":
    asyncio.run(main())
