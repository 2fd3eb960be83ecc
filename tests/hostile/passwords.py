"""Passwords that are tried, so that nobody else can log in."""

from __future__ import annotations

import selectors
import socket
import time
from itertools import count

from tests.hostile.harness import Attack, Target

ALLOWANCE = 30
"""Logins of one address at once (`--logins-rate`), which are all sent at once."""


def guessing(target: Target, size: int) -> None:
    """From so many addresses, each within its allowance: 30 logins at once, and one every 2 s.

    The names are those of nobody, all different: tries for one account at once are bounded apart.
    """
    names = count()
    with selectors.DefaultSelector() as selector:
        lines = [
            socket.create_connection(target.line, 20, source_address=(f"127.0.1.{2 + n}", 0))
            for n in range(size)
        ]
        for line in lines:
            line.sendall(b"".join(guess(next(names)) for _ in range(ALLOWANCE)))
            selector.register(line, selectors.EVENT_READ, line)
        again_s = time.monotonic()
        while True:
            again_s += 60 / ALLOWANCE
            while (wait_s := again_s - time.monotonic()) > 0:
                for key, _ in selector.select(wait_s):
                    key.data.recv(1 << 16)
            for line in lines:
                line.sendall(guess(next(names)))


def guess(number: int) -> bytes:
    return b"/login nobody%d wrong-password\n" % number


GUESSING = Attack("wrong passwords, each from its own address", guessing, 80)
ATTACKS = [GUESSING]
