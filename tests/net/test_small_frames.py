"""Small text frames read by hand, held against frames of `websockets`, which are not ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from ruggine.net.small_frames import SMALL, split, text_frame


def client_frame(payload: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin=fin).serialize(mask=True)


@given(st.lists(st.text(max_size=200)))
def test_it_reads_what_another_library_writes(texts: list[str]) -> None:
    payloads = [text.encode() for text in texts]
    assert split(b"".join(map(client_frame, payloads))) == (payloads, b"", b"")


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 126, 127, SMALL])
def test_each_form_of_length_is_read(size: int) -> None:
    payload = b"x" * size
    assert split(client_frame(payload)) == ([payload], b"", b"")


@pytest.mark.parametrize("payload", [b"x" * 5, b"x" * 300, "grüß dich".encode()])
def test_what_has_begun_is_given_back_at_every_length(payload: bytes) -> None:
    whole = client_frame(payload)
    for length in range(1, len(whole)):
        assert split(whole[:length]) == ([], whole[:length], b"")
        first = client_frame(b"first")
        assert split(first + whole[:length]) == ([b"first"], whole[:length], b"")


@pytest.mark.parametrize(
    "other",
    [
        client_frame(b"x" * (SMALL + 1)),
        client_frame(b"x" * 70_000),
        client_frame(b"binary", Opcode.BINARY),
        client_frame(b"ping", Opcode.PING),
        client_frame(b"", Opcode.CLOSE),
        client_frame(b"part", fin=False),
        client_frame(b"part", Opcode.CONT),
        client_frame(b"\xff not UTF-8"),
        client_frame(b"\xed\xa0\x80 half of a pair"),
        Frame(Opcode.TEXT, b"not masked").serialize(mask=False),
        Frame(Opcode.TEXT, b"not masked" * 20).serialize(mask=False),
        b"\xc1" + client_frame(b"a reserved bit")[1:],
        b"\x81\xfe\x00\x05aaaa12345",  # five bytes, with a length of two
        b"\x81\xff" + (5).to_bytes(8, "big") + b"aaaa12345",
    ],
    ids=[
        "large",
        "larger",
        "binary",
        "ping",
        "close",
        "fragment",
        "continuation",
        "no UTF-8",
        "surrogate",
        "not masked",
        "long and not masked",
        "reserved bit",
        "length the long way",
        "length in eight bytes",
    ],
)
def test_everything_else_is_left_alone_from_there_on(other: bytes) -> None:
    after = client_frame(b"after")
    assert split(client_frame(b"before") + other + after) == ([b"before"], b"", other + after)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_what_the_server_writes_is_what_another_library_would(size: int) -> None:
    payload = b"x" * size
    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
