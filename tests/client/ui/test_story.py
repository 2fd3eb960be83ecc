"""Two people, two real clients, one real daemon that dies and comes back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.seed import add_people
from client_tk.model import ChatKey
from client_tk.schema import STEPS
from client_tk.ui import keys
from ruggine.wire import requests
from tests.cast import WebSocket
from tests.client.ui.desk import Desk, Office
from tests.daemon import PASSWORD, Daemon

CROWD = 520


@pytest.fixture
def office(tmp_path: Path, own_daemon: Daemon) -> Iterator[Office]:
    own_daemon.start()
    office = Office(tmp_path / "people", own_daemon)
    yield office
    office.close()


def test_from_registering_to_a_search(office: Office, own_daemon: Daemon) -> None:
    alice, bob = office.desk("alice"), office.desk("bob")
    alice.registers()
    bob.registers()

    # They become friends
    alice.state.ask(requests.SendFriendRequest(username="bob", message="ciao"), lambda _r: None)
    office.until(lambda: bob.state.roster.requests_in)
    bob.state.ask(requests.AcceptFriendRequest(username="alice"), lambda _r: None)
    office.until(lambda: alice.state.roster.friends)

    # A private message, read
    alice.goes_to(alice.chat_with("bob"))
    alice.writes("ciao bob")
    office.until(lambda: [row.progress for row in alice.rows()] == ["stored"])
    office.until(lambda: bob.state.unread == 1)
    assert bob.app.tk.title().startswith("(1)")
    bob.goes_to(bob.chat_with("alice"))
    bob.sees("ciao bob")
    office.until(lambda: [row.progress for row in alice.rows()] == ["read"])
    assert bob.state.unread == 0

    # A group
    group = a_group_of_two(office, alice, bob)
    alice.goes_to(group)
    bob.goes_to(group)
    alice.writes("chi viene?")
    bob.sees("chi viene?")
    bob.writes("@alice io")
    alice.sees("@alice io")

    # The daemon dies; what is typed meanwhile arrives, once
    own_daemon.kill()
    office.until(lambda: alice.state.link.status == "offline")
    alice.writes("scritto senza rete")
    assert [row.progress for row in alice.rows()][-1] == "waiting"
    alice.goes_home()
    alice = office.desk("alice")
    alice.goes_to(group)
    alice.sees("scritto senza rete")
    own_daemon.start()
    for desk in (alice, bob):
        office.until(desk.is_live)
    bob.sees("scritto senza rete")
    bob.goes_to(group)
    office.until(lambda: [row.progress for row in alice.rows()][-1] == "read")
    for desk in (alice, bob):  # once each, and in one order
        texts = [row.content for row in desk.rows() if row.kind == "message"]
        assert texts == ["chi viene?", "@alice io", "scritto senza rete"]

    # A search finds the place
    alice.press("<Control-f>")
    office.until(lambda: "search" in alice.app.root._dialogs)
    found: list[int] = []
    alice.state.ask(requests.Search(query="chi viene"),
                    lambda reply: found.extend(m.seq for m in reply.messages))  # fmt: skip
    office.until(lambda: found)
    alice.app.root.open_at(group, found[0])
    alice.sees("chi viene?")


def a_group_of_two(office: Office, owner: Desk, guest: Desk) -> ChatKey:
    created: list[str] = []
    owner.state.ask(
        requests.CreateGroup(name="gita", users=[guest.name]),
        lambda reply: created.append(reply.group_id),
    )
    office.until(lambda: created and guest.state.roster.invites)
    [invite] = guest.state.roster.invites
    guest.state.ask(requests.AcceptGroupInvite(invite_id=invite.id), lambda _r: None)
    key = ChatKey("group", created[0])
    office.until(lambda: all(d.state.chat(key) is not None for d in (owner, guest)))
    return key


def test_who_goes_somewhere_by_typing_its_name_can_write_there_at_once(office: Office) -> None:
    """Though nothing had the keyboard before."""
    alice, bob = office.desk("alice"), office.desk("bob")
    alice.registers()
    bob.registers()
    alice.app.tk.focus_force()
    alice.press("<Control-k>")
    switcher = alice.app.root._dialogs["switcher"]
    office.until(switcher.winfo_viewable)
    switcher.entry.focus_force()
    switcher.entry.insert(0, "bob")
    office.until(lambda: switcher.table.key is not None)
    alice.press("<Return>")
    office.until(lambda: not switcher.winfo_exists())
    office.goes_on()
    assert alice.app.tk.focus_get() is alice.window.composer.text
    assert alice.state.selected == alice.chat_with("bob")


def test_in_a_narrow_window_the_members_have_one_of_their_own(office: Office) -> None:
    alice, bob = office.desk("alice"), office.desk("bob")
    alice.registers()
    bob.registers()
    group = a_group_of_two(office, alice, bob)
    alice.goes_to(group)
    alice.app.tk.geometry("1000x600")
    office.until(lambda: alice.window.panes.right_shown)
    alice.app.tk.geometry("760x600")
    office.until(lambda: not alice.window.panes.right_shown)
    alice.press_in_composer("<F9>")
    assert f"group {group.id}" in alice.app.root._dialogs
    assert alice.app.settings.members_shown


def test_every_shortcut_does_something_and_none_fails(office: Office) -> None:
    """Pressed in the composer, where a Text would have its own ideas of Ctrl+K."""
    alice, bob = office.desk("alice"), office.desk("bob")
    alice.registers()
    bob.registers()
    bob.goes_to(bob.chat_with("alice"))
    bob.writes("ciao")
    group = a_group_of_two(office, alice, bob)
    alice.goes_to(alice.chat_with("bob"))
    root = alice.app.root
    alice.window.composer.entry.text.insert("end", "una bozza")
    opened = set()
    for shortcut in keys.table():
        if not shortcut.bound or shortcut.id == "quit":
            continue
        for sequence in keys.sequences(shortcut.keys[0])[:1]:
            alice.press_in_composer(sequence)
        office.goes_on()
        opened |= {name for name, dialog in root._dialogs.items() if dialog.winfo_exists()}
        for dialog in tuple(root._dialogs.values()):
            if dialog.winfo_exists():
                dialog.close()
        office.goes_on()
    assert {"switcher", "people", "new group", "search", "settings", "help"} <= opened
    assert alice.state.selected in (alice.chat_with("bob"), group)
    assert alice.state.draft(alice.chat_with("bob")) == "una bozza"
    assert alice.app.settings.zoom == 100


def test_logging_out_asks_first_and_ends_the_session(office: Office, own_daemon: Daemon) -> None:
    alice = office.desk("alice")
    alice.registers()
    alice.app.root._log_out()
    office.goes_on()
    assert alice.is_live()
    alice.presses("Log out")
    office.until(lambda: alice.state.phase == "signed_out")
    alice.goes_home()
    alice = office.desk("alice")
    assert alice.state.phase == "signed_out"
    assert alice.form.username.text == "alice"
    with closing(sqlite3.connect(own_daemon.database)) as database:
        assert database.execute("SELECT COUNT(*) FROM sessions").fetchone() == (0,)


def test_who_takes_the_name_of_somebody_who_is_gone_is_somebody_else(
    office: Office, own_daemon: Daemon
) -> None:
    """On both sides: the next Bob uses the computer of the one before."""
    alice, bob = office.desk("alice"), office.desk("bob")
    alice.registers()
    bob.registers()
    bob.goes_to(bob.chat_with("alice"))
    bob.writes("from the first")
    first = alice.chat_with("bob")
    alice.goes_to(first)
    alice.sees("from the first")
    own_daemon.kill()
    office.until(lambda: alice.state.link.status == "offline")
    alice.writes("for the first only")
    alice.goes_home()
    own_daemon.start()
    office.until(bob.is_live)
    bob.state.ask(requests.DeleteAccount(password=PASSWORD), lambda _reply: None)
    office.until(lambda: bob.state.phase == "signed_out")

    bob.registers()
    assert bob.state.chats() == []
    bob.goes_to(bob.chat_with("alice"))
    bob.writes("from the second")
    alice = office.desk("alice")
    office.until(alice.is_live)
    second = alice.chat_with("bob")
    assert second != first
    alice.goes_to(first)
    alice.sees("Not sent: the account it was for has been deleted.")
    assert alice.title().startswith("deleted~")
    assert alice.texts() == ["from the first", "for the first only"]
    alice.goes_to(second)
    alice.sees("from the second")
    assert alice.texts() == ["from the second"]
    alice.writes("for the second")
    bob.sees("for the second")
    assert bob.texts() == ["from the second", "for the second"]

    # Once more, before their eyes
    bob.state.ask(requests.DeleteAccount(password=PASSWORD), lambda _reply: None)
    office.until(lambda: alice.title().startswith("deleted~"))
    alice.sees("deleted~")
    assert [line.title for line in alice.state.chats() if line.title == "bob"] == []


def test_more_chats_than_fit_on_a_page_are_all_there(office: Office, own_daemon: Daemon) -> None:
    alice = office.desk("alice")
    alice.registers()
    for _name, token in add_people(Path(own_daemon.database), CROWD):
        stranger = WebSocket(own_daemon.url, token)
        stranger.request("send_message", to_user="alice", content="x" * 4000)
        stranger.socket.close()
    office.until(lambda: len(alice.state.chats()) == CROWD)
    alice.goes_home()
    for file in office.folder.glob("alice/alice@*.db*"):
        file.unlink()
    alice = office.desk("alice")
    office.until(lambda: len(alice.window.sidebar.list.keys) == CROWD)
    office.until(lambda: len(alice.state.people) == CROWD + 1)
    assert alice.state.unread == CROWD


def test_what_an_older_client_kept_is_taken_over(office: Office, own_daemon: Daemon) -> None:
    alice, bob = office.desk("alice"), office.desk("bob")
    alice.registers()
    bob.registers()
    bob.goes_to(bob.chat_with("alice"))
    bob.writes("one")
    chat = alice.chat_with("bob")
    alice.goes_to(chat)
    alice.sees("one")
    alice.writes("two")
    bob.sees("two")
    alice.goes_home()
    [file] = office.folder.glob("alice/alice@*.db")
    kept_by_names(file, waits="typed offline", draft="a draft")
    bob.writes("three")

    alice = office.desk("alice")
    office.until(lambda: alice.state.selected == chat)
    alice.sees("three")
    bob.sees("typed offline")
    assert alice.texts() == ["one", "two", "three", "typed offline"]
    assert alice.window.composer.entry.get() == "a draft"
    assert alice.title() == "bob"
    assert [line.title for line in alice.state.chats()] == ["bob"]


def kept_by_names(file: Path, waits: str, draft: str) -> None:
    """The file as the first version of the client would have it."""
    with closing(sqlite3.connect(file)) as now:
        names = dict(now.execute("SELECT id, name FROM users"))
        chats = now.execute("SELECT id, kind, place, title, low, cursor, read_seq FROM chats")
        chats = [(id_, kind, names[place], *rest) for id_, kind, place, *rest in chats]
        entries = now.execute("SELECT * FROM entries").fetchall()
        epoch = now.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()
    with closing(sqlite3.connect(file)) as then:
        then.executescript(f"BEGIN; {STEPS[0]} PRAGMA user_version = 1;")
        then.executemany(
            "INSERT INTO chats (id, kind, name, title, low, cursor, read_seq) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)", chats,
        )  # fmt: skip
        then.executemany(
            f"INSERT INTO entries VALUES ({', '.join('?' * 12)})",
            [(*row[:3], names[row[3]], *row[4:]) for row in entries],
        )
        then.execute("UPDATE chats SET draft = ?", (draft,))
        then.execute(
            "INSERT INTO outbox (chat_id, client_id, content, time_s) VALUES (?, ?, ?, 1)",
            (chats[0][0], "c" * 32, waits),
        )
        then.execute("INSERT INTO meta VALUES ('epoch', ?)", (epoch,))
        then.execute("INSERT INTO meta VALUES ('selected', '[\"private\",\"bob\"]')")
        then.commit()
