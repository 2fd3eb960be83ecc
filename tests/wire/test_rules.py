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
    "content",
    [
        "",
        " ",
        "\n\t ",
        "\u3000",
        "\u200b",
        "\u200d \u2060",
        "\ufeff",
        "\u3164",
        "\u2800",
        "\U000e0020",
        "\u202e",
        "a\0",
        "a\rb",
        "\x1b[31m",
        "a\x7f",
        "a\x85b",
        "\ud800",
    ],
)
def test_a_content_that_may_not(content: str) -> None:
    with pytest.raises(errors.InvalidContent):
        rules.check_content(content)
