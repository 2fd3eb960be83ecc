"""The network thread: intents in, reports out."""

from __future__ import annotations

import collections
import logging
import selectors
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from client_tk.intents import Close, Intent, Open, Quit, Say, SignIn, Validate
from client_tk.net import line, reasons
from client_tk.net.dial import Bell, Interrupted, Patience, reach
from client_tk.net.socket import ABNORMAL, WebSocket
from client_tk.reports import Closed, Report, Unreachable
from ruggine.wire.requests import Auth, Cursor, Resume

_log = logging.getLogger(__name__)

_MOST_AUTH = 60_000
"""Bytes: the daemon takes no frame of more than 64 KiB."""

_JOIN_S = 1.0


class Link:
    """One daemon thread that does all of the network.

    Intents are handled in the order in which they were told. `report` is called on the network
    thread. Opening gives way at once to a newer Open, Close or Quit, and signing in to these and
    to a newer SignIn or Validate: what gives way is not answered.
    """

    def __init__(
        self, report: Callable[[Report], None], *,
        patience_s: float = 10.0, ping_s: float = 20.0, farewell_s: float = 0.5,
    ) -> None:  # fmt: skip
        self._report = report
        self._patience_s = patience_s
        self._ping_s = ping_s
        self._farewell_s = farewell_s
        self._intents: collections.deque[Intent] = collections.deque()
        self._bell = Bell()
        self._websocket: WebSocket | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tell(self, intent: Intent) -> None:
        """Any thread. Never blocks."""
        self._intents.append(intent)
        self._bell.ring()

    def stop(self) -> None:
        """Close everything; waits for a second at most. Any thread but the network's own."""
        self.tell(Quit())
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    # The thread

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._bell, selectors.EVENT_READ)
            while not self._is_over:
                try:
                    self._turn(selector)
                except Exception as error:
                    self._survive(error)
        self._bell.close()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        if self._intents:
            self._handle(self._intents.popleft())
        websocket = self._websocket
        if websocket is None:
            _wait(selector, 0.0 if self._intents or self._is_over else None)
        else:
            self._serve(websocket, selector)
        self._bell.quiet()

    def _serve(self, websocket: WebSocket, selector: selectors.BaseSelector) -> None:
        wait_s = 0.0 if self._intents else max(0.0, websocket.due_s - time.monotonic())
        selector.register(websocket, websocket.wants)
        try:
            ready = _wait(selector, wait_s)
        finally:
            selector.unregister(websocket)
        if websocket in ready or time.monotonic() >= websocket.due_s:
            websocket.turn()
        if websocket.is_closed:
            self._part()

    def _survive(self, error: Exception) -> None:
        """Nobody knows in which state the connection is."""
        _log_fault(error)
        was_open = self._websocket is not None
        try:
            self._part()
            if was_open:
                self._report(Closed(ABNORMAL, reasons.BROKEN, type(error).__name__))
        except Exception as another:
            _log_fault(another)

    # Intents

    def _handle(self, intent: Intent) -> None:
        match intent:
            case Say(frame):
                if self._websocket is not None:
                    self._websocket.say(frame)
            case Open():
                self._part()
                self._open(intent)
            case SignIn() | Validate():
                self._sign_in(intent)
            case Close():
                self._part()
            case Quit():
                self._is_over = True
                self._part()

    def _sign_in(self, intent: SignIn | Validate) -> None:
        try:
            self._report(line.ask(intent, self._patience(SignIn, Validate, Open, Close, Quit)))
        except Interrupted:
            pass
        except Exception as error:
            _log_fault(error)
            self._report(Unreachable(reasons.BROKEN, type(error).__name__))

    def _open(self, intent: Open) -> None:
        try:
            self._shake_hands(intent, self._patience(Open, Close, Quit))
        except Interrupted:
            self._part()
        except OSError as error:
            self._part()
            self._report(Closed(ABNORMAL, *reasons.reason_of(error)))
        except Exception as error:
            _log_fault(error)
            self._part()
            self._report(Closed(ABNORMAL, reasons.BROKEN, type(error).__name__))

    def _shake_hands(self, intent: Open, patience: Patience) -> None:
        auth = _auth(intent)
        stream = reach(intent.server, intent.server.websocket_port, patience)
        websocket = self._websocket = WebSocket(
            stream, intent.server, auth, self._report,
            ping_s=self._ping_s, stall_s=self._patience_s,
        )  # fmt: skip
        while websocket.is_opening:
            try:
                patience.wait(websocket, websocket.wants)
            except TimeoutError:
                websocket.give_up()
            else:
                websocket.turn()
        if websocket.is_closed:
            self._part()

    def _patience(self, *superseding: type[Any]) -> Patience:
        def is_superseded() -> bool:
            return any(isinstance(intent, superseding) for intent in self._intents.copy())

        return Patience(self._bell, self._patience_s, is_superseded)

    def _part(self) -> None:
        """Without a report: who hears Closed has heard it already."""
        websocket, self._websocket = self._websocket, None
        if websocket is not None:
            websocket.leave()
            websocket.farewell(Patience(self._bell, self._farewell_s))


def _wait(selector: selectors.BaseSelector, seconds: float | None) -> list[Any]:
    return [key.fileobj for key, _ready in selector.select(seconds)]


def _auth(intent: Open) -> bytes:
    """The first frame. Cursors that would make it too long are left out, the last ones first."""
    resume = None
    if intent.epoch is not None:
        resume = Resume(intent.epoch, list(_fitting(intent.cursors)))
    whole = msgspec.to_builtins(Auth(session_token=intent.token, resume=resume))
    return msgspec.json.encode(_without_none(whole))


def _fitting(cursors: Iterable[Cursor]) -> Iterable[Cursor]:
    room = _MOST_AUTH
    for cursor in cursors:
        room -= len(msgspec.json.encode(cursor))
        if room < 0:
            return
        yield cursor


def _without_none(value: Any) -> Any:
    """What is not set is left out of a frame."""
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _without_none(inner) for name, inner in value.items() if inner is not None}


def _log_fault(error: Exception) -> None:
    """Where it happened, but not its text: that may quote a token or a message."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s on the network thread\n%s", type(error).__name__, where)
