"""What the documents say is what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from ruggine import config, errors
from ruggine.wire import frames, lines, results
from tests import fields

DOCS = Path(__file__).parent.parent / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text("utf-8")
EXAMPLES = [
    line
    for block in re.findall(r"^```json\n(.*?)^```$", PROTOCOL, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
_SENT = {
    cls.__struct_config__.tag: cls
    for cls in (*vars(frames).values(), *vars(results).values())
    if isinstance(cls, type) and issubclass(cls, frames.Frame)
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[:40])
def test_every_frame_that_the_contract_shows_is_one(example: str) -> None:
    """A request is read; a frame of ours holds exactly the fields it shows."""
    shown = json.loads(example)
    sent = _SENT.get(shown["message_type"])
    if sent is None:
        frames.decode(example.encode())
    else:
        assert json.loads(frames.encode(msgspec.convert(shown, sent))) == shown


def test_the_contract_has_the_fields_of_every_frame() -> None:
    assert fields.with_tables(PROTOCOL) == PROTOCOL, "run ./dev fields"


def test_the_contract_lists_every_command_and_no_other() -> None:
    table = PROTOCOL.split("| command | reply |")[1].split("\n\n")[0]
    usages = (u.replace(r"\|", "|") for u in re.findall(r"^\| `(/[^`]+)`", table, re.M))
    listed = {usage.split()[0][1:]: usage for usage in usages}
    known = {name: c.usage for name, c in lines.COMMANDS.items() if name == c.name}
    assert listed == known
    for alias in set(lines.COMMANDS) - set(known):
        assert f"`/{alias}`" in table


def test_the_contract_lists_every_code_that_is_used() -> None:
    rows = PROTOCOL.split("| code |")[1].split("\n\n")[0].splitlines()
    listed = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row.split(" | ")[0])}
    assert listed == {cls.code for cls in errors.Refusal.__subclasses__()}


def test_the_operators_table_lists_every_option_with_its_default() -> None:
    text = (DOCS / "operating.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `--([a-z-]+)` \| (?:`([^`]*)`)?", text, re.M))
    assert listed == {option.name: option.default for option in config.OPTIONS}
