"""Where one is signed in, and ending that."""

from __future__ import annotations

import time
import tkinter as tk
from typing import TYPE_CHECKING

from client_tk.paging import gathered
from client_tk.texts import _, ngettext, when
from client_tk.ui.dialog import AskingDialog, RootActions
from client_tk.ui.field import Sentence
from client_tk.ui.tab import Choice
from client_tk.ui.table import Column
from ruggine.wire import requests, results

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.theme import Theme


class Sessions(AskingDialog):
    """Each login is a session; what the others are is asked for when the window opens."""

    def __init__(self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions) -> None:
        super().__init__(parent, theme, state, actions, _("Sessions"))
        about = _("You are signed in as {name} at these places.").format(name=state.me)
        Sentence(self.body, about).pack(fill="x", pady=(0, 8))
        columns = [
            Column(_("Device"), 30), Column(_("Since"), 18), Column(_("Last seen"), 18),
            Column("", 12),
        ]  # fmt: skip
        self._current = ""
        self.sessions = Choice(self.body, columns, empty=_("The sessions are being fetched…"))
        self.sessions.pack(fill="both", expand=True)
        self.sessions.add(_("End session"), self._revoke, fits=lambda id_: id_ != self._current)
        self.add_button(_("Close"), self.close)
        self.add_button(_("Log out"), self._log_out, style="Danger.TButton", side="left")
        self.add_button(_("Log out everywhere"), self._everywhere, style="Danger.TButton",
                        side="left")  # fmt: skip
        self.show(self.sessions.table.tree)
        self._fetch()

    def _fetch(self) -> None:
        gathered(self.ask, requests.Sessions(), "sessions", self._take)

    def _take(self, sessions: list[results.SessionItem]) -> None:
        now_s = time.time()
        ordered = sorted(sessions, key=lambda s: (not s.current, -s.last_seen))
        self._current = next((s.session_id for s in ordered if s.current), "")
        self.sessions.fill([(s.session_id, _cells(s, now_s)) for s in ordered])
        if self.focus_get() is self:
            self.sessions.table.take_focus()

    def _revoke(self, session_id: str) -> None:
        self.confirm(
            _("End this session? The program there has to log in again."), _("End session"),
            lambda: self.ask(
                requests.RevokeSession(session_id=session_id), lambda _reply: self._fetch()
            ),
        )  # fmt: skip

    def _log_out(self) -> None:
        self.confirm(
            " ".join([_("Log out on this computer?"), *self._waiting_messages()]), _("Log out"),
            lambda: self._leave(everywhere=False),
        )  # fmt: skip

    def _everywhere(self) -> None:
        question = _("Log out on all your devices, this one too?")
        self.confirm(
            " ".join([question, *self._waiting_messages()]), _("Log out everywhere"),
            lambda: self._leave(everywhere=True),
        )  # fmt: skip

    def _waiting_messages(self) -> list[str]:
        """A sentence about what is not sent yet, if there is any."""
        count = self._state.link.waiting
        if not count:
            return []
        return [ngettext(
            "{count} message is not sent yet; it is kept here until you log in again.",
            "{count} messages are not sent yet; they are kept here until you log in again.",
            count,
        ).format(count=count)]  # fmt: skip

    def _leave(self, *, everywhere: bool) -> None:
        self._state.sign_out(everywhere=everywhere)
        self.actions.settle()


def _cells(session: results.SessionItem, now_s: float) -> tuple[str, ...]:
    return (
        session.device or _("without a name"),
        when(session.created, now_s),
        when(session.last_seen, now_s),
        _("this one") if session.current else "",
    )
