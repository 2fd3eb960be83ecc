"""Which group names may be given, which are the same, and which look alike."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruggine import errors, names

FAMILY, PRIDE, SCOTLAND = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
)
PERSIAN, SINHALA = "می\u200cخواهم", "ක්\u200dරී ලංකා"


@pytest.mark.parametrize(
    "name",
    [
        "a", "gita al lago", "x" * 64, "旅行 🚵", "l'uno \"e\" l'altro", f"{FAMILY} Rossi",
        f"{PRIDE} pride", SCOTLAND, "❤\ufe0f", "1\ufe0f\u20e3 one", "👍🏽", "🇮🇹 Italia", PERSIAN,
        SINHALA, "東京\u3000会", "é", "e\u0301", "हिन्दी", "עברית", "العربية", "中文群组",
    ],
)  # fmt: skip
def test_a_name_that_may_be_given(name: str) -> None:
    names.check_group_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", " a", "a ", "\u3000a", "x" * 65, "a,b", "a:b", "a|b", "a\nb", "a\0", "\ud800",
        "\u202eabc", "a\u2066b", "a\u2028b", "a\u200eb", "a\u00adb", "a\u034fb", "a\ufeff",
        "\u3164", "\u2800", "\uffa0", "\u0301\u0301", "a \u0301", "a\u200db", "a\u200cb", "\u200d",
        "a\ufe0f", "\ufe0fa", "\U0001f3f4\U000e0067", "\ue000", "\U000e0001", "\U0003fffe",
        "5f0c1a2b-7425-40de-944b-e07fc1f90ae7", "5F0C1A2B-7425-40DE-944B-E07FC1F90AE7",
    ],
)  # fmt: skip
def test_a_name_that_may_not(name: str) -> None:
    """What is invisible or turns the direction, and what could be taken for a group's id."""
    with pytest.raises(errors.InvalidGroupName):
        names.check_group_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Admin", "aDMIN"), ("a  b", "a b"), ("café", "cafe\u0301"), ("ｔｅａｍ", "team"),
        ("東京\u3000会", "東京 会"), ("STRASSE", "straße"), ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
        (PERSIAN, PERSIAN.replace("\u200c", "")), ("❤\ufe0f", "❤"), ("ﬁn", "fin"),
    ],
)  # fmt: skip
def test_what_people_see_as_the_same_name_is_the_same(one: str, other: str) -> None:
    assert names.name_key(one) == names.name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("cafe", "café"), ("a", "b"), (SCOTLAND, "🏴"), ("🇮🇹", "🇫🇷"), ("a b", "ab")]
)
def test_other_names_are_not_the_same(one: str, other: str) -> None:
    assert names.name_key(one) != names.name_key(other)
    assert names.skeleton(one) != names.skeleton(other)


@pytest.mark.parametrize("look_alike", ["аdmin", "ADМIN", "αdmin", "аdmіn"])
def test_names_that_look_alike_in_different_scripts(look_alike: str) -> None:
    assert names.name_key(look_alike) != names.name_key("admin")
    assert names.skeleton(look_alike) == names.skeleton("admin")


@pytest.mark.parametrize(("one", "other"), [("team1", "teaml"), ("modern", "modem"), ("O2", "02")])
def test_one_script_is_read_as_it_is_written(one: str, other: str) -> None:
    assert names.skeleton(one) != names.skeleton(other)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_every_text_has_one_key_whatever_its_normal_form(text: str) -> None:
    """And asking never fails: names from before these rules are in databases."""
    names.is_visible(text)
    names.skeleton(text)
    composed = unicodedata.normalize("NFC", text)
    assert names.name_key(composed) == names.name_key(unicodedata.normalize("NFD", text))


def test_no_character_that_shows_nothing_makes_a_name() -> None:
    """Every character of a category that is never visible, and every one that is ignorable."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"):
            assert not names.is_visible(character), hex(code)
