"""The signed-in window with the real state in it: what is written survives what goes wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from client_tk import reports
from client_tk.model import ChatKey
from client_tk.settings import Settings
from client_tk.store import Store
from client_tk.ui.window import Window
from ruggine.wire import frames, requests
from tests.client.identities import user_id
from tests.client.ui.fake_state import Play, welcome
from tests.client.ui.stage import stage

LUIGI, UGO = ChatKey("private", user_id("luigi")), ChatKey("private", user_id("ugo"))


class House(Play):
    """Stands for `Root`: it notes what is said to the person."""

    window: Window

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def now_s(self) -> float:
        return self.outside.clock_s

    def writes(self, text: str, *sequences: str) -> None:
        """Into the composer; then these keys."""
        entry = self.window.composer.text
        self.stage.focus(entry)
        entry.insert("end", text)
        self.stage.press(entry, *sequences)

    def has_written(self) -> str:
        return self.window.composer.entry.get()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Dory is signed in, and writes to Luigi, to whom she has said one thing."""
    with stage("900x640") as made:
        it = House(made, tmp_path).sign_in("dory")
        assert isinstance(it, House)
        it.window = Window(it.root, it.theme, it.state, Settings(), it)
        it.window.pack(fill="both", expand=True)
        it.views.append(it.window)
        it.visit(UGO)
        it.visit(LUIGI)
        said = frames.IncomingMessage(
            chat_type="private",
            chat_id="chat-of-dory-luigi",
            sender="dory",
            sender_id="id-of-dory",
            to_user="luigi",
            to_user_id="id-of-luigi",
            content="cioa",
            timestamp=1.0,
            seq=1,
        )
        it.hear(reports.Heard(said))
        made.settle()
        yield it


@pytest.mark.parametrize("draft", ["", "a draft"])
@pytest.mark.parametrize("is_there", [True, False])
def test_an_edit_that_is_refused_is_kept_and_so_is_the_draft(
    house: House, draft: str, is_there: bool
) -> None:
    house.writes(draft)
    if not is_there:
        house.hear(reports.Closed(1006, "lost"))
    house.window.edit(house.state.page.rows[0])
    house.writes(", ciao!", "<Return>")
    if is_there:
        house.refuse(house.waiting(requests.EditMessage), "not_found")
    assert house.sentences
    assert house.has_written() == "\n".join(filter(None, [draft, "cioa, ciao!"]))
    assert house.state.draft(LUIGI) == house.has_written()


def test_the_limit_of_the_daemon_counts_as_soon_as_it_is_known(house: House) -> None:
    house.hear(reports.Opened(welcome("dory", frames.Limits(10, 65536))))
    house.writes("more than ten", "<Return>")
    assert house.has_written() == "more than ten"
    assert house.state.link.waiting == 0


def test_on_a_full_disk_what_is_written_stays_in_the_window(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    house.writes("una ")
    house.window.composer.flush()
    monkeypatch.setattr(Store, "save_draft", full)
    house.writes("bozza")
    house.window.composer.flush()
    assert any("disk" in sentence for sentence in house.sentences)
    house.visit(UGO)
    assert house.has_written() == ""
    house.visit(LUIGI)
    assert house.has_written() == "una bozza"
