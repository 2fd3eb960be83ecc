"""How texts are compared when people search: without regard to case and to ways of encoding."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The same for `text` in any case, composed or decomposed (Unicode Standard, 3.13, D145)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
