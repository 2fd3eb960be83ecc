"""The daemon goes back to an earlier state of its database: nothing that was read before is shown,
and nothing that was typed is lost, whenever the client hears of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client_tk import reports
from tests.client.world import LUIGI, World

LATER, RESTORED = "only in what was lost", "restored"


def item(seq: int, text: str) -> dict[str, Any]:
    return {"seq": seq, "from": "luigi", "content": text, "timestamp": 2000.0 + seq,
            "edited": False, "deleted": False, "reactions": []}  # fmt: skip


def listed(seq: int) -> dict[str, Any]:
    return {"chat_type": "private", "to_user": "luigi", "seq": seq, "read_seq": 0, "unread": 1,
            "last_message": item(seq, RESTORED), "muted": False}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Dory has read two messages, has written one that was not sent, and a draft."""
    world = World(tmp_path)
    world.signs_in()
    world.opens()
    world.answer("list_chats", chats=[])
    world.state.select(LUIGI)
    for seq in (1, 2):
        world.message("luigi", f"{LATER} {seq}", seq=seq)
    world.take(reports.Closed(1006, "lost"))
    world.state.send(LUIGI, "mine")
    world.state.set_draft(LUIGI, "draft")
    return world


def comes_back(world: World) -> None:
    """What was asked of the connection before is lost."""
    world.told.clear()
    world.state.retry_now()


def while_offline(world: World) -> None:
    comes_back(world)


def while_catching_up(world: World) -> None:
    comes_back(world)
    world.opens("ok")
    world.message("luigi", f"{LATER} 3", seq=3)
    world.take(reports.Closed(1006, "lost"))
    comes_back(world)


def after_a_gap(world: World) -> None:
    comes_back(world)
    world.opens("ok")
    world.hear("gap", chat_type="private", to_user="luigi", **{"from": 3, "to": 900})
    world.take(reports.Closed(1006, "lost"))
    comes_back(world)


def at_the_next_start(world: World) -> None:
    world.restart()
    world.state.resume("rg1_x")
    world.take(reports.SignedIn("dory", "rg1_x"))


def while_a_page_is_fetched(world: World) -> None:
    after_a_gap(world)
    world.opens("ok")
    world.answer("list_chats", chats=[{**listed(900), "read_seq": 900, "unread": 0}])
    world.hear("caught_up")
    assert world.state.page is not None
    assert world.state.page.loading
    world.take(reports.Closed(1001))
    comes_back(world)


def while_the_list_is_fetched(world: World) -> None:
    comes_back(world)
    world.opens("ok")
    world.take(reports.Closed(1001))
    world.said("list_chats")
    world.state.retry_now()


MOMENTS = [while_offline, while_catching_up, after_a_gap, at_the_next_start,
           while_a_page_is_fetched, while_the_list_is_fetched]  # fmt: skip


def shows_what_is_there(world: World) -> None:
    assert world.state.draft(LUIGI) == "draft"
    assert world.shown() == [RESTORED, "mine"]
    world.restart()
    assert world.shown() == [RESTORED, "mine"]
    assert world.state.draft(LUIGI) == "draft"


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("head", [1, 2, 5, 1000])
def test_a_reset_is_heard_at_any_moment(
    world: World, moment: Callable[[World], None], head: int
) -> None:
    """However far the restored log has come since: beyond the old cursor, too."""
    moment(world)
    world.opens("reset", epoch="e2")
    assert LATER not in str(world.shown())
    world.answer("list_chats", chats=[listed(head)])
    world.answer("get_messages", messages=[item(head, RESTORED)], has_more=False)
    shows_what_is_there(world)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_shorter_log_is_found_in_the_list_at_any_moment(
    world: World, moment: Callable[[World], None]
) -> None:
    """Though the daemon says that all is well: a snapshot has brought its epoch back as well."""
    moment(world)
    world.opens("ok")
    world.hear("caught_up")
    world.answer("list_chats", chats=[listed(1)])
    world.answer("get_messages", messages=[item(1, RESTORED)], has_more=False)
    shows_what_is_there(world)


def test_a_page_that_ends_before_what_is_kept_casts_doubt_on_it(world: World) -> None:
    comes_back(world)
    world.opens("ok")
    world.answer("list_chats", chats=[{**listed(900), "read_seq": 900}])
    world.hear("gap", chat_type="private", to_user="luigi", **{"from": 3, "to": 899})
    world.message("luigi", LATER, seq=900)
    world.hear("caught_up")
    world.state.open_at(LUIGI, 500)
    world.told = [i for i in world.told if b"get_messages" not in getattr(i, "frame", b"")
                  or b'"after"' in i.frame]  # fmt: skip
    world.answer("get_messages", messages=[item(460, RESTORED)], has_more=False)
    world.answer("list_chats", chats=[listed(460)])
    world.said("get_messages")
    assert LATER not in str(world.shown())
