"""What the load sends is what a client would send, and it reads what a daemon sends."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from ruggine.bench.book import Book, Listener
from ruggine.bench.connections import Arrival, allow_files, connected
from ruggine.bench.group import Fan, Reader
from ruggine.bench.private import Load
from ruggine.bench.progress import no_progress
from ruggine.bench.reservoir import TEXT, Reservoir, group, private
from ruggine.bench.slow import Lazy
from ruggine.bench.sockets import Closed, Incoming, LoadSocket
from ruggine.net.small_frames import split, text_frame


@pytest.mark.parametrize(
    ("place", "text"), [(private("a"), ""), (private("dory"), TEXT), (group("g" * 36), "x" * 3000)]
)
def test_what_is_ready_is_what_a_client_would_send(place: dict[str, str], text: str) -> None:
    reservoir = Reservoir(place, text)
    frames = b"".join(reservoir.take(count) for count in (1, 0, 255, 2, 700))
    payloads, begun, rest = split(frames)
    assert (begun, rest) == (b"", b"")
    assert [json.loads(payload) for payload in payloads] == [
        {
            "message_type": "send_message", **place, "content": reservoir.content(number),
            "client_id": f"{reservoir.prefix}{number:08d}",
        }
        for number in range(958)
    ]  # fmt: skip


def test_no_two_reservoirs_have_the_same_ids() -> None:
    assert Reservoir(private("a")).prefix != Reservoir(private("a")).prefix


@pytest.fixture
def ends() -> Iterator[tuple[LoadSocket, socket.socket]]:
    here, there = socket.socketpair()
    load = LoadSocket.__new__(LoadSocket)
    load.socket, load._data, load._closed, load._key = here, b"", None, b"abcd"
    with here, there:
        yield load, there


def test_frames_are_read_however_they_come(ends: tuple[LoadSocket, socket.socket]) -> None:
    load, there = ends
    texts = [f'{{"message_type":"a","seq":{seq},"content":"{"x" * seq}"}}' for seq in (1, 200, 300)]
    data = b"".join(text_frame(text.encode()) for text in (*texts, texts[0]))
    for cut in range(len(data)):
        found = []
        for part in (data[:cut], data[cut:]):
            if part:
                there.sendall(part)
                found += [frame.seq for frame in load.receive()]
        assert found == [1, 200, 300, 1]


def test_a_ping_is_answered_and_a_close_comes_after_what_was_sent_before(
    ends: tuple[LoadSocket, socket.socket],
) -> None:
    load, there = ends
    there.sendall(b"\x89\x02hi" + text_frame(b'{"message_type":"a"}') + b"\x88\x04\x0f\xa3so")
    assert [frame.message_type for frame in load.receive()] == ["a"]
    assert there.recv(100)[0] == 0x8A
    with pytest.raises(Closed, match="4003 so") as closed:
        load.receive()
    assert closed.value.code == 4003


def test_a_member_who_receives_something_else_is_noticed() -> None:
    fan = Fan.__new__(Fan)
    fan.pair = Complete()
    fan.witness, fan.others = Reader(None), [Reader(None)]
    for reader in (fan.witness, *fan.others):
        reader.size, reader.checksum = 10, 7
    fan.verify()
    fan.others[0].checksum = 8
    with pytest.raises(SystemExit, match="1 members have received something else"):
        fan.verify()


class Complete:
    """A pair whose messages have all arrived."""

    @property
    def book(self) -> Complete:
        return self

    def verify(self) -> None: ...


def test_many_clients_leave_the_low_files_to_those_who_talk() -> None:
    allow_files(10)
    arrival = Arrival(("127.0.0.1", 9), "rg1_")
    with arrival.socket:
        assert arrival.fileno() >= 1024


def test_a_client_who_is_refused_in_a_storm_is_noticed() -> None:
    allow_files(10)
    with pytest.raises(SystemExit, match="a connection was refused"):  # noqa: SIM117
        with connected(("127.0.0.1", 9), [("dory", "rg1_")], 3, 3, no_progress):
            pass


class Script:
    """A connection of somebody slow, by what they find when they look again."""

    def __init__(self, found: list[list[Incoming]], end: Exception) -> None:
        self._found = found
        self._end = end

    def receive(self) -> list[Incoming]:
        if not self._found:
            raise self._end
        return self._found.pop(0)


def woken(numbers: list[int], end: Exception) -> bool:
    """Whether the daemon has closed somebody slow who finds these of three messages."""
    reservoir = Reservoir(group("g"))
    book = Book(reservoir)
    book.send(3)
    ids = [f"{reservoir.prefix}{number:08d}" for number in range(3)]
    for number in range(3):
        book.answer(Incoming("message_sent", seq=number + 1, client_id=ids[number]))
    frames = [Incoming("incoming_message", n + 1, reservoir.content(n), ids[n]) for n in numbers]
    socket: Any = Script([frames], end)
    lazy = Lazy.__new__(Lazy)
    lazy.book = book
    lazy.slow = [Listener(book, socket)]
    return lazy.wake() == 1


def test_a_slow_reader_is_closed_or_catches_up() -> None:
    assert woken([0, 1], Closed(4003, "reads too slowly"))
    assert woken([], ConnectionResetError())
    assert not woken([0, 1, 2], Closed(4003))


@pytest.mark.parametrize(
    ("numbers", "end", "fault"),
    [
        ([0, 2], Closed(4003), "a message is lost or doubled"),
        ([1], Closed(4003), "1 acknowledged messages did not arrive"),
        ([0], Closed(1011), "was told something else"),
        ([0], TimeoutError(), "neither closed nor sent the rest"),
    ],
)
def test_whatever_else_a_slow_reader_finds_is_noticed(
    numbers: list[int], end: Exception, fault: str
) -> None:
    with pytest.raises(SystemExit, match=fault):
        woken(numbers, end)


def test_a_load_beside_a_thousand_open_files_is_heard() -> None:
    """Which are more than select() knows."""
    with contextlib.ExitStack() as stack:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, before[1]))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        for _ in range(1024):
            stack.callback(os.close, os.dup(0))
        load = stack.enter_context(contextlib.closing(Load(("", 0), [])))
        assert load.receive(0.01) == set()
