"""`./dev demo`: a daemon of its own, and alice and bob, already friends and chatting, side by side.

Everything is in a temporary folder that is deleted in the end.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from client_tk import secret
from client_tk.model import Server
from client_tk.settings import Profile
from ruggine.free_port import free_port

_PASSWORD = "a demo password"  # noqa: S105 - of a daemon that lives for a demonstration
_PEOPLE = ("alice", "bob")
_PLACES = ("760x720+20+60", "760x720+800+60")
_TALK = [
    ("alice", "bob", "Hi Bob, did you find the cable?"),
    ("bob", "alice", "Yes, it was behind the printer."),
    ("alice", "bob", "Great. Lunch at 12:30?"),
]
_START_S = 30.0


def main() -> None:
    """Ends when both windows are closed."""
    with tempfile.TemporaryDirectory(prefix="ruggine-demo-") as name:
        folder = Path(name)
        server = Server("127.0.0.1", free_port(), free_port())
        daemon = _start_daemon(folder, server)
        try:
            seed(folder, server)
            clients = [_start_client(folder, person) for person in _PEOPLE]
            for client in clients:
                client.wait()
        except KeyboardInterrupt:
            pass
        finally:
            daemon.terminate()
            daemon.wait()


def seed(folder: Path, server: Server) -> None:
    """Register alice and bob, let them become friends and talk, and sign them in."""
    tokens = {name: _register(server, name) for name in _PEOPLE}
    alice, bob = (tokens[name] for name in _PEOPLE)
    _ask(server, f"/send_friend_request {alice} bob It's me, Alice")
    _ask(server, f"/accept_friend_request {bob} alice")
    for sender, to, text in _TALK:
        _ask(server, f"/send_private_message {tokens[sender]} {to} {text}")
    created = _ask(server, f'/create_group {alice} "Lunch" bob')
    invite = _ask(server, f"/my_group_invites {bob}").removeprefix("OK: Group invites: ")
    _ask(server, f"/accept_group_invite {bob} {invite.split(':')[0]}")
    _ask(server, f"/send_group_message {alice} {created.split()[-1]} Who is hungry?")
    for (name, token), place in zip(tokens.items(), _PLACES, strict=True):
        sign_in(folder, server, name, token, place)


def sign_in(folder: Path, server: Server, name: str, token: str, place: str = "") -> None:
    """Make a profile in `folder`, of which `name` is signed in, with its window in a place."""
    profile = Profile(name, folder=folder)
    settings = profile.load()
    settings.remember(server, name, stay=True)
    settings.geometry = place
    profile.save(settings)
    secret.write_file(profile.token_path(server, name), token)


def _register(server: Server, name: str) -> str:
    return _ask(server, f'/register {name} "{_PASSWORD}"').split()[-1]


def _ask(server: Server, line: str) -> str:
    with socket.create_connection((server.host, server.line_port), 10) as connection:
        connection.sendall(line.encode() + b"\n")
        reply = connection.makefile("r", encoding="utf-8").readline().strip()
    if not reply.startswith("OK: "):
        raise RuntimeError(f"{line.split()[0]}: {reply}")
    return reply


def _start_daemon(folder: Path, server: Server) -> subprocess.Popen[bytes]:
    twistd = Path(sys.executable).with_name("twistd")
    log = (folder / "daemon.log").open("wb")
    daemon = subprocess.Popen(  # noqa: S603 - our own daemon
        [
            twistd, "-n", "--pidfile=", "ruggine",
            f"--tcp=tcp:{server.line_port}:interface=127.0.0.1",
            f"--websocket=tcp:{server.websocket_port}:interface=127.0.0.1",
            f"--http=tcp:{free_port()}:interface=127.0.0.1",
            f"--database=sqlite:{folder / 'ruggine.db'}",
        ],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
    )  # fmt: skip
    until_s = time.monotonic() + _START_S
    while daemon.poll() is None and time.monotonic() < until_s:
        try:
            _ask(server, "/help register")
        except OSError:
            time.sleep(0.05)
        else:
            return daemon
    daemon.kill()
    raise SystemExit(f"the daemon did not start:\n{(folder / 'daemon.log').read_text('utf-8')}")


def _start_client(folder: Path, name: str) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "client_tk", "--profile", name, "--folder", str(folder)]
    return subprocess.Popen(program)  # noqa: S603 - our own client


if __name__ == "__main__":
    main()
