"""The window about one group: its members, and what one's own role allows."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING, Literal

from client_tk.model import ChatKey, Person
from client_tk.texts import _, ngettext
from client_tk.ui.dialog import AskingDialog, RootActions
from client_tk.ui.field import Field, Sentence
from client_tk.ui.groups import InvitePeople, name_fault
from client_tk.ui.picker import presence
from client_tk.ui.plain import one_line
from client_tk.ui.tab import Choice
from client_tk.ui.table import Column
from ruggine.wire import requests

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.theme import Theme

Role = Literal["owner", "admin", "member"]

_ORDER = {"owner": 0, "admin": 1}


class GroupInfo(AskingDialog):
    """An owner may everything; an admin renames, opens, and removes plain members; all invite."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions, key: ChatKey
    ) -> None:
        title = _("Group {name}").format(name=one_line(state.title(key), 60))
        super().__init__(parent, theme, state, actions, title)
        self._key = key
        self._shown_name = ""
        self._build_name()
        self._build_open()
        self._build_members()
        self.add_button(_("Close"), self.close)
        self.add_button(_("Copy id"), self._copy_id)
        self.add_button(_("Leave group"), self._leave, style="Danger.TButton", side="left")
        self.draw({"chats", "members"})
        self.show(self.members.table.tree)

    # Its parts

    def _build_name(self) -> None:
        row = ttk.Frame(self.body)
        row.pack(fill="x")
        self.name = Field(row, _("Name"), check=name_fault, on_change=self._show_rename)
        self.name.pack(side="left", fill="x", expand=True)
        self.name.entry.bind("<Return>", lambda _event: self._rename())
        self._rename_button = ttk.Button(row, text=_("Rename"), command=self._rename)
        self._rename_button.pack(side="left", padx=(8, 0))

    def _build_open(self) -> None:
        self._open = tk.BooleanVar(self)
        self.open = ttk.Checkbutton(
            self.body, text=_("Open: whoever knows its name may join"), variable=self._open,
            command=self._open_or_close,
        )  # fmt: skip
        self.open.pack(anchor="w", pady=(6, 8))

    def _build_members(self) -> None:
        self._count = Sentence(self.body, style="Muted.TLabel")
        self._count.pack(fill="x", pady=(0, 4))
        columns = [Column(_("Name"), 30), Column(_("Role"), 12), Column(_("Presence"), 12)]
        self.members = Choice(self.body, columns, empty=_("The members are being fetched…"))
        self.members.pack(fill="both", expand=True)
        self.members.add(_("Chat"), lambda user_id: self.visit(ChatKey("private", user_id)))
        may_set: Callable[[str], bool] = lambda _user_id: self.role == "owner"  # noqa: E731
        self._role_button = self.members.add(_("Role…"), self._offer_roles, fits=may_set)
        self.members.add(_("Remove"), self._remove, fits=self._may_remove)
        self.members.add_always(_("Invite…"), self._invite)

    # Drawing

    @property
    def role(self) -> str:
        """One's own."""
        chat = self._state.chat(self._key)
        return chat.role if chat is not None else ""

    def draw(self, changes: set[str]) -> None:
        chat = self._state.chat(self._key)
        if chat is None or chat.left:
            self.close()
            return
        if "chats" in changes:
            self._draw_group(chat.title, is_open=chat.open)
        if changes & {"chats", "members", "people"}:
            self._draw_members()

    def _draw_group(self, name: str, *, is_open: bool) -> None:
        if name != self._shown_name:
            self._shown_name = name
            self.name.set(name)
        may = self.role in ("owner", "admin")
        self._open.set(is_open)
        self.name.enable(may)
        self.open.state(["!disabled" if may else "disabled"])
        self._show_rename()

    def _draw_members(self) -> None:
        people = sorted(
            self._state.members(self._key),
            key=lambda p: (_ORDER.get(p.role, 2), not p.online, p.name.lower()),
        )
        count = ngettext("{count} member", "{count} members", len(people))
        self._count.say(count.format(count=len(people)) if people else "", "Muted.TLabel")
        self.members.fill([(person.id, self._cells(person)) for person in people])

    def _cells(self, person: Person) -> tuple[str, str, str]:
        name = person.name
        if person.id == self._state.my_id:
            name = _("{name} (you)").format(name=name)
        there = _("online") if person.online else _("offline")
        return f"{presence(person.online)}  {name}", role_name(person.role), there

    def _show_rename(self) -> None:
        changed = self.name.text != self._shown_name and not self.name.fault
        self._rename_button.state(["!disabled" if changed else "disabled"])

    # What can be done

    def _rename(self) -> str:
        if self.role in ("owner", "admin") and not self.name.reveal():
            self.ask(requests.RenameGroup(group_id=self._key.id, name=self.name.text))
        return "break"

    def _open_or_close(self) -> None:
        make = requests.OpenGroup if self._open.get() else requests.CloseGroup
        self.ask(make(group_id=self._key.id), otherwise=self._not_opened)

    def _not_opened(self, refused: object) -> None:
        self._open.set(not self._open.get())
        self.fail(getattr(refused, "sentence", ""))

    def _offer_roles(self, user_id: str) -> None:
        menu = tk.Menu(self, tearoff=False)
        for role in ("owner", "admin", "member"):
            menu.add_command(label=role_name(role), command=partial(self._set_role, user_id, role))
        button = self._role_button
        menu.tk_popup(button.winfo_rootx(), button.winfo_rooty() + button.winfo_height())

    def _set_role(self, user_id: str, role: Role) -> None:
        self.ask(requests.SetRole(group_id=self._key.id, user_id=user_id, role=role))

    def _may_remove(self, user_id: str) -> bool:
        roles = {person.id: person.role for person in self._state.members(self._key)}
        if user_id == self._state.my_id:
            return False
        return self.role == "owner" or (self.role == "admin" and roles.get(user_id) == "member")

    def _remove(self, user_id: str) -> None:
        request = requests.RemoveMember(group_id=self._key.id, user_id=user_id)
        self.confirm(
            _("Take {name} out of the group?").format(name=self.line(self._state.name_of(user_id))),
            _("Remove"),
            lambda: self.ask(request),
        )  # fmt: skip

    def _invite(self) -> None:
        InvitePeople(self, self.theme, self._state, self.actions, self._key)

    def _leave(self) -> None:
        self.confirm(
            _("Leave {group}? To come back you need an invite, unless the group is open.").format(
                group=self.line(self._state.title(self._key))
            ),
            _("Leave group"),
            lambda: self.ask(requests.LeaveGroup(group_id=self._key.id), self._left),
        )

    def _left(self, _reply: object) -> None:
        self.close()

    def _copy_id(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self._key.id)
        self.say(_("The id is copied. With it, an open group can be joined."))


def role_name(role: str) -> str:
    """In the language of the person; a role that a newer daemon knows, as it is."""
    names = {"owner": _("owner"), "admin": _("admin"), "member": _("member")}
    return names.get(role, role)
