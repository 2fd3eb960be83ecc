"""What the client remembers between two starts, for each profile. No secret is in here."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import uuid
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs
from msgspec import Struct

from client_tk.model import Server
from client_tk.texts import _

_PROFILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,31}")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?")
_GEOMETRY = r"^(\d{1,5}x\d{1,5}([+-]-?\d{1,5}){2})?$"
_MOST_RECENT = 10


class Account(Struct, frozen=True):
    """Who was signed in last, and where; `stay`: they want to be again at the next start."""

    server: Server
    username: str
    stay: bool


class Settings(Struct):
    """`language` "" and `theme` "system" are as the desktop has them; `zoom` is in per cent.

    What stands here is handed to Tk at the next start: a file with a value that Tk would refuse
    is a damaged one.
    """

    theme: Literal["system", "light", "dark", "contrast"] = "system"
    zoom: Annotated[int, msgspec.Meta(ge=20, le=1000)] = 100
    language: str = ""
    notifications: bool = True
    show_preview: bool = True
    sound: bool = False
    enter_sends: bool = True
    account: Account | None = None
    recent: list[str] = msgspec.field(default_factory=list)
    geometry: Annotated[str, msgspec.Meta(pattern=_GEOMETRY)] = ""
    members_shown: bool = True
    sidebar_px: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 280
    members_px: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 220

    def remember(self, server: Server, username: str, *, stay: bool) -> None:
        """This account was signed in, or out."""
        self.account = Account(server, username, stay)
        others = [name for name in self.recent if name != server.shown]
        self.recent = [server.shown, *others][:_MOST_RECENT]


class Profile:
    """The folders of one profile: settings here, what was said there."""

    def __init__(self, name: str = "default", *, folder: Path | None = None) -> None:
        """`folder` replaces the places that the system has for such things. Raises ValueError."""
        if not _PROFILE.fullmatch(name):
            raise ValueError(
                _("A profile's name has 1 to 32 letters, digits, '_', '.' or '-': {name}").format(
                    name=repr(name)
                )
            )
        self.name = name
        self._config = (folder or Path(platformdirs.user_config_dir("ruggine", False))) / name
        self._data = (folder or Path(platformdirs.user_data_dir("ruggine", False))) / name

    @property
    def data(self) -> Path:
        return self._data

    def store_path(self, server: Server, username: str) -> Path:
        """The cache of an account: usernames differ in more than case."""
        return self._data / f"{_account_name(server, username)}.db"

    def token_path(self, server: Server, username: str) -> Path:
        """Where a token goes if there is no keyring, and the person agrees."""
        return self._data / "tokens" / _account_name(server, username)

    def claim(self) -> bool:
        """Whether no other window uses this profile; it is ours until the program ends, however
        it ends. Windows cannot tell."""
        if sys.platform == "win32":
            return True
        import fcntl

        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claimed = (self._data / "lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(self._claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def load(self) -> Settings:
        """What was saved, or the defaults. A file that is damaged is set aside."""
        path = self._config / "settings.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Settings)
        except OSError:
            return Settings()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            with contextlib.suppress(OSError):
                path.replace(path.with_name("settings.json.damaged"))
            return Settings()

    def save(self, settings: Settings) -> None:
        """Whole or not at all. Raises OSError."""
        self._config.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._config / "settings.json"
        fresh = path.with_name(f".{uuid.uuid4().hex}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(settings)))
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise


def _account_name(server: Server, username: str) -> str:
    """Two servers never share one, whatever script their names are written in."""
    host = server.host.lower()
    with contextlib.suppress(UnicodeError):
        host = host.encode("idna").decode()
    where = re.sub(r"[^A-Za-z0-9.-]", "_", f"{host}_{server.line_port}")
    return f"{username.lower()}@{where}"


def server_of(text: str, tls: bool = False) -> Server:
    """What a person types: `host`, `host:port` of the line port, `host:port:port` with that of the
    WebSocket, an IPv6 address in brackets; an address that was pasted from a browser is understood.

    Raises ValueError with a sentence.
    """
    scheme, found, rest = text.strip().rpartition("://")
    if found:
        tls = tls or scheme.lower() in ("https", "wss", "ssl", "tls")
    rest = rest.split("/", 1)[0].split("@")[-1]
    host, ports = _split(rest)
    numbers = [_port(port) for port in ports]
    return Server(
        _checked_host(host),
        numbers[0] if numbers else 8080,
        numbers[1] if len(numbers) > 1 else 5001,
        tls,
    )


def _split(text: str) -> tuple[str, list[str]]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and rest[0] != ":"):
            raise ValueError(_("This is no IPv6 address."))
        return host, rest.split(":")[1:]
    if text.count(":") > 2 or "::" in text:
        return text, []
    host, *ports = text.split(":")
    return host, ports


def _port(text: str) -> int:
    if not (re.fullmatch("[0-9]{1,5}", text) and 0 < int(text) < 65536):
        raise ValueError(_("A port is a number from 1 to 65535."))
    return int(text)


def _checked_host(host: str) -> str:
    if ":" in host:
        if not _is_ipv6(host):
            raise ValueError(_("This is no IPv6 address."))
        return host
    try:
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        ascii_host = ""
    if not _HOST.fullmatch(ascii_host):
        raise ValueError(_("Type the name or the address of a server, such as chat.example."))
    return host


def _is_ipv6(text: str) -> bool:
    if not _IPV6.fullmatch(text):
        return False
    try:
        socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
    except OSError:
        return False
    return True
