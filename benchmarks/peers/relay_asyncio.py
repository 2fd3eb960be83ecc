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

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve


class Relay:
    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute(
            "CREATE TABLE entries (chat, seq, sender, content, PRIMARY KEY (chat, seq))"
        )
        self.here: dict[str, ServerConnection] = {}
        self.last: dict[str, int] = {}
        self.waiting: list[tuple[ServerConnection, str, dict[str, Any]]] = []
        self.arrived = asyncio.Event()

    async def talk(self, there: ServerConnection) -> None:
        name = json.loads(await there.recv())["session_token"]
        self.here[name] = there
        await there.send(json.dumps({"message_type": "auth_response", "success": True}))
        async for text in there:
            self.waiting.append((there, name, json.loads(text)))
            self.arrived.set()

    async def store(self, server: Server) -> None:
        """What arrives while a batch is committed is the next one."""
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            batch, self.waiting = self.waiting, []
            await asyncio.to_thread(self.commit, [self.row(name, said) for _, name, said in batch])
            for there, name, said in batch:
                await self.deliver(server, there, name, said)

    def row(self, name: str, said: dict[str, Any]) -> tuple[Any, ...]:
        chat = said.get("group_id") or "/".join(sorted((name, said["to_user"])))
        self.last[chat] = said["seq"] = self.last.get(chat, 0) + 1
        return chat, said["seq"], name, said["content"]

    def commit(self, rows: list[tuple[Any, ...]]) -> None:
        self.database.execute("BEGIN")
        self.database.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
        self.database.execute("COMMIT")

    async def deliver(self, server: Server, there: ServerConnection, name: str, said: Any) -> None:
        content = said.pop("content")
        said |= {"timestamp": round(time.time(), 3), "message_type": "message_sent"}
        await there.send(json.dumps(said))
        said |= {"message_type": "incoming_message", "from": name, "content": content}
        two = [self.here[who] for who in (name, said.get("to_user")) if who in self.here]
        broadcast(server.connections if "group_id" in said else two, json.dumps(said))


async def main() -> None:
    relay = Relay(sys.argv[2])
    async with serve(relay.talk, "127.0.0.1", int(sys.argv[1]), compression=None) as server:
        await relay.store(server)


if __name__ == "__main__":
    asyncio.run(main())
