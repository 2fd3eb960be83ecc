"""Who is connected to which node, as each node says in Redis again and again."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ruggine.bus.link import Link
from ruggine.bus.seals import Seals
from ruggine.domain.recent import Recent

PRESENCE_TTL_S = 6

_NODES = "node:ids"
_REMEMBERED = 1024


class _Present(msgspec.Struct):
    users: list[str]


_PRESENT = msgspec.json.Decoder(_Present)


class RedisPresence:
    """What this node says of its users, and what the others say of theirs."""

    def __init__(self, link: Link, seals: Seals) -> None:
        self._link = link
        self._seals = seals
        self._node = seals.stamps.node
        self._newest: Recent[bytes, int] = Recent(_REMEMBERED)

    def show(self, users: Iterable[str]) -> None:
        """To be said again before its time to live is over."""
        key = f"presence:{self._node}"
        value = self._seals.seal(key, _Present(sorted(users)))
        self._link.send("SET", key, value, "EX", PRESENCE_TTL_S)
        self._link.send("SADD", _NODES, self._node)
        self._link.send("SET", f"node:{self._node}", b"{}", "EX", PRESENCE_TTL_S)

    def hide(self) -> None:
        """This node stops."""
        self._link.send("DEL", f"presence:{self._node}", f"node:{self._node}")
        self._link.send("SREM", _NODES, self._node)

    async def elsewhere(self) -> dict[bytes, list[str]] | None:
        """The users of each other node; None if Redis is away or slow."""
        nodes = await self._link.ask("SMEMBERS", _NODES)
        if nodes is None:
            return None
        others = [node for node in nodes if node != self._node.encode()]
        shown = await self._link.ask("MGET", *map(_key, others)) if others else []
        if shown is None:
            return None
        gone = [node for node, sealed in zip(others, shown, strict=True) if sealed is None]
        if gone:
            self._link.send("SREM", _NODES, *gone)
        said = ((n, self._users(n, s)) for n, s in zip(others, shown, strict=True) if s is not None)
        return {node: users for node, users in said if users is not None}

    def _users(self, node: bytes, sealed: bytes) -> list[str] | None:
        """None for what is no node's, too old, or older than what that node has said since."""
        place = _key(node).decode("utf-8", "replace")
        opened = self._seals.open_lasting(place, _PRESENT, sealed, PRESENCE_TTL_S)
        if opened is None or opened[1].number < (self._newest.get(node) or 0):
            return None
        self._newest.put(node, opened[1].number)
        users: list[str] = opened[0].users
        return users


def _key(node: bytes) -> bytes:
    return b"presence:" + node
