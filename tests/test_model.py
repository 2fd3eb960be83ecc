"""Anything that four people may do, in any order, with crashes between: as a small model says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.cast import Telephone
from tests.daemon import PASSWORD, Daemon
from tests.model import Model

NAMES = ("luigi", "dory", "ugo", "ada")
CLIENT_IDS = st.sampled_from([None, "00000001"])
TEXTS = st.sampled_from(["ciao", "come stai?", "a domani"])
WHO, GROUP = st.sampled_from(NAMES), st.integers(0, 2)


class Community(RuleBasedStateMachine):
    """Types on the line port, and compares each answer and, at last, everything that is stored."""

    daemon: Daemon

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.run = uuid.uuid4().hex[:6]
        self.line = Telephone(self.daemon.tcp_port)
        self.tokens = {
            self.name(who): self.line.ask(f"/register {self.name(who)} {PASSWORD}").split()[-1]
            for who in NAMES
        }
        self.group_ids: list[str] = []
        self.crashes = 0

    @initialize(roles=st.lists(st.sampled_from(["admin", "member"]), min_size=2, max_size=3))
    def found(self, roles: list[str]) -> None:
        """Luigi has a group, and some are in it: most of what may happen needs members."""
        self.create("luigi")
        self.open_or_close("luigi", 0, True)
        for who, role in zip(NAMES[1:], roles, strict=False):
            self.join_or_leave(who, 0, leave=False, by_name=True)
            self.set_role("luigi", who, 0, role)
            self.send_to_group(who, 0, "ciao", "00000001")

    def name(self, who: str) -> str:
        return f"{who}.{self.run}"

    def ask(self, who: str, command: str, *arguments: object) -> str:
        return self.line.ask(f"/{command} {self.tokens[who]} {' '.join(map(str, arguments))}")

    def expect(self, answer: str, expected: str) -> None:
        if expected.startswith("OK"):
            assert answer == expected
        else:
            assert answer.endswith(f"[{expected}]"), (answer, expected)

    def group(self, number: int) -> str:
        return self.group_ids[number % len(self.group_ids)]

    @precondition(lambda self: len(self.group_ids) < 3)
    @rule(who=WHO)
    def create(self, who: str) -> None:
        name = f"g{len(self.group_ids)}.{self.run}"
        answer = self.ask(self.name(who), "create_group", name)
        assert answer.startswith(f"OK: Group '{name}' created with ID: ")
        self.group_ids.append(answer.split()[-1])
        self.model.create(self.name(who), self.group_ids[-1], name)

    @precondition(lambda self: self.group_ids)
    @rule(who=WHO, other=WHO, number=GROUP)
    def invite(self, who: str, other: str, number: int) -> None:
        by, user, group_id = self.name(who), self.name(other), self.group(number)
        self.expect(self.ask(by, "invite", user, group_id), self.model.invite(by, user, group_id))

    @precondition(lambda self: any(g.invited for g in self.model.groups.values()))
    @rule(data=st.data(), accept=st.booleans())
    def answer(self, data: st.DataObject, accept: bool) -> None:
        waiting = [(u, g) for g in self.group_ids for u in sorted(self.model.groups[g].invited)]
        user, group_id = data.draw(st.sampled_from(waiting))
        listed = self.ask(user, "my_group_invites").removeprefix("OK: Group invites: ")
        name = self.model.groups[group_id].name
        [invite] = [i for i in listed.split(" | ") if i.split(":")[1] == name]
        command = "accept_group_invite" if accept else "reject_group_invite"
        answered = self.ask(user, command, invite.split(":")[0])
        self.expect(answered, self.model.answer(user, group_id, accept))
        again = self.ask(user, command, invite.split(":")[0])
        self.expect(again, "already_done")

    @precondition(lambda self: self.group_ids)
    @rule(who=WHO, number=GROUP, opened=st.booleans())
    def open_or_close(self, who: str, number: int, opened: bool) -> None:
        user, group_id = self.name(who), self.group(number)
        command = "open_group" if opened else "close_group"
        self.expect(self.ask(user, command, group_id), self.model.set_open(user, group_id, opened))

    @precondition(lambda self: self.group_ids)
    @rule(who=WHO, number=GROUP, leave=st.booleans(), by_name=st.booleans())
    def join_or_leave(self, who: str, number: int, leave: bool, by_name: bool) -> None:
        user, group_id = self.name(who), self.group(number)
        act = self.model.leave if leave else self.model.join
        named = self.model.groups[group_id].name if by_name else group_id
        command = "leave_group" if leave else "join_group"
        self.expect(self.ask(user, command, named), act(user, group_id))

    @precondition(lambda self: self.group_ids)
    @rule(who=WHO, other=WHO, number=GROUP)
    def remove(self, who: str, other: str, number: int) -> None:
        user, member, group_id = self.name(who), self.name(other), self.group(number)
        self.expect(
            self.ask(user, "remove_member", group_id, member),
            self.model.remove(user, group_id, member),
        )

    @precondition(lambda self: self.group_ids)
    @rule(who=WHO, other=WHO, number=GROUP, role=st.sampled_from(["owner", "admin", "member"]))
    def set_role(self, who: str, other: str, number: int, role: str) -> None:
        user, member, group_id = self.name(who), self.name(other), self.group(number)
        self.expect(
            self.ask(user, "set_role", group_id, member, role),
            self.model.set_role(user, group_id, member, role),
        )

    @precondition(lambda self: self.group_ids)
    @rule(who=WHO, number=GROUP, text=TEXTS, client_id=CLIENT_IDS)
    def send_to_group(self, who: str, number: int, text: str, client_id: str | None) -> None:
        user, group_id = self.name(who), self.group(number)
        words = [f"id={client_id}", text] if client_id else [text]
        self.expect(
            self.ask(user, "send", group_id, *words),
            self.model.send_group(user, group_id, text, client_id),
        )

    @rule(who=WHO, other=WHO, text=TEXTS, client_id=CLIENT_IDS)
    def send_to_one(self, who: str, other: str, text: str, client_id: str | None) -> None:
        user, to = self.name(who), self.name(other)
        words = [f"id={client_id}", text] if client_id else [text]
        self.expect(
            self.ask(user, "private", to, *words),
            self.model.send_private(user, to, text, client_id),
        )

    @precondition(lambda self: any(g.said for g in self.model.groups.values()))
    @rule(who=WHO, data=st.data(), delete=st.booleans(), own=st.booleans())
    def edit_or_delete(self, who: str, data: st.DataObject, delete: bool, own: bool) -> None:
        said = [(g, m) for g in self.group_ids for m in self.model.groups[g].said]
        group_id, message = data.draw(st.sampled_from(said))
        user, seq = message.sender if own else self.name(who), message.seq
        if delete:
            answer, expected = (
                self.ask(user, "delete_message", group_id, seq),
                self.model.delete(user, group_id, seq),
            )
        else:
            answer, expected = (
                self.ask(user, "edit_message", group_id, seq, "corretto"),
                self.model.edit(user, group_id, seq, "corretto"),
            )
        self.expect(answer, expected)

    @rule(who=WHO, other=WHO, unblock=st.booleans())
    def block(self, who: str, other: str, unblock: bool) -> None:
        user, them = self.name(who), self.name(other)
        if user == them:
            return
        act = self.model.unblock if unblock else self.model.block
        command = "unblock_user" if unblock else "block_user"
        self.expect(self.ask(user, command, them), act(user, them))

    @precondition(lambda self: self.crashes < 1)
    @rule()
    def crash(self) -> None:
        """kill -9: what was acknowledged is there afterwards."""
        self.crashes += 1
        self.line.hang_up()
        self.daemon.kill()
        self.daemon.start()
        self.line = Telephone(self.daemon.tcp_port)

    def teardown(self) -> None:
        """Everybody finds what they may read, and nothing else."""
        for who in NAMES:
            user = self.name(who)
            groups = [g for g in self.group_ids if self.model.groups[g].role(user)]
            listed = ", ".join(f"{g}:{self.model.groups[g].name}" for g in groups)
            assert self.ask(user, "my_groups") == f"OK: My groups: {listed}".rstrip()
            for group_id in self.group_ids:
                self._compare(
                    self._history(user, "get_group_messages", group_id),
                    self.model.group_history(user, group_id),
                )
            for other in NAMES:
                self._compare(
                    self._history(user, "get_private_messages", self.name(other)),
                    self.model.private_history(user, self.name(other)),
                )
        for group_id in groups:
            members = ", ".join(sorted(self.model.groups[group_id].present()))
            assert self.ask(user, "group_members", group_id) == f"OK: Group members: {members}"
        self.line.hang_up()

    def _history(self, user: str, command: str, chat: str) -> list[str]:
        return self.line.ask_lines(f"/{command} {self.tokens[user]} {chat}")

    def _compare(self, heard: list[str], expected: list[tuple[str, str]] | None) -> None:
        if expected is None:
            assert heard[0].endswith("[not_a_member]")
        else:
            said = [tuple(line.split("] ", 1)[1].split(": ", 1)) for line in heard[1:]]
            assert said == expected


@pytest.fixture
def daemon_of_the_community(own_daemon: Daemon) -> Daemon:
    return own_daemon.start()


def test_a_community(daemon_of_the_community: Daemon) -> None:
    machine: Any = type("Here", (Community,), {"daemon": daemon_of_the_community})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15, stateful_step_count=50, deadline=None,
            # Making a failure smaller takes minutes of a real daemon; its steps are printed anyway.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
