"""Signing in on the line port: one command, one reply (docs/protocol.md, section 2)."""

from __future__ import annotations

import re
import selectors

from client_tk.intents import SignIn, Validate
from client_tk.model import Server
from client_tk.net import reasons
from client_tk.net.dial import Patience, Stream, reach
from client_tk.reports import Refused, SignedIn, Unreachable
from ruggine import errors
from ruggine.wire import lines, rules

_MOST_HEARD = 65536
_MOST_DEVICE = 64
_SIGNED_IN = re.compile(r"OK: (?:Registered|Logged in) as (\S+) SESSION: ([!-~]+)")
_VALID = re.compile(r"OK: (\S+)")
_REFUSED = re.compile(r"ERR: (.*) \[([a-z_]+)(?: retry_after=([0-9.]{1,12}))?\]")
_TOKEN = re.compile("[!-~]{1,512}")


class _NotRuggine(Exception):
    """The answer is none of a daemon's."""


Answer = SignedIn | Refused | Unreachable


def ask(intent: SignIn | Validate, patience: Patience) -> Answer:
    """Blocks for as long as `patience` has. Raises Interrupted, and no OSError."""
    try:
        command = _sign_in(intent) if isinstance(intent, SignIn) else _validate(intent)
        reply = _exchange(intent.server, command.encode() + lines.END, patience)
        return _understand(intent, reply)
    except errors.Refusal as refusal:
        return Refused(refusal.code, refusal.sentence)
    except _NotRuggine:
        return Unreachable(reasons.NOT_RUGGINE)
    except OSError as error:
        return Unreachable(*reasons.reason_of(error))


def _sign_in(intent: SignIn) -> str:
    """The command. Raises a Refusal for what the daemon would refuse, or could not be told."""
    rules.check_username(intent.username)
    _check_password(intent)
    words = [intent.username, lines.quote(intent.password)]
    if intent.register:
        return " ".join(["/register", *words])
    device = reasons.printable(intent.device)[:_MOST_DEVICE]
    return " ".join(["/login", *words, *([lines.quote(device)] if device else [])])


def _check_password(intent: SignIn) -> None:
    if intent.register:
        rules.check_password(intent.password)
    else:  # the rules may have been others when it was chosen, but no password is that long
        rules.check_password(intent.password.rjust(rules.MIN_PASSWORD_CHARACTERS))
    if "\n" in intent.password:
        raise errors.InvalidPassword


def _validate(intent: Validate) -> str:
    if not _TOKEN.fullmatch(intent.token):
        raise errors.InvalidSession
    return f"/validate_session {lines.quote(intent.token)}"


def _exchange(server: Server, command: bytes, patience: Patience) -> str:
    stream = reach(server, server.line_port, patience)
    try:
        _write(stream, command, patience)
        return _read_line(stream, patience)
    finally:
        stream.close()


def _write(stream: Stream, command: bytes, patience: Patience) -> None:
    while command:
        command = command[stream.write(command) :]
        if command:
            patience.wait(stream, selectors.EVENT_WRITE)


def _read_line(stream: Stream, patience: Patience) -> str:
    heard = bytearray()
    while lines.END not in heard:
        data = stream.read()
        if data is None:
            patience.wait(stream, stream.to_read)
        elif data:
            heard += data
        elif heard and not heard.startswith((b"OK: ", b"ERR: ")):
            raise _NotRuggine
        else:
            raise ConnectionResetError
        if len(heard) > _MOST_HEARD:
            raise _NotRuggine
    return heard.split(lines.END)[0].removesuffix(b"\r").decode("utf-8", "replace")


def _understand(intent: SignIn | Validate, reply: str) -> Answer:
    if refused := _REFUSED.fullmatch(reply):
        return Refused(refused[2], reasons.printable(refused[1]), _seconds(refused[3]))
    if isinstance(intent, SignIn) and (said := _SIGNED_IN.fullmatch(reply)):
        return _signed_in(said[1], said[2])
    if isinstance(intent, Validate) and (said := _VALID.fullmatch(reply)):
        return _signed_in(said[1], intent.token)
    raise _NotRuggine


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _signed_in(username: str, token: str) -> SignedIn:
    try:
        rules.check_username(username)
    except errors.Refusal:
        raise _NotRuggine from None
    return SignedIn(username, token)
