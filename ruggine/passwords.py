"""argon2id in threads of its own, so that a flood of logins stops neither the chat nor a login.

Parameters: RFC 9106 section 4, second recommended option, with one lane, which costs the same
processor time and is predictable on small machines.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from ruggine import errors
from ruggine.model import Origin
from ruggine.priority import lower_this_thread
from ruggine.turns import AT_ONCE, Turns

MEMORY_KIB = 64 * 1024
TIME_COST = 3
PARALLELISM = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    origin: Origin
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    done: Deferred[Any]


class Passwords(Service):
    """Hashes and verifies. Implements `ruggine.domain.ports.PasswordHasher`.

    Whoever comes from a known address, or has no stranger waiting behind them, is served at the
    priority of the chat itself. While strangers wait, theirs is lowered.
    """

    def __init__(
        self, reactor: Any, max_waiting: int, *, memory_kib: int = MEMORY_KIB, time: int = TIME_COST
    ) -> None:
        self._reactor = reactor
        self._argon2 = Argon2(memory_cost=memory_kib, time_cost=time, parallelism=PARALLELISM)
        self._turns: Turns[_Job] = Turns(max_waiting)
        self._threads = ThreadPool(0, AT_ONCE, "passwords")
        self._lowered_threads = ThreadPool(0, AT_ONCE, "passwords of a crowd")
        self._nobody = ""

    def startService(self) -> None:
        super().startService()
        self._threads.start()
        self._lowered_threads.start()

    def stopService(self) -> None:
        super().stopService()
        self._threads.stop()
        self._lowered_threads.stop()

    async def hash(self, password: str, origin: Origin) -> str:
        hashed: str = await self._in_turn(origin, self._argon2.hash, password)
        return hashed

    async def verify(self, password_hash: str | None, password: str, origin: Origin) -> bool:
        right: bool = await self._in_turn(origin, self._verify, password_hash, password)
        return right

    def _verify(self, password_hash: str | None, password: str) -> bool:
        """For an unknown user, the work of a wrong password."""
        if password_hash is None:
            self._nobody = self._nobody or self._argon2.hash(secrets.token_hex())
        try:
            matches = self._argon2.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
        return matches and password_hash is not None

    def _in_turn(
        self, origin: Origin, function: Callable[..., Any], *arguments: Any
    ) -> Deferred[Any]:
        job = _Job(origin, function, arguments, Deferred())
        dropped = self._turns.add(origin, job)
        if dropped is not None:
            dropped.done.errback(_too_many())
        self._go_on()
        return job.done

    def _go_on(self) -> None:
        while (job := self._turns.begin()) is not None:
            self._run(job)

    def _run(self, job: _Job) -> None:
        if not job.origin.known and self._turns.strangers_wait():
            threads, work = self._lowered_threads, partial(_lowered, job.function)
        else:
            threads, work = self._threads, partial(job.function)
        running = deferToThreadPool(self._reactor, threads, work, *job.arguments)
        running.addBoth(self._ended, job)

    def _ended(self, result: Any, job: _Job) -> None:
        self._turns.end(job.origin)
        self._go_on()
        job.done.callback(result)


def _too_many() -> errors.Unavailable:
    return errors.Unavailable(
        "Too many people are logging in. Try again in a moment.", retry_after_s=1
    )


def _lowered(function: Callable[..., Any], *arguments: Any) -> Any:
    lower_this_thread()
    return function(*arguments)
