"""A person at a real window whose daemon is in memory, and what they must have seen to have read.

The clock stands still but for `waits`, so nothing here depends on how fast the machine is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from client_tk import intents, reports
from client_tk.model import ChatKey, Server
from client_tk.settings import Settings
from client_tk.state import State
from client_tk.ui.window import Window
from ruggine.wire import frames, heard, requests
from tests.client.identities import user_id, with_ids
from tests.client.ui.fake_state import Play, welcome
from tests.client.ui.stage import Stage

GROUP, LUIGI = ChatKey("group", "gita"), ChatKey("private", user_id("luigi"))
ME = "dory"
SENT_AT_MOST = 40
"""So many of a chat are sent to who comes back; the daemon's own number makes long tests."""

_SERVER = Server("localhost")


class Log:
    """The group, as its daemon has it."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.read_seq = 0

    @property
    def head(self) -> int:
        return len(self.said)

    def say(self, sender: str, content: str, client_id: str | None = None) -> dict[str, Any]:
        seq = self.head + 1
        item = {"seq": seq, "from": sender, "content": f"{content} <{seq}>", "timestamp": seq * 1.0,
                "client_id": client_id}  # fmt: skip
        self.said.append(item)
        return item

    def unread(self) -> list[int]:
        return [s["seq"] for s in self.said if s["seq"] > self.read_seq and s["from"] != ME]

    def page(self, asked: requests.GetMessages) -> tuple[list[dict[str, Any]], bool]:
        limit = asked.limit or 50
        if asked.after is not None:
            found = [s for s in self.said if s["seq"] > asked.after]
            return found[:limit], len(found) > limit
        before = asked.before if asked.before is not None else self.head + 1
        found = [s for s in self.said if s["seq"] < before]
        return found[-limit:], len(found) > limit


class Reader(Play):
    """Dory. What she has `seen` and `passed` is found out from the widget, not from the client."""

    window: Window

    def __init__(self, stage: Stage, folder: Path) -> None:
        super().__init__(stage, folder)
        self.log = Log()
        self.looking = False
        self.seen: set[int] = set()
        self.passed = 0
        self.mentioned: set[int] = set()
        self._since: dict[int, float] = {}
        self._is_resuming = False

    # The daemon

    def _answer_housekeeping(self) -> bool:
        answered: list[reports.Report] = []
        for request in () if self._is_resuming else self._said():
            found = self._answer(request)
            if found is not None:
                answered.append(reports.Heard(found))
        self.state.take(answered)
        return bool(answered)

    def _answer(self, request: requests.Request) -> frames.Frame | None:
        match request:
            case requests.ListChats():
                last = self.log.said[-1] if self.log.said else None
                fields: dict[str, Any] = {"chats": [{
                    "chat_type": "group", "group_id": GROUP.id, "name": "gita", "role": "member",
                    "open": False, "seq": self.log.head, "read_seq": self.log.read_seq,
                    "unread": len(self.log.unread()), "muted": False,
                    "last_message": last and self._item(last),
                }]}  # fmt: skip
            case requests.GetMessages() if _is_of_group(request):
                page, has_more = self.log.page(request)
                fields = {"messages": [self._item(s) for s in page], "has_more": has_more}
            case requests.MarkRead() if _is_of_group(request):
                assert request.seq <= self.log.head
                self.log.read_seq = max(self.log.read_seq, request.seq)
                fields = {}
            case requests.SendMessage(content=content, client_id=client_id):
                self.pushes(self.log.say(ME, content, client_id))
                return None
            case _:
                reply = self.town.answer(request)
                if reply is not None:
                    reply.request_id = request.request_id
                return reply
        name = f"{type(request).__struct_config__.tag}_result"
        return frame(name, request_id=request.request_id, **fields)

    def _item(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"edited": False, "deleted": False, "reactions": [], **said}

    def pushes(self, *said: dict[str, Any]) -> None:
        found = []
        for item in said:
            if f"@{ME}" in item["content"]:
                self.mentioned.add(item["seq"])
            found.append(reports.Heard(frame(
                "incoming_message", chat_type="group", group_id=GROUP.id, **item,
            )))  # fmt: skip
        self.hear(*found)
        self.stage.settle()

    # What a person does

    def begins(self) -> Reader:
        self.sign_in(ME)
        self._opens_window()
        return self

    def _opens_window(self) -> None:
        self.window = Window(self.root, self.theme, self.state, Settings(), self)
        self.window.pack(fill="both", expand=True)
        self.views = [self.window]
        self.state.changes.add("phase")
        self.state.seen(focused=self.looking, visible=True)
        self._rests()

    def restarts(self, missed: int, *, mention: bool) -> None:
        """Quits, and starts again when so many messages have come."""
        self.state.close()
        self.window.destroy()
        self._since.clear()
        for number in range(missed):
            self.log.say("luigi", f"@{ME}" if mention and not number else "n.")
        self.outside.told.clear()
        self.state = State(self.outside)
        self.state.come_back(_SERVER, ME)
        self._opens_window()
        self.state.resume("rg1_x")
        self.hear(reports.SignedIn(ME, "rg1_x"))
        [asked] = [i for i in self.outside.told if isinstance(i, intents.Open)]
        opened = welcome(ME)
        opened.resume = "ok"
        self._is_resuming = True  # the daemon answers requests after it
        self.hear(reports.Opened(opened))
        self._resumes(next((c.seq for c in asked.cursors), self.log.head))
        self._rests()

    def _resumes(self, cursor: int) -> None:
        missed = self.log.said[cursor:]
        if len(missed) > SENT_AT_MOST:
            last = missed[-SENT_AT_MOST - 1]["seq"]
            self.hear(reports.Heard(frame(
                "gap", chat_type="group", group_id=GROUP.id, **{"from": cursor + 1, "to": last},
            )))  # fmt: skip
        self.pushes(*missed[-SENT_AT_MOST:])
        self._is_resuming = False
        self.hear(reports.Heard(frame("caught_up")))

    def receives(self, count: int, *, mention: bool) -> None:
        self.pushes(*[
            self.log.say("luigi", f"@{ME}" if mention and not number else "n.\n" * (number % 3 + 1))
            for number in range(count)
        ])  # fmt: skip
        self._rests()

    def goes_to(self, key: ChatKey) -> None:
        if key == GROUP and self.state.selected != GROUP:
            self._since.clear()
        self.visit(key)
        self._rests()

    def scrolls(self, how: tuple[str, ...]) -> None:
        self.window.transcript._scroll(*how)
        self._rests(by_hand=True)

    def presses_newest(self) -> None:
        self.window.jump_to_newest()
        self._rests()
        if self.state.selected == GROUP:
            self.passed = max(self.passed, self.log.head)

    def sends(self) -> None:
        if self.state.selected == GROUP:
            self.window.send(GROUP, "mine", None)
            self._rests()
            self.passed = max(self.passed, self.log.head)

    def resizes(self, width: int, height: int) -> None:
        self.root.geometry(f"{width}x{height}")
        self._rests()

    def looks(self, looking: bool) -> None:
        self._notice()
        self.looking = looking
        self.state.seen(focused=looking)
        self._rests()

    def waits(self, seconds: float) -> None:
        self._notice()
        self.outside.clock_s += seconds
        self._notice()
        self.state.tick()
        self._rests()

    def _rests(self, *, by_hand: bool = False) -> None:
        self.settle()
        self.stage.settle()
        self.settle()
        self.stage.settle()
        rows = self.rows_in_sight()
        if by_hand and rows and self.is_connected():
            self.passed = max(self.passed, rows[-1])
        self._notice()

    # What she sees

    def is_connected(self) -> bool:
        """Whether all that she has not come to yet is loaded."""
        page = self.state.page
        first = next((row.seq for row in page.rows if row.seq), 0) if page is not None else 0
        before = [seq for seq in self.log.unread() if seq < first]
        return all(seq in self.seen or seq <= self.passed for seq in before)

    def rows_in_sight(self) -> list[int]:
        """The rows of the group whose last character is within the window."""
        if self.state.selected != GROUP:
            return []
        text, found = self.window.transcript.text, []
        height = text.winfo_height()
        index = text.search(r"<\d+>", "@0,0", "end", regexp=True)
        while index:
            box = text.bbox(f"{index}+1c")
            if box is None:
                break
            if box[1] + box[3] // 2 <= height and box[1] + box[3] // 2 >= 0:
                found.append(int(text.get(index, f"{index} lineend").split("<")[1].split(">")[0]))
            index = text.search(r"<\d+>", f"{index}+1c", "end", regexp=True)
        return found

    def _notice(self) -> None:
        now_s = self.outside.clock_s
        in_sight = set(self.rows_in_sight()) if self.looking else set()
        self._since = {seq: self._since.get(seq, now_s) for seq in in_sight}
        self.seen |= {seq for seq, since_s in self._since.items() if now_s - since_s >= 0.5}

    # What must hold

    def check(self) -> None:
        mark, chat = self.log.read_seq, self.state.chat(GROUP)
        assert mark <= max(self.seen, default=0), "read further than anybody has seen"
        for said in self.log.said[:mark]:
            seq = said["seq"]
            assert said["from"] == ME or seq in self.seen or seq <= self.passed, f"{seq} not seen"
        if chat is None:
            return
        assert set(chat.mentions) == self.mentioned - self.seen
        assert chat.read_seq == mark
        assert chat.unread == len(self.log.unread())

    def check_opened(self, unread: list[int]) -> None:
        """As the chat must stand when it was opened, or after a start."""
        page = self.state.page
        assert page is not None
        if not unread:
            return
        assert page.new_from == unread[0]
        line = self.window.transcript.text.search("New messages", "1.0")
        assert self.window.transcript.text.bbox(line) is not None
        assert unread[0] in self.rows_in_sight()


def _is_of_group(request: requests.ChatRequest) -> bool:
    return GROUP.id in (request.group_id, request.chat_id)


def frame(message_type: str, **fields: Any) -> frames.Frame:
    text = json.dumps(with_ids({"message_type": message_type, **fields}))
    found = heard.decode(text)
    assert found is not None, text
    return found
