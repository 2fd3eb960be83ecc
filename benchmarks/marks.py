"""`./dev bench-marks`: everybody in a group marks what they read; what others feel of it.

Each message is followed by a mark of every member, and each mark is told to all of them. A pair
goes on talking meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import selectors
import time
from collections import Counter
from typing import Any

from benchmarks.server import own_server
from ruggine import terminal
from ruggine.bench import reservoir
from ruggine.bench.bystanders import delays, talking
from ruggine.bench.people import Person
from ruggine.bench.progress import Progress, progress_bar
from ruggine.bench.server import Server
from ruggine.bench.sockets import LoadSocket

_WORDS_A_SECOND = 100.0
_BEFORE_S = 2.0
_SILENCE_S = 3.0
"""Until all have been told who else is there."""
_PATIENCE_S = 30.0


@terminal.output()
def main() -> None:
    """Measure and print."""
    options = _options()
    daemon = [f"--max-group-members={options.members}"]
    with own_server(daemon, None) as server, progress_bar(quiet=options.json) as progress:
        results = _measure(server, options, progress)
    print(json.dumps(results, indent=2) if options.json else _report(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench-marks",
        description="The members of a group mark each message as read, while a pair of users goes "
        "on talking. Starts a daemon of its own.",
    )
    parser.add_argument("--members", type=int, default=250, help="of the group [250]")
    parser.add_argument("--rate", type=float, default=2, help="messages/s to the group [2]")
    parser.add_argument("--seconds", type=float, default=8, help="of talking in the group [8]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


class Group:
    """One member sends; all mark what they receive, and everybody is told of each mark."""

    def __init__(self, server: Server, members: list[Person]) -> None:
        self._place = reservoir.group(server.people.group(members))
        self._sockets = [LoadSocket(server.websocket, token) for _, token in members]
        self._selector = selectors.DefaultSelector()
        for socket in self._sockets:
            socket.unblock()
            self._selector.register(socket, selectors.EVENT_READ, socket)
        self.sent = 0
        self.marks = 0
        self.received: Counter[str] = Counter()

    def send(self) -> None:
        self.sent += 1
        frame = {"message_type": "send_message", "content": reservoir.TEXT, **self._place}
        self._sockets[0].send(frame)

    def receive(self) -> None:
        """Take what has come, and mark it."""
        for key, _ in self._selector.select(0.005):
            frames = key.data.receive()
            self.received.update(frame.message_type for frame in frames)
            seq = max((f.seq for f in frames if f.message_type == "incoming_message"), default=0)
            if seq:
                self.marks += 1
                frame = {"message_type": "mark_read", "seq": seq, **self._place}
                key.data.send(frame)

    def finish(self) -> None:
        """Raises SystemExit if one mark was not acknowledged, or not told to everybody."""
        until = time.perf_counter() + _PATIENCE_S
        while not self._complete:
            self.receive()
            if time.perf_counter() > until:
                raise SystemExit(f"bench: {self.marks} marks, but only {self.received} came")

    @property
    def _complete(self) -> bool:
        members, received = len(self._sockets), self.received
        return (
            received["incoming_message"] == self.sent * members
            and received["mark_read_result"] == self.marks
            and received["read_receipt"] == self.marks * members
        )

    def close(self) -> None:
        for socket in self._sockets:
            socket.close()


def _measure(server: Server, options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    people = server.people.first(options.members + 2)
    members, pair = people[2:], people[:2]
    with contextlib.closing(Group(server, members)) as group:
        _listen(group, _SILENCE_S)
        with talking(server.websocket, pair, _WORDS_A_SECOND) as bystanders:
            _listen(group, _BEFORE_S)
            processor_s, begun = server.processor_s(), time.perf_counter()
            while (now := time.perf_counter()) < begun + options.seconds:
                if now >= begun + group.sent / options.rate:
                    group.send()
                group.receive()
                progress("everybody marks what they read", (now - begun) / options.seconds)
            group.finish()
            ended = time.perf_counter()
            processor_s = server.processor_s() - processor_s
            felt = bystanders.stop()
    return {
        "members": options.members,
        "messages": group.sent,
        "marks": group.marks,
        "seconds": round(ended - begun, 2),
        "processor_s": round(processor_s, 2),
        "pair_before": felt.delay_figures(until=begun),
        "pair_during": felt.delay_figures(begun, ended),
    }


def _listen(group: Group, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        group.receive()


def _report(results: dict[str, Any]) -> str:
    lines = [
        f"{results['messages']} messages to a group of {results['members']} and {results['marks']} "
        f"marks in {results['seconds']} s, for {results['processor_s']} s of a processor"
    ]
    for when in ("before", "during"):
        lines.append(f"a pair {when}: {delays(results[f'pair_{when}'])}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
