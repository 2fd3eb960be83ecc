"""The cast of the plays: people who speak to a daemon with clients that are not ours.

`Line` types commands over a plain socket, `Socket` chats with the `websockets` package. Both
have the same verbs, so one play runs over either, and over two nodes.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import time
import uuid
from typing import Any

from websockets.sync.client import connect

from tests.daemon import PASSWORD, Daemon
from tests.patience import PATIENCE_S


class Telephone:
    """A plain connection to the line port, such as `nc` makes."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._file = self.socket.makefile("rb")

    def say(self, line: str | bytes) -> None:
        self.socket.sendall((line.encode() if isinstance(line, str) else line) + b"\n")

    def hear(self) -> str:
        """The next line; empty when the daemon has closed."""
        return self._file.readline().decode().removesuffix("\n")

    def ask(self, line: str | bytes) -> str:
        self.say(line)
        return self.hear()

    def ask_lines(self, line: str) -> list[str]:
        """A reply of several lines, up to its empty one."""
        self.say(line)
        heard = [self.hear()]
        while heard[-1].startswith("OK") or (heard[-1] and not heard[0].startswith("ERR")):
            heard.append(self.hear())
        return heard[:-1] if heard[-1] == "" else heard

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def hang_up(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Telephone:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()


class WebSocket:
    """An authenticated WebSocket of the `websockets` package."""

    def __init__(self, url: str, token: str | None = None, **options: Any) -> None:
        options.setdefault("proxy", None)
        self._hanging_up = contextlib.ExitStack()
        self.socket = self._hanging_up.enter_context(
            connect(url, open_timeout=PATIENCE_S, **options)
        )
        self.welcome: dict[str, Any] = {}
        self.statuses: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        if token is not None:
            self.welcome = self.ask(message_type="auth", session_token=token)

    def say(self, **frame: Any) -> None:
        self.socket.send(json.dumps(frame))

    def hear(self, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """The next frame. Who comes and goes is told at any moment: it waits in `statuses`."""
        while True:
            heard: dict[str, Any] = json.loads(self.socket.recv(seconds))
            if heard["message_type"] != "user_status":
                return heard
            self.statuses.append(heard)

    def ask(self, **frame: Any) -> dict[str, Any]:
        self.say(**frame)
        return self.hear()

    def request(self, message_type: str, **fields: Any) -> dict[str, Any]:
        """The one reply, without its request_id; what comes before it waits for `event`."""
        self.say(message_type=message_type, request_id="r", **fields)
        while (reply := self.hear()).pop("request_id", None) != "r":
            self.events.append(reply)
        return reply

    def event(self, message_type: str, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """The next event of this type; what comes before it goes on waiting."""
        while True:
            for heard in self.events:
                if heard["message_type"] == message_type:
                    self.events.remove(heard)
                    return heard
            self.events.append(self.hear(seconds))

    def status(self, name: str, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """The next thing that is said of somebody's coming and going."""
        until = time.monotonic() + seconds
        while True:
            for heard in list(self.statuses):
                self.statuses.remove(heard)
                if heard["username"] == name:
                    return heard
            frame = json.loads(self.socket.recv(until - time.monotonic()))
            (self.statuses if frame["message_type"] == "user_status" else self.events).append(frame)

    def hear_until(self, message_type: str) -> list[dict[str, Any]]:
        """Every frame up to and with the first of `message_type`."""
        heard = [self.hear()]
        while heard[-1]["message_type"] != message_type:
            heard.append(self.hear())
        return heard

    def silent(self) -> bool:
        """Nothing was on its way: the daemon answers a ping with nothing before the pong."""
        return self.ask(message_type="ping")["message_type"] == "pong"

    def hang_up(self) -> None:
        self._hanging_up.close()


def register(daemon: Daemon, name: str) -> tuple[str, str]:
    """A new account under a name that is this test's own; returns the name and a token."""
    name = f"{name}.{uuid.uuid4().hex[:8]}"
    with Telephone(daemon.tcp_port) as telephone:
        answer = telephone.ask(f"/register {name} {PASSWORD}")
    assert answer.startswith(f"OK: Registered as {name} SESSION: rg1_"), answer
    return name, answer.split()[-1]


class Group(str):
    """A group in a play, by its id."""


class Person:
    """Somebody in a play. Subclasses say over which port."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        self.daemon = daemon
        self.name, self.token = register(daemon, name)
        self.arrive(daemon)

    def arrive(self, daemon: Daemon) -> None:
        """Connect to a node."""
        raise NotImplementedError

    def sends(self, to: Person | Group, content: str, client_id: str | None = None) -> int:
        """Returns the `seq`."""
        raise NotImplementedError

    def receives(self, sender: Person, content: str, where: Group | None = None) -> int:
        """The next message that arrives must be this one; returns its `seq`."""
        raise NotImplementedError

    def history(self, peer: Person | Group) -> list[tuple[str, str]]:
        """Pairs of sender and content, oldest first."""
        raise NotImplementedError

    def creates(self, name: str, *invited: Person) -> Group:
        raise NotImplementedError

    def invites(self, person: Person, group: Group) -> None:
        raise NotImplementedError

    def accepts(self, name: str) -> None:
        """The invite into the group of this name, found in the list."""
        raise NotImplementedError

    def leaves_group(self, group: Group) -> None:
        raise NotImplementedError

    def is_refused(self, group: Group) -> bool:
        """Whether nothing can be sent there."""
        raise NotImplementedError

    def discards(self, peer: Person) -> None:
        raise NotImplementedError

    def leaves(self) -> None:
        raise NotImplementedError


class LinePerson(Person):
    """Types commands on one connection and watches on another."""

    def arrive(self, daemon: Daemon) -> None:
        self._commands = Telephone(daemon.tcp_port)
        assert self._commands.ask(f"/auth {self.token}") == f"OK: Authenticated as {self.name}"
        self._tail = Telephone(daemon.tcp_port)
        assert self._tail.ask(f"/watch {self.token}") == "OK: Watching"

    def sends(self, to: Person | Group, content: str, client_id: str | None = None) -> int:
        id_ = f"id={client_id} " if client_id else ""
        command = "/send" if isinstance(to, Group) else "/send_private_message"
        where = to if isinstance(to, Group) else to.name
        answer = self._commands.ask(f"{command} - {where} {id_}{content}")
        assert answer.startswith("OK: Message sent "), answer
        return int(answer.split()[-1])

    def receives(self, sender: Person, content: str, where: Group | None = None) -> int:
        heard = self._tail.hear().split(" ", 5)
        peer = sender if sender is not self else self.last_peer
        assert heard[:2] == ["MSG", where or f"@{peer.name}"], heard
        assert heard[4:] == [sender.name, content], heard
        return int(heard[2])

    last_peer: Person

    def history(self, peer: Person | Group) -> list[tuple[str, str]]:
        if isinstance(peer, Group):
            lines = self._commands.ask_lines(f"/get_group_messages - {peer}")
        else:
            lines = self._commands.ask_lines(f"/get_private_messages - {peer.name}")
        assert lines[0] == "OK: Messages:"
        said = (line.split("] ", 1)[1].split(": ", 1) for line in lines[1:])
        return [(sender, content) for sender, content in said]

    def discards(self, peer: Person) -> None:
        answer = self._commands.ask(f"/delete_private_messages - {peer.name}")
        assert answer == "OK: Messages discarded for you only"

    def creates(self, name: str, *invited: Person) -> Group:
        people = ",".join(person.name for person in invited)
        return Group(self._commands.ask(f'/create_group - "{name}" {people}').split()[-1])

    def invites(self, person: Person, group: Group) -> None:
        answer = self._commands.ask(f"/invite - {person.name} {group}")
        assert answer == f"OK: Invite sent to {person.name}"

    def accepts(self, name: str) -> None:
        listed = self._commands.ask("/my_group_invites -").removeprefix("OK: Group invites: ")
        [invite] = [i for i in listed.split(" | ") if i.split(":")[1] == name]
        answer = self._commands.ask(f"/accept_group_invite - {invite.split(':')[0]}")
        assert answer == "OK: Invite accepted"

    def leaves_group(self, group: Group) -> None:
        assert self._commands.ask(f"/leave_group - {group}") == "OK: Left group"

    def is_refused(self, group: Group) -> bool:
        return self._commands.ask(f"/send - {group} x").endswith("[not_a_member]")

    def leaves(self) -> None:
        self._commands.hang_up()
        self._tail.hang_up()


class SocketPerson(Person):
    """Chats over one WebSocket."""

    def arrive(self, daemon: Daemon) -> None:
        self.socket = WebSocket(daemon.url, self.token)
        assert self.socket.welcome["success"], self.socket.welcome
        self._arrived: list[dict[str, Any]] = []

    def sends(self, to: Person | Group, content: str, client_id: str | None = None) -> int:
        self.socket.say(
            message_type="send_message", **_chat(to), content=content,
            **({"client_id": client_id} if client_id else {}),
        )  # fmt: skip
        sent: dict[str, Any] = self._next("message_sent")
        assert sent.items() >= _chat(to).items()
        return int(sent["seq"])

    def receives(self, sender: Person, content: str, where: Group | None = None) -> int:
        message = {"message_type": "group_invite"}
        while message["message_type"] in ("member_joined", "member_left", "group_invite"):
            message = self._arrived.pop(0) if self._arrived else self.socket.hear()
        assert message["message_type"] == "incoming_message", message
        assert (message["from"], message["content"]) == (sender.name, content)
        assert message.get("group_id") == where
        return int(message["seq"])

    def history(self, peer: Person | Group) -> list[tuple[str, str]]:
        self.socket.say(message_type="get_messages", **_chat(peer))
        messages = self._next("get_messages_result")["messages"]
        return [(message["from"], message["content"]) for message in messages]

    def discards(self, peer: Person) -> None:
        self.socket.say(message_type="delete_private_messages", username=peer.name)
        self._next("delete_private_messages_result")

    def creates(self, name: str, *invited: Person) -> Group:
        users = [person.name for person in invited]
        self.socket.say(message_type="create_group", name=name, users=users)
        return Group(self._next("create_group_result")["group_id"])

    def invites(self, person: Person, group: Group) -> None:
        self.socket.say(message_type="invite", username=person.name, group_id=group)
        self._next("invite_result")

    def accepts(self, name: str) -> None:
        self.socket.say(message_type="my_group_invites")
        invites = self._next("my_group_invites_result")["invites"]
        [invite] = [i["invite_id"] for i in invites if i["name"] == name]
        self.socket.say(message_type="accept_group_invite", invite_id=invite)
        self._next("accept_group_invite_result")

    def leaves_group(self, group: Group) -> None:
        self.socket.say(message_type="leave_group", group_id=group)
        self._next("leave_group_result")

    def is_refused(self, group: Group) -> bool:
        self.socket.say(message_type="send_message", **_chat(group), content="x")
        return bool(self._next("error")["code"] == "not_a_member")

    def leaves(self) -> None:
        self.socket.hang_up()

    def _next(self, message_type: str) -> dict[str, Any]:
        """The reply; messages that come before it are kept for `receives`."""
        *before, reply = self.socket.hear_until(message_type)
        self._arrived += before
        return reply


def _chat(place: Person | Group) -> dict[str, str]:
    if isinstance(place, Group):
        return {"chat_type": "group", "group_id": str(place)}
    return {"chat_type": "private", "to_user": place.name}
