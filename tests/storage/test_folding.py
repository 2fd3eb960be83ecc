"""Search makes no difference of case, for any character there is."""

from __future__ import annotations

import sqlite3
import sys

import pytest

from ruggine.storage import search, search_index
from ruggine.storage.folding import fold
from ruggine.storage.migrate import migrate

_ALL = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]


def forms(character: str) -> set[str]:
    return {character, character.upper(), character.lower(), character.title()}


CASED = [character for character in _ALL if len(forms(character)) > 1]


def test_each_form_of_every_character_is_found_by_each_of_the_others() -> None:
    missed = [
        (written, asked)
        for character in CASED
        for written in forms(character)
        for asked in forms(character)
        if fold(asked) not in fold(f"a {written} b")
    ]
    assert len(CASED) > 2500
    assert missed == []


def test_folding_twice_changes_nothing() -> None:
    """Or the index, which folds by itself, might differ from what is looked at."""
    assert [c for c in _ALL if fold(fold(c)) != fold(c)] == []


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("İstanbul", "istanbul"), ("ISPARTA", "ısparta"), ("ısı", "ISI"), ("ﬁne", "FINE"),
        ("Ａｂｃ", "abc"), ("straße", "STRASSE"), ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"), ("cafe\u0301", "CAFÉ"),
    ],
)  # fmt: skip
def test_what_people_take_for_the_same(written: str, asked: str) -> None:
    assert fold(asked) in fold(f"x {written} y")


def test_every_form_is_found_through_the_index() -> None:
    """Which has a tokenizer that knows case too, and another Unicode than we."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    cursor = connection.cursor()
    for seq, written in enumerate(CASED):
        cursor.execute(
            "INSERT INTO search_index (rowid, content) VALUES (?, ?)",
            (search_index.rowid(1, seq), search_index._indexed(f"= {written} =")),
        )
    for seq, written in enumerate(CASED):
        for asked in forms(written):
            way = search._way_txn(cursor, fold(f" {asked}"))
            assert way.places is not None or way.match is not None
            named = way.places[1] if way.places is not None else _named(cursor, way.match)
            assert seq in named, (written, asked)


def _named(cursor: sqlite3.Cursor, match: str | None) -> set[int]:
    return {row[0] & search_index.SEQ_MASK for row in cursor.execute(search._NAMED, (match,))}
