"""What the state needs of the world around it."""

from __future__ import annotations

from typing import Protocol

from client_tk.intents import Intent
from client_tk.model import ChatKey, Server
from client_tk.store import Store


class Outside(Protocol):
    """Called on the Tk thread; nothing here may block for longer than a disk."""

    def tell(self, intent: Intent) -> None:
        """Hand an intent to the network thread."""

    def now_s(self) -> float:
        """A clock that only goes forward."""

    def time_s(self) -> float:
        """Unix time, for display."""

    def open_store(self, server: Server, username: str) -> Store:
        """Raises StoreError."""

    def signed_in(self, server: Server, username: str, token: str, *, stay: bool) -> None:
        """Remember the account, and the token if somebody wants to stay signed in."""

    def leaving(self) -> None:
        """The account or a chat is left in a moment: tell now what is written and was not told
        yet."""

    def signed_out(self, server: Server, username: str) -> None:
        """Forget the token."""

    def notify(self, title: str, text: str, key: ChatKey | None) -> None:
        """By the desktop's own means."""

    def urge(self) -> None:
        """Point the taskbar at the window."""

    def ring(self) -> None:
        """A sound, if the person wants one."""
