"""How what a person types finds names: the switcher and every filter box do it alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_NOT_AT_ALL = 9


def fold(text: str) -> str:
    """Without case and accents: "Perù" is found by "peru"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def ranked(query: str, items: Sequence[T], name: Callable[[T], str] = str) -> list[T]:
    """The items whose name fits, the best first; those that fit alike stay in their order.

    Best is the whole name, then its beginning, the beginning of a word, a part, and at last the
    letters in their order with others between them. Several words must each fit.
    """
    words = fold(query).split()
    if not words:
        return list(items)
    ranks = [(_rank(words, fold(name(item))), n) for n, item in enumerate(items)]
    return [items[n] for rank, n in sorted(ranks) if rank < _NOT_AT_ALL]


def _rank(words: list[str], name: str) -> int:
    return max(_rank_of_word(word, name) for word in words)


def _rank_of_word(word: str, name: str) -> int:
    if name == word:
        return 0
    if name.startswith(word):
        return 1
    at = name.find(word)
    if at < 0:
        return 4 if _in_order(word, name) else _NOT_AT_ALL
    while at > 0:
        if not name[at - 1].isalnum():
            return 2
        at = name.find(word, at + 1)
    return 3


def _in_order(word: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in word)
