"""What every window beside the main one is: quiet, never in the way, and left with Esc."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING, Any, Protocol

from client_tk.model import ChatKey, Trouble
from client_tk.texts import _
from client_tk.ui.field import Sentence
from client_tk.ui.plain import one_line
from ruggine.wire.requests import Request

if TYPE_CHECKING:
    from client_tk.state import State
    from client_tk.ui.theme import Theme

PAD = 14
_BUSY_AFTER_MS = 300
_EDGE = 60


def nothing(*_given: object) -> None:
    """For who needs not be told."""


class Dialog(tk.Toplevel):
    """Never modal, and remembers nothing. Esc closes it and gives the focus back, if it has it.

    A subclass puts its widgets into `body` and its buttons into `buttons`, and ends its
    constructor with `show`. Enter presses the focused button, or else the `default` one.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, title: str) -> None:
        super().__init__(parent, takefocus=False)
        self.withdraw()
        self.theme = theme
        self.default: ttk.Button | None = None
        self._parent = parent.winfo_toplevel()
        self._came_from = focused(parent)
        self._question: ttk.Frame | None = None
        self.title(self.line(title, 100))
        self.transient(self._parent)
        self._build()
        self._bind_keys()

    def line(self, text: str, at_most: int = 60) -> str:
        """What somebody has called something, fit to be named in a sentence."""
        return one_line(text, at_most, emoji=self.theme.emoji)

    def _build(self) -> None:
        frame = ttk.Frame(self, padding=PAD)
        frame.pack(fill="both", expand=True)
        self._foot = ttk.Frame(frame)
        self._foot.pack(side="bottom", fill="x", pady=(PAD, 0))
        self.buttons = ttk.Frame(self._foot)
        self.buttons.pack(side="bottom", fill="x")
        self._sentence = Sentence(self._foot, style="Muted.TLabel")
        self.body = ttk.Frame(frame)
        self.body.pack(fill="both", expand=True)

    def _bind_keys(self) -> None:
        self.protocol("WM_DELETE_WINDOW", self.close)
        self.bind("<Escape>", self._on_escape)
        self.bind("<Return>", self._on_return)
        self.bind("<KP_Enter>", self._on_return)

    # Coming and going

    def show(self, first: tk.Misc | None = None) -> None:
        """Centred over the parent, with the focus in `first`."""
        self.update_idletasks()
        wide, high = self.winfo_screenwidth(), self.winfo_screenheight()
        width, height = self.winfo_reqwidth(), self.winfo_reqheight()
        if width > wide - _EDGE or height > high - _EDGE:
            width, height = min(width, wide - _EDGE), min(height, high - _EDGE)
            self.geometry(f"{width}x{height}")
        over = self._parent
        x = over.winfo_rootx() + (over.winfo_width() - width) // 2
        y = over.winfo_rooty() + (over.winfo_height() - height) // 3
        x = min(max(x, 0), max(wide - width, 0))
        y = min(max(y, 0), max(high - height, 0))
        self.geometry(f"+{x}+{y}")
        self.minsize(width // 2, height // 2)
        self.deiconify()
        (first or self).focus_set()

    def to_front(self) -> None:
        """It was open already, and is wanted again."""
        self.deiconify()
        self.lift()
        self.focus_set()

    def close(self) -> None:
        there, came_from = focused(self), self._came_from
        was_here = there is None or there.winfo_toplevel() is self
        self.destroy()
        if was_here and came_from is not None and came_from.winfo_exists():
            came_from.focus_set()

    def refresh(self, changes: set[str]) -> None:
        """Draw again what has changed (`State.changes`)."""

    # Keys

    def _on_escape(self, _event: object) -> str:
        if self._question is not None:
            self._take_back()
        else:
            self.close()
        return "break"

    def _on_return(self, event: tk.Event[tk.Misc]) -> str:
        button = event.widget if isinstance(event.widget, ttk.Button) else self.default
        if button is not None:
            button.invoke()
        return "break"

    # What is built the same everywhere

    def add_button(
        self, text: str, command: Callable[[], object], *, style: str = "TButton",
        default: bool = False, side: str = "right",
    ) -> ttk.Button:  # fmt: skip
        """Buttons stand from the right, the first one outermost; on the left what is apart."""
        button = ttk.Button(self.buttons, text=text, style=style, command=command)
        if side == "right":
            button.pack(side="right", padx=(8, 0))
        else:
            button.pack(side="left", padx=(0, 8))
        if default:
            self.default = button
        return button

    # The one line of news

    def say(self, text: str) -> None:
        """Something that went well; nothing takes it away."""
        self._say(text, "Muted.TLabel")

    def fail(self, sentence: str) -> None:
        self._say(sentence, "Danger.TLabel")

    def _say(self, text: str, style: str) -> None:
        self._sentence.say(text, style)
        if text:
            self._sentence.pack(side="bottom", fill="x", pady=(0, PAD // 2))
        else:
            self._sentence.pack_forget()

    def confirm(self, question: str, yes: str, then: Callable[[], object]) -> None:
        """Ask in place of the buttons; the focus is on the harmless answer."""
        self._take_back()
        bar = self._question = ttk.Frame(self._foot)
        Sentence(bar, question).pack(side="top", fill="x", pady=(0, 8))

        def agreed() -> None:
            self._take_back()
            then()

        no = ttk.Button(bar, text=_("Cancel"), command=self._take_back)
        ttk.Button(bar, text=yes, style="Danger.TButton", command=agreed).pack(side="right")
        no.pack(side="right", padx=(0, 8))
        self._asked_from = focused(self)
        self.buttons.pack_forget()
        bar.pack(side="bottom", fill="x")
        no.focus_set()

    def _take_back(self) -> None:
        if self._question is None:
            return
        self._question.destroy()
        self._question = None
        self.buttons.pack(side="bottom", fill="x")
        if self._asked_from is not None and self._asked_from.winfo_exists():
            self._asked_from.focus_set()


class RootActions(Protocol):
    """What dialogs need of the main window."""

    def settle(self) -> None:
        """Draw what an action upon the state has changed."""

    def visit(self, key: ChatKey) -> None:
        """Show a chat."""

    def open_at(self, key: ChatKey, seq: int) -> None:
        """Show a place in a chat."""


class AskingDialog(Dialog):
    """A dialog that sends requests. It closes when nobody is signed in any more."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, state: State, actions: RootActions, title: str
    ) -> None:
        super().__init__(parent, theme, title)
        self._state = state
        self.actions = actions
        self._waiting = 0
        self._patience: str | None = None

    def ask(
        self, request: Request, then: Callable[[Any], object] = nothing,
        otherwise: Callable[[Trouble], object] | None = None,
    ) -> None:  # fmt: skip
        """`then` gets what was granted. A refusal is said in the one line, or goes to
        `otherwise`. Neither is called once the window is closed."""
        self._waiting += 1
        self.say("")
        self._be_patient()

        def answered(reply: Any) -> None:
            if not self.winfo_exists():
                return
            self._waiting -= 1
            self.say("")
            if not isinstance(reply, Trouble):
                then(reply)
            elif otherwise is not None:
                otherwise(reply)
            else:
                self.fail(reply.sentence)

        self._state.ask(request, answered)
        self.actions.settle()

    def refresh(self, changes: set[str]) -> None:
        if "phase" in changes and self._state.phase != "in":
            self.close()
            return
        self.draw(changes)
        for child in self.winfo_children() if self.winfo_exists() else ():
            if isinstance(child, AskingDialog):
                child.refresh(changes)

    def draw(self, changes: set[str]) -> None:
        """Draw again what has changed, while somebody is signed in."""

    def visit(self, key: ChatKey) -> None:
        """Show a chat and get out of the way."""
        self.close()
        self.actions.visit(key)

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._waiting > 0

    def _be_patient(self) -> None:
        if self._patience is None:
            self._patience = self.after(_BUSY_AFTER_MS, self._say_busy)

    def _say_busy(self) -> None:
        self._patience = None
        if self.busy:
            self.say(_("Just a moment…"))

    def destroy(self) -> None:
        if self._patience is not None:
            self.after_cancel(self._patience)
        super().destroy()


def focused(parent: tk.Misc) -> tk.Misc | None:
    """Of the widgets of this program; the list of a combobox is none that tkinter knows."""
    try:
        return parent.focus_get()
    except KeyError:
        return None
