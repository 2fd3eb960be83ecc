"""The state without a window and without a network: what it asks for, and what it is told."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import msgspec

from client_tk import intents, reports
from client_tk.model import ChatKey, Server
from client_tk.reading import DWELL_S, Sight
from client_tk.state import State
from client_tk.store import Store
from ruggine.wire import frames, heard
from tests.client.identities import user_id, with_ids

SERVER = Server("chat.example")
LUIGI = ChatKey("private", user_id("luigi"))
LIMITS = frames.Limits(max_message_length=4096, max_frame_size=65536)


class World:
    """Implements `client_tk.outside.Outside`, and stands for the network thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock_s = 100.0
        self.told: list[intents.Intent] = []
        self.notices: list[tuple[str, str, ChatKey | None]] = []
        self.urged = self.rung = 0
        self.written: tuple[ChatKey, str] | None = None
        self.kept: dict[str, str] = {}
        self._seqs: dict[tuple[str, str], Any] = {}
        self.state = State(self)
        self.user_id = user_id("dory")

    # Outside

    def tell(self, intent: intents.Intent) -> None:
        self.told.append(intent)

    def now_s(self) -> float:
        return self.clock_s

    def time_s(self) -> float:
        return 1_763_870_400.0 + self.clock_s

    def open_store(self, server: Server, username: str) -> Store:
        return Store(self.folder / f"{username}.db")

    def signed_in(self, server: Server, username: str, token: str, *, stay: bool) -> None:
        if stay:
            self.kept[username] = token

    def leaving(self) -> None:
        if self.written is not None:
            self.state.set_draft(*self.written)

    def signed_out(self, server: Server, username: str) -> None:
        self.kept.pop(username, None)

    def notify(self, title: str, text: str, key: ChatKey | None) -> None:
        self.notices.append((title, text, key))

    def urge(self) -> None:
        self.urged += 1

    def ring(self) -> None:
        self.rung += 1

    # The network

    def take(self, *batch: reports.Report) -> None:
        self.state.take(batch)

    def hear(self, message_type: str, **fields: Any) -> None:
        """A frame, as the daemon writes it."""
        text = json.dumps(with_ids({"message_type": message_type, **fields}))
        frame = heard.decode(text)
        assert frame is not None, text
        self.take(reports.Heard(frame))

    def said(self, message_type: str) -> list[dict[str, Any]]:
        """The frames of this type that were written since the last look."""
        said = [json.loads(i.frame) for i in self.told if isinstance(i, intents.Say)]
        found = [frame for frame in said if frame["message_type"] == message_type]
        self.told = [
            i for i in self.told
            if not (isinstance(i, intents.Say)
                    and json.loads(i.frame)["message_type"] == message_type)
        ]  # fmt: skip
        return found

    def answer(self, message_type: str, **fields: Any) -> None:
        """To the oldest unanswered request of this type."""
        request = self.said(message_type)[0]
        self.hear(f"{message_type}_result", request_id=request["request_id"], **fields)

    def opens(
        self, resume: str = "none", epoch: str = "e1", limits: frames.Limits = LIMITS
    ) -> intents.Open:
        """The WebSocket that was asked for stands. Returns what was asked."""
        asked = [i for i in self.told if isinstance(i, intents.Open)][-1]
        self.told = [i for i in self.told if not isinstance(i, intents.Open)]
        self.take(
            reports.Opened(
                frames.AuthResponse(
                    success=True, user_id=self.user_id, username=self.state.me, error=None,
                    epoch=epoch, resume=resume, server_time=1.0, protocol=1, limits=limits,
                )
            )
        )  # fmt: skip
        return asked

    def signs_in(self, name: str = "dory") -> None:
        self.state.sign_in(SERVER, name, "una-password-segreta", register=False, stay=True)
        self.take(reports.SignedIn(name, "rg1_x"))

    def message(self, sender: str, content: str, **fields: Any) -> int:
        """The next entry of the private chat with `luigi`, or of the chat that `fields` names."""
        where = {"chat_type": "private", "to_user": fields.pop("to_user", None)}
        if where["to_user"] is None:
            where["to_user"] = "luigi" if sender == self.state.me else self.state.me
        if "group_id" in fields:
            where = {"chat_type": "group", "group_id": fields.pop("group_id")}
        key = where.get("group_id") or "private"
        numbers = self._seqs.setdefault(("seq", str(key)), itertools.count(1))
        seq = fields.pop("seq", None) or next(numbers)
        self.hear(
            "incoming_message", **where, **{"from": sender}, content=content, seq=seq,
            timestamp=1_763_870_400.0 + seq, **fields,
        )  # fmt: skip
        return int(seq)

    def restart(self) -> None:
        """The program ends and begins anew."""
        self.state.close()
        self.told.clear()
        self.state = State(self)
        self.state.come_back(SERVER, "dory")

    def passes(self, seconds: float) -> None:
        self.clock_s += seconds
        self.state.tick()

    # The window

    def shows(self, first: int, last: int, *, by_hand: bool = False) -> None:
        """These rows of the selected chat can be seen in it."""
        page = self.state.page
        assert page is not None
        newest = max((row.seq or 0 for row in page.rows), default=0)
        at_end = last >= newest and not page.has_newer
        self.state.sees(Sight(page.opened, first, last, at_end, by_hand))

    def shows_all(self) -> None:
        """The window is large enough for all that is loaded."""
        page = self.state.page
        assert page is not None
        seqs = [row.seq for row in page.rows if row.seq is not None]
        self.shows(min(seqs, default=0), max(seqs, default=0))

    def has_read(self, seq: int) -> None:
        """On another device, what Luigi has written."""
        self.hear("read_receipt", chat_type="private", username="dory", to_user="luigi", seq=seq)

    def looks(self) -> None:
        """Somebody looks at the window, and sees all of it for long enough."""
        self.state.seen(focused=True, visible=True)
        self.shows_all()
        self.passes(DWELL_S)

    def shown(self) -> list[str]:
        """The texts of the transcript."""
        page = self.state.page
        return [row.content for row in page.rows] if page is not None else []


def encoded(value: Any) -> Any:
    return msgspec.to_builtins(value)
