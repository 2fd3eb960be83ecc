"""Whatever happens in whatever order: what somebody has said stands in the chat with them, and what
was meant for somebody reaches them or nobody. Tried against a daemon in memory."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from client_tk import intents, reports
from client_tk.model import ChatKey
from tests.client.identities import user_id
from tests.client.world import World

NAMES = ("luigi", "ugo")


class Person:
    """Somebody with an account, and the log of their chat with Dory."""

    def __init__(self, number: int, name: str) -> None:
        self.id, self.chat_id, self.name = f"person-{number}", f"chat-{number}", name
        self.is_there = True
        self.log: list[tuple[str, str, str | None]] = []

    def entry(self, seq: int) -> dict[str, Any]:
        sender, content, client_id = self.log[seq - 1]
        me = sender == "dory"
        return {
            "seq": seq, "from": "dory" if me else self.name, "content": content,
            "from_id": user_id("dory") if me else self.id, "timestamp": 1000.0 + seq,
            **({"client_id": client_id} if client_id else {}),
        }  # fmt: skip

    def where(self, *, by_me: bool) -> dict[str, Any]:
        other = (self.name, self.id) if by_me else ("dory", user_id("dory"))
        return {"chat_type": "private", "chat_id": self.chat_id, "to_user": other[0],
                "to_user_id": other[1]}  # fmt: skip

    def item(self) -> dict[str, Any]:
        return {**self.where(by_me=True), "seq": len(self.log), "read_seq": 0, "unread": 0,
                "last_message": self.message(len(self.log)), "muted": False}  # fmt: skip

    def message(self, seq: int) -> dict[str, Any]:
        return {**self.entry(seq), "edited": False, "deleted": False, "reactions": []}


class NamesAreReused(RuleBasedStateMachine):
    """The daemon, and one client of it."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.everybody: list[Person] = []
        self.meant: dict[str, str] = {}
        self.online = True
        for name in NAMES:
            self._register(name)
        self.world = World(Path(self.folder.name))
        self.world.signs_in()
        self.world.opens()
        self._serve()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.state.close()
            self.folder.cleanup()

    def _register(self, name: str) -> None:
        self.everybody.append(Person(len(self.everybody), name))

    def _named(self, name: str) -> Person:
        return next(p for p in self.everybody if p.is_there and p.name == name)

    # What people do

    @rule(name=st.sampled_from(NAMES))
    def writes(self, name: str) -> None:
        person = self._named(name)
        person.log.append((person.id, f"{person.id} says {len(person.log)}", None))
        self._push(person)
        self._serve()

    @rule(name=st.sampled_from(NAMES))
    def goes_and_another_comes(self, name: str) -> None:
        person = self._named(name)
        person.is_there, person.name = False, f"deleted~{person.id}"
        if self.online:
            self.world.hear("account_deleted", username=name, user_id=person.id,
                            new_username=person.name)  # fmt: skip
        self._register(name)
        self._serve()

    # What Dory does

    @rule(number=st.integers(0, 9))
    def sends(self, number: int) -> None:
        """To somebody who is listed, in either list."""
        state = self.world.state
        listed = {line.key.id for line in state.chats()} | state.people.keys()
        known = [person for person in self.everybody if person.id in listed]
        if not known:
            return
        person = known[number % len(known)]
        text = f"for {person.id}, {len(self.meant)}"
        self.meant[text] = person.id
        key = ChatKey("private", person.id)
        self.world.state.select(key)
        self.world.state.send(key, text)
        self._serve()

    @rule()
    def is_disconnected(self) -> None:
        self.online = False
        self.world.told.clear()
        self.world.take(reports.Closed(1006, "lost"))

    @rule(restarts=st.booleans())
    def comes_back(self, restarts: bool) -> None:
        if restarts:
            self.world.restart()
            self.world.state.resume("rg1_x")
            self.world.take(reports.SignedIn("dory", "rg1_x"))
        elif self.online:
            return
        else:
            self.world.state.retry_now()
        self.online = True
        for cursor in self.world.opens("ok").cursors:
            person = next(p for p in self.everybody if p.chat_id == cursor.chat_id)
            for seq in range(cursor.seq + 1, len(person.log) + 1):
                self._push(person, seq)
        self.world.hear("caught_up")
        self._serve()

    # The daemon

    def _push(self, person: Person, seq: int | None = None) -> None:
        if not self.online:
            return
        seq = seq or len(person.log)
        by_me = person.log[seq - 1][0] == "dory"
        self.world.hear("incoming_message", **person.where(by_me=by_me), **person.entry(seq))

    def _serve(self) -> None:
        while self.online and (request := self._next()) is not None:
            self._answer(request)

    def _next(self) -> dict[str, Any] | None:
        for intent in self.world.told:
            if isinstance(intent, intents.Say):
                self.world.told.remove(intent)
                request: dict[str, Any] = json.loads(intent.frame)
                return request
        return None

    def _answer(self, request: dict[str, Any]) -> None:
        number = request.get("request_id")
        match request["message_type"]:
            case "send_message":
                self._take(request)
            case "list_chats":
                items = [person.item() for person in self.everybody if person.log]
                self.world.hear("list_chats_result", request_id=number, chats=items, has_more=False)
            case "get_messages":
                person = self._meant_by(request)
                last = min(request.get("before", 2**60) - 1, len(person.log)) if person else 0
                found = [person.message(seq) for seq in range(1, last + 1)] if person else []
                self.world.hear("get_messages_result", request_id=number, messages=found,
                                has_more=False)  # fmt: skip
            case "all_users":
                users = [{"username": p.name, "user_id": p.id, "online": True}
                         for p in self.everybody if p.is_there]  # fmt: skip
                self.world.hear("all_users_result", request_id=number, users=users, has_more=False)

    def _take(self, request: dict[str, Any]) -> None:
        person, client_id = self._meant_by(request), request["client_id"]
        if person is None or not person.is_there:
            self.world.hear("error", code="not_found", error="…", client_id=client_id)
            return
        known = [entry[2] for entry in person.log]
        if client_id not in known:
            person.log.append(("dory", request["content"], client_id))
            known.append(client_id)
        seq = known.index(client_id) + 1
        self.world.hear("message_sent", **person.where(by_me=True), client_id=client_id, seq=seq,
                        timestamp=1000.0 + seq, duplicate=False)  # fmt: skip
        self._push(person, seq)

    def _meant_by(self, request: dict[str, Any]) -> Person | None:
        """Who is named, by id or by name, as the contract has it."""
        chat, other = request.get("chat_id"), request.get("to_user_id")
        if chat is None and other is None:
            return self._named(request["to_user"])
        return next((p for p in self.everybody if chat == p.chat_id or other == p.id), None)

    # What must be true

    @invariant()
    def everything_reaches_whom_it_was_meant_for(self) -> None:
        for person in self.everybody:
            for sender, content, _client_id in person.log:
                assert sender == person.id or self.meant[content] == person.id

    @invariant()
    def each_is_called_what_they_are_called(self) -> None:
        if self.online:
            titles = {line.key.id: line.title for line in self.world.state.chats()}
            for person in self.everybody:
                title = titles.get(person.id, person.name)
                lost = not person.is_there and not person.log  # nobody says what they are called
                assert title == person.name or (lost and title.endswith(" (earlier)"))

    @invariant()
    def each_chat_shows_what_was_said_in_it(self) -> None:
        if not self.online:
            return
        for person in self.everybody:
            if not person.log:
                continue
            self.world.state.select(ChatKey("private", person.id))
            self._serve()
            self.world.state.shown.load_older()
            self._serve()
            page = self.world.state.page
            assert page is not None
            said = [row.content for row in page.rows if row.seq is not None]
            assert said == [content for _sender, content, _client_id in person.log]
            waits = [row for row in page.rows if row.seq is None]
            assert all(self.meant[row.content] == person.id for row in waits)
            assert all(row.progress == "refused" for row in waits)
            assert not (waits and person.is_there)


TestNamesAreReused = NamesAreReused.TestCase
TestNamesAreReused.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
