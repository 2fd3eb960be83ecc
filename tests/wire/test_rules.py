"""What names, passwords and texts may look like."""

from __future__ import annotations

import pytest

from ruggine import errors
from ruggine.wire import rules


@pytest.mark.parametrize("name", ["a", "luigi", "Luigi.Rossi", "0", "a_b-c.d", "x" * 32])
def test_a_username_that_may_be_registered(name: str) -> None:
    rules.check_username(name)


@pytest.mark.parametrize(
    "name",
    ["", "x" * 33, ".a", "_a", "-a", "a b", "a\n", "a\0", "ł", "a@b", "deleted~0", "a,b", "a:b"],
)
def test_a_username_that_may_not(name: str) -> None:
    with pytest.raises(errors.InvalidUsername):
        rules.check_username(name)


@pytest.mark.parametrize("password", ["12345678", "x" * 1024, "ù" * 512, "        ", "a\0b\ncdefg"])
def test_a_password_is_taken_as_it_is(password: str) -> None:
    rules.check_password(password)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025, "ù" * 513, "\ud800" * 8])
def test_a_password_too_short_or_too_long(password: str) -> None:
    with pytest.raises(errors.InvalidPassword):
        rules.check_password(password)


@pytest.mark.parametrize("content", ["a", " a ", "a\nb\tc", "👩‍🚀", "\u202eabc", "x" * 100_000])
def test_a_content_that_may_be_sent(content: str) -> None:
    """Its length is the daemon's own limit."""
    rules.check_content(content)


@pytest.mark.parametrize(
    "content", ["", " ", "\n\t ", "\u3000", "a\0", "a\rb", "\x1b[31m", "a\x7f", "a\x85b", "\ud800"]
)
def test_a_content_that_may_not(content: str) -> None:
    with pytest.raises(errors.InvalidContent):
        rules.check_content(content)


@pytest.mark.parametrize("name", ["a", "gita al lago", "x" * 64, "旅行 🚵", "l'uno \"e\" l'altro"])
def test_a_group_name_that_may_be_given(name: str) -> None:
    rules.check_group_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", " a", "a ", "x" * 65, "a,b", "a:b", "a|b", "a\nb", "a\0", "\u202eabc", "\ud800",
        "5f0c1a2b-7425-40de-944b-e07fc1f90ae7", "5F0C1A2B-7425-40DE-944B-E07FC1F90AE7",
    ],
)  # fmt: skip
def test_a_group_name_that_may_not(name: str) -> None:
    """Nor one that could be taken for the id of another group."""
    with pytest.raises(errors.InvalidGroupName):
        rules.check_group_name(name)
