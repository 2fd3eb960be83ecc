"""What a node says can be told from what somebody else says."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ruggine.bus.signing import Signing

KEY = b"k" * 32
PAYLOAD = b'{"event":"entry"}'


@given(st.dictionaries(st.text(), st.text(), min_size=1), st.text())
def test_what_is_signed_is_known_again(members: dict[str, str], place: str) -> None:
    """It stays a JSON object with the same members."""
    place = place.encode("utf-8", "replace").decode()
    sealed = Signing(KEY).sign(place, json.dumps(members).encode())
    assert Signing(KEY).signed(place, sealed)
    assert {**json.loads(sealed), "mac": None} == {**members, "mac": None}


def test_what_another_wrote_or_moved_is_not() -> None:
    """Another key, another place, another content, none, and what only looks like one."""
    signing = Signing(KEY)
    sealed = signing.sign("chat_messages:1", PAYLOAD)
    assert not Signing(b"x" * 32).signed("chat_messages:1", sealed)
    assert not signing.signed("chat_messages:2", sealed)
    assert not signing.signed("chat_messages:1", sealed.replace(b"entry", b"Entry"))
    for forged in (b"", b"{}", PAYLOAD, sealed[:-1], sealed + b" ", b"\xff" * 60, sealed[-50:]):
        assert not signing.signed("chat_messages:1", forged), forged
