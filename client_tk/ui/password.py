"""Changing one's password."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING

from client_tk.model import Trouble
from client_tk.texts import _
from client_tk.ui.dialog import AskingDialog, RootActions, nothing
from client_tk.ui.field import Field
from client_tk.wording import trouble
from ruggine.errors import Refusal
from ruggine.wire import requests, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from client_tk.state import State
    from client_tk.ui.theme import Theme


def password_fault(password: str) -> str:
    """A sentence about what is wrong with a new password, empty where nothing is."""
    try:
        rules.check_password(password)
    except Refusal as refusal:
        return trouble(refusal.code, refusal.sentence)
    return ""


class ChangePassword(AskingDialog):
    """All other sessions end with it. `done` gets a sentence about that."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions,
        done: Callable[[str], object] = nothing,
    ) -> None:  # fmt: skip
        super().__init__(parent, theme, state, actions, _("Change password"))
        self._done = done
        self.old = Field(self.body, _("Present password"), secret=True, check=_old_fault)
        self.new = Field(
            self.body, _("New password"), secret=True, check=password_fault,
            on_change=lambda: self.again.check_again(),
            hint=_("At least 8 characters. All your other sessions end."),
        )  # fmt: skip
        self.again = Field(
            self.body, _("New password, once more"), secret=True, check=self._again_fault
        )
        for field in (self.old, self.new, self.again):
            field.pack(fill="x", pady=(0, 8))
        self.add_button(_("Change"), self._change, style="Accent.TButton", default=True)
        self.add_button(_("Cancel"), self.close)
        self.show(self.old.entry)

    def _again_fault(self, text: str) -> str:
        return "" if text == self.new.text else _("This is not the same password.")

    def _change(self) -> None:
        faulty = [field for field in (self.old, self.new, self.again) if field.reveal()]
        if faulty:
            faulty[0].select()
        elif not self.busy:
            request = requests.ChangePassword(old=self.old.text, new=self.new.text)
            self.ask(request, self._changed, self._not_changed)

    def _changed(self, _reply: object) -> None:
        self.close()
        self._done(_("Your password is changed, and all your other sessions have ended."))

    def _not_changed(self, refused: Trouble) -> None:
        if refused.code == "invalid_credentials":
            self.fail(_("This is not your present password."))
            self.old.select()
        else:
            self.fail(refused.sentence)


def _old_fault(text: str) -> str:
    return "" if text else _("Type the password that you have now.")
