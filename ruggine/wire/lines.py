"""The line port as values: one line in, one request out; one result in, reply lines out.

A command's `usage` is its grammar (docs/protocol.md, section 2): `<name>` is one argument, `[name]`
an optional one, `[key=<…>]` an optional named one, `[key=yes]` one that is said or not, and
`<name…>` takes the rest of the line as it stands. In place of any of them a program writes `text=`
and a JSON string (RFC 8259, section 7), which can hold whatever a text may hold. `<token>` is not
part of the request: it says for whom it is made.
"""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import msgspec

from ruggine import errors
from ruggine.wire.requests import AnyRequest, Request

END = b"\n"
SAME_SESSION = "-"
"""Stands for the token once /auth has been accepted on a connection."""

_BLANK = " \t"
_HTTP = re.compile(
    rb"[ \t]*(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI)(?:[ \t\r]|$)"
)
_WORD = re.compile(r"[ \t]*([^ \t]+)")
_ARGUMENT = re.compile(r'"((?:[^"\\]|\\["\\])*)"(?=[ \t]|$)|([^ \t"][^ \t]*)')
_JSON = re.compile(r'text=("(?:[^"\\]|\\.)*")(?=[ \t]|$)', re.DOTALL)
_JSON_BEGINS = 'text="'
_NAMED = re.compile(r"([a-z]+)=([^ \t]*)(?=[ \t]|$)")
_USAGE_PART = re.compile(
    r"\[(?P<named>[a-z]+)=(?P<yes>yes|<[a-z_]+>)\]|"
    r"[<\[](?P<name>[a-z_]+(?:[,| a-z_]*[a-z_])?)(?P<rest>…?)[>\]]"
)
_FIELDS = {
    "id": "client_id",
    "user,user": "users",
    "group_id or name": "group_id",
    "owner|admin|member": "role",
}
"""The fields of parameters that a person reads under another name."""

_ESCAPES = {"\\": r"\\", "\n": r"\n", "\r": r"\r"}
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal would act on: control characters, and those that turn the direction of a line or
end it (UAX #9, UAX #14)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One part of a usage text. `field` is the request's field that it fills.

    A `chat`, `@username` or a chat_id, fills the fields that name a chat.
    """

    field: str
    how: Literal["one", "rest", "named", "yes", "chat"]
    key: str
    required: bool


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the line port, read off its request type's usage."""

    name: str
    request: type[Request]
    parameters: tuple[Parameter, ...]
    takes_token: bool

    @property
    def usage(self) -> str:
        return self.request.usage or ""


@dataclass(frozen=True, slots=True)
class Line:
    """One parsed line. `token` is None where the command takes none."""

    token: str | None
    request: AnyRequest


def is_http(raw: bytes) -> bool:
    """Whether this line begins an HTTP request. Then some page has made a browser talk to this
    port, and lines that the page chose would follow."""
    return _HTTP.match(raw) is not None


def parse(raw: bytes) -> Line | None:
    """The request in one line (without its end), or None for an empty line.

    Raises InvalidRequest for what is no request, and the request's own Refusal where a rule of
    docs/protocol.md section 1 is broken. No other exception, whatever `raw` holds.
    """
    try:
        text = raw.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise errors.InvalidRequest("This line is not valid UTF-8.") from None
    word = _WORD.match(text)
    if word is None:
        return None
    command = COMMANDS.get(word[1].removeprefix("/")) if word[1].startswith("/") else None
    if command is None:
        raise errors.InvalidRequest("Unknown command. /help lists every command.")
    return _Reader(command, text, word.end()).line()


class _Reader:
    """Walks over the arguments of one line."""

    def __init__(self, command: Command, text: str, position: int) -> None:
        self._command = command
        self._text = text
        self._position = position

    def line(self) -> Line:
        token = self._one() if self._command.takes_token else None
        if self._command.takes_token and token is None:
            raise self._wrong("The session token is missing.")
        values = self._values()
        self._skip_blank()
        if self._position < len(self._text):
            raise self._wrong("There is an argument too many.")
        return Line(token, self._convert(values))

    def _values(self) -> dict[str, str]:
        named = {p.key: p for p in self._command.parameters if p.how in ("named", "yes")}
        values: dict[str, str] = {}
        for parameter in self._command.parameters:
            if parameter.key in named or (not parameter.required and self._named_is_next(named)):
                self._read_named(named, values)
                continue
            value = self._rest() if parameter.how == "rest" else self._one()
            if value is not None and parameter.how == "chat":
                values.update(_chat(value))
            elif value is not None:
                values[parameter.field] = value
            elif parameter.required:
                raise self._wrong(f"<{parameter.field}> is missing.")
        return values

    def _read_named(self, named: dict[str, Parameter], values: dict[str, str]) -> None:
        while (match := self._named_is_next(named)) is not None:
            parameter = named.pop(match[1])
            if parameter.how == "yes" and match[2] != "yes":
                raise self._wrong(f"{match[1]}=yes is all that can be said here.")
            values[parameter.field] = "true" if parameter.how == "yes" else match[2]
            self._position = match.end()

    def _named_is_next(self, named: Collection[str]) -> re.Match[str] | None:
        self._skip_blank()
        match = _NAMED.match(self._text, self._position)
        return match if match is not None and match[1] in named else None

    def _one(self) -> str | None:
        self._skip_blank()
        if self._position == len(self._text):
            return None
        if self._text.startswith(_JSON_BEGINS, self._position):
            return self._json()
        match = _ARGUMENT.match(self._text, self._position)
        if match is None:
            raise self._wrong("A quoted argument does not end.")
        self._position = match.end()
        if match[1] is None:
            return match[2]
        return re.sub(r"\\(.)", r"\1", match[1])

    def _json(self) -> str:
        match = _JSON.match(self._text, self._position)
        if match is None:
            raise self._wrong("After text= one JSON string is expected.")
        self._position = match.end()
        try:
            # Not strict: a tab may stand in it as it is. The rules of each text come later.
            text: str = json.loads(match[1], strict=False)
            text.encode()
        except ValueError:
            raise self._wrong("What follows text= is no valid JSON string.") from None
        return text

    def _rest(self) -> str | None:
        self._skip_blank()
        if self._text.startswith(_JSON_BEGINS, self._position):
            return self._json()
        rest, self._position = self._text[self._position :], len(self._text)
        return rest or None

    def _skip_blank(self) -> None:
        while self._position < len(self._text) and self._text[self._position] in _BLANK:
            self._position += 1

    def _convert(self, values: dict[str, str]) -> AnyRequest:
        try:
            request = msgspec.convert(
                {"message_type": self._command.name, **values}, self._command.request, strict=False
            )
        except msgspec.ValidationError as error:
            raise self._wrong(f"{error}.") from None
        return typing.cast(AnyRequest, request)

    def _wrong(self, what: str) -> errors.InvalidRequest:
        return errors.InvalidRequest(f"{what} Usage: {self._command.usage}")


def _chat(name: str) -> dict[str, str]:
    """A group's id is its chat_id."""
    return {"to_user": name[1:]} if name.startswith("@") else {"chat_id": name}


def _command_of(request: type[Request], usage: str) -> Command:
    name, _, _ = usage.removeprefix("/").partition(" ")
    parameters = [_parameter(request, part) for part in _USAGE_PART.finditer(usage)]
    takes_token = any(p.field == "token" for p in parameters)
    return Command(name, request, tuple(p for p in parameters if p.field != "token"), takes_token)


def _parameter(request: type[Request], part: re.Match[str]) -> Parameter:
    name = part["named"] or part["name"]
    fields = request.__struct_fields__
    how: Literal["one", "rest", "named", "yes", "chat"] = "one"
    if part["named"]:
        how = "yes" if part["yes"] == "yes" else "named"
    elif part["rest"]:
        how = "rest"
    elif name == "chat" and "chat" not in fields:
        how = "chat"
    field = _FIELDS.get(name, name)
    if field in _TEXT_FIELDS and field not in fields:
        field = _TEXT_FIELDS[field]
    return Parameter(field, how, part["named"] or "", required=part[0].startswith("<"))


_TEXT_FIELDS = {"text": "content", "words": "query"}
"""What a person types last, and what the request calls it."""


def _commands() -> dict[str, Command]:
    commands: dict[str, Command] = {}
    request: type[Request]
    for request in typing.get_args(AnyRequest):
        if request.usage is None:
            continue
        command = _command_of(request, request.usage)
        for name in (command.name, *request.aliases):
            commands[name] = command
    return commands


COMMANDS = types.MappingProxyType(_commands())
"""Every command by name, without its '/', in the order of docs/protocol.md; aliases included."""


def escape(content: str) -> str:
    """A content in one line: backslash, newline and carriage return are written as escapes."""
    return re.sub(r"[\\\n\r]", lambda found: _ESCAPES[found[0]], content)


def quote(argument: str) -> str:
    """An argument as one would type it: in quotes where it is empty or holds white space."""
    if argument and not any(character in ' \t\r\n"\\' for character in argument):
        return argument
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ok(text: str) -> str:
    """A reply of one line."""
    return f"OK: {text}"


def error(refusal: errors.Refusal) -> str:
    """A refusal as its one line."""
    detail = refusal.code
    if refusal.retry_after_s is not None:
        detail += f" retry_after={refusal.retry_after_s:.1f}"
    return f"ERR: {refusal.sentence} [{detail}]"


def encode(text: str) -> bytes:
    """One line for the wire. No text can forge a second line, nor turn what follows it around."""
    line = _CONTROL.sub(_escaped, text)
    return line.encode("utf-8", "replace") + END


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
