"""The one rule for calling, over every way that things can stand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_tk.attention import Scene, Verdict, judge, mentions
from client_tk.ui import drawable

SCENES = [
    Scene(**dict(zip(Scene.__struct_fields__, values, strict=True)))
    for values in itertools.product([False, True], repeat=len(Scene.__struct_fields__))
]


def scene(*what: str) -> Scene:
    """Only what is named is so; somebody else's message, after catching up."""
    values = dict.fromkeys(Scene.__struct_fields__, False)
    return Scene(**(values | {"caught_up": True} | dict.fromkeys(what, True)))


LOOKING = ("focused", "visible", "shown", "at_end")

TABLE = [
    # how things stand, and what follows: seen, notify, urge, sound
    (LOOKING, (True, False, False, False)),
    (("focused", "visible", "shown"), (False, True, False, True)),
    (("focused", "visible", "at_end"), (False, True, False, True)),
    (("visible", "shown", "at_end"), (False, True, True, True)),
    (("shown", "at_end"), (False, True, True, True)),
    ((), (False, True, True, True)),
    (("muted",), (False, False, False, False)),
    (("muted", "mention"), (False, True, True, True)),
    (("own",), (False, False, False, False)),
    (("own", "mention"), (False, False, False, False)),
    ((*LOOKING, "mention"), (True, False, False, False)),
    ((*LOOKING, "muted"), (True, False, False, False)),
]


@pytest.mark.parametrize(("how", "then"), TABLE)
def test_the_table(how: tuple[str, ...], then: tuple[bool, ...]) -> None:
    assert judge(scene(*how)) == Verdict(*then)


@pytest.mark.parametrize("so", SCENES)
def test_what_holds_however_things_stand(so: Scene) -> None:
    verdict = judge(so)
    assert verdict.seen == (so.focused and so.visible and so.shown and so.at_end)
    if verdict.seen:
        assert not verdict.notify
    if so.own or (so.muted and not so.mention):
        assert verdict == Verdict(verdict.seen, False, False, False)
    if not so.visible and not so.own and not so.muted:
        assert verdict.notify  # a hidden window always calls
    if not so.caught_up:
        assert not verdict.sound  # one sound at most for all that was missed


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@dory vieni?", True),
        ("ciao @Dory!", True),
        ("(@dory)", True),
        ("grazie @dory.", True),
        ("@dory: sì", True),
        ("ehi...@dory", True),
        ("dory", False),
        ("@doryanna", False),
        ("@dory.p", False),
        ("a@dory.example", False),
        ("info@dory", False),
        ("@dory-2", False),
        ("@@dory", False),
    ],
)
def test_a_mention_is_a_word_of_its_own(text: str, mentioned: bool) -> None:
    assert mentions(text, "dory") is mentioned


@given(st.text("@Dory.-_ è\n", max_size=20), st.sampled_from(["dory", "d", "o.r", ""]))
def test_who_is_called_sees_where(text: str, name: str) -> None:
    """What counts as a mention is what the transcript marks."""
    assert mentions(text, name) is bool(drawable.mentions(text, name))


def test_a_name_is_no_pattern() -> None:
    assert mentions("@a.b", "a.b")
    assert not mentions("@axb", "a.b")
