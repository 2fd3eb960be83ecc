"""Making a group, joining one that is open, and inviting into one."""

from __future__ import annotations

import re
import tkinter as tk
from typing import TYPE_CHECKING

from client_tk.model import ChatKey, Person, Trouble
from client_tk.texts import _, ngettext
from client_tk.ui.dialog import AskingDialog, RootActions
from client_tk.ui.field import Field, Sentence
from client_tk.ui.picker import Picker
from client_tk.ui.plain import one_line
from client_tk.wording import trouble
from ruggine import names
from ruggine.errors import Refusal
from ruggine.wire import requests, results
from ruggine.wire.requests.groups import MAX_INVITED

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.theme import Theme

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def name_fault(name: str) -> str:
    """A sentence about what is wrong with the name of a group, empty where nothing is."""
    try:
        names.check_group_name(name)
    except Refusal as refusal:
        return trouble(refusal.code, refusal.sentence)
    return ""


class NewGroup(AskingDialog):
    """A name, and whom to invite; the new group is shown."""

    def __init__(self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions) -> None:
        super().__init__(parent, theme, state, actions, _("New group"))
        self.name = Field(self.body, _("Name of the group"), check=name_fault)
        self.name.pack(fill="x")
        Sentence(self.body, _("Whom to invite")).pack(fill="x", pady=(8, 4))
        self.picker = Picker(self.body)
        self.picker.pack(fill="both", expand=True)
        self.add_button(_("Create"), self._create, style="Accent.TButton", default=True)
        self.add_button(_("Cancel"), self.close)
        self.draw({"people"})
        self.show(self.name.entry)

    def draw(self, changes: set[str]) -> None:
        if "people" in changes:
            self.picker.offer(_others(self._state), _friends(self._state))

    def _create(self) -> None:
        if self.name.reveal():
            self.name.select()
        elif len(self.picker.chosen) > MAX_INVITED:
            self.fail(_("Invite at most {count} people at once.").format(count=MAX_INVITED))
        elif not self.busy:
            request = requests.CreateGroup(name=self.name.text, user_ids=self.picker.chosen)
            self.ask(request, self._created)

    def _created(self, reply: results.CreateGroupResult) -> None:
        self.visit(ChatKey("group", reply.group_id))


class JoinGroup(AskingDialog):
    """By the name or the id of a group that its owner has opened."""

    def __init__(self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions) -> None:
        super().__init__(parent, theme, state, actions, _("Join a group"))
        self.which = Field(
            self.body, _("Name or id of the group"), check=_group_fault, width=44,
            hint=_("Only groups that were opened can be joined; into others one is invited."),
        )  # fmt: skip
        self.which.pack(fill="x")
        self.add_button(_("Join"), self._join, style="Accent.TButton", default=True)
        self.add_button(_("Cancel"), self.close)
        self.show(self.which.entry)

    def _join(self) -> None:
        text = self.which.text.strip()
        if self.which.reveal():
            self.which.select()
        elif not self.busy:
            named = {"group_id": text} if _ID.fullmatch(text) else {"name": text}
            self.ask(requests.JoinGroup(**named), self._joined, self._not_joined)

    def _joined(self, reply: results.JoinGroupResult) -> None:
        self.visit(ChatKey("group", reply.group_id))

    def _not_joined(self, refused: Trouble) -> None:
        sentences = {
            "forbidden": _("There is no open group of this name. Ask a member for an invite."),
            "not_found": _("There is no open group of this name. Ask a member for an invite."),
            "already_done": _("You are in this group already."),
            "invalid_request": _("Several open groups have this name. Ask a member for the id."),
        }
        self.fail(sentences.get(refused.code, refused.sentence))
        self.which.select()


class InvitePeople(AskingDialog):
    """Into a group that one is in; who is in it already is not offered."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions, key: ChatKey
    ) -> None:
        title = _("Invite into {group}").format(group=one_line(state.title(key), 60))
        super().__init__(parent, theme, state, actions, title)
        self._key = key
        self._left: list[str] = []
        self._done = 0
        self._refused: list[str] = []
        self.picker = Picker(self.body)
        self.picker.pack(fill="both", expand=True)
        self.add_button(_("Invite"), self._invite, style="Accent.TButton", default=True)
        self.add_button(_("Close"), self.close)
        self.draw({"people"})
        self.show(self.picker.entry)

    def draw(self, changes: set[str]) -> None:
        if changes & {"people", "members"}:
            members = {person.id for person in self._state.members(self._key)}
            free = [person for person in _others(self._state) if person.id not in members]
            self.picker.offer(free, _friends(self._state))

    def _invite(self) -> None:
        """One after the other, so that a refusal can be told from the others."""
        if self.busy or self._left:
            return
        self._left, self._done, self._refused = self.picker.chosen, 0, []
        if self._left:
            self._next()
        else:
            self.fail(_("Choose somebody first."))

    def _next(self) -> None:
        if not self._left:
            self._tell()
            return
        user_id = self._left.pop(0)
        request = requests.Invite(user_id=user_id, group_id=self._key.id)
        self.ask(request, lambda _reply: self._invited(user_id), lambda t: self._not(user_id, t))

    def _invited(self, user_id: str) -> None:
        self._done += 1
        self.picker.untick(user_id)
        self._next()

    def _not(self, user_id: str, refused: Trouble) -> None:
        if refused.code in ("rate_limited", "unavailable"):
            self._left.clear()
        self._refused.append(_why_not(self._state.name_of(user_id), refused))
        self._next()

    def _tell(self) -> None:
        done = ngettext("{count} invite is sent.", "{count} invites are sent.", self._done)
        sentences = [done.format(count=self._done)] if self._done else []
        if self._refused:
            self.fail(" ".join(sentences + self._refused[:3]))
        else:
            self.say(" ".join(sentences))


def _why_not(name: str, refused: Trouble) -> str:
    if refused.code == "already_done":
        return _("{name} is a member or was invited already.").format(name=name)
    return _("{name} was not invited: {reason}").format(name=name, reason=refused.sentence)


def _group_fault(text: str) -> str:
    text = text.strip()
    return "" if _ID.fullmatch(text) else name_fault(text)


def _others(state: State) -> list[Person]:
    return [person for person in state.people.values() if person.id != state.my_id]


def _friends(state: State) -> set[str]:
    return {friend.id for friend in state.roster.friends}
