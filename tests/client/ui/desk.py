"""A person at a real client: its window, its network thread, its file; keys and clicks."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import ttk

from client_tk.app import App
from client_tk.model import ChatKey, Row, Server
from client_tk.settings import Profile, Settings
from client_tk.ui.sign_in import SignIn
from client_tk.ui.window import Window
from tests.daemon import PASSWORD, Daemon

PATIENCE_S = 15.0
_KEEP = "Keep it in a file"


class Office:
    """Where several people sit: all of their windows go on together."""

    def __init__(self, folder: Path, daemon: Daemon) -> None:
        self.folder = folder
        self.server = Server("127.0.0.1", daemon.tcp_port, daemon.websocket_port)
        self.desks: list[Desk] = []
        self.failures: list[BaseException] = []

    def desk(self, name: str) -> Desk:
        desk = Desk(self, name)
        self.desks.append(desk)
        return desk

    def goes_on(self) -> None:
        for desk in self.desks:
            desk.app.tk.update()
        assert not self.failures, self.failures

    def until(self, condition: Callable[[], object]) -> None:
        """Raises AssertionError when it does not happen in time."""
        until_s = time.monotonic() + PATIENCE_S
        while not condition():
            self.goes_on()
            assert time.monotonic() < until_s, [desk.seen() for desk in self.desks]
            time.sleep(0.005)

    def close(self) -> None:
        for desk in tuple(self.desks):
            desk.goes_home()


class Desk:
    """One client, with a profile of its own."""

    def __init__(self, office: Office, name: str) -> None:
        self.office = office
        self.name = name
        self.profile = Profile(name, folder=office.folder)
        if not (office.folder / name / "settings.json").exists():
            self.profile.save(Settings(theme="light", notifications=False))
        self.app = App(self.profile)
        failures = office.failures
        self.app.tk.report_callback_exception = lambda _kind, error, _: failures.append(error)

    # Windows

    @property
    def state(self):
        return self.app.state

    @property
    def window(self) -> Window:
        view = self.app.root._view
        assert isinstance(view, Window)
        return view

    @property
    def form(self) -> SignIn:
        view = self.app.root._view
        assert isinstance(view, SignIn)
        return view

    def widgets(self, under: tk.Misc | None = None) -> Iterator[tk.Misc]:
        for child in (under or self.app.tk).winfo_children():
            yield child
            yield from self.widgets(child)

    def press(self, *sequences: str) -> None:
        """On whatever has the keyboard. Without a window manager, nobody gives it to a window."""
        self._types_into(self.app.tk.focus_get() or self.app.tk, *sequences)

    def press_in_composer(self, *sequences: str) -> None:
        self._types_into(self.window.composer.entry.text, *sequences)

    def press_in_transcript(self, *sequences: str) -> None:
        self._types_into(self.window.transcript.text, *sequences)

    def _types_into(self, widget: tk.Misc, *sequences: str) -> None:
        widget.focus_force()
        self.office.goes_on()
        for sequence in sequences:
            widget.event_generate(sequence)
        self.office.goes_on()

    def goes_home(self) -> None:
        self.office.desks.remove(self)
        self.app.quit()

    # What a person does

    def registers(self) -> None:
        """Types into the form and presses Enter."""
        self.form._turn()
        self._fills_in()
        self._types_into(self.form.password.entry, "<Return>")
        self.office.until(self.is_live)
        self.presses(_KEEP)

    def logs_in(self, username: str) -> None:
        """As somebody who has an account; the session is not kept."""
        self.form._stay.set(False)
        self._fills_in()
        self.form.username.set(username)
        self._types_into(self.form.password.entry, "<Return>")
        self.office.until(self.is_live)

    def presses(self, label: str) -> None:
        """The button with this label, once it is there."""
        self.office.until(lambda: self._buttons(label))
        self._buttons(label)[0].invoke()
        self.office.goes_on()

    def _buttons(self, label: str) -> list[ttk.Button]:
        found = (widget for widget in self.widgets() if isinstance(widget, ttk.Button))
        return [button for button in found if str(button.cget("text")) == label]

    def _fills_in(self) -> None:
        self.form.server.set(self.office.server.shown)
        self.form.username.set(self.name)
        self.form.password.set(PASSWORD)

    def chat_with(self, name: str) -> ChatKey:
        """The private chat with who has this name now."""
        self.state.roster.refresh("people")
        self.office.until(lambda: name in self._ids())
        return ChatKey("private", self._ids()[name])

    def _ids(self) -> dict[str, str]:
        return {person.name: person.id for person in self.state.people.values()}

    def goes_to(self, key: ChatKey) -> None:
        """In their window, which comes to the front and has the keyboard."""
        self.app.root.visit(key)
        self.looks()

    def looks(self) -> None:
        """At the window; without a window manager nobody else brings it to the front."""
        self.app.tk.lift()
        self.app.tk.focus_force()
        self.office.goes_on()

    def writes(self, text: str) -> None:
        """Into the composer, and Enter."""
        entry = self.window.composer.entry.text
        entry.insert("end", text)
        self._types_into(entry, "<Return>")

    # What a person sees

    def is_live(self) -> bool:
        return bool(self.state.link.status == "live" and self.state.phase == "in")

    def seen(self) -> list[str]:
        """The lines of the transcript, as they are drawn."""
        if not isinstance(self.app.root._view, Window):
            return [f"<{self.state.phase}: {self.state.problem}>"]
        return [line for line in self.window.transcript.text.get("1.0", "end").splitlines() if line]

    def sees(self, text: str) -> None:
        self.office.until(lambda: any(text in line for line in self.seen()))

    def title(self) -> str:
        """Above the transcript."""
        return str(self.window.header._title.cget("text"))

    def texts(self) -> list[str]:
        """What was said, of the page that is shown."""
        return [row.content for row in self.rows() if row.kind == "message"]

    def rows(self) -> list[Row]:
        page = self.state.page
        return list(page.rows) if page is not None else []
