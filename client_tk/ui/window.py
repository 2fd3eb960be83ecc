"""The signed-in window: the list of chats, the chat, and who is in it."""

from __future__ import annotations

import sqlite3
import tkinter as tk
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from client_tk.desktop.links import open_link
from client_tk.model import ChatKey, LinkView, Row, Trouble
from client_tk.reading import Sight
from client_tk.settings import Settings
from client_tk.state import State
from client_tk.texts import _, ngettext
from client_tk.ui.banner import Banner
from client_tk.ui.composer import Composer
from client_tk.ui.header import Header, below_title
from client_tk.ui.members import Members
from client_tk.ui.panes import Panes
from client_tk.ui.sidebar import Sidebar
from client_tk.ui.theme import Theme
from client_tk.ui.transcript import Transcript

if TYPE_CHECKING:
    from client_tk.ui.root import Root

WIDE_PX = 900
"""Below this the members have no room."""


class Window(ttk.Frame):
    """Implements the actions of the widgets in it: each is one call of the state."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, settings: Settings, root: Root
    ) -> None:
        super().__init__(parent, style="TFrame")
        self._state = state
        self._owner = root
        self._countdown: str | None = None
        self._settings = settings
        self.panes = Panes(self, settings)
        self.panes.pack(fill="both", expand=True)
        self._fill_left(theme)
        self._fill_centre(theme)
        self.members = Members(self.panes.right, theme, self._start_chat)
        self.members.pack(fill="both", expand=True)
        self.bind("<Configure>", self._on_resize)
        self.bind("<Destroy>", self._on_destroy)

    def _fill_left(self, theme: Theme) -> None:
        left = self.panes.left
        self.sidebar = Sidebar(left, theme, self)
        self.sidebar.pack(fill="both", expand=True)
        self._account = _Account(left, self._owner)
        self._account.pack(fill="x", side="bottom", before=self.sidebar)

    def _fill_centre(self, theme: Theme) -> None:
        centre = self.panes.centre
        self.header = Header(centre, self)
        self.header.pack(fill="x")
        self.banner = Banner(centre, theme, self.retry_now)
        self.composer = Composer(centre, theme, self)
        self.composer.pack(fill="x", side="bottom")
        self.transcript = Transcript(centre, theme, self)
        self.transcript.pack(fill="both", expand=True)

    # Drawing

    def refresh(self, changes: set[str]) -> None:
        if changes & {"chats", "phase"}:
            self.sidebar.show(self._state.chats(), self._state.selected)
        if "draft" in changes or "phase" in changes:
            self._open_composer()
        if changes & {"page", "phase"}:
            self.transcript.show(self._state.page)
        if changes & {"typing", "people", "members", "chats", "phase", "draft"}:
            self._show_header()
        if changes & {"members", "people", "draft", "phase"}:
            self._show_members()
        if changes & {"link", "phase"}:
            self._show_link()

    def _open_composer(self) -> None:
        key = self._state.selected
        chat = self._state.chat(key) if key is not None else None
        if key is None or chat is None:
            self.composer.pack_forget()
            return
        self.composer.pack(fill="x", side="bottom", before=self.transcript)
        title = self._state.title(key)
        self.composer.max_length = self._state.max_message_length
        self.composer.open(key, title, self._state.draft(key), enabled=not chat.left)

    def _show_header(self) -> None:
        key = self._state.selected
        if key is None:
            self.header.show(None, "", "")
            return
        person = self._state.people.get(key.id)
        live = self._state.link.status == "live"
        below = below_title(
            key,
            typing=self._state.typing(key),
            online=person is not None and person.online,
            members=len(self._state.members(key)),
            known=live and person is not None,
        )
        self.header.show(key, self._state.title(key), below)

    def _show_members(self) -> None:
        key = self._state.selected
        wanted = self._settings.members_shown and self._is_wide
        if key is None or key.kind != "group":
            self.panes.show_right(False)
            return
        self.panes.show_right(wanted)
        if wanted:
            self.members.show(self._state.members(key))

    @property
    def _is_wide(self) -> bool:
        """Also before it is drawn."""
        return self.winfo_width() >= WIDE_PX or self.winfo_width() <= 1

    def _on_resize(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self._show_members()

    def _on_destroy(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self and self._countdown is not None:
            self.after_cancel(self._countdown)
            self._countdown = None

    # The connection

    def _show_link(self) -> None:
        if self._countdown is not None:
            self.after_cancel(self._countdown)
            self._countdown = None
        link = self._state.link
        self._account.show(self._state.me, link)
        if link.status == "live":
            self.banner.hide()
            return
        left_s = 0 if link.retry_at_s is None else max(link.retry_at_s - self._owner.now_s(), 0)
        self.banner.show(banner_text(link, left_s), _("Retry now") if _may_retry(link) else None)
        if link.retry_at_s is not None:
            self._countdown = self.after(1000, self._show_link)

    def retry_now(self) -> None:
        self._state.retry_now()
        self._owner.settle()

    # SidebarActions and HeaderActions

    def select(self, key: ChatKey) -> None:
        self._owner.visit(key)

    def menu(self, key: ChatKey, x: int, y: int) -> None:
        self.chat_menu(key, x, y)

    def chat_menu(self, key: ChatKey, x: int, y: int) -> None:
        self._owner.chat_menu(key, x, y)

    def search_here(self) -> None:
        self._owner.search(here=True)

    def toggle_members(self) -> None:
        """In a window of their own where there is no room beside the chat."""
        key = self._state.selected
        if key is not None and key.kind == "group" and not self._is_wide:
            self._owner.group_info(key)
            return
        self._settings.members_shown = not self._settings.members_shown
        self._show_members()

    def toggle_sidebar(self) -> None:
        self.panes.show_left(not self.panes.left_shown)

    def next_pane(self, by: int) -> None:
        """The keyboard goes to the next part: the list, the transcript, the composer, members."""
        panes: list[tk.Misc] = [self.sidebar, self.transcript, self.composer]
        if self.panes.right_shown:
            panes.append(self.members)
        focused = str(self.focus_get() or "")
        here = next((n for n, pane in enumerate(panes) if focused.startswith(str(pane))), 2)
        panes[(here + by) % len(panes)].focus_set()

    def _start_chat(self, user_id: str) -> None:
        self.select(ChatKey("private", user_id))

    # TranscriptActions

    def older(self) -> None:
        if self._state.selected is not None:  # scrolling may end after signing out
            self._state.shown.load_older()
            self._owner.settle()

    def newer(self) -> None:
        if self._state.selected is not None:
            self._state.shown.load_newer()
            self._owner.settle()

    def sees(self, sight: Sight) -> None:
        self._state.sees(sight)
        self._owner.settle()

    def jump_to_newest(self) -> None:
        if self._state.selected is None:
            return
        self._state.shown.go_to_end()
        self._owner.settle()
        self.transcript.go_to_end()

    def jump_to(self, seq: int) -> None:
        if self._state.selected is not None:
            self._state.open_at(self._state.selected, seq)
            self._owner.settle()
            self.transcript.go_to(seq)

    def open_link(self, url: str) -> None:
        open_link(url)

    def copy(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)

    def reply(self, row: Row) -> None:
        self.composer.reply_to(row)
        self.composer.focus()

    def edit(self, row: Row) -> None:
        self.composer.edit(row)
        self.composer.focus()

    def delete(self, row: Row) -> None:
        """Asks first: nothing brings a message back."""
        key = self._state.selected
        if key is not None and row.seq is not None:
            self._owner.confirm(
                _("Delete message"), _("Delete this message for everybody?"), _("Delete"),
                partial(self._delete, key, row.seq),
            )  # fmt: skip

    def _delete(self, key: ChatKey, seq: int) -> None:
        self._state.delete(key, seq, self._refused)
        self._owner.settle()

    def react(self, row: Row, emoji: str, active: bool) -> None:
        key = self._state.selected
        if key is not None and row.seq is not None:
            self._state.react(key, row.seq, emoji, active, self._refused)
            self._owner.settle()

    def retry(self, row: Row) -> None:
        self._state.retry(row.client_id or "")
        self._owner.settle()

    def discard(self, row: Row) -> None:
        self._state.discard(row.client_id or "")
        self._owner.settle()

    def _refused(self, reply: object) -> None:
        if isinstance(reply, Trouble):
            self._owner.say(reply.sentence)

    # ComposerActions

    def send(self, key: ChatKey, text: str, reply_to: int | None) -> None:
        """Raises what the disk says: then the composer keeps the text."""
        try:
            self._state.send(key, text, reply_to)
        except sqlite3.Error:
            self._owner.say(_("Your disk cannot keep this message. Make room, and send it again."))
            raise
        self._owner.settle()
        if key == self._state.selected:
            self.transcript.go_to_end()

    def save_edit(self, key: ChatKey, seq: int, text: str) -> None:
        def answered(reply: object) -> None:
            if isinstance(reply, Trouble):
                self._owner.say(reply.sentence)
                self._keep(key, text)

        self._state.edit(key, seq, text, answered)
        self._owner.settle()

    def _keep(self, key: ChatKey, text: str) -> None:
        """In the composer, below what is written there."""
        self.composer.flush()
        draft = self._state.draft(key)
        self._state.set_draft(key, f"{draft}\n{text}" if draft else text)
        self._state.changes.add("draft")

    def draft(self, key: ChatKey, text: str) -> None:
        if self._state.phase != "in":
            return
        try:
            self._state.set_draft(key, text)
        except sqlite3.Error:  # it stays in the window, which can be used and closed
            self._owner.say(_("Your disk cannot keep what you write. Make room on it."))
        self._owner.settle()

    def typing(self, key: ChatKey, active: bool) -> None:
        self._state.set_typing(key, active)

    def edit_last(self, key: ChatKey) -> None:
        row = self._state.last_own(key)
        if row is not None:
            self.edit(row)

    def name_of(self, user_id: str) -> str:
        return self._state.name_of(user_id)

    def names(self, key: ChatKey) -> list[str]:
        """Who can be mentioned."""
        if key.kind == "group":
            return [person.name for person in self._state.members(key)]
        return [self._state.title(key), self._state.me]


class _Account(ttk.Frame):
    """Who is signed in, how the connection is, and the menu of the program."""

    def __init__(self, parent: tk.Misc, root: Root) -> None:
        super().__init__(parent, style="Raised.TFrame", padding=(12, 8))
        self._menu = ttk.Button(self, text="☰", style="Flat.TButton", width=0, command=self._open)
        self._menu.pack(side="right")
        self._owner = root
        self._user = ttk.Label(self, style="Bold.Raised.TLabel")
        self._user.pack(anchor="w")
        self._status = ttk.Label(self, style="Muted.Raised.TLabel")
        self._status.pack(anchor="w")

    def show(self, name: str, link: LinkView) -> None:
        self._user.configure(text=name)
        self._status.configure(text=status_text(link))

    def _open(self) -> None:
        self._owner.main_menu(self._menu.winfo_rootx(), self._menu.winfo_rooty())


def status_text(link: LinkView) -> str:
    """In a word or two; what waits is counted."""
    status = {"live": _("● online"), "connecting": _("◌ connecting…"), "offline": _("○ offline")}
    if not link.waiting:
        return status[link.status]
    waiting = ngettext("{count} waiting", "{count} waiting", link.waiting)
    return status[link.status] + " · " + waiting.format(count=link.waiting)


def banner_text(link: LinkView, left_s: float) -> str:
    """What is wrong, what is being done about it, and what waits."""
    if link.status == "connecting":
        text = _("Connecting…")
    elif link.retry_at_s is None:
        text = link.reason or _("Offline")
    else:
        seconds = max(round(left_s), 1)
        again = ngettext(
            "Trying again in {seconds} second.", "Trying again in {seconds} seconds.", seconds
        ).format(seconds=seconds)
        text = f"{link.reason} {again}".strip()
    if link.waiting:
        waiting = ngettext(
            "{count} message will be sent then.", "{count} messages will be sent then.",
            link.waiting,
        ).format(count=link.waiting)  # fmt: skip
        text = f"{text} {waiting}"
    return text


def _may_retry(link: LinkView) -> bool:
    return link.status == "offline"
