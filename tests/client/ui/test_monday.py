"""The ordinary Monday, and others, with a real daemon and a real window: what is read is what the
daemon says was read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from client_tk.model import ChatKey
from ruggine.wire import requests
from tests.cast import Telephone
from tests.client.ui.desk import Desk, Office
from tests.daemon import PASSWORD, Daemon


@pytest.fixture
def office(tmp_path: Path, own_daemon: Daemon) -> Iterator[Office]:
    own_daemon.start()
    office = Office(tmp_path / "people", own_daemon)
    yield office
    office.close()


class Friday:
    """Alice and bob are in a group; bob writes to it as a program, from the line port."""

    def __init__(self, office: Office, daemon: Daemon) -> None:
        self.office, self.daemon = office, daemon
        self.alice = office.desk("alice")
        self.alice.registers()
        self._phone = Telephone(daemon.tcp_port)
        self._bob = self._phone.ask(f"/register bob {PASSWORD}").split()[-1]
        made: list[str] = []
        self.alice.state.ask(
            requests.CreateGroup(name="gita", users=["bob"]), lambda r: made.append(r.group_id)
        )
        office.until(lambda: made)
        self.group = ChatKey("group", made[0])
        invite = self.bob("my_group_invites").removeprefix("OK: Group invites: ").split(":")[0]
        self.bob("accept_group_invite", invite)
        office.until(lambda: self.alice.state.chat(self.group) is not None)

    def bob(self, command: str, rest: str = "") -> str:
        answer = self._phone.ask(f"/{command} {self._bob} {rest}".strip())
        assert answer.startswith("OK"), answer
        return answer

    def writes(self, *texts: str) -> None:
        for text in texts:
            self.bob("send_group_message", f"{self.group.id} {text}")

    def starts_again(self) -> Desk:
        self.alice = self.office.desk("alice")
        self.office.until(self.alice.is_live)
        self.alice.looks()
        return self.alice

    def mark(self) -> int:
        """How far alice has read, as the daemon has it."""
        return self._mark_and_head()[0]

    def reads_all(self) -> int:
        """Until there is nothing more; how far that is."""

        def is_at_head() -> bool:
            mark, head = self._mark_and_head()
            return mark == head

        self.office.until(is_at_head)
        return self.mark()

    def _mark_and_head(self) -> tuple[int, int]:
        with closing(sqlite3.connect(self.daemon.database)) as database:
            [(mark, head)] = database.execute(
                "SELECT read_seq, last_seq FROM chat_members JOIN chats ON chats.id = chat_id "
                "JOIN users ON users.id = user_id WHERE group_id = ? AND users.name = 'alice'",
                (self.group.id,),
            )
        return int(mark), int(head)

    def waits(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        self.office.until(lambda: time.monotonic() > until_s)

    def badge(self) -> tuple[int, int]:
        [line] = [line for line in self.alice.state.chats() if line.key == self.group]
        return line.unread, line.mentions

    def sees_line(self) -> bool:
        text = self.alice.window.transcript.text
        at = text.search("New messages", "1.0")
        return bool(at) and text.bbox(at) is not None

    def first_and_last(self) -> tuple[int, int]:
        sight = self.alice.window.transcript._sight
        return (sight.first, sight.last) if sight is not None else (0, 0)


@pytest.fixture
def friday(office: Office, own_daemon: Daemon) -> Friday:
    return Friday(office, own_daemon)


@pytest.mark.parametrize("missed", [130, 700])
def test_on_monday_the_group_opens_at_the_line_with_its_badge(friday: Friday, missed: int) -> None:
    """Of 700 the daemon sends the last 500 only."""
    friday.writes("buongiorno", "a lunedì")
    friday.alice.goes_to(friday.group)
    read = friday.reads_all()
    friday.alice.goes_home()
    friday.writes("@alice, la chiave?", *(f"n. {n}" for n in range(1, missed)))
    alice = friday.starts_again()
    friday.office.until(lambda: friday.badge()[0] > 0 and friday.sees_line())
    friday.office.until(lambda: friday.mark() == friday.first_and_last()[1] > read)
    sight = friday.first_and_last()
    assert sight[1] < read + missed // 2
    friday.office.until(lambda: friday.badge() == (missed - (friday.mark() - read), 0))
    friday.waits(1.0)
    assert friday.mark() == friday.first_and_last()[1]
    alice.press_in_transcript("<Next>")
    friday.office.until(lambda: friday.mark() == friday.first_and_last()[1] > sight[1])
    alice.app.root._actions()["newest"]()
    friday.office.until(lambda: friday.mark() == read + missed)
    assert friday.badge() == (0, 0)


def test_of_a_window_that_nobody_looks_at_nothing_is_read(friday: Friday) -> None:
    """Without the focus, hidden, behind another window, with a dialog over it."""
    friday.writes("uno")
    alice, root = friday.alice, friday.alice.app.root
    alice.goes_to(friday.group)
    read = friday.reads_all()
    other = friday.office.desk("carla")

    def stays_unread() -> None:
        friday.writes("altro")
        friday.waits(1.2)
        assert friday.mark() == read
        assert friday.badge()[0] > 0

    other.looks()
    stays_unread()
    other.app.tk.withdraw()
    alice.app.tk.focus_force()
    alice.app.tk.withdraw()
    stays_unread()
    alice.app.tk.deiconify()
    other.app.tk.deiconify()
    other.app.tk.geometry("1300x950+0+0")
    friday.waits(0.3)
    other.app.tk.lift()
    friday.waits(0.3)
    alice.app.tk.focus_force()
    stays_unread()
    root.preferences()
    alice.looks()
    stays_unread()
    root._close("settings")
    alice.looks()
    assert friday.reads_all() == read + 4
    assert friday.badge() == (0, 0)


def test_one_click_reads_only_what_it_shows(friday: Friday) -> None:
    """However much has come while another chat was open; and nothing more after a restart."""
    alice = friday.alice
    alice.looks()
    read = friday.mark()
    friday.writes(*(f"n. {n}" for n in range(600)))
    friday.office.until(lambda: friday.badge() == (600, 0))
    alice.goes_to(friday.group)
    assert friday.sees_line()
    assert friday.badge()[0] > 500
    alice.press("<Control-q>")
    friday.office.desks.remove(alice)
    assert friday.mark() < read + 100
    friday.starts_again()
    friday.office.until(friday.sees_line)
    friday.office.until(lambda: friday.mark() == friday.first_and_last()[1] > read)
    friday.waits(1.0)
    assert friday.mark() == friday.first_and_last()[1] < read + 200
    assert friday.badge()[0] > 400
