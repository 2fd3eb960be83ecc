"""What the network thread tells the Tk thread. Frozen: they cross threads."""

from __future__ import annotations

from msgspec import Struct

from ruggine.wire.frames import AuthResponse, Frame


class SignedIn(Struct, frozen=True):
    """The daemon knows this token; `username` is as it was registered."""

    username: str
    token: str

    def __repr__(self) -> str:
        return f"SignedIn({self.username!r})"


class Refused(Struct, frozen=True):
    """The daemon has refused to sign somebody in, for the reason `code`."""

    code: str
    sentence: str
    retry_after_s: float | None = None


class Unreachable(Struct, frozen=True):
    """Nobody could be asked. `reason` is one of `net.reasons`, to be translated by who shows it;
    `detail` is what the system says."""

    reason: str
    detail: str = ""


class Opened(Struct, frozen=True):
    """The WebSocket is authenticated."""

    welcome: AuthResponse


class Heard(Struct, frozen=True):
    """A frame has come. What is no known frame is not reported."""

    frame: Frame


class Closed(Struct, frozen=True):
    """The WebSocket is gone, or could not be opened.

    `code` is the close code of docs/protocol.md, 3.4 (also 4500 and 4501 for an `auth` that was
    refused); 1006 for a connection that ended without one. `reason` and `detail` are as in
    Unreachable, empty for a close with a code.
    """

    code: int
    reason: str = ""
    detail: str = ""


Report = SignedIn | Refused | Unreachable | Opened | Heard | Closed
