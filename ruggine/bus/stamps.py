"""Which node says something on the bus, when, and in which order, so that nothing is told twice."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import NamedTuple

from ruggine.domain.recent import Recent

TOLERANCE_S = 10.0
"""How long something may be on its way, and how far the clocks of two nodes may differ."""

_NODES = 1024
_STAMP = re.compile(rb'\{"node":"([0-9a-f]{16})","number":(\d{1,18}),"time":(\d{1,18}),')


class Stamp(NamedTuple):
    """`number` grows with each stamp of a node; `time_s` in Unix seconds."""

    node: bytes
    number: int
    time_s: float


class Stamps:
    """Puts `node`, `number` and `time` in front of the members of JSON objects.

    `node` is another one after each start. `clock` gives Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.node = secrets.token_hex(8)
        self._clock = clock
        self._began_s = int(clock() * 1000) / 1000  # as a stamp tells it
        self._own = b'{"node":"%s",' % self.node.encode()
        self._number = 0
        self._heard: Recent[bytes, int] = Recent(_NODES)

    def put(self, payload: bytes) -> bytes:
        """`payload` is a JSON object with at least one member."""
        self._number += 1
        time_ms = int(self._clock() * 1000)
        return b'%s"number":%d,"time":%d,%s' % (self._own, self._number, time_ms, payload[1:])

    def own(self, payload: bytes) -> bool:
        """Whether this node has said it. A look at its beginning is enough."""
        return payload.startswith(self._own)

    def fresh(self, payload: bytes) -> bool:
        """Whether it was said lately, after this node has started, and is heard for the first time.

        What a node says comes in its order, so whatever is not newer than the newest was heard
        before. Only for payloads whose signature is right.
        """
        stamp = read(payload)
        if stamp is None or stamp.time_s < self._began_s or not self.lately(stamp, 0.0):
            return False
        if stamp.number <= (self._heard.get(stamp.node) or 0):
            return False
        self._heard.put(stamp.node, stamp.number)
        return True

    def lately(self, stamp: Stamp, lifetime_s: float) -> bool:
        """Whether something that is valid for so long is still valid, whichever clock is right."""
        age_s = self._clock() - stamp.time_s
        return -TOLERANCE_S <= age_s <= lifetime_s + TOLERANCE_S


def read(payload: bytes) -> Stamp | None:
    """The stamp of a payload, if it has one."""
    match = _STAMP.match(payload)
    if match is None:
        return None
    return Stamp(match[1], int(match[2]), int(match[3]) / 1000)
