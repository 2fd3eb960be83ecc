"""How the connection stands, and when to try again."""

from __future__ import annotations

import logging
from collections.abc import Callable

from client_tk import intents
from client_tk.model import LinkStatus, LinkView, Server
from client_tk.outside import Outside
from client_tk.reconnect import MOST_S, Backoff, may_retry

_log = logging.getLogger(__name__)


class Connection:
    """Tk thread only. Reconnects for ever, with back-off and jitter, where the daemon lets us."""

    def __init__(self, outside: Outside, changed: Callable[[str], None]) -> None:
        self._outside = outside
        self._changed = changed
        self._backoff = Backoff()
        self._status: LinkStatus = "offline"
        self._retry_at_s: float | None = None
        self._reason = ""
        self._validating: Server | None = None
        self._good_since_s: float | None = None
        self.token: str | None = None
        self.is_caught_up = False

    @property
    def live(self) -> bool:
        """Whether requests can be made."""
        return self._status == "live"

    def view(self, waiting: int) -> LinkView:
        return LinkView(self._status, self._retry_at_s, self._reason, waiting)

    # What is tried

    def validate(self, server: Server, token: str) -> None:
        """Ask whether a kept token is still good, before it is used."""
        self.token, self._validating = token, server
        self._try(intents.Validate(server, token))

    def open(self, intent: intents.Open) -> None:
        self.token, self._validating = intent.token, None
        self._try(intent)

    def _try(self, intent: intents.Intent) -> None:
        self._status, self._retry_at_s = "connecting", None
        self._outside.tell(intent)
        self._changed("link")

    def close(self) -> None:
        self._status, self._retry_at_s, self._reason = "offline", None, ""
        self.token = self._validating = None
        self.is_caught_up = False
        self._good_since_s = None
        self._backoff.reset()
        self._outside.tell(intents.Close())
        self._changed("link")

    # What came of it

    def opened(self, *, resuming: bool) -> None:
        self._status, self._reason = "live", ""
        self.is_caught_up = not resuming

    def caught_up(self) -> None:
        _log.debug("Caught up with what was missed")
        self.is_caught_up = True
        self._good_since_s = self._outside.now_s()

    def failed(self, reason: str) -> None:
        """Nobody could be asked."""
        self._plan(reason)

    def closed(self, code: int, reason: str) -> None:
        _log.debug("The connection has ended with code %d", code)
        self.is_caught_up = False
        if self._has_lasted():
            self._backoff.reset()
        if may_retry(code):
            self._plan(reason)
        else:
            self._status, self._retry_at_s, self._reason = "offline", None, reason
            self._changed("link")

    def _has_lasted(self) -> bool:
        """A daemon that lets everybody in and then fails is not to be asked twice a second."""
        since_s, self._good_since_s = self._good_since_s, None
        return since_s is not None and self._outside.now_s() - since_s >= MOST_S

    def _plan(self, reason: str) -> None:
        self._status, self._reason = "offline", reason
        wait_s = self._backoff.next_s()
        _log.debug("No connection; trying again in %.1f s", wait_s)
        self._retry_at_s = self._outside.now_s() + wait_s
        self._changed("link")

    # Again

    def due_s(self) -> float | None:
        return self._retry_at_s

    def tick(self, now_s: float, reopen: Callable[[], None]) -> None:
        if self._retry_at_s is not None and now_s >= self._retry_at_s:
            self._again(reopen)

    def retry_now(self, reopen: Callable[[], None]) -> None:
        """The person does not want to wait."""
        if self._status == "offline":
            self._again(reopen)

    def _again(self, reopen: Callable[[], None]) -> None:
        self._retry_at_s = None
        if self._validating is not None and self.token is not None:
            self.validate(self._validating, self.token)
        else:
            reopen()
