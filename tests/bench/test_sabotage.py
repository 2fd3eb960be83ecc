"""A relay that does one thing wrong now and then is found out while it is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers import asyncio_command, peer
from ruggine.bench import group, private
from ruggine.bench.progress import no_progress

SABOTAGES = {
    "an acknowledged message arrives nowhere": (
        "broadcast(server", 'said["seq"] == 5 or broadcast(server', "lost or doubled",
    ),
    "a message arrives twice": (
        "broadcast(server", "for _ in range(1 + (said['seq'] == 5)): broadcast(server", "doubled",
    ),
    "messages arrive out of order": (
        "name, said in batch:", "name, said in reversed(batch):", "out of order|lost or doubled",
    ),
    "a message is changed": ('"content": content', '"content": content.upper()', "not as it was"),
    "a message is not acknowledged": (
        "await there.send(json.dumps(said))",
        "said['seq'] == 5 or await there.send(json.dumps(said))",
        r"of \d+ messages \d+ were answered",
    ),
    "a seq is not the one that was acknowledged": (
        '{"message_type": "incoming_message",',
        '{"seq": said["seq"] + 1, "message_type": "incoming_message",',
        "another seq",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (private, group):
        monkeypatch.setattr(part, "_STRAGGLERS_S", 0.5)
    monkeypatch.setattr(group, "_SILENCE_S", 0.1)


@pytest.fixture(params=SABOTAGES)
def sabotaged(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[list[str], str]:
    """How to start the relay, and what the bench must say of it."""
    right, wrong, fault = SABOTAGES[request.param]
    python, honest = asyncio_command()
    text = Path(honest).read_text("utf-8")
    assert right in text
    file = tmp_path / "relay.py"
    file.write_text(text.replace(right, wrong), "utf-8")
    return [python, str(file)], fault


def test_it_is_found_out_by_pairs(sabotaged: tuple[list[str], str], tmp_path: Path) -> None:
    command, fault = sabotaged
    with peer(command, tmp_path) as server, pytest.raises(SystemExit, match=fault):
        private.as_many_as_go(server, server.people.first(4), 0.3, 8, no_progress)


def test_it_is_found_out_by_groups(sabotaged: tuple[list[str], str], tmp_path: Path) -> None:
    command, fault = sabotaged
    with peer(command, tmp_path) as server, pytest.raises(SystemExit, match=fault):
        group.run(server, server.people.first(4), "g", 0.3, 8, no_progress)


def test_an_honest_one_is_not_accused(tmp_path: Path) -> None:
    with peer(asyncio_command(), tmp_path) as server:
        private.as_many_as_go(server, server.people.first(4), 0.3, 8, no_progress)
