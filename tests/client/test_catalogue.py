"""The texts of the client in every language: all there, and with the same placeholders."""

from __future__ import annotations

import gettext
import re
from io import BytesIO

import pytest
from babel.messages import Message

from client_tk import texts
from tests.client import catalogue

_PLACEHOLDER = re.compile(r"\{[a-z_]*\}")


def forms(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [value or ""] if isinstance(value, str | None) else list(value)


def translated(language: str) -> list[Message]:
    return [message for message in catalogue.read(language) if message.id]


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_text_is_translated_and_no_other(language: str) -> None:
    """Else: ./dev texts, and fill in what it names."""
    there = {message.id for message in translated(language) if all(forms(message.string))}
    assert there == {message.id for message in catalogue.found() if message.id}


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_placeholders_are_the_same(language: str) -> None:
    for message in translated(language):
        asked = set(_PLACEHOLDER.findall(" ".join(forms(message.id))))
        for form in forms(message.string):
            assert set(_PLACEHOLDER.findall(form)) == asked, message.id


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_what_gettext_reads_is_what_was_translated(language: str) -> None:
    with catalogue.path_of(language).with_suffix(".mo").open("rb") as file:
        committed = gettext.GNUTranslations(file)._catalog
    fresh = gettext.GNUTranslations(BytesIO(catalogue.compiled(catalogue.read(language))))
    assert {k: v for k, v in committed.items() if k} == {
        k: v for k, v in fresh._catalog.items() if k
    }


def test_the_language_changes_while_the_program_runs() -> None:
    try:
        texts.use("it")
        assert texts._("Log in") == "Accedi"
        assert texts.ngettext("{count} member", "{count} members", 2) == "{count} membri"
    finally:
        texts.use("en")
    assert texts._("Log in") == "Log in"
