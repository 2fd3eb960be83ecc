"""How the program looks and behaves; each change counts at once."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from tkinter import ttk
from typing import TYPE_CHECKING, Any

from client_tk.texts import LANGUAGES, _
from client_tk.ui.dialog import Dialog
from client_tk.ui.field import Sentence

if TYPE_CHECKING:
    from client_tk.settings import Settings
    from client_tk.ui.theme import Theme

ZOOMS = (80, 90, 100, 110, 125, 150, 175, 200, 250)


class Preferences(Dialog):
    """Writes into the settings, and calls `changed` with the name of what was changed."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, settings: Settings,
        changed: Callable[[str], object],
    ) -> None:  # fmt: skip
        super().__init__(parent, theme, _("Settings"))
        self._settings = settings
        self._changed = changed
        self._variables: list[tk.Variable] = []
        self.body.columnconfigure(1, weight=1)
        self.parts: dict[str, ttk.Combobox | ttk.Checkbutton] = {}
        self._heading(_("Appearance"))
        self._choice("theme", _("Colours"), theme_names())
        zooms = sorted({*ZOOMS, settings.zoom})
        self._choice("zoom", _("Size"), {zoom: f"{zoom} %" for zoom in zooms})
        self._choice("language", _("Language"), language_names())
        self._heading(_("Messages"))
        self._check("enter_sends", _("Enter sends, Shift+Enter begins a new line"))
        self._check("notifications", _("Show a notification when somebody writes"))
        self._check("show_preview", _("Show in it what was written"))
        self._check("sound", _("Play a sound"))
        self._note = Sentence(self.body, style="Muted.TLabel")
        self._note.grid(row=99, column=0, columnspan=2, sticky="ew", pady=(8, 0))
        self.add_button(_("Close"), self.close, default=True)
        self._show_dependent()
        theme.follow(self, self._show_zoom)
        self.show(self.parts["theme"])

    def _row(self) -> int:
        return int(self.body.grid_size()[1])

    def _heading(self, text: str) -> None:
        row = self._row()
        label = ttk.Label(self.body, text=text, style="Title.TLabel")
        label.grid(row=row, column=0, columnspan=2, sticky="w", pady=(10 if row else 0, 4))

    def _choice(self, name: str, label: str, values: Mapping[Any, str]) -> None:
        row = self._row()
        ttk.Label(self.body, text=label).grid(row=row, column=0, sticky="w", padx=(0, 16), pady=3)
        box = ttk.Combobox(self.body, values=list(values.values()), state="readonly", width=24)
        box.grid(row=row, column=1, sticky="ew", pady=3)
        keys = list(values)
        present = getattr(self._settings, name)
        if present in keys:
            box.current(keys.index(present))

        def chosen(_event: object) -> None:
            box.selection_clear()
            self._set(name, keys[box.current()])

        box.bind("<<ComboboxSelected>>", chosen)
        self.parts[name] = box

    def _check(self, name: str, label: str) -> None:
        variable = tk.BooleanVar(self, value=bool(getattr(self._settings, name)))
        button = ttk.Checkbutton(
            self.body, text=label, variable=variable,
            command=lambda: self._set(name, variable.get()),
        )  # fmt: skip
        button.grid(row=self._row(), column=0, columnspan=2, sticky="w", pady=3)
        self._variables.append(variable)
        self.parts[name] = button

    def _set(self, name: str, value: object) -> None:
        if getattr(self._settings, name) == value:
            return
        setattr(self._settings, name, value)
        self._show_dependent()
        if name == "language":
            self._note.say(
                _("The language changes when Ruggine is started the next time."), "Muted.TLabel"
            )
        self._changed(name)

    def _show_zoom(self) -> None:
        """It is changed by keys too."""
        self.tk.call(self.parts["zoom"], "set", f"{self._settings.zoom} %")

    def _show_dependent(self) -> None:
        """Without notifications nothing can be in them."""
        shown = self._settings.notifications
        self.parts["show_preview"].state(["!disabled" if shown else "disabled"])


def theme_names() -> dict[Any, str]:
    return {
        "system": _("As the system"),
        "light": _("Light"),
        "dark": _("Dark"),
        "contrast": _("High contrast"),
    }


def language_names() -> dict[Any, str]:
    """Each language is named in itself."""
    return {"": _("As the system"), **LANGUAGES}
