"""What delivery means, in Python lists: what is stored, what was acknowledged, who must see what.

The model does not foretell the order of commits: it is shown each entry at its commit, and says
whether that may be. Chats are named by their group_id, or by their two members ("dory+luigi").
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple


class Fact(NamedTuple):
    """An entry, as far as delivery is concerned."""

    seq: int
    kind: str
    sender: str
    content: str
    client_id: str | None
    subject: str | None


class Model:
    """The chats with their lists, what was tried under each client_id, and what was promised."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Fact]] = defaultdict(list)
        self.tried: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        self.stored: dict[tuple[str, str | None], tuple[str, Fact]] = {}
        self.acknowledged: set[tuple[str, str]] = set()

    def store(self, chat: str, fact: Fact) -> None:
        """A commit has added `fact`: without a hole, once, as it was sent, and by a member."""
        assert fact.seq == len(self.logs[chat]) + 1, (chat, fact)
        if fact.kind == "message":
            assert (chat, fact.content) in self.tried[fact.sender, fact.client_id or ""], fact
            assert (fact.sender, fact.client_id) not in self.stored, fact
            assert self.belongs(fact.sender, chat), fact
            self.stored[fact.sender, fact.client_id] = (chat, fact)
        self.logs[chat].append(fact)

    def acknowledge(self, chat: str, fact: Fact, duplicate: bool) -> None:
        """A sender is told where their message stands: there it is, and was made but once."""
        key = (fact.sender, fact.client_id or "")
        assert self.stored.get(key) == (chat, fact), (chat, fact)
        if not duplicate:
            assert key not in self.acknowledged, fact
            self.acknowledged.add(key)

    def conflict(self, sender: str, client_id: str, chat: str, content: str) -> None:
        """A sender is told that this client_id stands for something else: so it does."""
        elsewhere, fact = self.stored[sender, client_id]
        assert (elsewhere, fact.content) != (chat, content), fact

    def spans(self, user: str, chat: str) -> list[range]:
        """What a user may see of a chat: from each own joining to their own leaving."""
        if "+" in chat:
            return [range(1, len(self.logs[chat]) + 1)]
        own = [f for f in self.logs[chat] if f.subject == user and f.kind.startswith("member_")]
        ends = [f.seq for f in own[1::2]] + [len(self.logs[chat])]
        return [range(f.seq, end + 1) for f, end in zip(own[::2], ends, strict=False)]

    def belongs(self, user: str, chat: str) -> bool:
        own = [f for f in self.logs[chat] if f.subject == user and f.kind.startswith("member_")]
        return user in chat.split("+") or len(own) % 2 == 1

    def due(self, user: str, chat: str) -> range:
        """What a user must see of a chat: all of it since they last joined, to their leaving."""
        return self.spans(user, chat)[-1] if self.spans(user, chat) else range(0)

    def next(self, user: str, chat: str, seq: int) -> int | None:
        """What a user who has seen a chat up to `seq` must see next."""
        return next((s for span in self.spans(user, chat) for s in span if s > seq), None)
