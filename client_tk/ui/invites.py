"""The tab of invites into groups."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING

from client_tk.model import ChatKey
from client_tk.texts import _
from client_tk.ui.dialog import AskingDialog
from client_tk.ui.tab import Choice, Tab
from client_tk.ui.table import Column
from ruggine.wire import requests, results

if TYPE_CHECKING:
    from client_tk.state import State


class Invites(Tab):
    """Who accepts is shown the group."""

    def __init__(self, parent: tk.Misc, dialog: AskingDialog, state: State) -> None:
        super().__init__(parent, dialog, state)
        columns = [Column(_("Group"), 30), Column(_("Invited by"), 20)]
        self.choice = Choice(
            self, columns, empty=_("No invites. Whoever is in a group can invite you into it.")
        )
        self.choice.pack(fill="both", expand=True)
        self.choice.add(_("Join"), self._accept, style="Accent.TButton")
        self.choice.add(_("Decline"), self._reject)

    @property
    def first(self) -> tk.Misc:
        return self.choice.table.tree

    def draw(self) -> None:
        self.choice.fill([
            (invite.id, (invite.group_name, invite.invited_by))
            for invite in self._state.roster.invites
        ])  # fmt: skip

    def _accept(self, invite_id: str) -> None:
        self._dialog.ask(requests.AcceptGroupInvite(invite_id=invite_id), self._joined)

    def _joined(self, reply: results.AcceptGroupInviteResult) -> None:
        self._dialog.visit(ChatKey("group", reply.group_id))

    def _reject(self, invite_id: str) -> None:
        self._dialog.ask(requests.RejectGroupInvite(invite_id=invite_id))
