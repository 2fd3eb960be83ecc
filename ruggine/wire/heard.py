"""Every frame that a client may hear, decoded: the other direction of `ruggine.wire.frames`."""

from __future__ import annotations

import functools
import operator
from typing import Any

import msgspec

from ruggine.wire import frames
from ruggine.wire import results as results  # its frames are found through their base


def _all(base: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """The leaves that have a meaning of their own: not the bases that others are made of."""
    direct = base.__subclasses__()
    own = [] if base in (frames.Frame, frames.Reply, frames.ChangeFrame) else [base]
    return own + [leaf for child in direct for leaf in _all(child)]


_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    functools.reduce(operator.or_, _all(frames.Frame))
)


class OlderDaemon(ValueError):
    """A frame of a known kind lacks what every daemon of this version says."""


def decode(data: str | bytes) -> frames.Frame | None:
    """The frame in one text message, or None for one that a newer daemon has come up with.

    Raises OlderDaemon, and ValueError for what is no frame of any daemon.
    """
    try:
        frame: frames.Frame = _decoder.decode(data)
    except msgspec.ValidationError as error:
        if "missing required field" in str(error):
            raise OlderDaemon from None
        if isinstance(msgspec.json.decode(data), dict):
            return None
        raise
    return frame
