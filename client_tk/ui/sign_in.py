"""The first view: which server, and who."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from client_tk.settings import server_of
from client_tk.texts import _
from client_tk.ui.centred import Centred
from client_tk.ui.dialog import PAD, Dialog, nothing
from client_tk.ui.field import Field, Sentence
from client_tk.ui.password import password_fault
from client_tk.ui.plain import one_line
from client_tk.wording import trouble
from ruggine.errors import Refusal
from ruggine.wire import rules

if TYPE_CHECKING:
    from client_tk.settings import Settings
    from client_tk.state import State
    from client_tk.ui.theme import Theme

_USUAL = "localhost"


class SignIn(Centred):
    """Logs in or registers. `settle` is called after each action upon the state.

    What stands in the fields stays there when it is refused, and when one goes from logging in to
    registering or back.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, settings: Settings,
        settle: Callable[[], None] = nothing,
    ) -> None:  # fmt: skip
        super().__init__(parent, style="Background.TFrame")
        self._state = state
        self._settle = settle
        self._registering = False
        self.inside.configure(style="Line.TFrame", padding=1)
        self._card = ttk.Frame(self.inside, padding=2 * PAD)
        self._card.pack()
        self._build_head()
        self._build_fields(settings)
        self._build_foot(settings)
        self.watch()
        self.refresh({"phase", "problem"})

    def _build_head(self) -> None:
        ttk.Label(self._card, text="Ruggine", style="Title.TLabel").pack(anchor="w")
        self._about = Sentence(self._card, style="Muted.TLabel")
        self._about.pack(fill="x", pady=(2, PAD))

    def _build_fields(self, settings: Settings) -> None:
        self.server = Field(
            self._card, _("Server"), check=server_fault,
            entry=partial(ttk.Combobox, values=list(settings.recent)),
            hint=_("The name of the computer on which Ruggine runs."),
        )  # fmt: skip
        self._tls = tk.BooleanVar(self)
        self.tls = ttk.Checkbutton(self._card, text=_("Encrypted (TLS)"), variable=self._tls)
        self.username = Field(self._card, _("Username"))
        self.password = Field(self._card, _("Password"), secret=True)
        for part in (self.server, self.tls, self.username, self.password):
            part.pack(fill="x", pady=(0, 8))
        for field in (self.server, self.username, self.password):
            field.entry.bind("<Return>", self._submit)
            field.entry.bind("<KP_Enter>", self._submit)
        self._fill_in(settings)

    def _fill_in(self, settings: Settings) -> None:
        account = settings.account
        recent = list(settings.recent)
        self.server.set(account.server.shown if account else recent[0] if recent else _USUAL)
        self._tls.set(account.server.tls if account else False)
        self.username.set(account.username if account else "")

    def _build_foot(self, settings: Settings) -> None:
        self._stay = tk.BooleanVar(self, value=True)
        self.stay = ttk.Checkbutton(
            self._card, text=_("Stay signed in on this computer"), variable=self._stay
        )
        self.stay.pack(fill="x", pady=(0, 8))
        self._news = Sentence(self._card, style="Danger.TLabel")
        self._news.pack(fill="x", pady=(0, 8))
        row = ttk.Frame(self._card)
        row.pack(fill="x")
        self.go = ttk.Button(row, style="Accent.TButton", command=self._submit)
        self.go.pack(side="left")
        self.cancel = ttk.Button(row, text=_("Cancel"), command=self._cancel)
        self.other = ttk.Button(row, style="Flat.TButton", command=self._turn)
        self.other.pack(side="right")
        self.cancel.bind("<Escape>", lambda _event: self._cancel())
        for button in (self.go, self.cancel, self.other):
            button.bind("<Return>", _press)
        self._show_way()

    # Logging in, or registering

    def _show_way(self) -> None:
        if self._registering:
            self._about.say(_("A new account needs only a name and a password."), "Muted.TLabel")
            self.username.ask_of(new_name_fault, _("Others see you by this name."))
            self.password.ask_of(password_fault, _("At least 8 characters."))
        else:
            self._about.say(_("Log in, or register if you are new here."), "Muted.TLabel")
            self.username.ask_of(_name_fault)
            self.password.ask_of(_word_fault)
        self.go.configure(text=_("Register") if self._registering else _("Log in"))
        self.other.configure(
            text=_("I have an account") if self._registering else _("Make an account")
        )

    def _turn(self) -> None:
        self._registering = not self._registering
        self._show_way()
        self._news.say("")
        self.focus_first_empty()

    def focus_first_empty(self) -> None:
        """The keyboard goes to what is to be filled in next."""
        fields = (self.server, self.username, self.password)
        empty = [field for field in fields if not field.text]
        (empty or [self.password])[0].select()

    # Signing in

    def _submit(self, _event: object = None) -> str:
        if self._state.phase != "signed_out":
            return "break"
        fields = (self.server, self.username, self.password)
        faulty = [field for field in fields if field.reveal()]
        if faulty:
            faulty[0].select()
            return "break"
        self._state.sign_in(
            server_of(self.server.text, self._tls.get()), self.username.text, self.password.text,
            register=self._registering, stay=self._stay.get(),
        )  # fmt: skip
        self._settle()
        return "break"

    def _cancel(self) -> None:
        if self._state.phase == "signing_in":
            self._state.cancel_sign_in()
            self._settle()

    def refresh(self, changes: set[str]) -> None:
        """Draw again what has changed (`State.changes`)."""
        if not changes & {"phase", "problem"}:
            return
        busy = self._state.phase == "signing_in"
        self._show_busy(busy=busy)
        if busy:
            server = one_line(self.server.text)
            self._news.say(_("Asking {server}…").format(server=server), "Muted.TLabel")
        else:
            self._news.say(self._state.problem, "Danger.TLabel")
            if self._state.problem:
                (self.username if self._registering else self.password).select()

    def _show_busy(self, *, busy: bool) -> None:
        for field in (self.server, self.username, self.password):
            field.enable(not busy)
        for part in (self.tls, self.stay, self.go, self.other):
            part.state(["disabled" if busy else "!disabled"])
        if busy:
            self.cancel.pack(side="left", padx=(8, 0))
            self.cancel.focus_set()
        else:
            self.cancel.pack_forget()


def _press(event: tk.Event[ttk.Button]) -> str:
    event.widget.invoke()
    return "break"


def server_fault(text: str) -> str:
    """What is wrong with where one wants to sign in."""
    try:
        server_of(text)
    except ValueError as error:
        return str(error)
    return ""


def new_name_fault(name: str) -> str:
    """What is wrong with the name for a new account."""
    try:
        rules.check_username(name)
    except Refusal as refusal:
        return trouble(refusal.code, refusal.sentence)
    return ""


def _name_fault(name: str) -> str:
    return "" if name.strip() else _("Type your username.")


def _word_fault(password: str) -> str:
    return "" if password else _("Type your password.")


def ask_to_keep_in_file(parent: tk.Misc, theme: Theme, then: Callable[[], object]) -> Dialog:
    """There is no keyring: `then` is called if the session may be kept in a file instead."""
    dialog = Dialog(parent, theme, _("Stay signed in"))
    Sentence(
        dialog.body,
        _("This computer has no keyring in which Ruggine could keep your session. It can be kept "
          "in a file that only your own account on this computer can read. Otherwise you sign in "
          "again when you start Ruggine the next time."),
        width=56,
    ).pack(fill="x")  # fmt: skip

    def agreed() -> None:
        dialog.close()
        then()

    dialog.add_button(_("Keep it in a file"), agreed, style="Accent.TButton")
    no = dialog.add_button(_("Do not keep it"), dialog.close)
    dialog.show(no)
    return dialog
