"""What the person can see and do. Every decision of the client is made here and in what it is made
of (`chats`, `outbox`, `roster`, `transcript`, `attention`); widgets only draw.

All of it runs on the Tk thread, and none of it knows Tk. `changes` collects what has to be drawn
again: "phase", "problem", "link", "chats", "page", "typing", "people", "members", "draft".
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from client_tk import intents, reports, rows, wording
from client_tk.asking import Asking, Then, no_answer
from client_tk.attention import mentions
from client_tk.chats import Chats
from client_tk.connection import Connection
from client_tk.herald import Herald
from client_tk.keys import ENTRIES, cursor_of, fields_of, key_of
from client_tk.model import (
    ChatKey,
    ChatLine,
    LinkView,
    Page,
    Person,
    Row,
    Server,
    Trouble,
)
from client_tk.outbox import Outbox, unified
from client_tk.outside import Outside
from client_tk.roster import Roster
from client_tk.store import Store, StoredChat, StoreError
from client_tk.transcript import Transcript
from client_tk.typists import Typists
from ruggine import errors
from ruggine.wire import frames, requests, results

_log = logging.getLogger(__name__)

Phase = Literal["signed_out", "signing_in", "in"]

MOST_CURSORS = 400
"""So many fit into the one frame that asks for what was missed."""


class State:
    """Tk thread only."""

    def __init__(self, outside: Outside, device: str = "") -> None:
        """`device` is how this session is called in the list of sessions."""
        self._outside = outside
        self._device = device
        self.changes: set[str] = {"phase"}
        self.phase: Phase = "signed_out"
        self.problem = ""
        self.server: Server | None = None
        self.me = ""
        self.max_message_length = 4096
        self.selected: ChatKey | None = None
        self._stay = self._leaving = False
        self._store: Store | None = None
        self._transcript: Transcript | None = None
        self._typists = Typists()
        self._page: Page | None = None
        self._page_stale = True
        self._reads: dict[str, int] = {}
        self._late_changes: list[frames.Frame] = []
        self._pages_asked = 0
        self._herald = Herald(outside)
        self._asking = Asking(self._say)
        self._connection = Connection(outside, self._changed)
        self.roster = Roster(self.ask, self._changed)
        self._chats: Chats
        self._outbox: Outbox

    def _changed(self, what: str) -> None:
        if what == "page":
            self._page_stale = True
        self.changes.add(what)

    def _say(self, frame: bytes) -> None:
        self._outside.tell(intents.Say(frame))

    # Signing in and out

    def sign_in(
        self, server: Server, username: str, password: str, *, register: bool, stay: bool
    ) -> None:
        """Answered by `phase` "in", or by "signed_out" with a `problem`."""
        self.server, self._stay = server, stay
        self._show_phase("signing_in")
        self._outside.tell(intents.SignIn(server, username, password, self._device, register))

    def cancel_sign_in(self) -> None:
        """Whatever is answered now comes too late."""
        if self.phase == "signing_in":
            self._outside.tell(intents.Close())
            self._show_phase("signed_out")

    def come_back(self, server: Server, username: str) -> None:
        """Show what is kept of an account, before anything is known of its server."""
        self.server, self._stay = server, True
        self._enter(username)

    def resume(self, token: str | None) -> None:
        """Go on with the token that was kept for the account that `come_back` has opened."""
        if self.phase != "in":
            return  # it was left while the keyring was asked
        if token is None:
            self.leave(wording.not_kept())
        elif self.server is not None:
            self._connection.validate(self.server, token)

    def sign_out(self, *, everywhere: bool = False) -> None:
        """End the session, here or on every device. What is kept on the disk stays.

        Takes effect when the daemon has answered, or is not there to answer.
        """
        request = requests.LogoutAll() if everywhere else requests.Logout()
        if self.server is not None:
            self._outside.signed_out(self.server, self.me)
        self._leaving = True
        self.ask(request, lambda _reply: self._signed_out())

    def _signed_out(self) -> None:
        if self._leaving:
            self.leave("")

    def leave(self, problem: str) -> None:
        """Back to the sign-in form, with a sentence about why."""
        if self._store is not None:
            self._outside.leaving()
        self._leaving = False
        self._connection.close()
        self._asking.lose()
        self._herald.forget_missed()
        if self._store is not None:
            self._store.close()
        self._store = self._transcript = self._page = self.selected = None
        self.problem = problem
        self._show_phase("signed_out")

    def close(self) -> None:
        """The program ends."""
        if self._store is not None:
            self._store.close()

    def _show_phase(self, phase: Phase) -> None:
        if phase != "signed_out":
            self.problem = ""
        self.phase = phase
        self.changes |= {"phase", "problem"}

    def _enter(self, username: str) -> None:
        assert self.server is not None
        try:
            self._store = self._outside.open_store(self.server, username)
        except StoreError as error:
            self.leave(str(error))
            return
        self.me = username
        self._chats = Chats(self._store, username)
        self._outbox = Outbox(self._store, self._chats, self._say)
        self.roster = Roster(self.ask, self._changed)
        self._show_phase("in")
        self.changes |= {"link", "chats", "page", "people"}
        last = self._store.meta("selected")
        if last is not None:
            key = msgspec.json.decode(last, type=ChatKey)
            if key in self._chats:
                self.select(key)

    # What the network thread says

    def take(self, batch: Iterable[reports.Report]) -> None:
        """Reports, in their order. What they bring is written to the disk as one."""
        if self._store is None:
            for report in batch:
                self._take(report)
            return
        store = self._store
        try:
            with store.writing():
                for report in batch:
                    if self._store is not store:
                        break
                    self._take(report)
            if self._store is store:
                if self._connection.is_caught_up:
                    self._herald.announce_missed()
                self._maybe_read()
        except Exception as error:
            _log.warning("What came could not be taken: %s", type(error).__name__)
            self._begin_anew(store)

    def _begin_anew(self, store: Store) -> None:
        """A full disk, or a frame that makes no sense: nothing of the batch is on the disk. Go on
        from there, so that what was not kept is sent again; tried again with the usual back-off."""
        if self._store is not store:
            return
        selected = self.selected
        self.selected = self._transcript = None
        self._chats = Chats(store, self.me)
        self._outbox = Outbox(store, self._chats, self._say)
        self._herald.forget_missed()
        self._on_closed(1006, "broken", "")
        self._outside.tell(intents.Close())
        if selected is not None and selected in self._chats:
            self._show(selected)

    def _take(self, report: reports.Report) -> None:
        match report:
            case reports.SignedIn(username, token):
                self._on_signed_in(username, token)
            case reports.Refused():
                self._on_refused(report)
            case reports.Unreachable(reason, detail):
                self._on_unreachable(reason, detail)
            case reports.Opened(welcome):
                self._on_opened(welcome)
            case reports.Heard(frame):
                if self.phase == "in" and self._connection.live:
                    self._on_frame(frame)
            case reports.Closed(code, reason, detail):
                self._on_closed(code, reason, detail)

    def _on_signed_in(self, username: str, token: str) -> None:
        if self.server is None or self.phase == "signed_out":
            return
        fresh = self.phase == "signing_in"
        if fresh:
            self._enter(username)
        if self._store is None:
            return  # what is kept of the account cannot be opened
        self._open(token)
        if fresh:  # after the connection: a keyring may take its time
            self._outside.signed_in(self.server, username, token, stay=self._stay)

    def _open(self, token: str) -> None:
        assert self.server is not None and self._store is not None  # noqa: PT018 - is "in"
        epoch = self._store.meta("epoch")
        cursors = tuple(cursor_of(key, seq) for key, seq in self._chats.cursors(MOST_CURSORS))
        self._connection.open(intents.Open(self.server, token, epoch, cursors if epoch else ()))

    def _on_refused(self, refused: reports.Refused) -> None:
        sentence = wording.trouble(refused.code, refused.sentence, refused.retry_after_s)
        if self.phase == "signing_in":
            self._show_phase("signed_out")
            self.problem = sentence
        elif self.phase == "in" and refused.code == "invalid_session":
            self._lose_session()
        elif self.phase == "in":  # the daemon cannot look it up now: the session may be a good one
            self._connection.failed(sentence)

    def _on_unreachable(self, reason: str, detail: str) -> None:
        name = self.server.host if self.server else ""
        sentence = wording.unreachable(reason, detail, name)
        if self.phase == "in":
            self._connection.failed(sentence)
        elif self.phase == "signing_in":
            self.problem = sentence
            self._show_phase("signed_out")

    def _lose_session(self) -> None:
        if self.server is not None:
            self._outside.signed_out(self.server, self.me)
        self.leave(wording.trouble("invalid_session", ""))

    def _on_opened(self, welcome: frames.AuthResponse) -> None:
        if self._store is None:
            return
        self.max_message_length = welcome.limits.max_message_length
        self._outbox.max_frame_size = welcome.limits.max_frame_size
        known = self._store.meta("epoch")
        if welcome.resume == "reset" or (known and welcome.epoch != known):
            self._chats.forget_progress()
            self._reads = {}
            if self._transcript is not None:
                self._transcript.open_at_end()
        self._store.set_meta("epoch", welcome.epoch or "")
        self._connection.opened(resuming=welcome.resume == "ok")
        self.ask(requests.ListChats(), self._take_chats)
        self.roster.refresh()
        if welcome.resume != "ok":
            self._caught_up()
        self.changes |= {"link", "chats", "page", "members", "draft"}

    def _caught_up(self) -> None:
        self._connection.caught_up()
        self._outbox.live(self._outside.now_s())

    def _on_closed(self, code: int, reason: str, detail: str) -> None:
        if self._store is None:
            return
        self._outbox.lost()
        self._asking.lose()
        self._pages_lost()
        self.roster.nobody_online()
        if self._store is None:
            return  # it was left on purpose
        if code == 4501:
            self._lose_session()
            return
        name = self.server.host if self.server else ""
        sentence = wording.unreachable(reason, detail, name) if reason else wording.closed(code)
        self._connection.closed(code, sentence)
        self._typists.clear()
        self.changes |= {"link", "typing", "chats", "page"}

    def _pages_lost(self) -> None:
        self._pages_asked = 0
        self._late_changes.clear()
        if self._transcript is not None:
            self._transcript.loading = False

    # Frames

    def _on_frame(self, frame: frames.Frame) -> None:
        if isinstance(frame, ENTRIES):
            self._on_entry(frame)
            return
        match frame:
            case frames.MessageSent():
                self._outbox.stored(frame.client_id or "", frame.seq, self._outside.now_s())
                self.changes |= {"link"}
                self._changed("page")
            case frames.Error() if frame.client_id is not None and frame.request_id is None:
                self._on_send_refused(frame)
            case frames.Reply():
                granted = self._asking.answer(frame)
                if granted is not None:
                    self._on_granted(granted)
            case frames.CaughtUp():
                self._caught_up()
                self.changes |= {"link"}
            case frames.Gap():
                self._on_gap(frame)
            case frames.Typing():
                self._on_typing(frame)
            case frames.ReadReceipt():
                self._on_read(frame)
            case _:
                self.roster.hear(frame)

    def _on_send_refused(self, frame: frames.Error) -> None:
        sentence = wording.trouble(frame.code, frame.error, frame.retry_after)
        self._outbox.failed(
            frame.client_id or "", frame.code, sentence, frame.retry_after, self._outside.now_s()
        )
        self.changes |= {"link"}
        self._changed("page")

    def _on_entry(self, frame: Any) -> None:
        actor = str(getattr(frame, "sender", "") or getattr(frame, "by", ""))
        chat = self._chats.need(key_of(frame, self.me, actor))
        broken = frame.seq > chat.cursor + 1
        if not self._chats.advance(chat, frame.seq):
            return
        if broken and chat.key == self.selected and self._transcript is not None:
            self._transcript.open_at_end()
        row = rows.of_entry(frame)
        if row is None:
            self._change_row(chat, frame)
        else:
            self._add_row(chat, row)
        self._apply_to_chat(chat, frame)
        self._chats.save(chat)
        self._changed("chats")

    def _add_row(self, chat: StoredChat, row: Row) -> None:
        assert self._store is not None
        self._store.put(chat.id, [row])
        self._chats.count(chat, row, mentions(row.content, self.me))
        self._typists.stop(chat.key, row.sender)
        if row.client_id is not None and row.sender == self.me:
            self._outbox.seen(row.client_id, self._outside.now_s())
            self.changes |= {"link"}
        if chat.key == self.selected and self._transcript is not None:
            self._transcript.add(row)
            self.changes |= {"typing"}
            self._changed("page")
        self._herald.announce(
            chat, row, self._transcript, self.me, caught_up=self._connection.is_caught_up
        )

    def _change_row(self, chat: StoredChat, frame: Any) -> None:
        assert self._store is not None
        if self._pages_asked:
            self._late_changes.append(frame)
        row = self._store.row(chat.id, frame.ref)
        if row is not None:
            changed = rows.changed(row, frame)
            self._store.put(chat.id, [changed])
            self._chats.reword(chat, row, changed)
        if chat.key == self.selected and self._transcript is not None:
            self._transcript.change(frame.ref, frame)
            self._changed("page")

    def _apply_to_chat(self, chat: StoredChat, frame: Any) -> None:
        match frame:
            case frames.GroupRenamed():
                chat.title = frame.name
            case frames.MemberJoined() | frames.MemberLeft():
                if frame.username == self.me:
                    chat.left = isinstance(frame, frames.MemberLeft)
                    self.ask(requests.ListChats(), self._take_chats)
                self.roster.forget_members(chat.key.name)
            case frames.RoleChanged():
                if frame.username == self.me:
                    chat.role = frame.role
                self.roster.forget_members(chat.key.name)

    def _on_gap(self, frame: frames.Gap) -> None:
        chat = self._chats.need(key_of(frame, self.me))
        self._chats.pass_over(chat, frame.last)
        self._chats.save(chat)
        if chat.key == self.selected and self._transcript is not None:
            self._transcript.open_at_end()
            self._changed("page")

    def _on_typing(self, frame: frames.Typing) -> None:
        key = key_of(frame, self.me, frame.sender)
        if frame.active:
            self._typists.begin(key, frame.sender, self._outside.now_s())
        else:
            self._typists.stop(key, frame.sender)
        self.changes |= {"typing"}

    def _on_read(self, frame: frames.ReadReceipt) -> None:
        chat = self._chats.get(key_of(frame, self.me, frame.username))
        if chat is None or self._store is None:
            return
        if frame.username == self.me:
            if self._chats.read(chat, frame.seq):
                self._changed("chats")
            return
        self._store.save_read(chat.id, frame.username, frame.seq)
        if chat.key == self.selected:
            self._reads[frame.username] = max(frame.seq, self._reads.get(frame.username, 0))
            self._changed("page")

    # Asking

    def ask(self, request: requests.Request, then: Then) -> None:
        """`then` gets the reply (a class of `ruggine.wire.results`) or a Trouble, with a sentence
        in the person's language."""

        def answered(reply: Any) -> None:
            if isinstance(reply, Trouble):
                sentence = wording.trouble(reply.code, reply.sentence, reply.retry_after_s)
                reply = Trouble(reply.code, sentence, reply.retry_after_s)
            then(reply)

        if self.phase != "in" or not self._connection.live:
            then(no_answer())
        else:
            self._asking.ask(request, answered, self._outside.now_s())

    def _on_granted(self, request: requests.Request) -> None:
        self.roster.after(request)
        if isinstance(request, _CHANGES_CHATS):
            self.ask(requests.ListChats(), self._take_chats)

    def _take_chats(self, reply: Any) -> None:
        if not isinstance(reply, results.ListChatsResult):
            return
        self._chats.take_list(reply.chats)
        for item in reply.chats:
            key = ChatKey(item.chat_type, (item.to_user or item.group_id) or "")
            chat = self._chats.need(key)
            if chat.read_seq > item.read_seq:
                self.ask(requests.MarkRead(**fields_of(key), seq=chat.read_seq), lambda _r: None)
        if self._transcript is not None and not self._transcript.rows:
            self.load_older()
        self._changed("chats")
        self._changed("page")

    # Chats

    def chats(self) -> list[ChatLine]:
        return self._chats.lines(self.people) if self.phase == "in" else []

    def title(self, key: ChatKey) -> str:
        chat = self._chats.get(key) if self.phase == "in" else None
        return chat.title if chat is not None else key.name

    def chat(self, key: ChatKey) -> StoredChat | None:
        """What is known of a chat."""
        return self._chats.get(key) if self.phase == "in" else None

    def select(self, key: ChatKey) -> None:
        """Show a chat at its first new message, or at its end."""
        if self._store is None:
            return
        self._chats.need(key)
        with contextlib.suppress(sqlite3.Error):  # a full disk is no reason not to read
            self._store.set_meta("selected", msgspec.json.encode(key).decode())
        self._show(key)

    def _show(self, key: ChatKey) -> None:
        chat = self._chats.need(key)
        assert self._store is not None
        self.selected = key
        self._transcript = Transcript(self._store, chat, self.me)
        self._reads = self._store.reads(chat.id)
        if not self._transcript.rows:
            self.load_older()
        self._changed("page")
        self.changes |= {"chats", "typing", "members", "draft"}

    def start_chat(self, username: str) -> ChatKey:
        """The private chat with somebody, shown; it is made by its first message."""
        key = ChatKey("private", username)
        self.select(key)
        return key

    def open_at(self, key: ChatKey, seq: int) -> None:
        """Show a place in a chat."""
        if key != self.selected:
            self.select(key)
        if self._transcript is not None:
            self._ask_page(self._transcript.open_at(seq))
            self._changed("page")

    def mute(self, key: ChatKey, active: bool) -> None:
        chat = self._chats.need(key)
        chat.muted = active
        self._chats.save(chat)
        self.ask(requests.MuteChat(**fields_of(key), active=active), lambda _reply: None)
        self._changed("chats")

    def discard_chat(self, key: ChatKey, then: Then) -> None:
        """Forget, for oneself only, what a chat has up to now."""
        request: requests.Request = (
            requests.DeleteGroupMessages(group_id=key.name)
            if key.kind == "group"
            else requests.DeletePrivateMessages(username=key.name)
        )

        def discarded(reply: Any) -> None:
            if not isinstance(reply, Trouble):
                self._forget_entries(key)
            then(reply)

        self.ask(request, discarded)

    def _forget_entries(self, key: ChatKey) -> None:
        """What came meanwhile is asked for again, and how much of it is unread."""
        chat = self._chats.need(key)
        assert self._store is not None
        self._store.forget_entries(chat.id)
        chat.low, chat.preview, chat.unread, chat.mentions = chat.cursor + 1, "", 0, 0
        self._chats.save(chat)
        if key == self.selected and self._transcript is not None:
            self._transcript.open_at_end()
            self.load_older()
        self.ask(requests.ListChats(), self._take_chats)
        self._changed("chats")
        self._changed("page")

    # The transcript

    @property
    def page(self) -> Page | None:
        """The shown part of the selected chat."""
        if self._transcript is None:
            return None
        if self._page is None or self._page_stale:
            waiting = self._outbox.of(self._transcript.chat)
            self._page = self._transcript.page(waiting, self._reads)
            self._page_stale = False
        return self._page

    def load_older(self) -> None:
        if self._transcript is not None:
            self._ask_page(self._transcript.older())
            self._changed("page")

    def load_newer(self) -> None:
        if self._transcript is not None:
            self._ask_page(self._transcript.newer())
            self._changed("page")

    def jump_to_newest(self) -> None:
        if self._transcript is not None:
            self._transcript.open_at_end()
            self._changed("page")

    def clear_new(self) -> None:
        """Take the "new messages" rule away."""
        if self._transcript is not None:
            self._transcript.new_from = None
            self._changed("page")

    def _ask_page(self, request: requests.GetMessages | None) -> None:
        transcript = self._transcript
        if request is None or transcript is None:
            return
        self._pages_asked += 1

        def arrived(reply: Any) -> None:
            self._pages_asked = max(self._pages_asked - 1, 0)
            if isinstance(reply, results.GetMessagesResult) and self._store is not None:
                transcript.take_page(request, reply)
                for change in self._late_changes:
                    self._change_late(transcript, change)
            else:
                transcript.loading = False
            if not self._pages_asked:
                self._late_changes.clear()
            self._changed("page")

        self.ask(request, arrived)

    def _change_late(self, transcript: Transcript, frame: Any) -> None:
        """A page may have been read before a change that was heard before the page came."""
        actor = frame.sender
        if key_of(frame, self.me, actor) != transcript.chat.key or self._store is None:
            return
        row = self._store.row(transcript.chat.id, frame.ref)
        if row is not None:
            self._store.put(transcript.chat.id, [rows.changed(row, frame)])
        transcript.change(frame.ref, frame)

    # Writing

    def draft(self, key: ChatKey) -> str:
        chat = self._chats.get(key) if self.phase == "in" else None
        return chat.draft if chat is not None else ""

    def set_draft(self, key: ChatKey, text: str) -> None:
        """On the disk when this returns."""
        if self._store is None or self.draft(key) == text:
            return
        chat = self._chats.need(key)
        chat.draft = text
        self._store.save_draft(chat)
        self.changes |= {"chats"}

    def send(self, key: ChatKey, text: str, reply_to: int | None = None) -> None:
        """On the disk when this returns; it is sent now, or when the connection is back."""
        chat = self._chats.need(key)
        now_s, time_s = self._outside.now_s(), self._outside.time_s()
        self._outbox.post(chat, unified(text), reply_to, time_s, now_s)
        chat.time_s = max(time_s, chat.time_s)
        if key == self.selected and self._transcript is not None:
            self._transcript.new_from = None
            if self._transcript.has_newer:
                self._transcript.open_at_end()
        self._changed("page")
        self.changes |= {"chats", "link"}

    def edit(self, key: ChatKey, seq: int, text: str, then: Then) -> None:
        try:
            request = requests.EditMessage(**fields_of(key), seq=seq, content=unified(text))
        except errors.Refusal as refusal:
            then(Trouble(refusal.code, wording.trouble(refusal.code, refusal.sentence)))
        else:
            self.ask(request, then)

    def delete(self, key: ChatKey, seq: int, then: Then) -> None:
        self.ask(requests.DeleteMessage(**fields_of(key), seq=seq), then)

    def react(self, key: ChatKey, seq: int, emoji: str, active: bool, then: Then) -> None:
        request = requests.React(**fields_of(key), seq=seq, emoji=emoji, active=active)
        self.ask(request, then)

    def last_own(self, key: ChatKey) -> Row | None:
        """The newest message of one's own that can be edited."""
        chat = self._chats.get(key)
        if chat is None or self._store is None:
            return None
        return self._store.last_own(chat.id, self.me)

    def retry(self, client_id: str) -> None:
        self._outbox.retry(client_id, self._outside.now_s())
        self._changed("page")

    def discard(self, client_id: str) -> None:
        self._outbox.discard(client_id)
        self._changed("page")

    def set_typing(self, key: ChatKey, active: bool) -> None:
        if self._connection.live:
            request = requests.Typing(**fields_of(key), active=active)
            self._say(msgspec.json.encode(request))

    def typing(self, key: ChatKey) -> list[str]:
        """Who is writing there."""
        return self._typists.names(key)

    # Reading and being called

    def seen(
        self,
        *,
        focused: bool | None = None,
        visible: bool | None = None,
        at_end: bool | None = None,
    ) -> None:
        """How the window stands: only what is given has changed."""
        herald = self._herald
        herald.focused = herald.focused if focused is None else focused
        herald.visible = herald.visible if visible is None else visible
        if at_end is not None and self._transcript is not None:
            self._transcript.at_end = at_end
        with contextlib.suppress(sqlite3.Error):
            self._maybe_read()

    def _maybe_read(self) -> None:
        shown = self._transcript
        if shown is None or self.phase != "in" or not self._herald.has_read(shown):
            return
        chat = shown.chat
        if chat.cursor > chat.read_seq or chat.unread:
            self._chats.read(chat, chat.cursor)
            self.ask(
                requests.MarkRead(**fields_of(chat.key), seq=chat.read_seq), lambda _reply: None
            )
            self._changed("chats")

    @property
    def unread(self) -> int:
        """Of all chats that are not muted, for the window's title."""
        if self.phase != "in":
            return 0
        return sum(chat.unread for chat in self._chats.all() if not chat.muted and not chat.left)

    # People

    @property
    def people(self) -> dict[str, Person]:
        return self.roster.people

    def members(self, key: ChatKey) -> list[Person]:
        """Of a group; empty until they are known, then "members" changes."""
        return self.roster.members(key.name) if key.kind == "group" else []

    # The connection and time

    @property
    def link(self) -> LinkView:
        return self._connection.view(len(self._outbox) if self.phase == "in" else 0)

    def retry_now(self) -> None:
        self._connection.retry_now(self._reopen)
        self.changes |= {"link"}

    def _reopen(self) -> None:
        token = self._connection.token
        if token is not None and self._store is not None:
            self._open(token)

    def due_s(self) -> float | None:
        """When to call `tick` next, by the monotonic clock; None if nothing is planned."""
        times = [self._asking.due_s(), self._connection.due_s(), self._typists.due_s()]
        if self.phase == "in":
            times.append(self._outbox.due_s())
        return min((time for time in times if time is not None), default=None)

    def tick(self) -> None:
        """Do what is due."""
        now_s = self._outside.now_s()
        self._asking.give_up(now_s)
        self._connection.tick(now_s, self._reopen)
        if self.phase == "in":
            self._outbox.send_more(now_s)
        if self._typists.forget_late(now_s):
            self.changes |= {"typing"}


_CHANGES_CHATS = (
    requests.CreateGroup,
    requests.JoinGroup,
    requests.LeaveGroup,
    requests.AcceptGroupInvite,
    requests.OpenGroup,
    requests.CloseGroup,
)
