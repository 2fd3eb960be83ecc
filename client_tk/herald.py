"""Applies the rule of `attention` to the window as it stands: what calls the person."""

from __future__ import annotations

from collections.abc import Callable

from client_tk import wording
from client_tk.attention import Scene, Verdict, judge, mentions
from client_tk.model import Me, Row
from client_tk.outside import Outside
from client_tk.store import StoredChat
from client_tk.transcript import Transcript


class Herald:
    """Tk thread only. `focused` and `visible` are the window's."""

    def __init__(self, outside: Outside, name_of: Callable[[str], str]) -> None:
        self._outside = outside
        self._name_of = name_of
        self.focused = False
        self.visible = True
        self._missed: list[tuple[StoredChat, Row]] = []

    @property
    def looking(self) -> bool:
        """Whether the person looks at the window."""
        return self.focused and self.visible

    def sees_end(self, shown: Transcript) -> bool:
        """Whether the person has the end of the shown chat before their eyes."""
        return self._judge(shown.chat, shown, None, None, caught_up=True).seen

    def announce(
        self, chat: StoredChat, row: Row, shown: Transcript | None, me: Me, *, caught_up: bool
    ) -> bool:
        """A new entry has come; whether before the eyes of the person. What comes before the client
        has caught up waits for that."""
        verdict = self._judge(chat, shown, row, me, caught_up=caught_up)
        if verdict.notify and caught_up:
            self._notify(chat, row)
        elif verdict.notify:
            self._missed.append((chat, row))
        if verdict.urge:
            self._outside.urge()
        if verdict.sound:
            self._outside.ring()
        return verdict.seen

    def announce_missed(self) -> None:
        """All of it together: the client has caught up."""
        missed, self._missed = self._missed, []
        if len(missed) == 1:
            self._notify(*missed[0])
        elif missed:
            self._outside.notify("", wording.missed(len(missed)), None)

    def forget_missed(self) -> None:
        self._missed.clear()

    def _judge(
        self, chat: StoredChat, shown: Transcript | None, row: Row | None, me: Me | None,
        *, caught_up: bool,
    ) -> Verdict:  # fmt: skip
        return judge(
            Scene(
                focused=self.focused,
                visible=self.visible,
                shown=shown is not None and shown.chat is chat,
                at_end=shown is not None and shown.shows_end,
                muted=chat.muted,
                own=_is_own(row, me),
                mention=row is not None and me is not None and mentions(row.content, me.name),
                caught_up=caught_up,
            )
        )

    def _notify(self, chat: StoredChat, row: Row) -> None:
        name = self._name_of(row.sender)
        title = name if chat.key.kind == "private" else f"{name} · {chat.title}"
        self._outside.notify(title, row.content, chat.key)


def _is_own(row: Row | None, me: Me | None) -> bool:
    said = row is not None and row.kind == "message" and not row.deleted
    return row is None or me is None or row.sender == me.id or not said
