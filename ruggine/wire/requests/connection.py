"""The connection itself."""

from __future__ import annotations

from typing import ClassVar

from ruggine.wire.requests.base import ListRequest, Request


class Ping(Request, frozen=True):
    """Ask for a pong after everything sent before it was handled."""


class Help(ListRequest, frozen=True):
    """List every command, or show an example of one."""

    usage: ClassVar[str] = "/help [command]"
    example: ClassVar[str] = "/help login"

    command: str | None = None


class Quit(Request, frozen=True):
    """Say goodbye and close this connection."""

    usage: ClassVar[str] = "/quit"
    example: ClassVar[str] = "/quit"
