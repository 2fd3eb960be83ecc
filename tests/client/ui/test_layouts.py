"""The whole table of shortcuts on the keyboards of six countries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from client_tk.ui import keys
from tests import needs
from tests.client.ui.conftest import virtual_display
from tests.client.ui.keyboard import IN_A_TEXT, LAYOUTS


@pytest.fixture(scope="module")
def own_display() -> Iterator[str]:
    """A layout belongs to the whole display, so nobody else is on this one."""
    needs.require("keyboard")
    with virtual_display() as name:
        yield name


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_shortcut_works_on_every_keyboard(layout: str, own_display: str) -> None:
    """Each does what it says, once, and nothing else; also what every text can do."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.client.ui.keyboard", layout],
        env={**os.environ, "DISPLAY": own_display}, capture_output=True, check=True,
    ).stdout  # fmt: skip
    shortcuts, in_a_text = json.loads(told)
    assert shortcuts == {
        wanted: [shortcut.id]
        for shortcut in keys.table() if shortcut.bound for wanted in shortcut.keys
    }  # fmt: skip
    assert in_a_text == [left for _keys, left in IN_A_TEXT]
