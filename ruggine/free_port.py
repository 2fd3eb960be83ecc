"""A port for a daemon that somebody tries things on, for as long as they try."""

from __future__ import annotations

import socket
import sys
from collections import deque

_HELD = 256

_held: deque[socket.socket] = deque()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses, for programs that set SO_REUSEADDR to listen on.

    On Linux it stays theirs while they start, and after they end: this process keeps the port
    bound, without listening, so that the system gives it to nobody who asks for any port
    (socket(7)). The last 256 are kept.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port: int = held.getsockname()[1]
    if sys.platform == "linux":
        _held.append(held)
    else:  # elsewhere a port that is bound is nobody else's, whatever is set
        held.close()
    if len(_held) > _HELD:
        _held.popleft().close()
    return port
