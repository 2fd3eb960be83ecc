"""The program: it joins the state, the network thread, the pump and the window."""

from __future__ import annotations

import contextlib
import logging
import platform
import time
import tkinter as tk
from collections.abc import Callable

from client_tk import secret, texts
from client_tk.collector import Collector
from client_tk.desktop import dpi, emoji, theme_of
from client_tk.desktop.notify import Notifier
from client_tk.desktop.urgency import urge
from client_tk.errands import Errand, Errands
from client_tk.intents import Intent, Say
from client_tk.model import ChatKey, Server
from client_tk.net.link import Link
from client_tk.pump import Pump
from client_tk.reports import Report
from client_tk.settings import Profile
from client_tk.state import State
from client_tk.store import Store
from client_tk.ui.root import Root

SERVICE = "ruggine"

_log = logging.getLogger(__name__)


class App:
    """Implements `client_tk.outside.Outside`. Tk thread only."""

    def __init__(self, profile: Profile, *, started_s: float | None = None) -> None:
        _log.debug("Starting with the profile '%s'", profile.name)
        self._profile = profile
        self.settings = profile.load()
        texts.use(self.settings.language)
        dpi.aware()
        self.tk = tk.Tk(className="Ruggine")
        dpi.scale(self.tk)
        self._collector = Collector(self.tk)
        self._due: str | None = None
        self._pump = Pump(self.tk, self._on_reports)
        self._link = Link(self._pump.report)
        self._keyring = Errands(self.tk.after, self.tk.after_cancel)
        self._probes = Errands(self.tk.after, self.tk.after_cancel)
        self._notifier = Notifier(later=self.tk.after)
        self.state = State(self, device_name())
        self.root = Root(self)
        self._link.start()
        self._come_back()

    def run(self) -> None:
        """Until the window is closed."""
        self.tk.mainloop()

    def quit(self) -> None:
        """Everything is on the disk already; what the window knows is written now."""
        _log.debug("Quitting")
        self.root.remember(self.settings)
        self.save_settings()
        self.state.close()
        if self._due is not None:
            self.tk.after_cancel(self._due)
        self._keyring.close()
        self._link.stop()
        self._pump.close()
        self._collector.close()
        self.tk.destroy()

    # Reports and time

    def _on_reports(self, batch: list[Report]) -> None:
        try:
            self.state.take(batch)
        finally:
            self.settle()

    def settle(self) -> None:
        """Draw what has changed, and plan the next tick. After every report and every action."""
        changes, self.state.changes = self.state.changes, set()
        if changes:
            self.root.refresh(changes)
        self._plan()

    def _plan(self) -> None:
        if self._due is not None:
            self.tk.after_cancel(self._due)
            self._due = None
        due_s = self.state.due_s()
        if due_s is not None:
            wait_ms = max(int((due_s - self.now_s()) * 1000) + 1, 1)
            self._due = self.tk.after(wait_ms, self._tick)

    def _tick(self) -> None:
        self._due = None
        try:
            self.state.tick()
        finally:  # whatever failed: there is a next tick
            self.settle()

    # Accounts

    def _come_back(self) -> None:
        """The window opens from what is kept; only then is the network asked for anything."""
        account = self.settings.account
        if account is None or not account.stay:
            self.settle()
            return
        self.state.come_back(account.server, account.username)
        self.settle()
        self.tk.after_idle(self._fetch_token, account.server, account.username)

    def _fetch_token(self, server: Server, username: str) -> None:
        user = _user(server, username, self._profile.name)
        path = self._profile.token_path(server, username)

        def fetch() -> Errand[str | None]:
            return secret.read_file(path) or (yield from secret.read(SERVICE, user))

        def fetched(token: str | None) -> None:
            self.state.resume(token)
            self.settle()

        self._keyring.run(fetch(), fetched)

    # Outside

    def tell(self, intent: Intent) -> None:
        if not isinstance(intent, Say):
            _log.debug("Asking the network for %r", intent)
        self._link.tell(intent)

    def now_s(self) -> float:
        return time.monotonic()

    def time_s(self) -> float:
        return time.time()

    def open_store(self, server: Server, username: str) -> Store:
        return Store(self._profile.store_path(server, username))

    def signed_in(self, server: Server, username: str, token: str, *, stay: bool) -> None:
        self.settings.remember(server, username, stay=stay)
        self.save_settings()
        if not stay:
            return
        user = _user(server, username, self._profile.name)

        def written(kept: bool | None) -> None:
            if not kept:
                self.root.ask_to_keep(lambda: self._keep_in_file(server, username, token))

        self._keyring.run(secret.write(SERVICE, user, token), written)

    def _keep_in_file(self, server: Server, username: str, token: str) -> None:
        path = self._profile.token_path(server, username)
        with contextlib.suppress(OSError):  # a full disk costs the sign-in of the next start
            secret.write_file(path, token)

    def leaving(self) -> None:
        self.root.flush()

    def signed_out(self, server: Server, username: str) -> None:
        self.settings.remember(server, username, stay=False)
        self.save_settings()
        user = _user(server, username, self._profile.name)
        path = self._profile.token_path(server, username)

        with contextlib.suppress(OSError):
            secret.forget_file(path)
        self._keyring.run(secret.forget(SERVICE, user), lambda _forgotten: None)

    def notify(self, title: str, text: str, key: ChatKey | None) -> None:
        if self.settings.notifications:
            shown = text if self.settings.show_preview else texts._("New message")
            self._notifier.notify(title, shown)

    def urge(self) -> None:
        urge(self.tk)

    def ring(self) -> None:
        if self.settings.sound:
            self.tk.bell()

    # Settings

    def save_settings(self) -> None:
        """A full disk costs the settings, and nothing else."""
        with contextlib.suppress(OSError):
            self._profile.save(self.settings)

    def probe_emoji(self, then: Callable[[bool], None]) -> None:
        """Whether emoji can be drawn here without the program being ended for it."""
        memory = self._profile.data / "emoji"
        self._probes.run(emoji.can_draw(memory), lambda found: then(bool(found)))

    def find_system_theme(self, then: Callable[[str], None]) -> None:
        """ "light", "dark" or "contrast", as the desktop is set."""
        self._probes.run(theme_of.system_theme(), lambda found: then(found or "light"))


def device_name() -> str:
    """How this session is called in the list of sessions."""
    return f"Ruggine on {platform.node() or 'a computer'}"[:64]


def _user(server: Server, username: str, profile: str) -> str:
    """By which name the keyring knows a token: two profiles never share one."""
    return f"{username.lower()}@{server.shown}#{profile}"
