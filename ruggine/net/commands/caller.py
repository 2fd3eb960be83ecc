"""Who makes a request, and what a command is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ruggine import errors
from ruggine.model import Place, Session, User, Who
from ruggine.net.pages import MAX_ROOM
from ruggine.wire import frames, requests


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a request is made, and from which address. An answer to them has at most
    `room` bytes of items."""

    session: Session | None
    address: str
    room: int = MAX_ROOM

    @property
    def own_session(self) -> Session:
        """Raises InvalidSession where there is none."""
        if self.session is None:
            raise errors.InvalidSession
        return self.session

    @property
    def user(self) -> User:
        return self.own_session.user


def place_of(request: requests.NamesChat) -> Place:
    """The chat that a request names, which it has checked."""
    named = requests.chat_named(request)
    assert named is not None
    return Place(*named)


def who_of(request: requests.UserRequest) -> Who:
    """The person that a request names."""
    return Who(request.username or "", request.user_id)


Run = Callable[[Caller, Any], Awaitable[frames.Reply | None]]
Table = Mapping[type[requests.Request], Run]
