"""Some send as fast as they can to a daemon with rate limits, and others as they should.

Those who flood wait for no answer, as long as not too many are outstanding. Each of their messages
is either acknowledged, and then arrives, or refused with `rate_limited` and `retry_after`, and then
does not. Who keeps to the limits beside them is not refused.
"""

from __future__ import annotations

import contextlib
import time

from ruggine.bench.bystanders import talking
from ruggine.bench.figures import Figures
from ruggine.bench.people import Person
from ruggine.bench.private import Load, Pair
from ruggine.bench.progress import Progress
from ruggine.bench.server import Server

_WORDS_A_SECOND = 5.0
"""Of each pair beside the flood: half of what the daemon grants unless it is told otherwise."""
_AT_A_TIME = 64
_UNANSWERED = 512
"""The daemon answers refusals at a pace: more would outlast the patience of the bench."""
_LOOK_S = 0.01


class Flooder:
    """One who writes whatever the connection takes."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self.unsent = b""

    def push(self, *, more: bool) -> None:
        """Go on with what is begun, or else begin anew if there is to be `more`."""
        book = self._pair.book
        if not self.unsent and more and book.sent - book.answered < _UNANSWERED:
            self.unsent = self._pair.book.send(_AT_A_TIME)
        with contextlib.suppress(BlockingIOError):
            self.unsent = self.unsent[self._pair.sender.socket.socket.send(self.unsent) :]


def run(
    server: Server,
    people: list[Person],
    others: list[Person],
    seconds: float,
    progress: Progress,
) -> Figures:
    """One flood, two by two. Raises SystemExit unless the daemon stays correct in it."""
    rate = _WORDS_A_SECOND * len(others) / 2
    with (
        talking(server.websocket, others, rate) as bystanders,
        contextlib.closing(Load(server.websocket, people, limited=True)) as load,
    ):
        took_s = _flood(load, seconds, progress)
        felt = bystanders.stop()
    books = [pair.book for pair in load.pairs]
    refused = sum(len(book.refused) for book in books)
    if not all(book.refused for book in books):
        raise SystemExit("bench: who sends without end is not refused: there are no rate limits")
    return {
        "refused_per_second": refused / took_s,
        "taken_per_second_each": sum(len(b.acknowledged) for b in books) / len(books) / took_s,
        **felt.delay_figures(),
    }


def _flood(load: Load, seconds: float, progress: Progress) -> float:
    """Seconds until the last message was answered."""
    flooders = [Flooder(pair) for pair in load.pairs]
    start = time.perf_counter()
    more = True
    while more or any(flooder.unsent for flooder in flooders):
        now = time.perf_counter()
        more = now < start + seconds
        for flooder in flooders:
            flooder.push(more=more)
        load.receive(_LOOK_S)
        progress("flooding", (now - start) / seconds)
    load.finish()
    return time.perf_counter() - start
