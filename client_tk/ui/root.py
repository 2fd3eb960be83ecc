"""The one top-level window: sign-in or chats, with its menus, keys and dialogs."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from client_tk.model import ChatKey, Trouble
from client_tk.texts import _
from client_tk.ui import keys
from client_tk.ui.dialog import Dialog
from client_tk.ui.field import Sentence
from client_tk.ui.group_info import GroupInfo
from client_tk.ui.groups import JoinGroup, NewGroup
from client_tk.ui.look import Look
from client_tk.ui.password import ChangePassword
from client_tk.ui.people import People
from client_tk.ui.placement import place
from client_tk.ui.plain import one_line
from client_tk.ui.preferences import Preferences
from client_tk.ui.search import Search
from client_tk.ui.sessions import Sessions
from client_tk.ui.shortcuts import Shortcuts
from client_tk.ui.sign_in import SignIn, ask_to_keep_in_file
from client_tk.ui.switcher import Switcher
from client_tk.ui.theme import Theme
from client_tk.ui.window import Window

if TYPE_CHECKING:
    from client_tk.app import App
    from client_tk.settings import Settings

SMALLEST = (640, 420)
"""Pixels."""

_SAID_MS = 6000


class Root:
    """What the person sees. `refresh` draws what the state says has changed. Implements
    `client_tk.ui.dialog.RootActions`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._state = app.state
        self._settings = app.settings
        self.tk = app.tk
        self.theme = Theme(self.tk)
        self._view: SignIn | Window | None = None
        self._dialogs: dict[str, Dialog] = {}
        self._visited: list[ChatKey] = []
        self._at = -1
        self.tk.minsize(*SMALLEST)
        place(self.tk, self._settings.geometry or "1080x720")
        self.tk.protocol("WM_DELETE_WINDOW", app.quit)
        self.theme.emoji = False
        app.probe_emoji(self._allow_emoji)
        self._show_settings("theme")
        self._show_settings("zoom")
        self._watch_window()
        keys.bind(self.tk, self._actions())

    def remember(self, settings: Settings) -> None:
        """Write down how the window stands, before it is closed."""
        settings.geometry = self.tk.geometry()
        self.flush()
        if isinstance(self._view, Window):
            self._view.panes.remember()

    def flush(self) -> None:
        """Tell the state what is written."""
        if isinstance(self._view, Window):
            self._view.composer.flush()

    # Drawing

    def refresh(self, changes: set[str]) -> None:
        """Draw what has changed (`State.changes`)."""
        if "phase" in changes:
            self._show_view()
        if self._view is not None:
            self._view.refresh(changes)
        for name, dialog in tuple(self._dialogs.items()):
            if dialog.winfo_exists():
                dialog.refresh(changes)
            else:
                del self._dialogs[name]
        self._show_title()

    def _show_view(self) -> None:
        wanted = Window if self._state.phase == "in" else SignIn
        if type(self._view) is wanted:
            return
        if self._view is not None:
            self._view.destroy()
        if wanted is Window:
            self._view = Window(self.tk, self.theme, self._state, self._settings, self)
        else:
            self._view = SignIn(self.tk, self.theme, self._state, self._settings, self.settle)
            self._view.focus_first_empty()
            self._visited.clear()
            self._close("confirm")
            self._close("keep")
        self._view.pack(fill="both", expand=True)

    def _show_title(self) -> None:
        key, unread = self._state.selected, self._state.unread
        name = f"{one_line(self._state.title(key), 60)} – Ruggine" if key is not None else "Ruggine"
        self.tk.title(f"({unread}) {name}" if unread else name)

    def say(self, sentence: str) -> None:
        """A sentence that goes away by itself."""
        if isinstance(self._view, Window):
            self._view.banner.show(sentence)
            self.tk.after(_SAID_MS, self._unsay)

    def _unsay(self) -> None:
        self._state.changes.add("link")
        self.settle()

    def settle(self) -> None:
        self._app.settle()

    def now_s(self) -> float:
        return time.monotonic()

    # The window

    def _watch_window(self) -> None:
        self.tk.configure(takefocus=False)  # what is bound here makes it no place to write
        self._look = Look(self.tk, self._read_part, self._looked)

    def _read_part(self) -> tk.Misc:
        return self._view.transcript if isinstance(self._view, Window) else self.tk

    def _looked(self, *, focused: bool, visible: bool) -> None:
        self._state.seen(focused=focused, visible=visible)
        self.settle()

    # Chats

    def visit(self, key: ChatKey) -> None:
        """Show a chat, and remember the way."""
        del self._visited[self._at + 1 :]
        if not self._visited or self._visited[-1] != key:
            self._visited.append(key)
        self._at = len(self._visited) - 1
        self._select(key)
        if isinstance(self._view, Window):
            self._view.composer.focus()

    def open_at(self, key: ChatKey, seq: int) -> None:
        """Show a place in a chat."""
        self.visit(key)
        if isinstance(self._view, Window):
            self._view.jump_to(seq)

    def _select(self, key: ChatKey) -> None:
        self.flush()
        self._state.select(key)
        self.settle()

    def _walk(self, by: int) -> None:
        """Back and forward among the chats that were visited."""
        if 0 <= self._at + by < len(self._visited):
            self._at += by
            if self._state.chat(self._visited[self._at]) is not None:
                self._select(self._visited[self._at])

    def _step(self, by: int, *, unread: bool = False) -> None:
        """To the next chat of the list, or the next one with something new in it."""
        lines = self._state.chats()
        names = [line.key for line in lines]
        at = names.index(self._state.selected) if self._state.selected in names else -by
        order = range(1, len(lines) + 1)
        for n in order:
            line = lines[(at + by * n) % len(lines)]
            if not unread or line.unread:
                self.visit(line.key)
                return

    def _nth(self, number: int) -> None:
        lines = self._state.chats()
        if number <= len(lines):
            self.visit(lines[number - 1].key)

    # Dialogs

    def _open(self, name: str, make: Callable[[], Dialog]) -> None:
        """One of each kind at a time; one that is open comes to the front."""
        if self._state.phase != "in" and name not in ("settings", "help", "keep"):
            return
        self.flush()
        dialog = self._dialogs.get(name)
        if dialog is not None and dialog.winfo_exists():
            dialog.to_front()
        else:
            self._dialogs[name] = make()

    def _close(self, name: str) -> None:
        dialog = self._dialogs.pop(name, None)
        if dialog is not None and dialog.winfo_exists():
            dialog.close()

    def _asking(self, name: str, kind: Callable[..., Dialog], *more: Any) -> None:
        self._open(name, lambda: kind(self.tk, self.theme, self._state, self, *more))

    def people(self, tab: str = "friends") -> None:
        self._asking("people", People, tab)

    def search(self, *, here: bool) -> None:
        key = self._state.selected if here else None
        dialog = self._dialogs.get("search")
        if isinstance(dialog, Search) and not dialog.is_about(key):
            self._close("search")
        self._asking("search", Search, key)

    def mentions(self) -> None:
        self._close("search")
        self._asking("search", Search, None, f"@{self._state.me}")

    def group_info(self, key: ChatKey) -> None:
        self._asking(f"group {key.id}", GroupInfo, key)

    def preferences(self) -> None:
        self._open(
            "settings",
            lambda: Preferences(self.tk, self.theme, self._settings, self._on_setting),
        )

    def ask_to_keep(self, then: Callable[[], object]) -> None:
        """There is no keyring: may the session be kept in a file?"""
        self._open("keep", lambda: ask_to_keep_in_file(self.tk, self.theme, then))

    def confirm(self, title: str, question: str, yes: str, then: Callable[[], object]) -> None:
        """What cannot be taken back is asked for first. A question that is open is given up: the
        answer is never to another one than was asked last."""
        self._close("confirm")

        def make() -> Dialog:
            dialog = Dialog(self.tk, self.theme, title)
            Sentence(dialog.body, question).pack(fill="x")

            def agreed() -> None:
                dialog.close()
                then()

            dialog.add_button(yes, agreed, style="Danger.TButton")
            dialog.show(dialog.add_button(_("Cancel"), dialog.close))
            return dialog

        self._open("confirm", make)

    # Menus

    def main_menu(self, x: int, y: int) -> None:
        menu = tk.Menu(self.tk, tearoff=False)
        self._item(menu, _("Go to…"), "Ctrl+K", lambda: self._asking("switcher", Switcher))
        self._item(menu, _("People and requests…"), "Ctrl+N", self.people)
        self._item(menu, _("New group…"), "Ctrl+G", lambda: self._asking("new group", NewGroup))
        self._item(menu, _("Join a group…"), "", lambda: self._asking("join", JoinGroup))
        self._item(menu, _("Search…"), "Ctrl+Shift+F", lambda: self.search(here=False))
        menu.add_separator()
        self._item(menu, _("Sessions and signing out…"), "",
                   lambda: self._asking("sessions", Sessions))  # fmt: skip
        self._item(menu, _("Change password…"), "",
                   lambda: self._asking("password", ChangePassword, self.say))  # fmt: skip
        self._item(menu, _("Settings…"), "Ctrl+,", self.preferences)
        self._item(menu, _("Keyboard shortcuts"), "Ctrl+/", self._help)
        menu.add_separator()
        self._item(menu, _("Log out"), "", self._log_out)
        self._item(menu, _("Quit"), "Ctrl+Q", self._app.quit)
        menu.tk_popup(x, y)

    def chat_menu(self, key: ChatKey, x: int, y: int) -> None:
        menu = tk.Menu(self.tk, tearoff=False)
        chat = self._state.chat(key)
        muted = chat is not None and chat.muted
        if key.kind == "group":
            self._item(menu, _("Group and members…"), "", lambda: self.group_info(key))
        label = _("Unmute") if muted else _("Mute")
        self._item(menu, label, "", lambda: self._mute(key, not muted))
        self._item(menu, _("Search in this chat…"), "", lambda: self._search_in(key))
        menu.add_separator()
        self._item(menu, _("Discard what is here, for me only…"), "", lambda: self._discard(key))
        menu.tk_popup(x, y)

    def _item(
        self, menu: tk.Menu, label: str, accelerator: str, command: Callable[[], object]
    ) -> None:
        menu.add_command(label=label, accelerator=accelerator, command=command)

    def _mute(self, key: ChatKey, active: bool) -> None:
        self._state.mute(key, active)
        self.settle()

    def _search_in(self, key: ChatKey) -> None:
        self.visit(key)
        self.search(here=True)

    def _discard(self, key: ChatKey) -> None:
        question = _("Discard everything in {name} up to now, for you only? Others keep it.")

        def discard() -> None:
            self._state.discard_chat(key, self._discarded)
            self.settle()

        name = one_line(self._state.title(key), 60)
        self.confirm(_("Discard messages"), question.format(name=name), _("Discard"), discard)

    def _discarded(self, reply: object) -> None:
        if isinstance(reply, Trouble):
            self.say(reply.sentence)

    def _log_out(self) -> None:
        question = _("Log out on this computer?")
        self.confirm(_("Log out"), question, _("Log out"), self._sign_out)

    def _sign_out(self) -> None:
        self._state.sign_out()
        self.settle()

    def _help(self) -> None:
        self._open("help", lambda: Shortcuts(self.tk, self.theme))

    # Settings

    def _on_setting(self, name: str) -> None:
        self._show_settings(name)
        self._app.save_settings()

    def _show_settings(self, name: str) -> None:
        if name == "zoom":
            self.theme.zoom(self._settings.zoom)
        elif name == "enter_sends" and isinstance(self._view, Window):
            self._view.composer.enter_sends = self._settings.enter_sends
        elif name == "theme" and self._settings.theme == "system":
            self._app.find_system_theme(self._apply_system_theme)
        elif name == "theme":
            self.theme.apply(self._settings.theme)

    def _allow_emoji(self, can_draw: bool) -> None:
        if can_draw:
            self.theme.emoji = True
            self.theme.apply(self.theme.name)
            self._state.changes |= {"chats", "page"}

    def _apply_system_theme(self, name: str) -> None:
        if self._settings.theme == "system" and name != self.theme.name:
            self.theme.apply(name)

    def _zoom(self, by: int) -> None:
        """By so many per cent; 0 is the normal size."""
        wanted = self._settings.zoom + by if by else 100
        self._settings.zoom = min(max(wanted, 80), 250)
        self._on_setting("zoom")

    # Keys

    def _actions(self) -> dict[str, keys.Action]:
        """What the shortcuts of `keys` do."""
        found: dict[str, keys.Action] = {
            "switcher": lambda: self._asking("switcher", Switcher),
            "previous_chat": lambda: self._step(-1),
            "next_chat": lambda: self._step(1),
            "previous_unread": lambda: self._step(-1, unread=True),
            "next_unread": lambda: self._step(1, unread=True),
            "back": lambda: self._walk(-1),
            "forward": lambda: self._walk(1),
            "new_chat": lambda: self.people("people"),
            "new_group": lambda: self._asking("new group", NewGroup),
            "search_here": lambda: self.search(here=True),
            "search_everywhere": lambda: self.search(here=False),
            "mentions": self.mentions,
            "first_unread": lambda: self._in_window(lambda w: w.transcript.go_to_new()),
            "newest": lambda: self._in_window(Window.jump_to_newest),
            "dismiss": self._dismiss,
            "settings": self.preferences,
            "help": self._help,
            "zoom_in": lambda: self._zoom(10),
            "zoom_out": lambda: self._zoom(-10),
            "zoom_reset": lambda: self._zoom(0),
            "next_pane": lambda: self._in_window(lambda w: w.next_pane(1)),
            "previous_pane": lambda: self._in_window(lambda w: w.next_pane(-1)),
            "members": lambda: self._in_window(Window.toggle_members),
            "sidebar": lambda: self._in_window(Window.toggle_sidebar),
            "quit": self._app.quit,
        }
        for number in range(1, 10):
            found[f"chat_{number}"] = partial(self._nth, number)
        return found

    def _in_window(self, act: Callable[[Window], object]) -> bool | None:
        """False where there is no such window: the key means what it always means."""
        if not isinstance(self._view, Window):
            return False
        act(self._view)
        return None

    def _dismiss(self) -> bool | None:
        """Esc takes the "new messages" rule away."""
        page = self._state.page
        if page is None or page.new_from is None:
            return False
        self._state.shown.clear_new()
        self.settle()
        return None
