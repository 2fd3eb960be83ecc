"""What each signal asks for: to stop, or to reload."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

_STOPPING = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """SIGTERM, SIGINT and a closed terminal ask the daemon to stop; SIGUSR1 asks it to reload.

    SIGHUP comes from a terminal that closes, or from somebody who wants a service to reload:
    `service` says which. `stop` gets the reason; both are called in the reactor, once it runs.
    """

    def __init__(
        self,
        reactor: Any,
        stop: Callable[[str], None],
        reload: Callable[[], None],
        *,
        service: bool,
    ) -> None:
        self._reactor = reactor
        self._stop = stop
        self._reload = reload
        self._service = service

    def before_the_start(self) -> None:
        """From here on no signal leaves a traceback, and none that asks to reload is lost."""
        self._set(signal.SIGUSR1, self._on_reload)
        if self._service:
            self._set(signal.SIGHUP, self._on_reload)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._set(signal.SIGINT, signal.SIG_DFL)

    def after_the_start(self) -> None:
        """From here on there is something to stop. The reactor has just set handlers of its own."""
        self._set(signal.SIGTERM, self._on_stop)
        for number in (signal.SIGINT,) if self._service else (signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and `&` have set it
                self._set(number, self._on_stop)

    def _on_reload(self, number: int, frame: object) -> None:
        self._reactor.callFromThread(self._reload)

    def _on_stop(self, number: int, frame: object) -> None:
        """A second SIGTERM or SIGINT ends at once. A terminal often sends SIGHUP twice."""
        for stopping in _STOPPING:
            self._set(stopping, signal.SIG_DFL)
        if not self._service:
            self._set(signal.SIGHUP, signal.SIG_IGN)
        self._reactor.callFromThread(self._stop, signal.Signals(number).name)

    def _set(self, number: int, handler: Any) -> None:
        with suppress(ValueError):  # Python sets signals in the main thread only
            signal.signal(number, handler)


def is_service(twistd: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> bool:
    """Whether no terminal can mean itself by SIGHUP: in the background, started by systemd, or
    with a log file and without a terminal. `twistd` are twistd's own options."""
    if not twistd.get("nodaemon") or environment.get("SYSTEMD_EXEC_PID") == str(os.getpid()):
        return True
    return twistd.get("logfile") not in (None, "-") and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
