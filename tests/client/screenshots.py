"""`./dev screenshots`: every window in each theme, from a seeded daemon, into docs/screenshots/."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from client_tk.model import ChatKey
from client_tk.settings import Profile, Settings
from client_tk.ui.groups import NewGroup
from client_tk.ui.sessions import Sessions
from client_tk.ui.switcher import Switcher
from tests.cast import Telephone, WebSocket
from tests.client.ui.desk import Desk, Office
from tests.daemon import PASSWORD, Daemon

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
THEMES = ["light", "dark", "contrast"]
SIZE = "1080x720"

LONG = "Rebuilding the centrifuge of the old physics building in 2026"
PEOPLE = ["alice", "bob", "carol", "dmitri", "Wolfeschlegelsteinhausenberger"]

PRIVATE = [
    ("bob", "alice", "Morning! Did the sequencer finish overnight?"),
    ("alice", "bob", "It did. 412 samples, three failed."),
    ("alice", "bob", "I put the list here: https://lab.example/runs/2026-11-23"),
    (
        "bob",
        "alice",
        "Great, I will rerun those three after lunch.\nCan you leave the key with Carol?",
    ),
    ("alice", "bob", "Sure, I will."),
]
GROUP = [
    ("carol", "The centrifuge is free from 14:00."),
    ("dmitri", "Booked it for the afternoon, thanks."),
    ("alice", "I need it for 20 minutes at most. Can we share?"),
    ("dmitri", "Of course. Come at 15:00."),
    ("Wolfeschlegelsteinhausenberger", "Please wipe the rotor afterwards, and note the "
     "serial RGG-2026-1123-0047-LONGWORDWITHOUTANYBLANKINITATALLSOTHATITMUSTBEBROKENSOMEWHERE"),
    ("carol", "@alice the key is on my desk."),
]  # fmt: skip


class Seeder:
    """Speaks on the line port for everybody."""

    def __init__(self, daemon: Daemon) -> None:
        self._telephone = Telephone(daemon.tcp_port)
        self.tokens = {name: self._register(name) for name in PEOPLE}

    def _register(self, name: str) -> str:
        return self._telephone.ask(f"/register {name} {PASSWORD}").split()[-1]

    def ask(self, name: str, command: str, rest: str) -> str:
        answer = self._telephone.ask(f"/{command} {self.tokens[name]} {rest}")
        assert answer.startswith("OK"), answer
        return answer

    def group(self, owner: str, name: str) -> str:
        """Everybody is in it."""
        group_id = self.ask(owner, "create_group", f'"{name}"').split()[-1]
        self.ask(owner, "open_group", group_id)
        for other in PEOPLE:
            if other != owner:
                self.ask(other, "join_group", group_id)
        return group_id

    def seed(self) -> ChatKey:
        """Returns the group with the most in it."""
        for name in ("bob", "carol"):
            self.ask(name, "send_friend_request", "alice hi")
            self.ask("alice", "accept_friend_request", name)
        self.ask("dmitri", "send_friend_request", "alice We met at the workshop")
        empty = self.group("carol", LONG)
        self.ask("carol", "send_group_message", f"{empty} Kick-off on Monday at nine.")
        lab = self.group("alice", "Physics lab")
        for sender, text in GROUP:
            self.ask(sender, "send_group_message", f"{lab} {text}")
        self.ask("carol", "edit_message", f"{lab} 6 The centrifuge is free from 14:30.")
        for sender, to, text in PRIVATE:
            for line in text.split("\n"):
                self.ask(sender, "send_private_message", f"{to} {line}")
        self.ask("Wolfeschlegelsteinhausenberger", "send_private_message", "alice Guten Tag!")
        return ChatKey("group", lab)


def spread(database: Path) -> None:
    """As if the last messages of each chat had come an hour after the other, into this one."""
    connection = sqlite3.connect(database)
    connection.execute(
        "UPDATE entries SET time_ms = time_ms - 3600000 * "
        "(SELECT last_seq - entries.seq FROM chats WHERE id = chat_id)"
    )
    connection.commit()
    connection.close()


def bob_is_there(daemon: Daemon, token: str, group: ChatKey) -> WebSocket:
    """He has read what alice wrote, and likes it."""
    bob = WebSocket(daemon.url, token)
    bob.request("mark_read", chat_type="private", to_user="alice", seq=6)
    bob.request("react", chat_type="group", group_id=group.id, seq=8, emoji="👍", active=True)
    return bob


class Photographer:
    def __init__(self, office: Office, desk: Desk) -> None:
        self._office = office
        self._desk = desk
        self.bar = tqdm(total=len(THEMES) * 9, unit="picture", disable=not sys.stderr.isatty())

    def waits(self, seconds: float = 0.4) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._office.goes_on()
            time.sleep(0.01)

    def takes(self, name: str) -> None:
        """What is on the screen where the window is."""
        self.waits()
        path = FOLDER / f"{name}-{self._desk.app.root.theme.name}.png"
        subprocess.run(
            ["import", "-window", "root", "-crop", f"{SIZE}+0+0", "-strip",
             "-define", "png:compression-level=9", str(path)], check=True,
        )  # fmt: skip
        self.bar.update()


@contextmanager
def display() -> Iterator[None]:
    """One of our own, so that nothing else is in the pictures."""
    for program, package in (("Xvfb", "xvfb"), ("import", "imagemagick")):
        if not shutil.which(program):
            sys.exit(f"./dev screenshots needs {program} (Debian: apt install {package})")
    server = subprocess.Popen(["Xvfb", ":97", "-screen", "0", f"{SIZE}x24"],
                              stderr=subprocess.DEVNULL)  # fmt: skip
    os.environ.update(DISPLAY=":97", PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
                      LANGUAGE="en")  # fmt: skip
    time.sleep(1)
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with display(), tempfile.TemporaryDirectory() as name:
        daemon = Daemon(Path(name)).start()
        office = Office(Path(name) / "people", daemon)
        try:
            seeder = Seeder(daemon)
            group = seeder.seed()
            daemon.stop()
            spread(daemon.database)
            daemon.start()
            bob = bob_is_there(daemon, seeder.tokens["bob"], group)
            for theme in THEMES:
                take_all(office, theme, group)
            bob.hang_up()
        finally:
            office.close()
            daemon.stop()


def take_all(office: Office, theme: str, group: ChatKey) -> None:
    settings = Settings(theme=theme, notifications=False, geometry=f"{SIZE}+0+0")
    name = f"alice-{theme}"
    Profile(name, folder=office.folder).save(settings)
    desk = office.desk(name)
    photographer = Photographer(office, desk)
    photographer.takes("sign-in")
    desk.logs_in("alice")
    photographer.takes("nothing-chosen")
    desk.goes_to(desk.chat_with("bob"))
    photographer.takes("chat")
    desk.goes_to(group)
    photographer.takes("group")
    root = desk.app.root
    dialogs: dict[str, Callable[[], object]] = {
        "people": lambda: root.people("requests"),
        "new-group": lambda: root._asking("new group", NewGroup),
        "group-info": lambda: root.group_info(group),
        "switcher": lambda: root._asking("switcher", Switcher),
        "sessions": lambda: root._asking("sessions", Sessions),
        "settings": root.preferences,
        "shortcuts": root._help,
        "search": lambda: root.search(here=False),
    }
    for title, open_dialog in dialogs.items():
        open_dialog()
        photographer.takes(title)
        for dialog in root._dialogs.values():
            dialog.close()
        photographer.waits(0.1)
    desk.goes_home()


if __name__ == "__main__":
    main()
