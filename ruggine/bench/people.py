"""Who takes part in a measurement."""

from __future__ import annotations

import socket
import uuid
from abc import ABC, abstractmethod

from ruggine.bench.progress import Progress

Person = tuple[str, str]
"""A name and a session token."""

_AT_ONCE = 100
"""Lines that are sent before their replies are read."""
_PATIENCE_S = 60


class People(ABC):
    """Users of a daemon, made as they are needed, and used again by the next measurement."""

    def __init__(self) -> None:
        self._all: list[Person] = []

    def first(self, count: int) -> list[Person]:
        """So many, the same ones each time."""
        if count > len(self._all):
            self._all += self._make(count - len(self._all))
        return self._all[:count]

    @abstractmethod
    def _make(self, count: int) -> list[Person]:
        """New users. Raises SystemExit if the daemon does not want them."""

    @abstractmethod
    def group(self, members: list[Person]) -> str:
        """The group_id of a new group of them, which the first has made."""


class Registered(People):
    """They register, invite and accept over the line port, as people do."""

    def __init__(self, address: tuple[str, int], progress: Progress) -> None:
        super().__init__()
        self._address = address
        self._progress = progress
        self._run = uuid.uuid4().hex[:8]

    def _make(self, count: int) -> list[Person]:
        """A password costs the daemon 0.1 s of hard work each."""
        known = len(self._all)
        names = [f"bench.{self._run}.{number}" for number in range(known, known + count)]
        replies = self._say("accounts", [f"/register {name} {uuid.uuid4().hex}" for name in names])
        return [(name, reply.split()[-1]) for name, reply in zip(names, replies, strict=True)]

    def group(self, members: list[Person]) -> str:
        owner, others = members[0][1], members[1:]
        [made] = self._say("a group", [f"/create_group {owner} {uuid.uuid4().hex}"])
        group_id = made.split()[-1]
        self._say("invites", [f"/invite {owner} {name} {group_id}" for name, _ in others])
        invites = self._say("invites", [f"/my_group_invites {token}" for _, token in others])
        self._say(
            "members",
            [
                # OK: Group invites: <invite_id>:<group name>:<invited by>; it is the only one.
                f"/accept_group_invite {token} {invite.split()[3].partition(':')[0]}"
                for (_, token), invite in zip(others, invites, strict=True)
            ],
        )
        return group_id

    def _say(self, what: str, lines: list[str]) -> list[str]:
        """The replies. Raises SystemExit for a refusal, OSError where nobody listens."""
        replies = []
        with socket.create_connection(self._address, _PATIENCE_S) as line:
            heard = line.makefile("r", encoding="utf-8")
            for start in range(0, len(lines), _AT_ONCE):
                some = lines[start : start + _AT_ONCE]
                line.sendall("".join(f"{text}\n" for text in some).encode())
                for _ in some:
                    reply = heard.readline().strip()
                    if not reply.startswith("OK: "):
                        raise SystemExit(
                            f"bench: cannot make {what}: {reply or 'connection closed'} (a daemon "
                            "to be measured has --rate-limits=off, and --max-group-members as "
                            "large as the groups)"
                        )
                    replies.append(reply)
                    self._progress(f"making {what}", len(replies) / len(lines))
        return replies
