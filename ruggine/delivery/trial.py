"""A trial: people who chat by a seeded plan, whatever happens to the daemon meanwhile."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from twisted.internet.task import LoopingCall, deferLater

from ruggine.delivery.client import TRY_AGAIN, Device, Message
from ruggine.delivery.history import History
from ruggine.delivery.line import ask

PASSWORD = "prova-e-riprova"  # noqa: S105 - of accounts that live as long as a trial
_SETTLE_S = 120.0
_WORDS = ("ciao", "come va?", "a domani", "好的", "שלום", "🙂", "già visto", "e allora?")


@dataclass(frozen=True, slots=True)
class Size:
    """How many people, how many devices each of them has, and how many groups there are."""

    people: int = 8
    devices: int = 2
    groups: int = 3
    window: int = 4
    """Messages of one person that are on their way at once."""
    padding: int = 0
    """Characters more in each message, of three bytes each."""


class Person:
    """An account, its devices, and the messages that wait to be sent."""

    def __init__(self, name: str, token: str) -> None:
        self.name = name
        self.token = token
        self.devices: list[Device] = []
        self.queue: deque[Message] = deque()
        self.on_their_way = 0


class Trial:
    """Everything here is for the reactor thread. The same seed makes the same people say the same
    things in the same order; when each is said depends on the daemon.

    `line` and `sockets` are where the nodes listen; a device wanders between them.
    """

    def __init__(
        self,
        reactor: Any,
        line: Callable[[], tuple[str, int]],
        sockets: Callable[[], list[tuple[str, int]]],
        size: Size,
        seed: int,
    ) -> None:
        self.reactor = reactor
        self.history = History()
        self.people: list[Person] = []
        self.groups: list[str] = []
        self.acknowledged = 0
        self.resent = 0
        self.gave_up = 0
        self.faults: Counter[str] = Counter()
        self._line = line
        self._sockets = sockets
        self._size = size
        self._plan = Random(f"{seed} plan")  # noqa: S311 - to be repeated, not to be secret
        self._chance = Random(f"{seed} chance")  # noqa: S311
        self._prefix = f"doctor{seed % 10_000}-{Random().randrange(16**6):06x}"  # noqa: S311
        self._numbers = itertools.count(1)
        self._wanted = 0
        self._sending = False
        self._watch = LoopingCall(self._check)
        self._watch.clock = reactor

    # Before and after

    async def prepare(self) -> None:
        """Register everybody and make the groups. Raises RuntimeError with what the daemon said."""
        for number in range(self._size.people):
            name = f"{self._prefix}.{number}"
            self.people.append(Person(name, await self._session("register", name)))
        for number in range(self._size.groups):
            owner = self.people[number % len(self.people)]
            said = await self._must(f"/create_group {owner.token} g{number}")
            group_id = said.split()[-1]
            await self._must(f"/open_group {owner.token} {group_id}")
            for person in self.people:
                if person is not owner:
                    await self._must(f"/join_group {person.token} {group_id}")
            self.groups.append(group_id)
        for person in self.people:
            for number in range(self._size.devices):
                person.devices.append(self._device(person, number))
        await self._until(lambda: all(device.ready for device in self.devices), "connect")
        self._watch.start(1.0)

    async def settle(self) -> None:
        """Send what is left, and let every device come back once more for what it missed."""
        self._sending = False
        await self._until(self._all_answered, "be answered")
        for device in self.devices:
            device.cut()
        await deferLater(self.reactor, 0.05)
        await self._until(lambda: all(device.ready for device in self.devices), "come back")

    def leave(self) -> None:
        """Everybody goes, for good."""
        if self._watch.running:
            self._watch.stop()
        for device in self.devices:
            device.go()

    async def clean(self) -> None:
        """Everybody goes, and their accounts are deleted."""
        self.leave()
        for person in self.people:
            await ask(self.reactor, self._line(), f"/delete_account {person.token} {PASSWORD}")

    @property
    def devices(self) -> list[Device]:
        return [device for person in self.people for device in person.devices]

    @property
    def epoch(self) -> str:
        """Which database the daemon has; known once `prepare` has returned."""
        return self.devices[0].epoch

    # The conversation

    def talk(self, messages: int = 0) -> None:
        """Begin to send: so many messages, or until `settle`."""
        self._wanted = messages
        self._sending = True
        for person in self.people:
            self._fill(person)

    async def said(self, acknowledged: int) -> None:
        """Until so many messages are acknowledged in all, or all that were asked for."""
        await self._until(
            lambda: (
                self.acknowledged + self.gave_up >= acknowledged
                or (self._wanted and self._all_answered())
            ),
            "be acknowledged",
        )

    async def change_sessions(self) -> None:
        """Somebody logs in anew, and ends the session that their devices have."""
        person = self._chance.choice(self.people)
        ended, token = person.token, await self._session("login", person.name)
        person.token = token
        reply = await ask(self.reactor, self._line(), f"/logout {ended}")
        for device in person.devices:
            if reply.startswith("OK"):
                device.revoked()
            device.token = token

    async def change_members(self) -> None:
        """Somebody leaves a group for a moment."""
        person = self._chance.choice(self.people)
        group_id = self._chance.choice(self.groups)
        await ask(self.reactor, self._line(), f"/leave_group {person.token} {group_id}")
        await deferLater(self.reactor, 0.3)
        back = ""
        while not back.startswith("OK") and "[already_done]" not in back:
            command = f"/join_group {person.token} {group_id}"
            back = await ask(self.reactor, self._line(), command)
            if "[not_found]" in back or "[forbidden]" in back:
                return
            await deferLater(self.reactor, 0.1 if not back.startswith("OK") else 0)

    def _fill(self, person: Person) -> None:
        """Hand over as much as may be on its way at once, through any device that is ready."""
        while self._sending and len(person.queue) < self._size.window and self._may_write():
            person.queue.append(self._write(person))
        while person.queue and person.on_their_way < self._size.window:
            ready = [device for device in person.devices if device.ready]
            if not ready:
                return
            person.on_their_way += 1
            self._chance.choice(ready).send(person.queue.popleft())

    def _may_write(self) -> bool:
        if not self._wanted:
            return True
        self._wanted -= 1
        if not self._wanted:
            self._sending = False
        return True

    def _write(self, person: Person) -> Message:
        number = next(self._numbers)
        plan = self._plan
        content = f"{plan.choice(_WORDS)} {number}" + " …" * plan.choice((0, 0, 0, 40))
        content += "好" * self._size.padding
        if self.groups and plan.random() < 0.5:
            chat = plan.choice(self.groups)
        else:
            chat = private_chat(person.name, plan.choice(self.people).name)
        return Message(person.name, _client_id(number), chat, content)

    def _finished(self, message: Message, code: str | None, retry_after_s: float) -> None:
        person = next(p for p in self.people if p.name == message.sender)
        person.on_their_way -= 1
        if code is None:
            self.acknowledged += 1
            if self._chance.random() < 0.01:  # a person who clicks twice
                self.acknowledged -= 1
                person.queue.append(message)
        elif code == "" or code in TRY_AGAIN:
            self.resent += 1
            person.queue.appendleft(message)
        else:
            self.gave_up += 1
        pause_s = retry_after_s or (0.1 if code == "unavailable" else 0)
        self.reactor.callLater(pause_s, self._fill, person)

    def _check(self) -> None:
        for person in self.people:
            for device in person.devices:
                device.check()
            self._fill(person)

    def _all_answered(self) -> bool:
        return not self._sending and not any(p.queue or p.on_their_way for p in self.people)

    # Underneath

    def _device(self, person: Person, number: int) -> Device:
        places = {
            private_chat(person.name, other.name): {
                "chat_type": "private",
                "to_user": other.name,
            }
            for other in self.people
        } | {group_id: {"chat_type": "group", "group_id": group_id} for group_id in self.groups}
        device = Device(
            self.reactor, self.history, f"{person.name}/{number}", person.name, person.token,
            lambda: self._chance.choice(self._sockets()), places, self._finished, self._chance,
        )  # fmt: skip
        device.connect()
        return device

    async def _session(self, command: str, name: str) -> str:
        return (await self._must(f"/{command} {name} {PASSWORD}")).split()[-1]

    async def _must(self, command: str) -> str:
        """Again while the daemon is away or asks for patience."""
        for _ in range(600):
            reply = await ask(self.reactor, self._line(), command)
            if reply.startswith("OK"):
                return reply
            if reply and not any(f"[{code}" in reply for code in TRY_AGAIN):
                break
            await deferLater(self.reactor, 0.2)
        raise RuntimeError(f"{command.split()[0]}: {reply or 'no daemon answers'}")

    async def _until(self, done: Callable[[], object], what: str) -> None:
        until_s = self.reactor.seconds() + _SETTLE_S
        while not done():
            if self.reactor.seconds() > until_s:
                raise RuntimeError(f"not everybody could {what} within {_SETTLE_S:g} s")
            await deferLater(self.reactor, 0.02)


def private_chat(one: str, other: str) -> str:
    """The name of a private chat in a history."""
    return "|".join(sorted((one, other)))


def _client_id(number: int) -> str:
    return f"message-{number:08d}"
