"""Kinds of failure, for who shows them to a person (`client_tk.wording`)."""

from __future__ import annotations

import errno
import socket
import unicodedata

REFUSED = "refused"
"""Nobody listens there."""
NO_HOST = "no_host"
TIMEOUT = "timeout"
TLS = "tls"
NOT_RUGGINE = "not_ruggine"
OLDER = "older"
"""A Ruggine, but an older one than this program needs."""
SILENT = "silent"
LOST = "lost"
BROKEN = "broken"
"""A fault of this program or this machine; the detail is all that is known."""

_FAR_AWAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}
_MOST_DETAIL = 500


def reason_of(error: OSError) -> tuple[str, str]:
    """The kind of failure, and what the system says of it as one printable line."""
    if type(error).__module__ == "ssl":  # without importing it: a plain connection needs none
        return _tls_reason(error)
    return _kind(error), printable(error.strerror or "")


def printable(text: str) -> str:
    """What a stranger says, without control characters and what turns the direction of writing."""
    kept = (character if _is_harmless(character) else " " for character in text[:_MOST_DETAIL])
    return " ".join("".join(kept).split())


def _is_harmless(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _kind(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        # EAI_AGAIN is how a machine without a network answers: the name may well be right.
        return TIMEOUT if error.errno == socket.EAI_AGAIN else NO_HOST
    if isinstance(error, TimeoutError) or error.errno in _FAR_AWAY:
        return TIMEOUT
    if isinstance(error, ConnectionRefusedError):
        return REFUSED
    return LOST if isinstance(error, ConnectionError) else BROKEN


def _tls_reason(error: OSError) -> tuple[str, str]:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return TLS, printable(error.verify_message)
    return TLS, printable((getattr(error, "reason", None) or "").replace("_", " ").lower())
