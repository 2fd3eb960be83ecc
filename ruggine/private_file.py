"""Files that hold names of people, or when somebody was there: for their owner only."""

from __future__ import annotations

import os
import stat
from contextlib import suppress


def opener(path: str, flags: int) -> int:
    """As `open` wants it: a new file has mode 0600 whatever the umask, and an old one gets it.

    Raises OSError.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):  # and not /dev/null
        with suppress(PermissionError):  # it is another user's, who lets this one write
            os.fchmod(descriptor, 0o600)
    return descriptor
