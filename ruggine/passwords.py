"""argon2id in two threads of its own, so that a flood of logins cannot stop the chat.

Parameters: RFC 9106 section 4, second recommended option, with one lane, which costs the same
processor time and is predictable on small machines.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.application.service import Service
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from ruggine import errors

T = TypeVar("T")

MEMORY_KIB = 64 * 1024
TIME_COST = 3
PARALLELISM = 1
THREADS = 2
_NICENESS = 10


class Passwords(Service):
    """Hashes and verifies. Implements `ruggine.domain.ports.PasswordHasher`."""

    def __init__(
        self, reactor: Any, max_waiting: int, *, memory_kib: int = MEMORY_KIB, time: int = TIME_COST
    ) -> None:
        self._reactor = reactor
        self._max_waiting = max_waiting
        self._argon2 = Argon2(memory_cost=memory_kib, time_cost=time, parallelism=PARALLELISM)
        self._pool = ThreadPool(0, THREADS, "passwords")
        self._waiting = 0
        self._nobody = ""

    def startService(self) -> None:
        super().startService()
        self._pool.start()

    def stopService(self) -> None:
        super().stopService()
        self._pool.stop()

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._argon2.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return await self._in_thread(self._verify, password_hash, password)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        """For an unknown user, the work of a wrong password."""
        if password_hash is None:
            self._nobody = self._nobody or self._argon2.hash(secrets.token_hex())
        try:
            matches = self._argon2.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
        return matches and password_hash is not None

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        if self._waiting >= self._max_waiting:
            raise errors.Unavailable(
                "Too many people are logging in. Try again in a moment.", retry_after_s=1
            )
        self._waiting += 1
        try:
            result: T = await deferToThreadPool(
                self._reactor, self._pool, _behind_the_chat, function, *args
            )
        finally:
            self._waiting -= 1
        return result


_lowered = threading.local()


def _behind_the_chat(function: Callable[..., T], *args: Any) -> T:
    """Run with this thread's priority lowered, where the system has priorities for threads."""
    if not getattr(_lowered, "done", False):
        _lowered.done = True
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    return function(*args)
