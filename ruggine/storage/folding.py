"""How texts are compared when people search: without regard to case and to ways of encoding.

The search index holds folded texts: whoever changes this makes the index anew in a step of the
schema, as 0010 does.
"""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The same for `text` in any case, width and composition (Unicode Standard, 3.13, D146).

    An i is an i with its dot, without it (Turkish) and with another one (the small form of İ):
    the capital I does not tell which of them it was.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", folded.replace("i\u0307", "i").replace("ı", "i"))
