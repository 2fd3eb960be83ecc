"""WebSocket frames: what the contract shows is read, what it does not allow is refused."""

from __future__ import annotations

import contextlib
import json
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruggine import errors
from ruggine.wire import frames, requests

SENT = '{"message_type":"send_message","chat_type":"private","to_user":"dory","content":"ciao"'
READ = {
    '{"message_type":"auth","session_token":"rg1_x"}': requests.Auth(session_token="rg1_x"),
    '{"message_type":"auth","session_token":"x","resume":{"epoch":"e","chats":'
    '[{"chat_type":"private","to_user":"luigi","seq":33}]}}': requests.Auth(
        session_token="x",
        resume=requests.Resume(
            "e", [requests.Cursor(chat_type="private", to_user="luigi", seq=33)]
        ),
    ),
    SENT + "}": requests.SendMessage(chat_type="private", to_user="dory", content="ciao"),
    SENT + ',"client_id":"0f8e0001","reply_to":12,"request_id":"7"}': requests.SendMessage(
        chat_type="private", to_user="dory", content="ciao", client_id="0f8e0001", reply_to=12,
        request_id="7",
    ),
    SENT + ',"session_token":"rg1_x","colour":["red"]}': requests.SendMessage(
        chat_type="private", to_user="dory", content="ciao"
    ),
    '{"message_type":"get_messages","chat_type":"group","group_id":"g"}': requests.GetMessages(
        chat_type="group", group_id="g"
    ),
    '{"message_type":"mark_read","chat_type":"private","to_user":"dory","seq":3}':
        requests.MarkRead(chat_type="private", to_user="dory", seq=3),
    '{"message_type":"ping"}': requests.Ping(),
    '{"message_type":"list_chats","request_id":"a"}': requests.ListChats(request_id="a"),
    '{"message_type":"online_users"}': requests.OnlineUsers(),
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_frame_is_read(text: str) -> None:
    """Unknown fields are ignored: newer clients."""
    assert frames.decode(text.encode()) == READ[text]


REFUSED = {
    "": "invalid_request",
    "null": "invalid_request",
    "42": "invalid_request",
    "[]": "invalid_request",
    "{": "invalid_request",
    "{}": "invalid_request",
    '{"message_type":"nothing"}': "invalid_request",
    '{"message_type":7}': "invalid_request",
    '{"message_type":"ping"} {}': "invalid_request",
    SENT + ',"reply_to":"twelve"}': "invalid_request",
    SENT + ',"reply_to":-1}': "invalid_request",
    SENT + ',"reply_to":1e400}': "invalid_request",
    SENT + ',"client_id":"short"}': "invalid_request",
    SENT + ',"client_id":"' + "x" * 65 + '"}': "invalid_request",
    SENT + ',"client_id":"12345678\\u0000"}': "invalid_request",
    SENT + ',"request_id":"' + "x" * 65 + '"}': "invalid_request",
    SENT.replace('"ciao"', "7") + "}": "invalid_request",
    SENT.replace('"ciao"', '""') + "}": "invalid_content",
    SENT.replace('"ciao"', '" \\n"') + "}": "invalid_content",
    SENT.replace('"ciao"', '"\\u0000"') + "}": "invalid_content",
    SENT.replace('"private"', '"public"') + "}": "invalid_request",
    SENT.replace('"to_user":"dory",', "") + "}": "invalid_request",
    '{"message_type":"get_messages","chat_type":"group"}': "invalid_request",
    '{"message_type":"get_messages","chat_type":"private","to_user":"d","limit":201}':
        "invalid_request",
    '{"message_type":"get_messages","chat_type":"private","to_user":"d","limit":0}':
        "invalid_request",
    "[" * 20_000: "invalid_request",
    '{"message_type":"ping","x":' + "[" * 5000 + "]" * 5000 + "}": "invalid_request",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:60])
def test_a_frame_is_refused(text: str) -> None:
    with pytest.raises(errors.Refusal) as caught:
        frames.decode(text.encode())
    assert caught.value.code == REFUSED[text]
    assert len(caught.value.sentence) < 200


def test_a_lone_surrogate_is_no_content() -> None:
    """JSON can write one; UTF-8 cannot."""
    with pytest.raises(errors.Refusal):
        frames.decode((SENT.replace("ciao", "\\ud800") + "}").encode())


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    with contextlib.suppress(errors.Refusal):
        frames.decode(data)
    frames.encode(frames.Error(code="", error="", client_id=frames.envelope_of(data).client_id))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
_request_types = list(typing.get_args(requests.AnyRequest))
_types = [t.__struct_config__.tag for t in _request_types]
_fields = sorted({f for t in _request_types for f in t.__struct_fields__})


@given(st.sampled_from(_types), st.dictionaries(st.sampled_from(_fields), _json, max_size=6))
def test_no_values_of_any_request_raise_anything_but_a_refusal(
    message_type: str, values: dict[str, Any]
) -> None:
    with contextlib.suppress(errors.Refusal):
        frames.decode(json.dumps({**values, "message_type": message_type}).encode())


_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
_seq = st.integers(0, 2**63 - 1)


@given(_text, _text, _seq, st.none() | _seq, st.none() | st.text("abcdef", min_size=8, max_size=64))
def test_a_message_comes_out_as_it_went_in(
    sender: str, content: str, seq: int, reply_to: int | None, client_id: str | None
) -> None:
    frame = frames.IncomingMessage(
        chat_type="private", chat_id="c", sender=sender, sender_id="1", to_user="dory",
        to_user_id="2", content=content, timestamp=1.5,
        seq=seq, reply_to=reply_to, client_id=client_id,
    )  # fmt: skip
    assert msgspec.json.decode(frames.encode(frame), type=frames.IncomingMessage) == frame


@given(_text, st.none() | _text.map(lambda t: t[:64]), st.none() | _seq)
def test_a_send_comes_out_as_it_went_in(
    content: str, request_id: str | None, reply_to: int | None
) -> None:
    try:
        request = requests.SendMessage(
            chat_type="private", to_user="dory", content=content, request_id=request_id,
            reply_to=reply_to,
        )  # fmt: skip
    except errors.InvalidContent:
        return
    assert frames.decode(msgspec.json.encode(request)) == request


def test_a_field_that_is_not_set_is_left_out() -> None:
    sent = frames.MessageSent(
        chat_type="private", chat_id="c", to_user="dory", seq=1, timestamp=2.5, duplicate=False
    )
    assert json.loads(frames.encode(sent)) == {
        "message_type": "message_sent", "chat_type": "private", "chat_id": "c", "to_user": "dory",
        "seq": 1,
        "timestamp": 2.5, "duplicate": False,
    }  # fmt: skip


SEND = '{"message_type":"send_message","request_id":"7","client_id":"00000001","content":7}'
ENVELOPES = {
    SEND: ("7", "00000001"),
    SEND.replace("send_message", "send_group_message"): ("7", "00000001"),
    SEND.replace("send_message", "search"): ("7", None),
    SEND.replace('"7"', "7"): (None, "00000001"),
    SEND.replace('"7"', '"' + "7" * 65 + '"'): (None, "00000001"),
    SEND.replace('"00000001"', '"' + "1" * 65 + '"'): ("7", None),
    SEND.replace('"00000001"', "null"): ("7", None),
    SEND.replace('"00000001"', r'"0000\ud800"'): None,
    '{"message_type":["send_message"],"client_id":"00000001"}': (None, None),
    '{"request_id":"7"': (None, None),
    "[]": (None, None),
}


@pytest.mark.parametrize("text", ENVELOPES)
def test_the_ids_of_a_refused_frame_are_found_where_they_can_be(text: str) -> None:
    found = frames.envelope_of(text.encode())
    if ENVELOPES[text] is not None:
        assert (found.request_id, found.client_id) == ENVELOPES[text]
    frames.encode(frames.Error(code="", error="", client_id=found.client_id))
