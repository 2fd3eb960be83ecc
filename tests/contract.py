"""The contract's own tables, read from docs/protocol.md, and a transcript that uses each row.

A step is who speaks, what they type, and the lines that answer. In an answer `…` stands for
anything, and `$name` for something new that later steps may use. Everything is typed as on the
line port; `SocketActor` sends the same as a request over the WebSocket.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import msgspec

from ruggine.wire import frames, lines, replies, results
from tests.cast import Telephone, WebSocket
from tests.daemon import PASSWORD, Daemon
from tests.patience import PATIENCE_S

PROTOCOL = (Path(__file__).parent.parent / "docs" / "protocol.md").read_text("utf-8")

Step = tuple[str, str, list[str]]


def rows(header: str) -> list[list[str]]:
    """The cells of a table."""
    table = PROTOCOL.split(header)[1].split("\n\n")[0].splitlines()[2:]
    return [[c.strip() for c in re.split(r"(?<!\\)\|", row.strip("| "))] for row in table]


def documented_commands() -> dict[str, list[re.Pattern[str]]]:
    """Each command with the first lines that it may answer with, as the contract writes them."""
    found: dict[str, list[re.Pattern[str]]] = {}
    patterns: list[re.Pattern[str]] = []
    for usage, reply in rows("| command | reply |"):
        written = [t for t in re.findall(r"`([^`]+)`", reply) if t.startswith("OK: ")]
        if reply != "the same":
            patterns = [_pattern(t) for t in written] or [re.compile("OK: .*")]
        found[usage.strip("`").split()[0][1:]] = patterns
    return found


def _pattern(written: str) -> re.Pattern[str]:
    """`a, b` and what repeats after it stands for a list of any length, also none."""
    text = written.replace(r"\|", "|")
    head, colon, listed = text.partition(": ")
    kind, second, _ = listed.partition(":")
    if second and re.fullmatch(r"[A-Z][a-z]+( [a-z]+)*", kind) and "<n>" not in listed:
        return re.compile(re.escape(f"{head}{colon}{kind}:") + "( .+)?")
    parts = re.split(r"(<[^>]+>)", text)
    return re.compile("".join(".+" if p.startswith("<") else re.escape(p) for p in parts))


def session(name: str) -> list[Step]:
    return [
        (name, f"/register {name} {PASSWORD}", [f"OK: Registered as {name} SESSION: ${name}"]),
        (name, f"/auth ${name}", [f"OK: Authenticated as {name}"]),
    ]


TRANSCRIPT: list[Step] = [
    *session("luigi"),
    *session("dory"),
    *session("ugo"),
    ("luigi", "/validate_session $luigi", ["OK: luigi"]),
    ("luigi", "/register LUIGI altra-password", ["ERR: … [username_taken]"]),
    ("luigi", "/register -x altra-password", ["ERR: … [invalid_username]"]),
    ("luigi", "/register nuovo corta", ["ERR: … [invalid_password]"]),
    ("luigi", "/login luigi sbagliata", ["ERR: … [invalid_credentials]"]),
    ("luigi", "/login nessuno sbagliata", ["ERR: … [invalid_credentials]"]),
    ("luigi", "/online_users -", ["OK: Online users: dory, ugo"]),
    ("luigi", "/all_users -", ["OK: All users: dory, luigi, ugo"]),
    ("luigi", "/list_users - limit=2", ["OK: All users: dory, luigi … cursor=WyJsdWlnaSJd"]),
    ("luigi", "/all_users - cursor=WyJsdWlnaSJd", ["OK: All users: ugo"]),
    ("luigi", "/all_users - cursor=mine", ["ERR: … [invalid_request]"]),
    # Friends
    ("luigi", "/list_friends -", ["OK: Friends:"]),
    ("luigi", "/send_friend_request - dory ci vediamo?  al lago", ["OK: Friend request sent"]),
    ("luigi", "/send_friend_request - dory", ["ERR: … [already_done]"]),
    ("luigi", "/send_friend_request - luigi", ["ERR: … [invalid_request]"]),
    ("luigi", "/send_friend_request - nessuno", ["ERR: … [not_found]"]),
    ("luigi", "/sent_friend_requests -", ["OK: Sent requests: dory: ci vediamo?  al lago"]),
    ("dory", "/received_friend_requests -", ["OK: Received requests: luigi: ci vediamo?  al lago"]),
    ("dory", "/accept_friend_request - ugo", ["ERR: … [not_found]"]),
    ("dory", "/accept_friend_request - LUIGI", ["OK: Friend request accepted"]),
    ("dory", "/accept_friend_request - luigi", ["ERR: … [already_done]"]),
    ("dory", "/send_friend_request - luigi", ["ERR: … [already_done]"]),
    ("dory", "/received_friend_requests -", ["OK: Received requests:"]),
    ("dory", "/list_friends -", ["OK: Friends: luigi"]),
    ("ugo", "/send_friend_request - dory", ["OK: Friend request sent"]),
    ("dory", "/reject_friend_request - ugo", ["OK: Friend request rejected"]),
    ("dory", "/reject_friend_request - ugo", ["ERR: … [not_found]"]),
    ("ugo", "/send_friend_request - dory", ["OK: Friend request sent"]),
    ("dory", "/send_friend_request - ugo", ["OK: Friend request accepted"]),
    ("dory", "/list_friends -", ["OK: Friends: luigi, ugo"]),
    ("ugo", "/remove_friend - dory", ["OK: Friend removed"]),
    ("ugo", "/remove_friend - dory", ["ERR: … [not_found]"]),
    # Private messages
    ("luigi", "/send_private_message - dory ciao  Dory", ["OK: Message sent 1"]),
    ("luigi", "/send_private - dory id=00000001 due", ["OK: Message sent 2"]),
    ("luigi", "/private - dory id=00000001 due", ["OK: Message sent 2"]),
    ("luigi", "/private - dory id=00000001 altro", ["ERR: … [client_id_conflict]"]),
    ("luigi", "/private - nessuno ciao", ["ERR: … [not_found]"]),
    ("dory", "/private - luigi STASERA \\ n.", ["OK: Message sent 3"]),
    (
        "dory",
        "/get_private_messages - luigi",
        [
            "OK: Messages:",
            "[…] luigi: ciao  Dory",
            "[…] luigi: due",
            "[…] dory: STASERA \\\\ n.",
            "",
        ],
    ),
    (
        "dory",
        "/get_private_messages - luigi before=3 limit=1",
        ["OK: Messages:", "[…] luigi: due", ""],
    ),
    (
        "dory",
        "/get_private_messages - luigi after=2",
        ["OK: Messages:", "[…] dory: STASERA \\\\ n.", ""],
    ),
    ("luigi", "/edit_message - @dory 2 due e mezzo", ["OK: Message edited"]),
    ("luigi", "/edit_message - @dory 3 non mio", ["ERR: … [forbidden]"]),
    ("luigi", "/edit_message - @dory 99 niente", ["ERR: … [not_found]"]),
    ("luigi", "/delete_message - @dory 3", ["ERR: … [forbidden]"]),
    ("luigi", "/delete_message - @dory 1", ["OK: Message deleted"]),
    ("luigi", "/delete_message - @dory 1", ["ERR: … [already_done]"]),
    (
        "luigi",
        "/get_private_messages - dory",
        ["OK: Messages:", "[…] luigi: due e mezzo", "[…] dory: STASERA \\\\ n.", ""],
    ),
    (
        "luigi",
        "/search - stasera",
        ["OK: Results: 1", "@dory 3 […] dory: STASERA \\\\ n.", ""],
    ),
    ("ugo", "/search - stasera", ["OK: Results: 0", ""]),
    ("dory", "/delete_private_messages - luigi", ["OK: Messages discarded for you only"]),
    ("dory", "/get_private_messages - luigi", ["OK: Messages:", ""]),
    ("dory", "/search - stasera", ["OK: Results: 0", ""]),
    # Blocks
    ("dory", "/blocked_users -", ["OK: Blocked users:"]),
    ("dory", "/block_user - luigi", ["OK: User blocked"]),
    ("dory", "/block_user - luigi", ["ERR: … [already_done]"]),
    ("dory", "/blocked_users -", ["OK: Blocked users: luigi"]),
    ("dory", "/list_friends -", ["OK: Friends:"]),
    ("luigi", "/private - dory ci sei?", ["ERR: … [forbidden]"]),
    ("luigi", "/send_friend_request - dory", ["ERR: … [forbidden]"]),
    ("dory", "/unblock_user - luigi", ["OK: User unblocked"]),
    ("dory", "/unblock_user - luigi", ["ERR: … [not_found]"]),
    ("luigi", "/private - dory ci sei?", ["OK: Message sent 6"]),
    # Groups
    ("luigi", "/create_group - a,b", ["ERR: … [invalid_group_name]"]),
    ("luigi", "/create_group - gita nessuno", ["ERR: … [not_found]"]),
    (
        "luigi",
        '/create_group - "gita al lago" dory,ugo',
        ["OK: Group 'gita al lago' created with ID: $g"],
    ),
    ("luigi", "/my_groups -", ["OK: My groups: $g:gita al lago"]),
    ("dory", "/my_groups -", ["OK: My groups:"]),
    ("dory", "/my_group_invites -", ["OK: Group invites: $i:gita al lago:luigi"]),
    ("dory", "/group_members - $g", ["ERR: … [not_a_member]"]),
    ("dory", "/accept_group_invite - $i", ["OK: Invite accepted"]),
    ("dory", "/accept_group_invite - $i", ["ERR: … [already_done]"]),
    ("ugo", "/accept_group_invite - $i", ["ERR: … [not_found]"]),
    ("ugo", "/my_group_invites -", ["OK: Group invites: $j:gita al lago:luigi"]),
    ("luigi", "/invite - ugo $g", ["ERR: … [already_done]"]),
    ("ugo", "/reject_group_invite - $j", ["OK: Invite rejected"]),
    ("luigi", "/invite - dory $g", ["ERR: … [already_done]"]),
    ("luigi", "/invite - ugo $g", ["OK: Invite sent to ugo"]),
    ("dory", "/group_members - $g", ["OK: Group members: dory, luigi"]),
    ("dory", "/send_group_message - $g ciao a tutti", ["OK: Message sent 3"]),
    ("luigi", "/send - $g id=00000002 ciao Dory", ["OK: Message sent 4"]),
    ("ugo", "/send - $g non ci sono", ["ERR: … [not_a_member]"]),
    (
        "dory",
        "/get_group_messages - $g",
        ["OK: Messages:", "[…] dory: ciao a tutti", "[…] luigi: ciao Dory", ""],
    ),
    ("ugo", "/get_group_messages - $g", ["ERR: … [not_a_member]"]),
    ("dory", "/edit_message - $g 3 ciao a voi", ["OK: Message edited"]),
    ("dory", "/delete_message - $g 4", ["ERR: … [forbidden]"]),
    ("luigi", "/delete_message - $g 3", ["OK: Message deleted"]),
    ("dory", "/search - CIAO", ["OK: Results: 1", "$g 4 […] luigi: ciao Dory", ""]),
    ("ugo", "/join_group - $g", ["ERR: … [forbidden]"]),
    ("dory", "/open_group - $g", ["ERR: … [forbidden]"]),
    ("luigi", "/open_group - $g", ["OK: Group opened"]),
    ("ugo", '/join_group - "gita al lago"', ["OK: Joined group"]),
    ("ugo", "/join_group - $g", ["ERR: … [already_done]"]),
    ("ugo", "/get_group_messages - $g", ["OK: Messages:", ""]),
    ("luigi", "/close_group - $g", ["OK: Group closed"]),
    ("dory", "/rename_group - $g mare", ["ERR: … [forbidden]"]),
    ("luigi", "/set_role - $g dory admin", ["OK: Role set"]),
    ("luigi", "/set_role - $g luigi member", ["ERR: … [forbidden]"]),
    ("dory", "/set_role - $g ugo admin", ["ERR: … [forbidden]"]),
    ("dory", "/rename_group - $g gita al mare", ["OK: Group renamed"]),
    ("ugo", "/my_groups -", ["OK: My groups: $g:gita al mare"]),
    ("dory", "/remove_member - $g luigi", ["ERR: … [forbidden]"]),
    ("dory", "/remove_member - $g ugo", ["OK: Member removed"]),
    ("dory", "/remove_member - $g ugo", ["ERR: … [not_found]"]),
    ("ugo", "/send - $g ancora qui?", ["ERR: … [not_a_member]"]),
    ("dory", "/delete_group_messages - $g", ["OK: Messages discarded for you only"]),
    ("dory", "/get_group_messages - $g", ["OK: Messages:", ""]),
    ("luigi", "/leave_group - $g", ["OK: Left group"]),
    ("luigi", "/leave_group - $g", ["ERR: … [not_a_member]"]),
    ("luigi", "/get_group_messages - $g", ["OK: Messages:", "[…] luigi: ciao Dory", ""]),
    ("dory", "/set_role - $g dory member", ["ERR: … [forbidden]"]),
    ("dory", '/leave_group - "gita al mare"', ["OK: Left group"]),
    ("dory", "/my_groups -", ["OK: My groups:"]),
    ("ugo", "/join_group - $g", ["ERR: … [forbidden]"]),
    # The connection
    (
        "dory",
        "/help quit",
        ["OK: /quit", "Say goodbye and close this connection.", "Example: /quit", ""],
    ),
    ("dory", "/help nothing", ["ERR: … [invalid_request]"]),
    ("dory", "/watch - @luigi", ["OK: Watching"]),
    ("dory", "/watch - $g", ["ERR: … [not_a_member]"]),
    # Sessions
    ("ugo", f"/login ugo {PASSWORD} phone", ["OK: Logged in as ugo SESSION: $other"]),
    ("ugo", "/sessions -", ["OK: Sessions: 2", "… - … current", "$s phone … …", ""]),
    ("ugo", "/revoke_session - nothing", ["ERR: … [not_found]"]),
    ("ugo", "/revoke_session - $s", ["OK: Session revoked"]),
    ("ugo", "/change_password - sbagliata nuova-password", ["ERR: … [invalid_credentials]"]),
    ("ugo", f"/change_password - {PASSWORD} nuova-password", ["OK: Password changed"]),
    ("ugo", "/delete_account - sbagliata", ["ERR: … [invalid_credentials]"]),
    ("ugo", "/delete_account - nuova-password", ["OK: Account deleted"]),
    ("luigi", "/all_users -", ["OK: All users: dory, luigi"]),
    ("luigi", f"/login luigi {PASSWORD}", ["OK: Logged in as luigi SESSION: $again"]),
    ("luigi", "/logout_all -", ["OK: Logout successful, 2 sessions ended"]),
    *session("ada"),
    ("ada", "/logout -", ["OK: Logout successful"]),
    ("dory", "/quit", ["OK: Disconnected"]),
]


class LineActor:
    """Types on one connection to the line port."""

    def __init__(self, daemon: Daemon) -> None:
        self._telephone = Telephone(daemon.tcp_port)

    def ask(self, line: str) -> list[str]:
        self._telephone.say(line)
        heard = [self._telephone.hear()]
        several = "¶" in USAGES.get(line.split()[0][1:], "")
        while several and heard[0].startswith("OK") and heard[-1] != "":
            heard.append(self._telephone.hear())
        return heard

    def leave(self) -> None:
        self._telephone.hang_up()


class SocketActor:
    """Sends the same as requests, on one connection, and writes the results as lines."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._socket: WebSocket | None = None

    def ask(self, line: str) -> list[str]:
        if self._socket is None:
            self._socket = WebSocket(self._daemon.url)
        if line.startswith("/auth"):
            welcome = self._socket.ask(message_type="auth", session_token=line.split()[1])
            assert welcome["success"], welcome
            return [f"OK: Authenticated as {welcome['username']}"]
        self._socket.say(request_id="r", **request_of(line))
        while (reply := self._socket.hear()).get("request_id") != "r":
            pass
        if reply["message_type"] == "error":
            return [f"ERR: {reply['error']} [{reply['code']}]"]
        return replies.reply(msgspec.convert(reply, _RESULTS[reply["message_type"]]))

    def leave(self) -> None:
        if self._socket is not None:
            self._socket.hang_up()


USAGES = {usage.split()[0].strip("`")[1:]: usage for usage, _ in rows("| command | reply |")}
_RESULTS = {
    cls.__struct_config__.tag: cls
    for cls in vars(results).values()
    if isinstance(cls, type) and issubclass(cls, frames.Reply)
}


def request_of(line: str) -> dict[str, Any]:
    """The fields that a line fills, unchecked."""
    word, _, _ = line.partition(" ")
    command = lines.COMMANDS[word[1:]]
    reader = lines._Reader(command, line, len(word))
    if command.takes_token:
        reader._one()
    fields = {
        name: int(value) if name in NUMBERS and value.isdecimal() else value
        for name, value in reader._values().items()
    }
    return {"message_type": command.name, **fields}


def play(actors: dict[str, LineActor | SocketActor], steps: list[Step]) -> None:
    """Every answer must be the expected one, and one that the contract allows."""
    allowed = documented_commands()
    known: dict[str, str] = {}
    for name, line, expected in steps:
        command = lines.COMMANDS[line.split()[0][1:]].name
        spoken = re.sub(r"\$(\w+)", lambda found: known[found[1]], line)
        heard = actors[name].ask(spoken)
        until = time.monotonic() + (PATIENCE_S if command in SEEN_SOON else 0)
        while not _matches(expected, heard, known):
            assert time.monotonic() < until, f"{name}: {spoken}\nexpected {expected}\nheard {heard}"
            heard = actors[name].ask(spoken)
        if heard[0].startswith("OK") and command in allowed:
            assert any(p.fullmatch(heard[0]) for p in allowed[command]), (spoken, heard)


NUMBERS = ("seq", "before", "after", "limit")
SEEN_SOON = {"online_users"}
"""What another node is told of within a second."""


def _matches(expected: list[str], heard: list[str], known: dict[str, str]) -> bool:
    pattern = re.escape("\n".join(expected)).replace("…", ".*")
    for name in re.findall(r"\$(\w+)", "\n".join(expected)):
        value = re.escape(known[name]) if name in known else rf"(?P<{name}>[\w-]+)"
        pattern = pattern.replace(re.escape(f"${name}"), value, 1)
    found = re.fullmatch(pattern, "\n".join(heard))
    known.update(found.groupdict() if found else {})
    return found is not None
