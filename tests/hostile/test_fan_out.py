"""What is written to many people counts for the user who has it written."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.cast import WebSocket, register
from tests.daemon import Daemon


@pytest.fixture
def limited(own_daemon: Daemon) -> Daemon:
    """With the limits that everybody has."""
    own_daemon._options = ("--rate-limits", "on")
    return own_daemon.start()


def test_everybody_whom_a_new_group_invites_counts(limited: Daemon) -> None:
    """A hundred names in one request passed the limit of thirty invitations."""
    host = WebSocket(limited.url, register(limited, "host")[1])
    guests = [register(limited, f"guest{number}")[0] for number in range(4)]
    invited = host.request("create_group", name="many", users=[*guests, *guests * 7])
    assert invited["code"] == "invalid_request"
    assert "code" not in host.request("create_group", name="some", users=guests)
    for number in range(6):
        assert "code" not in host.request("create_group", name=f"more {number}", users=guests)
    refused = host.request("create_group", name="too many", users=guests)
    assert refused["code"] == "rate_limited"
    assert refused["retry_after"] > 100
    assert "code" not in host.request("create_group", name="a last one", users=guests[:2])
    groups = [item["name"] for item in host.request("my_groups")["groups"]]
    assert "too many" not in groups
    assert "many" not in groups


def test_changes_of_a_group_are_as_many_as_messages(limited: Daemon) -> None:
    """Each of them is written to every member, and stays in the log."""
    luigi = WebSocket(limited.url, register(limited, "luigi")[1])
    group_id = luigi.request("create_group", name="crew")["group_id"]
    began_s = time.monotonic()
    answers = [
        luigi.request("rename_group", group_id=group_id, name=f"crew {number}").get("code")
        for number in range(55)
    ]
    allowed = 31 + 10 * (time.monotonic() - began_s)
    assert answers.count("rate_limited") >= 55 - allowed


def test_reactions_are_as_many_as_messages(limited: Daemon) -> None:
    luigi = WebSocket(limited.url, register(limited, "luigi")[1])
    group_id = luigi.request("create_group", name="crew")["group_id"]
    luigi.request("send_group_message", group_id=group_id, text="ciao")
    began_s = time.monotonic()
    answers = [
        luigi.request("react", group_id=group_id, seq=2, emoji="👍", active=on).get("code")
        for on in [True, False] * 27
    ]
    allowed = 31 + 10 * (time.monotonic() - began_s)
    assert answers.count("rate_limited") >= 54 - allowed


@pytest.mark.parametrize("sign", ["typing", "mark_read"])
def test_signs_are_told_no_faster_than_they_can_matter(limited: Daemon, sign: str) -> None:
    """To all members of a group, for as often as one user asks."""
    luigi, dory = (WebSocket(limited.url, register(limited, n)[1]) for n in ("luigi", "dory"))
    group_id = luigi.request("create_group", name="crew")["group_id"]
    luigi.request("open_group", group_id=group_id)
    dory.request("join_group", group_id=group_id)
    began_s = time.monotonic()
    for number in range(100):
        luigi.say(message_type=sign, group_id=group_id, seq=number, request_id="x")
    luigi.request("ping")
    refused = Counter(event.get("code") for event in luigi.events)
    allowed = 31 + 5 * (time.monotonic() - began_s)
    assert refused["rate_limited"] >= 100 - allowed
    dory.request("ping")
    told = sum(event["message_type"] in ("typing", "read_receipt") for event in dory.events)
    assert told <= allowed
