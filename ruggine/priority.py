"""Threads whose work can wait get the processor when no other thread of the machine wants it."""

from __future__ import annotations

import contextlib
import os
import threading

_NICENESS = 10
"""Of 19; a thread of normal priority gets about nine times as much of a processor."""

_this_thread = threading.local()


def lower_this_thread() -> None:
    """Lower the priority of the calling thread for good, where the system has priorities for
    threads: most do not let a thread raise it again."""
    if not getattr(_this_thread, "lowered", False):
        _this_thread.lowered = True
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
