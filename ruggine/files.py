"""How many connections the open files that the system allows are enough for."""

from __future__ import annotations

import resource

from ruggine.config import Limits
from ruggine.net.door import Places

RESERVE = 192
"""Files that no connection of the chat may take: the status port has 100 connections of its own,
the database, Redis and the log a few each, and those that are being closed are still open."""


def places(limits: Limits) -> Places:
    """How many connections there may be, in all and of an address."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        files = limits.max_connections + RESERVE
    in_all = max(1, min(limits.max_connections, files - RESERVE))
    return Places(
        in_all=in_all,
        strangers=max(1, min(limits.max_strangers, in_all // 2)),
        of_address=limits.max_connections_per_address,
        strangers_of_address=limits.max_strangers_per_address,
    )
