"""Sessions end as they should, and the table of events says how."""

from __future__ import annotations

import pytest
import pytest_twisted

from ruggine.domain.limits import network_of
from ruggine.model import EndedSession, Session, User
from ruggine.storage.accounts import AccountStore
from ruggine.storage.database import Database
from ruggine.storage.sessions import SessionStore
from tests.storage.conftest import Town

MOST = 70


class Desk:
    """Luigi and his sessions; the town has begun one for him at 100."""

    def __init__(self, database: Database, luigi: User) -> None:
        self._database = database
        self.store = SessionStore(database, MOST)
        self.luigi = luigi

    async def log_in(self, id_: str, at_s: float) -> Session:
        session = Session(id_, self.luigi, "laptop", at_s, at_s)
        await self.store.add(session, id_.encode(), "192.0.2.1")
        return session

    async def ids(self) -> list[str]:
        """All but the one of the town."""
        return [session.id for session in await self.sessions()][1:]

    async def sessions(self) -> list[Session]:
        return list(await self.store.of_user(self.luigi.id, (-1.0, ""), 2 * MOST))

    async def events(self) -> list[tuple[str, str | None, str]]:
        rows = await self._database.read(
            lambda cursor: cursor.execute(
                "SELECT event, session_id, address FROM session_events ORDER BY id"
            ).fetchall()
        )
        return rows[1:]


@pytest_twisted.async_fixture
async def desk(database: Database, town: Town) -> Desk:
    return Desk(database, await town.user("luigi"))


@pytest_twisted.ensureDeferred
async def test_a_session_is_found_by_the_hash_of_its_token(desk: Desk) -> None:
    session = await desk.log_in("one", 200.0)
    assert await desk.store.find(b"one") == session
    assert await desk.store.find(b"two") is None


@pytest_twisted.ensureDeferred
async def test_how_a_session_ends_is_noted(desk: Desk) -> None:
    for number, id_ in enumerate(("one", "two", "three")):
        await desk.log_in(id_, 200.0 + number)
    ended = await desk.store.end(desk.luigi.id, "one", "logout", 300.0, "192.0.2.1")
    assert ended == [EndedSession("one", desk.luigi.id, b"one")]
    await desk.store.end(desk.luigi.id, "two", "revoke", 301.0, "192.0.2.2")
    await desk.store.note_failed_login(desk.luigi.id, 302.0, "192.0.2.3")
    await desk.store.note_failed_login(None, 303.0, "192.0.2.3")
    assert await desk.ids() == ["three"]
    assert (await desk.events())[3:] == [
        ("logout", "one", "192.0.2.1"),
        ("revoke", "two", "192.0.2.2"),
        ("failed_login", None, "192.0.2.3"),
        ("failed_login", None, "192.0.2.3"),
    ]


@pytest_twisted.ensureDeferred
async def test_nobody_ends_the_session_of_another(desk: Desk, town: Town) -> None:
    await desk.log_in("one", 200.0)
    dory = await town.user("dory")
    assert await desk.store.end(dory.id, "one", "revoke", 300.0, "") == []
    assert await desk.store.find(b"one") is not None


@pytest_twisted.ensureDeferred
async def test_an_idle_session_and_an_old_one_expire(desk: Desk) -> None:
    """Exactly what was last seen, or begun, before the times given."""
    await desk.log_in("idle", 200.0)
    await desk.log_in("used", 200.0)
    await desk.log_in("old", 150.0)
    await desk.store.touch(["used", "old"], 900.0)
    ended = await desk.store.expire(1000.0, idle_before_s=500.0, begun_before_s=180.0)
    assert {session.id for session in ended} >= {"idle", "old"}
    assert [session.id for session in await desk.sessions()] == ["used"]
    assert ("expire", "idle", "") in await desk.events()


@pytest_twisted.ensureDeferred
async def test_old_events_are_forgotten(desk: Desk) -> None:
    await desk.store.note_failed_login(None, 100.0, "")
    await desk.store.expire(1000.0, idle_before_s=0.0, begun_before_s=101.0)
    assert ("failed_login", None, "") not in await desk.events()


@pytest_twisted.ensureDeferred
async def test_being_seen_never_moves_back(desk: Desk) -> None:
    await desk.log_in("one", 200.0)
    await desk.store.touch(["one"], 150.0)
    session = await desk.store.find(b"one")
    assert session is not None
    assert session.last_seen_s == pytest.approx(200.0)


@pytest_twisted.ensureDeferred
async def test_an_owner_is_known_where_they_have_logged_in(database: Database, desk: Desk) -> None:
    """An IPv6 address by its /64; for as long as a session can last; in the newest 64 places."""
    accounts = AccountStore(database)

    async def known(address: str) -> bool:
        found = await accounts.credentials("LUIGI", network_of(address))
        assert found is not None
        return found.known

    session = Session("six", desk.luigi, "", 200.0, 200.0)
    await desk.store.add(session, b"six", "2001:db8:1:2::3")
    assert await known("2001:db8:1:2:a:b:c:d")
    assert not await known("2001:db8:1:3::3")
    for number in range(64):
        later = Session(f"v4 {number}", desk.luigi, "", 300.0 + number, 300.0 + number)
        await desk.store.add(later, later.id.encode(), f"192.0.2.{number}")
    assert await known("::ffff:192.0.2.0")
    assert not await known("2001:db8:1:2::3")
    await desk.store.expire(1000.0, idle_before_s=0.0, begun_before_s=301.0)
    assert not await known("192.0.2.0")
    assert await known("192.0.2.1")


async def fill(desk: Desk, at_s: float) -> None:
    """As many sessions as there may be; one was begun with the town, at 100."""
    for number in range(MOST - 1):
        await desk.log_in(f"{number}", at_s + number)


@pytest_twisted.ensureDeferred
async def test_the_longest_unused_session_makes_room(desk: Desk) -> None:
    """However old it is: the one of the town was begun first, and is used."""
    await fill(desk, 200.0)
    [oldest, *_] = await desk.sessions()
    await desk.store.touch([oldest.id, "0"], 900.0)
    ended = await desk.store.add(Session("new", desk.luigi, "", 1000.0, 1000.0), b"new", "")
    assert [session.id for session in ended] == ["1"]
    assert len(await desk.sessions()) == MOST
    assert ("expire", "1", "") in await desk.events()


@pytest_twisted.ensureDeferred
async def test_a_crowd_of_logins_ends_no_session_in_use(desk: Desk) -> None:
    """Whether its use was noted in the last minute, or is known only to this node."""
    await desk.log_in("desktop", 200.0)
    await desk.log_in("phone", 201.0)
    await desk.store.touch(["desktop"], 950.0)
    for number in range(2 * MOST):
        id_, now_s = f"script {number}", 1000.0 + number / 10
        session = Session(id_, desk.luigi, "script", now_s, now_s)
        await desk.store.add(session, id_.encode(), "", ["phone"])
    ids = {session.id for session in await desk.sessions()}
    assert len(ids) == MOST
    assert {"desktop", "phone", f"script {2 * MOST - 1}"} <= ids


@pytest_twisted.ensureDeferred
async def test_too_many_from_before_end_at_the_next_login(database: Database, desk: Desk) -> None:
    """As after an upgrade, or where the limit was lowered. Those of others stay."""
    await fill(desk, 200.0)
    store = SessionStore(database, 3)
    ended = await store.add(Session("new", desk.luigi, "", 1000.0, 1000.0), b"new", "")
    assert len(ended) == MOST - 2
    assert [s.id for s in await desk.sessions()] == ["67", "68", "new"]


@pytest_twisted.ensureDeferred
async def test_a_session_may_replace_those_of_its_device(desk: Desk, town: Town) -> None:
    dory = await town.user("dory")
    await desk.store.add(Session("hers", dory, "laptop", 200.0, 200.0), b"hers", "")
    for id_, device in (("one", "laptop"), ("two", "laptop"), ("phone", "phone")):
        await desk.store.add(Session(id_, desk.luigi, device, 200.0, 200.0), id_.encode(), "")
    new = Session("new", desk.luigi, "laptop", 300.0, 300.0)
    ended = await desk.store.add(new, b"new", "192.0.2.9", replace=True)
    assert {session.id for session in ended} == {"one", "two"}
    assert {s.id for s in await desk.sessions()} >= {"phone", "new"}
    assert await desk.store.find(b"hers") is not None
    assert ("revoke", "one", "192.0.2.9") in await desk.events()
