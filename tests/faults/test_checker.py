"""The checker is checked: each bug is found under its own name, and nothing where there is none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import ANY

import pytest

from ruggine.delivery.checker import Violation, check
from ruggine.delivery.history import (
    Acknowledged,
    History,
    Invoked,
    Received,
    Record,
    Refused,
    Reset,
    Restored,
    Resumed,
    Revoked,
    Skipped,
    Stored,
    Unanswered,
)
from tests.faults.experiments import NEEDS
from tests.faults.running import run
from tests.faults.saboteur import BUGS
from tests.faults.stage import damage_of, log_or_nothing
from tests.patience import stretched

FOUND_WITHIN_S = 60


@dataclass(frozen=True)
class Found:
    """How a bug is found: in which experiment, with how many faults, under which name."""

    name: str
    experiment: str = "network"
    count: int = 12


FOUND = {
    "acknowledged_before_the_commit": Found("lost", "kill", 5),
    "never_synchronous": Found("lost", "power-cut", 3),
    "one_delivery_in_10000_dropped": Found("not delivered", "redis-two-nodes", 2),
    "a_delivery_doubled": Found("shown twice"),
    "two_deliveries_swapped": Found("shown out of order"),
    "a_seq_used_again_after_a_rollback": Found("another order"),
    "no_unique_index": Found("stored twice", "kill", 5),
    "a_stale_membership": Found("shown to a stranger", "members", 6),
    "a_revoked_connection_kept": Found("shown after revocation", "sessions", 4),
    "a_page_off_by_one": Found("not delivered"),
    "an_error_answered_though_stored": Found("refused but stored"),
    "another_order_on_the_second_node": Found("another order"),
    "an_entry_under_the_id_of_another_chat": Found("another chat"),
    "answered_twice": Found("answered twice"),
    "a_duplicate_answered_with_the_present_end": Found("acknowledged elsewhere", "kill", 5),
    "a_backup_of_this_run_taken_for_the_database": Found(
        "a restored database taken for the old one", "restore", 1
    ),
    "a_message_published_before_it_is_answered": Found("shown before the answer"),
}


def test_there_is_a_case_for_each_bug() -> None:
    assert FOUND.keys() == BUGS.keys()
    assert len(FOUND) >= 12


@pytest.mark.parametrize("bug", FOUND)
def test_a_seeded_bug_is_found_under_its_name(bug: str, tmp_path: Path) -> None:
    """In a daemon that really has it, and within a minute."""
    how = FOUND[bug]
    if reason := NEEDS[how.experiment]():
        pytest.skip(reason)
    begun = time.monotonic()
    summary = run(tmp_path, how.experiment, "--count", str(how.count), "--sabotage", bug)
    assert how.name in {violation["name"] for violation in summary["violations"]}, summary
    assert time.monotonic() - begun < stretched(FOUND_WITHIN_S)


@pytest.mark.parametrize("content", [b"", b"not a database, and longer than its header" * 99, None])
def test_what_a_power_cut_left_of_the_database_holds_nothing(
    content: bytes | None, tmp_path: Path
) -> None:
    """So that all that was acknowledged is called lost, and not the experiment broken."""
    database = tmp_path / "ruggine.db"
    if content is not None:
        database.write_bytes(content)
    assert log_or_nothing(database, ["luigi"]) == []
    assert damage_of(database) == ([] if content == b"" else [ANY])


# Histories made by hand: what is right, and each thing that can be wrong with it

CHAT = "dory|luigi"


def message(seq: int, client_id: str, content: str = "ciao", chat: str = CHAT) -> Stored:
    return Stored(chat, seq, "message", "luigi", client_id, content)


def seen(seq: int, client_id: str, content: str = "ciao", **fields: object) -> Received:
    values = {"device": "dory/0", "connection": 1, "how": "live", "at_s": 2.0 + seq, **fields}
    return Received(
        chat=CHAT, seq=seq, kind="message", sender="luigi", client_id=client_id, content=content,
        **values,
    )  # fmt: skip


def sent(client_id: str, seq: int, at_s: float = 1.0, chat: str = CHAT) -> list[Record]:
    return [
        Invoked(at_s, "luigi", client_id, chat, "ciao"),
        Acknowledged(at_s + 0.1, "luigi", client_id, seq, duplicate=False),
    ]


LOG = [message(1, "a"), message(2, "b")]
SENT = [*sent("a", 1), *sent("b", 2, 2.0)]
SEEN = [seen(1, "a"), seen(2, "b")]


def names(records: list[Record], log: list[Stored], late_after_s: float = 0) -> set[str]:
    return {violation.name for violation in verdict(records, log, late_after_s)}


def verdict(records: list[Record], log: list[Stored], late_after_s: float) -> list[Violation]:
    history = History()
    history.owners = {"dory/0": "dory"}
    for record in records:
        history.add(record)
    return check(history, log, late_after_s)


def test_a_history_without_fault_has_no_violation() -> None:
    assert names([*SENT, *SEEN], LOG, late_after_s=3) == set()


def test_a_message_without_answer_may_be_stored_or_not() -> None:
    """And sent again it is a duplicate, of itself."""
    unsure = [Invoked(3, "luigi", "c", CHAT, "ciao"), Unanswered(4, "luigi", "c")]
    assert names([*SENT, *SEEN, *unsure], LOG) == set()
    stored = [*LOG, message(3, "c")]
    again = [
        Invoked(5, "luigi", "c", CHAT, "ciao"), Acknowledged(6, "luigi", "c", 3, duplicate=True),
    ]  # fmt: skip
    assert names([*SENT, *SEEN, *unsure, *again, seen(3, "c", at_s=7.0)], stored) == set()


WRONG: dict[str, tuple[str, list[Record], list[Stored]]] = {
    "an acknowledged message is gone": ("lost", [*SENT, *SEEN[:1]], LOG[:1]),
    "it is elsewhere": (
        "acknowledged elsewhere", [*sent("a", 1), *sent("b", 3), *SEEN], LOG,
    ),
    "a number is left out": (
        "hole", [*sent("a", 1), *sent("b", 3), seen(1, "a"), seen(3, "b")],
        [message(1, "a"), message(3, "b")],
    ),
    "one message has two numbers": ("stored twice", [*SENT, *SEEN], [*LOG, message(3, "b")]),
    "one number has two messages": ("stored twice", [*SENT, *SEEN], [*LOG, message(2, "c")]),
    "it was new twice": (
        "stored twice",
        [*SENT, Invoked(3, "luigi", "b", CHAT, "ciao"), Acknowledged(3, "luigi", "b", 2, False),
         *SEEN], LOG,
    ),
    "it is shown as of another chat": (
        "another chat", [*SENT, SEEN[0], seen(2, "b", chat_id="c2")], LOG,
    ),
    "nobody sent it": ("phantom", [*sent("a", 1), *SEEN], LOG),
    "it says something else": ("phantom", [*SENT, *SEEN], [LOG[0], message(2, "b", "addio")]),
    "it is in another chat": (
        "phantom", [*sent("a", 1), *sent("b", 2, chat="luigi|mario"), *SEEN], LOG,
    ),
    "one send has two answers": (
        "answered twice", [*SENT, Refused(3, "luigi", "b", "forbidden"), *SEEN], LOG,
    ),
    "refused, and there all the same": (
        "refused but stored",
        [*sent("a", 1), Invoked(3, "luigi", "b", CHAT, "ciao"),
         Refused(4, "luigi", "b", "unavailable"), *SEEN], LOG,
    ),
    "refused, and then a duplicate": (
        "refused but stored",
        [*sent("a", 1), Invoked(3, "luigi", "b", CHAT, "ciao"),
         Refused(4, "luigi", "b", "unavailable"), Invoked(5, "luigi", "b", CHAT, "ciao"),
         Acknowledged(6, "luigi", "b", 2, True), *SEEN], LOG,
    ),
    "who was sent later comes first": (
        "overtaken", [*sent("a", 2), *sent("b", 1, 2.0), *[seen(1, "b"), seen(2, "a")]],
        [message(1, "b"), message(2, "a")],
    ),
    "a device sees one twice": ("shown twice", [*SENT, *SEEN, seen(2, "b", connection=2)], LOG),
    "a device sees them turned round": ("shown out of order", [*SENT, *reversed(SEEN)], LOG),
    "a device sees what is not stored": (
        "shown but not stored", [*SENT, *SEEN, seen(3, "c")], LOG,
    ),
    "a device sees another content": ("another order", [*SENT, SEEN[0], seen(2, "b", "x")], LOG),
    "a device never sees one": ("not delivered", [*SENT, *SEEN[:1]], LOG),
    "a stranger sees it": (
        "shown to a stranger",
        [*SENT, *SEEN, Invoked(1, "luigi", "s", "luigi|mario", "ciao"),
         Received(9, "dory/0", 1, "live", "luigi|mario", 1, "message", "luigi", "s", "ciao")],
        [*LOG, message(1, "s", chat="luigi|mario")],
    ),
    "a member sees it after leaving": (
        "shown to a stranger",
        [Invoked(1, "luigi", "g", "g1", "ciao"),
         *(Received(s, "dory/0", 1, "live", "g1", s, k) for s, k in
           ((1, "member_joined"), (2, "member_left"))),
         Received(3, "dory/0", 1, "live", "g1", 3, "message", "luigi", "g", "ciao")],
        [Stored("g1", 1, "member_joined", "dory", "", "", "dory"),
         Stored("g1", 2, "member_left", "dory", "", "", "dory"), message(3, "g", chat="g1")],
    ),
    "a sender sees it before it is acknowledged": (
        "shown before the answer",
        [*SENT, *SEEN, Invoked(5, "dory", "d", CHAT, "ciao", "dory/0", 1),
         Received(6, "dory/0", 1, "live", CHAT, 3, "message", "dory", "d", "ciao"),
         Acknowledged(7, "dory", "d", 3, duplicate=False)],
        [*LOG, Stored(CHAT, 3, "message", "dory", "d", "ciao")],
    ),
    "a restored database seems to be the old one": (
        "a restored database taken for the old one",
        [*SENT, *SEEN, Resumed(0.5, "dory/0", 1), Restored(5, 4), Resumed(6, "dory/0", 2)], LOG,
    ),
    "a device is told of a restored database twice": (
        "reset for nothing",
        [*SENT, Resumed(0.5, "dory/0", 1), Restored(5, 4), Reset(6, "dory/0", 2),
         Reset(7, "dory/0", 3), *SEEN], LOG,
    ),
    "a device is told of one, and there was none": (
        "reset for nothing", [*SENT, Reset(3, "dory/0", 1), *SEEN], LOG,
    ),
    "what a backup had is gone": (
        "lost", [*SENT, Restored(5, 4), seen(1, "a")], LOG[:1],
    ),
    "an ended session goes on": (
        "shown after revocation", [*SENT, *SEEN, Revoked(2.5, "dory/0", 1)], LOG,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_has_a_name(what: str) -> None:
    name, records, log = WRONG[what]
    assert name in names(records, log)


@pytest.mark.parametrize(
    ("connection", "again"), [(2, []), (1, [Invoked(5, "dory", "d", CHAT, "ciao", "dory/1", 1)])]
)
def test_another_connection_may_see_it_first(connection: int, again: list[Record]) -> None:
    """Or the same, where another has sent it too."""
    records = [
        *SENT, *SEEN, *again, Invoked(5, "dory", "d", CHAT, "ciao", "dory/0", 1),
        Received(6, "dory/0", connection, "live", CHAT, 3, "message", "dory", "d", "ciao"),
        Acknowledged(7, "dory", "d", 3, duplicate=False),
    ]  # fmt: skip
    assert names(records, [*LOG, Stored(CHAT, 3, "message", "dory", "d", "ciao")]) == set()


def test_what_was_acknowledged_after_a_backup_is_lost_with_reason() -> None:
    """Who saw it forgets it; sent again, it is new again. What the backup had is still there."""
    lost = [*sent("a", 1), *SEEN, *sent("b", 2, at_s=4.5), Resumed(0.5, "dory/0", 1)]
    restored: list[Record] = [*lost, Restored(5, 4), Reset(6, "dory/0", 2), seen(1, "a")]
    assert names(restored, LOG[:1]) == set()
    again = [*restored, *sent("b", 2, at_s=7.0), seen(2, "b")]
    assert names(again, LOG) == set()


def test_what_comes_late_is_late_only_where_that_is_asked() -> None:
    late = [*SENT, seen(1, "a"), seen(2, "b", at_s=9.0)]
    assert names(late, LOG) == set()
    assert names(late, LOG, late_after_s=3) == {"late"}
    assert names([*late[:-1], seen(2, "b", at_s=9.0, how="resumed")], LOG, late_after_s=3) == set()


def test_who_comes_back_to_a_group_is_owed_what_comes_from_then_on() -> None:
    """And may have seen what was before, but not what was in between."""
    log = [
        Stored("g1", 1, "member_joined", "dory", "", "", "dory"),
        message(2, "a", chat="g1"),
        Stored("g1", 3, "member_left", "dory", "", "", "dory"),
        message(4, "b", chat="g1"),
        Stored("g1", 5, "member_joined", "dory", "", "", "dory"),
    ]
    records = [*sent("a", 2, chat="g1"), *sent("b", 4, 2.0, chat="g1")]
    assert names(records, log) == {"not delivered"}
    back: list[Record] = [*records, Received(9, "dory/0", 2, "resumed", "g1", 5, "member_joined")]
    assert names(back, log) == set()
    between = Received(8, "dory/0", 2, "live", "g1", 4, "message", "luigi", "b", "ciao")
    assert names([between, *back], log) == {"shown to a stranger"}


def test_a_gap_excuses_what_the_history_does_not_show() -> None:
    """Joining and leaving are not in it; messages are."""
    log = [
        Stored("g1", 1, "member_joined", "dory", "", "", "dory"),
        Stored("g1", 2, "group_renamed", "dory", "", "g2"),
        message(3, "g", chat="g1"),
    ]
    records: list[Record] = [
        Invoked(1, "luigi", "g", "g1", "ciao"),
        Skipped(1, "dory/0", "g1", 1, 3),
    ]
    assert names(records, log) == {"not delivered"}
    read = Received(2, "dory/0", 1, "read", "g1", 3, "message", "luigi", "g", "ciao")
    assert names([*records, read], log) == set()
