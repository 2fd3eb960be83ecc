"""The tables of fields in docs/protocol.md, made of the frames themselves: `./dev fields`."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from ruggine.wire import frames, results

PROTOCOL = Path(__file__).parent.parent / "docs" / "protocol.md"
BEGIN, END = "<!-- fields: made by ./dev fields -->\n", "<!-- end of fields -->\n"

_WORDS = {str: "text", int: "integer", float: "number", bool: "true or false"}
_BASES = (frames.Frame, frames.Reply, frames.ChangeFrame)
_LINES = (results.AuthResult,)
"""What only the line port answers with."""


def tables() -> str:
    """What stands between BEGIN and END."""
    sent = [cls for cls in _structs(frames) if issubclass(cls, frames.Frame)]
    answers = [
        cls for cls in _structs(results) if issubclass(cls, frames.Reply) and cls not in _LINES
    ]
    parts = [cls for cls in (*_structs(frames), *_structs(results)) if cls not in (*sent, *answers)]
    shown = {part for cls in (*sent, *answers, *parts) for part in _parts_of(cls)}
    return "\n".join(
        [
            *_table("frame", [(f"`{_tag(cls)}`", cls) for cls in sent]),
            *_table("result", [(f"`{_tag(cls)}`", cls) for cls in answers]),
            *_table("part", [(_name(cls), cls) for cls in parts if cls in shown]),
        ]
    )


def _structs(module: types.ModuleType) -> Iterator[type[msgspec.Struct]]:
    for cls in vars(module).values():
        own = isinstance(cls, type) and cls.__module__ == module.__name__
        if own and issubclass(cls, msgspec.Struct) and cls not in _BASES:
            yield cls


def _table(what: str, rows: Iterable[tuple[str, type[msgspec.Struct]]]) -> list[str]:
    lines = [f"| {what} | fields |", "|---|---|"]
    for name, cls in rows:
        fields = ", ".join(_fields(cls))
        if fields:
            lines.append(f"| {name} | {fields} |")
    return [*lines, ""]


def _fields(cls: type[msgspec.Struct]) -> Iterator[str]:
    hints = typing.get_type_hints(cls)
    for field in msgspec.structs.fields(cls):
        if field.name != "request_id":
            optional = "" if field.required or field.default_factory is bool else "?"
            yield f"`{field.encode_name}`{optional} {_word(hints[field.name], field.required)}"


def _word(hint: Any, required: bool) -> str:
    """What a value is; null is only said of where it can be seen."""
    inner = [part for part in typing.get_args(hint) if part is not msgspec.UnsetType]
    if typing.get_origin(hint) is list:
        return f"list of {_word(inner[0], True)}"
    if typing.get_origin(hint) is Literal:
        return " or ".join(f'`"{value}"`' for value in inner)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        words = [_word(part, True) for part in inner if part is not type(None)]
        return " or ".join([*words, "null"] if required and type(None) in inner else words)
    return _WORDS.get(hint) or _name(hint)


def _parts_of(cls: type[msgspec.Struct]) -> Iterator[Any]:
    for hint in typing.get_type_hints(cls).values():
        for part in (hint, *typing.get_args(hint)):
            yield from (p for p in (part, *typing.get_args(part)) if p not in _WORDS)


def _tag(cls: type[msgspec.Struct]) -> str:
    return str(cls.__struct_config__.tag)


def _name(cls: type[msgspec.Struct]) -> str:
    """`ChatItem` is "chat item"."""
    return "*" + "".join(f" {c.lower()}" if c.isupper() else c for c in cls.__name__).strip() + "*"


def with_tables(text: str) -> str:
    """The contract with its tables brought up to date."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + tables() + END + rest.split(END)[1]


def main() -> int:
    PROTOCOL.write_text(with_tables(PROTOCOL.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
