"""Where a connection comes from."""

from __future__ import annotations

from typing import Any


def host_of(transport: Any) -> str:
    """The address of the peer, as far as the transport knows it; empty for a Unix socket."""
    return str(getattr(transport.getPeer(), "host", ""))
