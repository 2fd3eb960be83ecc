"""What nodes put into Redis is stamped and signed; what comes from there is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ruggine.bus.signing import Signing
from ruggine.bus.stamps import Stamp, Stamps, read


class Seals:
    """Seals values for the one place in Redis that they are meant for, and opens sealed ones."""

    def __init__(self, clock: Callable[[], float], key: Callable[[], bytes]) -> None:
        """`key` is asked upon `begin`: it is in the database."""
        self.stamps = Stamps(clock)
        self.dropped = 0
        """How many were no node's, or told again."""
        self._key = key
        self._signing: Signing

    def begin(self) -> None:
        """Before anything else."""
        self._signing = Signing(self._key())

    def seal(self, place: str, value: Any) -> bytes:
        """`value` becomes a JSON object with at least one member."""
        return self._signing.sign(place, self.stamps.put(msgspec.json.encode(value)))

    def open(self, place: str, decoder: Any, sealed: bytes) -> Any:
        """What a node of this database has put there at some time, or None."""
        if self._signing.signed(place, sealed):
            try:
                return decoder.decode(sealed)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                pass
        self.dropped += 1
        return None

    def open_lasting(
        self, place: str, decoder: Any, sealed: bytes, lifetime_s: float
    ) -> tuple[Any, Stamp] | None:
        """The same, if it was put there at most so long ago; and its stamp."""
        value, stamp = self.open(place, decoder, sealed), read(sealed)
        if value is None or stamp is None:
            return None
        if not self.stamps.lately(stamp, lifetime_s):
            self.dropped += 1
            return None
        return value, stamp
