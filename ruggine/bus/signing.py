"""Only who can read the database can say something on the bus, or in the cache beside it."""

from __future__ import annotations

import hmac
from hashlib import blake2b

_SIZE = 16
_SEAL = b',"mac":"%s"}'
_LENGTH = len(_SEAL % (b"0" * 2 * _SIZE))


def key_of(secret: bytes, epoch: str) -> bytes:
    """What the daemons of a database sign with. A restored one has a history of its own, and with
    it a key: what was signed before would tell of messages that it does not have."""
    return blake2b(epoch.encode(), key=secret).digest()


class Signing:
    """Signs JSON objects with keyed BLAKE2b (RFC 7693), for the one place that they are meant for.

    A signed object is still one, with a member `mac` at its end.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, place: str, payload: bytes) -> bytes:
        """`payload` is a JSON object with at least one member."""
        return payload[:-1] + _SEAL % self._mac(place, payload)

    def signed(self, place: str, sealed: bytes) -> bool:
        """Whether this was signed with the same key for this place."""
        payload = sealed[:-_LENGTH] + b"}"
        return hmac.compare_digest(sealed[-_LENGTH:], _SEAL % self._mac(place, payload))

    def _mac(self, place: str, payload: bytes) -> bytes:
        digest = blake2b(payload, key=self._key, digest_size=_SIZE)
        digest.update(b"\0" + place.encode())
        return digest.hexdigest().encode()
