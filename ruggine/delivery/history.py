"""What clients did and saw, and what the log holds in the end: all that the checker reads.

Times are seconds of one monotonic clock. A chat is named by its group_id, or by its two members;
its `chat_id` is what the daemon calls it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct


class Invoked(Struct, frozen=True, tag=True):
    """A message is handed to the daemon. A repeated one has the same `client_id`."""

    at_s: float
    sender: str
    client_id: str
    chat: str
    content: str
    device: str = ""
    connection: int = 0


class Acknowledged(Struct, frozen=True, tag=True):
    at_s: float
    sender: str
    client_id: str
    seq: int
    duplicate: bool


class Refused(Struct, frozen=True, tag=True):
    """The daemon says that it has not taken the message."""

    at_s: float
    sender: str
    client_id: str
    code: str


class Unanswered(Struct, frozen=True, tag=True):
    """The connection was lost first: the message may be stored or not."""

    at_s: float
    sender: str
    client_id: str


class Received(Struct, frozen=True, tag=True):
    """An entry arrives at a device: `live`, `resumed`, or `read` in the history."""

    at_s: float
    device: str
    connection: int
    how: str
    chat: str
    seq: int
    kind: str
    sender: str = ""
    client_id: str = ""
    content: str = ""
    chat_id: str = ""


class Skipped(Struct, frozen=True, tag=True):
    """A device is told that entries are only in the history, which has no more than messages."""

    at_s: float
    device: str
    chat: str
    first: int
    last: int


class Revoked(Struct, frozen=True, tag=True):
    """The daemon has acknowledged that the session behind this connection is ended."""

    at_s: float
    device: str
    connection: int


class Resumed(Struct, frozen=True, tag=True):
    """A device hears that its cursors hold: it is in the database in which it was before."""

    at_s: float
    device: str
    connection: int


class Reset(Struct, frozen=True, tag=True):
    """A device hears that it is in another database. It drops what it has, and reads anew."""

    at_s: float
    device: str
    connection: int


class Restored(Struct, frozen=True, tag=True):
    """A backup, begun at `since_s`, has taken the database's place: what was acknowledged after
    that is lost by intention. At least one message was."""

    at_s: float
    since_s: float


class Stored(Struct, frozen=True, tag=True):
    """An entry of the log, read when everything is over. `subject` joined or left."""

    chat: str
    seq: int
    kind: str
    sender: str
    client_id: str
    content: str
    subject: str = ""
    chat_id: str = ""


Record = (
    Invoked
    | Acknowledged
    | Refused
    | Unanswered
    | Received
    | Skipped
    | Revoked
    | Resumed
    | Reset
    | Restored
)


class History:
    """Records in the order in which they happened, and whose devices these are."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.owners: dict[str, str] = {}

    def add(self, record: Record) -> None:
        self.records.append(record)

    def count(self) -> Counter[str]:
        """How many records there are of each kind."""
        return Counter(type(record).__name__ for record in self.records)

    def write(self, path: Path, log: list[Stored]) -> None:
        """One JSON object a line, for who wants to look at a violation."""
        with path.open("wb") as file:
            for record in (*self.records, *log):
                file.write(msgspec.json.encode(record) + b"\n")
