"""The only place where the network thread's reports meet Tk."""

from __future__ import annotations

import contextlib
import queue
import socket
import sys
import time
import tkinter as tk
from collections.abc import Callable

from client_tk.reports import Report

MOST_AT_ONCE = 200
SLICE_S = 0.02
"""So long at most before Tk has its turn again: the window never freezes under a burst."""

_POLL_MS = 50


class Pump:
    """One queue from the network thread, drained on the Tk thread in bounded batches.

    A socketpair wakes Tk where it can watch one (`createfilehandler`: 0.2 ms, and nothing is
    polled); elsewhere the queue is looked at every 50 ms.
    """

    def __init__(self, root: tk.Tk, take: Callable[[list[Report]], None]) -> None:
        self._root = root
        self._take = take
        self._queue: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._planned: str | None = None
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._watching = hasattr(root.tk, "createfilehandler")
        if self._watching:
            root.tk.createfilehandler(self._ear, tk.READABLE, self._on_bell)
        else:
            self._planned = root.after(_POLL_MS, self.drain)

    def report(self, report: Report) -> None:
        """Any thread. Never blocks."""
        self._queue.put(report)
        if self._watching:
            with contextlib.suppress(BlockingIOError, OSError):  # full: it will be heard anyway
                self._bell.send(b"\0")

    def close(self) -> None:
        """Tk thread. What comes later is not taken any more."""
        if self._watching:
            self._root.tk.deletefilehandler(self._ear)
        if self._planned is not None:
            self._root.after_cancel(self._planned)
        self._bell.close()
        self._ear.close()

    def _on_bell(self, _file: object, _mask: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._ear.recv(4096)
        if self._planned is None:
            self.drain()

    def drain(self) -> None:
        """Take what waits, for a short time; the rest when Tk has had its turn."""
        self._planned = None
        until_s = time.monotonic() + SLICE_S
        while batch := self._batch():
            self._hand_over(batch)
            if time.monotonic() >= until_s:
                break
        self._plan()

    def _hand_over(self, batch: list[Report]) -> None:
        """What fails is told as Tk tells it of any callback: out of the handler of a socket an
        exception would end the main loop, and the program."""
        try:
            self._take(batch)
        except Exception:
            self._root.report_callback_exception(*sys.exc_info())

    def _plan(self) -> None:
        if not self._queue.empty():
            self._planned = self._root.after(1, self.drain)
        elif not self._watching:
            self._planned = self._root.after(_POLL_MS, self.drain)

    def _batch(self) -> list[Report]:
        batch: list[Report] = []
        with contextlib.suppress(queue.Empty):
            while len(batch) < MOST_AT_ONCE:
                batch.append(self._queue.get_nowait())
        return batch
