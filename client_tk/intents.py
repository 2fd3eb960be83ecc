"""What the Tk thread asks of the network thread. Frozen: they cross threads."""

from __future__ import annotations

from msgspec import Struct

from client_tk.model import Server
from ruggine.wire.requests import Cursor


class SignIn(Struct, frozen=True):
    """Register, or log in, on the line port. Answered by SignedIn, Refused or Unreachable; not at
    all where it gives way to something newer (`net.link.Link`)."""

    server: Server
    username: str
    password: str
    device: str
    register: bool = False

    def __repr__(self) -> str:
        return f"SignIn({self.username!r} at {self.server.shown!r})"


class Validate(Struct, frozen=True):
    """Ask on the line port whether a kept token is still good. Answered like SignIn."""

    server: Server
    token: str

    def __repr__(self) -> str:
        return f"Validate(at {self.server.shown!r})"


class Open(Struct, frozen=True):
    """Open the WebSocket and authenticate; one that is open is closed before.

    Answered by Opened, then a Heard for each frame, then Closed; or by Closed alone. A newer Open
    or a Close ends it without an answer.
    """

    server: Server
    token: str
    epoch: str | None = None
    cursors: tuple[Cursor, ...] = ()

    def __repr__(self) -> str:
        return f"Open({self.server.shown!r}, {len(self.cursors)} cursors)"


class Say(Struct, frozen=True):
    """Write one frame. Lost, without an answer, where no WebSocket is open."""

    frame: bytes

    def __repr__(self) -> str:
        return f"Say({len(self.frame)} bytes)"


class Close(Struct, frozen=True):
    """Close the WebSocket, if there is one; not answered by Closed."""


class Quit(Struct, frozen=True):
    """Close everything and end the thread."""


Intent = SignIn | Validate | Open | Say | Close | Quit
