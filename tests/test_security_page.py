"""docs/security.md names every limit with its default, and nothing that is not there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ruggine import config
from ruggine.model import Rates

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| .* \| `--([a-z-]+)` \| `(.*)` \|$", PAGE, re.MULTILINE))


def test_every_limit_stands_there_with_its_default() -> None:
    limits = {field.name.removesuffix("_s") for field in fields(config.Limits)}
    rates = {f"{name}_rate" for name in Rates.__struct_fields__}
    defaults = {o.name: o.default for o in config.OPTIONS if o.field in limits | rates}
    assert defaults == ROWS


def test_every_kind_of_promise_names_a_file_of_attacks_that_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE)
    assert len(named) >= PAGE.count("\n| load") + 10
    assert [path for path in named if not (ROOT / path).exists()] == []
