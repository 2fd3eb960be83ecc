"""What the person can see and do. Every decision of the client is made here and in what it is made
of (`account`, `connection`, `roster`, `herald`); widgets only draw.

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

from client_tk import intents, reports, wording
from client_tk.account import Account
from client_tk.asking import Asking, Then, no_answer
from client_tk.asking_again import AskingAgain
from client_tk.chat_list import ChatList
from client_tk.connection import Connection
from client_tk.herald import Herald
from client_tk.keys import ENTRIES, key_of
from client_tk.matching import Matching
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
from client_tk.names import is_deleted
from client_tk.outbox import unified
from client_tk.outside import Outside
from client_tk.reading import Sight
from client_tk.roster import Roster
from client_tk.shown import Shown
from client_tk.store import Store, StoredChat, StoreError
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
        self._stay = self._leaving = False
        self._account: Account | None = None
        self._matching: Matching | None = None
        self._typists = Typists()
        self._herald = Herald(outside, self.name_of)
        self._asking = Asking(self._say)
        self._again = AskingAgain(self.ask, outside.now_s)
        self._connection = Connection(outside, self._changed)
        self.roster = Roster(self._again.ask, self._changed)

    def _changed(self, *what: str) -> None:
        if "page" in what and self._account is not None:
            self._account.shown.forget_page()
        self.changes.update(what)

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
        if self._account is None:
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
        if self._account is not None:
            self._outside.leaving()
        self._leaving = False
        self._connection.close()
        self._asking.lose()
        self._again.lose()
        self._herald.forget_missed()
        self.close()
        self._account = None
        self.problem = problem
        self._show_phase("signed_out")

    def close(self) -> None:
        """The program ends."""
        if self._account is not None:
            self._account.store.close()

    def _show_phase(self, phase: Phase) -> None:
        if phase != "signed_out":
            self.problem = ""
        _log.debug("Now %s", phase.replace("_", " "))
        self.phase = phase
        self._changed("phase", "problem")

    def _enter(self, username: str) -> None:
        assert self.server is not None
        try:
            store = self._outside.open_store(self.server, username)
        except StoreError as error:
            self.leave(str(error))
            return
        self.me = username
        self._keep(store, username).select_last()
        self.roster = Roster(self._again.ask, self._changed)
        self._show_phase("in")
        self._changed("link", "chats", "page", "people", "typing", "members", "draft")

    def _keep(self, store: Store, username: str) -> Account:
        self._account = Account(
            store, username, self._say, self.ask, self._list_chats, self._changed
        )
        return self._account

    # What the network thread says

    def take(self, batch: Iterable[reports.Report]) -> None:
        """Reports, in their order. What they bring is written to the disk as one."""
        account = self._account
        if account is None:
            for report in batch:
                self._take(report)
            return
        try:
            with account.store.writing():
                for report in batch:
                    if self._account is not account:
                        break
                    self._take(report)
            if self._account is account:
                if self._connection.is_caught_up:
                    self._herald.announce_missed()
                self._look()
        except Exception as error:
            _log.warning("What came could not be taken: %s", type(error).__name__)
            if self._account is account:
                self._begin_anew(account)

    def _begin_anew(self, broken: Account) -> None:
        """A full disk, or a frame that makes no sense: nothing of the batch is on the disk. Go on
        from there, so that what was not kept is sent again; tried again with the usual back-off."""
        account, shown = self._keep(broken.store, broken.me.name), broken.shown.key
        self._herald.forget_missed()
        self._on_closed(1006, "broken", "")
        self._outside.tell(intents.Close())
        if shown is not None and shown in account.chats:
            account.shown.show(account.chats.need(shown))
            self._changed("chats", "typing", "members", "draft")

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
                if self._account is not None and self._connection.live:
                    self._on_frame(self._account, frame)
            case reports.Closed(code, reason, detail):
                self._on_closed(code, reason, detail)

    def _on_signed_in(self, username: str, token: str) -> None:
        if self.server is None or self.phase == "signed_out":
            return
        fresh = self.phase == "signing_in"
        if fresh:
            self._enter(username)
        if self._account is None:
            return  # what is kept of the account cannot be opened
        self._open(token)
        if fresh:  # after the connection: a keyring may take its time
            self._outside.signed_in(self.server, username, token, stay=self._stay)

    def _open(self, token: str) -> None:
        account = self._account
        assert self.server is not None and account is not None  # noqa: PT018 - is "in"
        epoch = account.store.meta("epoch")
        cursors = tuple(account.chats.cursors(MOST_CURSORS))
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
        account = self._account
        if account is None:
            return
        if welcome.user_id is not None:
            if not account.is_of(welcome.user_id):
                self._begin_other(account)
                return
            account.identify(welcome.user_id)
        self.max_message_length = welcome.limits.max_message_length
        account.outbox.max_frame_size = welcome.limits.max_frame_size
        known = account.store.meta("epoch")
        if welcome.resume == "reset" or (known and welcome.epoch != known):
            account.forget_progress()
        account.store.set_meta("epoch", welcome.epoch or "")
        self._connection.opened(resuming=welcome.resume == "ok")
        self._list_chats()
        self.roster.refresh()
        if welcome.resume != "ok":
            self._caught_up(account)
        self._changed("link", "chats", "page", "members", "draft")

    def _begin_other(self, account: Account) -> None:
        """What was kept is another account's, which had this name before: it is left alone, and
        nothing of it is sent."""
        account.store.give_way(account.me.id)
        self._enter(self.me)
        self._reopen()

    def _caught_up(self, account: Account) -> None:
        self._connection.caught_up()
        account.outbox.live(self._outside.now_s())

    def _on_closed(self, code: int, reason: str, detail: str) -> None:
        account = self._account
        if account is None:
            return
        account.outbox.lost()
        self._matching = None
        self._asking.lose()
        self._again.lose()
        account.shown.pages_lost()
        self.roster.nobody_online()
        if self._account is None:
            return  # it was left on purpose
        if code == 4501:
            self._lose_session()
            return
        name = self.server.host if self.server else ""
        sentence = wording.unreachable(reason, detail, name) if reason else wording.closed(code)
        self._connection.closed(code, sentence)
        self._typists.clear()
        self._changed("link", "typing", "chats", "page")

    # Frames

    def _on_frame(self, account: Account, frame: frames.Frame) -> None:
        if isinstance(frame, ENTRIES):
            self._on_entry(account, frame)
            return
        match frame:
            case frames.MessageSent():
                account.outbox.stored(frame.client_id or "", frame.seq, self._outside.now_s())
                self._changed("link", "page")
            case frames.Error() if frame.client_id is not None and frame.request_id is None:
                self._on_send_refused(account, frame)
            case frames.Reply():
                granted = self._asking.answer(frame)
                if granted is not None:
                    self._on_granted(granted)
            case frames.CaughtUp():
                self._caught_up(account)
                self._changed("link")
            case frames.Gap():
                account.pass_over(frame)
            case frames.Typing():
                self._on_typing(account, frame)
            case frames.ReadReceipt():
                account.take_receipt(frame)
            case frames.AccountDeleted():
                account.rename(frame.user_id, frame.new_username)
                self.roster.hear(frame)
            case _:
                self.roster.hear(frame)

    def _on_send_refused(self, account: Account, frame: frames.Error) -> None:
        sentence = wording.not_sent(frame.code, frame.error, frame.retry_after)
        client_id = frame.client_id or ""
        if frame.code == "not_found":
            account.nobody_there(client_id)
        account.outbox.failed(
            client_id, frame.code, sentence, frame.retry_after, self._outside.now_s()
        )
        self._changed("link", "page")

    def _on_entry(self, account: Account, frame: frames.Frame) -> None:
        entered = account.enter(frame)
        if entered is None:
            return
        chat, row = entered
        if row is not None:
            self._on_row(account, chat, row)
        if isinstance(frame, _CHANGES_MEMBERS):
            self.roster.forget_members(chat.key.id)
        if isinstance(frame, _COMES_AND_GOES) and frame.user_id == account.me.id:
            self._list_chats()

    def _on_row(self, account: Account, chat: StoredChat, row: Row) -> None:
        self._typists.stop(chat.key, row.sender)
        if row.client_id is not None and row.sender == account.me.id:
            account.outbox.seen(row.client_id, self._outside.now_s())
            self._changed("link", "page")
        self._changed("typing")
        caught_up = self._connection.is_caught_up
        was_seen = self._herald.announce(
            chat, row, account.shown.transcript, account.me, caught_up=caught_up
        )
        if row.sender == account.me.id:
            return
        if was_seen and caught_up:
            account.chats.expect(chat, row.seq or 0)
        else:
            account.shown.mark_new(chat)

    def _on_typing(self, account: Account, frame: frames.Typing) -> None:
        account.learn(frame)
        key = key_of(frame, account.me.id)
        if frame.active:
            self._typists.begin(key, frame.sender_id, self._outside.now_s())
        else:
            self._typists.stop(key, frame.sender_id)
        self._changed("typing")

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
            self._list_chats()

    def _list_chats(self) -> None:
        account = self._account
        if account is None or self._matching is not None:
            return
        if account.chats.by_name:
            self._match(account)
        else:
            ChatList(account, self._mark_read, self._listed, self._changed).ask(self._again.ask)

    def _listed(self) -> None:
        if self._account is not None:
            self._account.shown.caught_up()
            self._changed("page")

    def _match(self, account: Account) -> None:
        """Before anything else is made of what an older client has kept; then what was missed in
        these chats is asked for by a connection that names them."""
        self._matching = Matching(
            account.store, account.chats.by_name, self._again.ask, adopt=self._adopt,
            give_up=account.give_up, done=self._matched,
        )  # fmt: skip
        self._matching.begin()

    def _adopt(self, chat: StoredChat, item: results.ChatItem) -> None:
        """What is being written in it goes with it."""
        self._outside.leaving()
        self._here.adopt(chat, item)
        self._changed("chats", "page", "typing", "members", "draft")

    def _matched(self) -> None:
        self._matching = None
        self._reopen()

    # Chats

    def chats(self) -> list[ChatLine]:
        return self._account.chats.lines(self.people) if self._account is not None else []

    def chat(self, key: ChatKey) -> StoredChat | None:
        """What is known of a chat."""
        return self._account.chats.get(key) if self._account is not None else None

    def title(self, key: ChatKey) -> str:
        chat = self.chat(key)
        return chat.title if chat is not None else self.name_of(key.id)

    def name_of(self, user_id: str) -> str:
        """What somebody is called."""
        known = self._account.names.all if self._account is not None else {}
        person = self.roster.people.get(user_id)
        return known.get(user_id) or (person.name if person is not None else user_id)

    def where(self, key: ChatKey) -> dict[str, Any]:
        """How a request names a chat."""
        return self._here.chats.where(key)

    @property
    def selected(self) -> ChatKey | None:
        return self._account.shown.key if self._account is not None else None

    def select(self, key: ChatKey) -> None:
        """Show a chat at its first new message, or at its end."""
        if self._account is not None:
            self._meet(self._account, key)
            self._account.select(key)
            self._changed("chats", "typing", "members", "draft")

    def start_chat(self, user_id: str) -> ChatKey:
        """The private chat with somebody, shown; it is made by its first message."""
        key = ChatKey("private", user_id)
        self.select(key)
        return key

    def _meet(self, account: Account, key: ChatKey) -> None:
        """Whoever is chosen from the list of everybody has a name that no chat has told yet."""
        person = self.roster.people.get(key.id)
        if key.kind == "private" and person is not None:
            account.learn(results.NameItem(person.name, person.id))

    def open_at(self, key: ChatKey, seq: int) -> None:
        """Show a place in a chat."""
        if key != self.selected:
            self.select(key)
        self.shown.open_at(seq)

    def mute(self, key: ChatKey, active: bool) -> None:
        chats = self._here.chats
        chat = chats.need(key)
        chat.muted = active
        chats.save(chat)
        self.ask(requests.MuteChat(**self.where(key), active=active), lambda _reply: None)
        self._changed("chats")

    def discard_chat(self, key: ChatKey, then: Then) -> None:
        """Forget, for oneself only, what a chat has up to now."""
        request: requests.Request = (
            requests.DeleteGroupMessages(group_id=key.id)
            if key.kind == "group"
            else requests.DeletePrivateMessages(**self._whom(key))
        )

        def discarded(reply: Any) -> None:
            if not isinstance(reply, Trouble):
                self._here.forget_entries(key)
                self._list_chats()
            then(reply)

        self.ask(request, discarded)

    def _whom(self, key: ChatKey) -> dict[str, str]:
        """The id of somebody who is gone names nobody, and their new name nobody else."""
        name = self.title(key)
        return {"username": name} if is_deleted(name) else {"user_id": key.id}

    # The transcript

    @property
    def shown(self) -> Shown:
        """The selected chat and its pages. Somebody is signed in."""
        return self._here.shown

    @property
    def page(self) -> Page | None:
        """The shown part of the selected chat."""
        return self._account.shown.page if self._account is not None else None

    @property
    def _here(self) -> Account:
        assert self._account is not None, "Nobody is signed in."
        return self._account

    # Writing

    def draft(self, key: ChatKey) -> str:
        chat = self.chat(key)
        return chat.draft if chat is not None else ""

    def set_draft(self, key: ChatKey, text: str) -> None:
        """On the disk when this returns."""
        if self._account is None or self.draft(key) == text:
            return
        chat = self._account.chats.need(key)
        chat.draft = text
        self._account.store.save_draft(chat)
        self._changed("chats")

    def send(self, key: ChatKey, text: str, reply_to: int | None = None) -> None:
        """On the disk when this returns; it is sent now, or when the connection is back."""
        chat = self._here.chats.need(key)
        now_s, time_s = self._outside.now_s(), self._outside.time_s()
        self._here.outbox.post(chat, unified(text), reply_to, time_s, now_s)
        chat.time_s = max(time_s, chat.time_s)
        if key == self.selected:
            self.shown.follow()
        self._changed("page", "chats", "link")

    def edit(self, key: ChatKey, seq: int, text: str, then: Then) -> None:
        try:
            request = requests.EditMessage(**self.where(key), seq=seq, content=unified(text))
        except errors.Refusal as refusal:
            then(Trouble(refusal.code, wording.trouble(refusal.code, refusal.sentence)))
        else:
            self.ask(request, then)

    def delete(self, key: ChatKey, seq: int, then: Then) -> None:
        self.ask(requests.DeleteMessage(**self.where(key), seq=seq), then)

    def react(self, key: ChatKey, seq: int, emoji: str, active: bool, then: Then) -> None:
        request = requests.React(**self.where(key), seq=seq, emoji=emoji, active=active)
        self.ask(request, then)

    def last_own(self, key: ChatKey) -> Row | None:
        """The newest message of one's own that can be edited."""
        chat = self.chat(key)
        return self._here.store.last_own(chat.id, self.my_id) if chat is not None else None

    def retry(self, client_id: str) -> None:
        self._here.outbox.retry(client_id, self._outside.now_s())
        self._changed("page")

    def discard(self, client_id: str) -> None:
        self._here.outbox.discard(client_id)
        self._changed("page")

    def set_typing(self, key: ChatKey, active: bool) -> None:
        if self._connection.live:
            request = requests.Typing(**self.where(key), active=active)
            self._say(msgspec.json.encode(request))

    def typing(self, key: ChatKey) -> list[str]:
        """Who is writing there."""
        return sorted(map(self.name_of, self._typists.of(key)))

    # Reading and being called

    def seen(self, *, focused: bool | None = None, visible: bool | None = None) -> None:
        """How the window stands: only what is given has changed."""
        herald = self._herald
        herald.focused = herald.focused if focused is None else focused
        herald.visible = herald.visible if visible is None else visible
        self._look()

    def sees(self, sight: Sight) -> None:
        """What of the selected chat is in sight has changed."""
        if self._account is not None:
            self._read(self._account)
            self._account.shown.sees(sight)
            self._look()

    def _look(self) -> None:
        account = self._account
        if account is None:
            return
        self._read(account)
        account.shown.look(self._outside.now_s(), looking=self._herald.looking)
        shown = account.shown.transcript
        if not (shown and self._herald.sees_end(shown)) and account.chats.expect_nothing():
            self._changed("chats")

    def _read(self, account: Account) -> None:
        """Move the mark as far as somebody has seen."""
        with contextlib.suppress(sqlite3.Error):  # a full disk is no reason not to read
            seen = account.shown.seen(self._outside.now_s())
            if seen is None or account.shown.transcript is None:
                return
            chat = account.shown.transcript.chat
            if account.chats.see(chat, *seen):
                self._changed("chats")
            if account.chats.read(chat, account.shown.transcript.read_to(seen.last)):
                self._mark_read(chat)
                self._changed("chats", "page")

    def _mark_read(self, chat: StoredChat) -> None:
        """Tell the daemon, and with it the other devices and who wrote it."""
        request = requests.MarkRead(**self.where(chat.key), seq=chat.read_seq)
        self.ask(request, lambda _reply: None)

    @property
    def unread(self) -> int:
        """Of all chats that are not muted, for the window's title."""
        return self._account.chats.unread if self._account is not None else 0

    # People

    @property
    def my_id(self) -> str:
        """One's own user id."""
        return self._account.me.id if self._account is not None else ""

    @property
    def people(self) -> dict[str, Person]:
        """By user id."""
        return self.roster.people

    def members(self, key: ChatKey) -> list[Person]:
        """Of a group; empty until they are known, then "members" changes."""
        return self.roster.members(key.id) if key.kind == "group" else []

    # The connection and time

    @property
    def link(self) -> LinkView:
        waiting = len(self._account.outbox) if self._account is not None else 0
        return self._connection.view(waiting)

    def retry_now(self) -> None:
        self._connection.retry_now(self._reopen)
        self._changed("link")

    def _reopen(self) -> None:
        token = self._connection.token
        if token is not None and self._account is not None:
            self._open(token)

    def due_s(self) -> float | None:
        """When to call `tick` next, by the monotonic clock; None if nothing is planned."""
        times = [
            self._asking.due_s(),
            self._again.due_s(),
            self._connection.due_s(),
            self._typists.due_s(),
        ]
        if self._account is not None:
            times += [self._account.outbox.due_s(), self._account.shown.due_s()]
        return min((time for time in times if time is not None), default=None)

    def tick(self) -> None:
        """Do what is due."""
        now_s = self._outside.now_s()
        self._asking.give_up(now_s)
        self._again.tick(now_s)
        self._connection.tick(now_s, self._reopen)
        if self._account is not None:
            self._account.outbox.send_more(now_s)
            self._read(self._account)
        if self._typists.forget_late(now_s):
            self._changed("typing")


_COMES_AND_GOES = (frames.MemberJoined, frames.MemberLeft)
_CHANGES_MEMBERS = (*_COMES_AND_GOES, frames.RoleChanged)
_CHANGES_CHATS = (
    requests.CreateGroup,
    requests.JoinGroup,
    requests.LeaveGroup,
    requests.AcceptGroupInvite,
    requests.OpenGroup,
    requests.CloseGroup,
)
