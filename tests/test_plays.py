"""Plays: two people, told once, acted over the line port, the WebSocket and two nodes."""

from __future__ import annotations

import pytest

from tests.cast import LinePerson, Person, SocketPerson

STAGES = ["line", "websocket", "line and websocket", "websocket on two nodes", "line on two nodes"]
_ACTORS = {
    "line": (LinePerson, LinePerson),
    "websocket": (SocketPerson, SocketPerson),
    "line and websocket": (LinePerson, SocketPerson),
}


@pytest.fixture(params=STAGES)
def cast(request: pytest.FixtureRequest):
    """Luigi and Dory."""
    actors, _, two_nodes = request.param.partition(" on ")
    first, second = (
        request.getfixturevalue("nodes") if two_nodes else [request.getfixturevalue("daemon")] * 2
    )
    luigi_class, dory_class = _ACTORS[actors]
    luigi, dory = luigi_class(first, "luigi"), dory_class(second, "dory")
    luigi.last_peer, dory.last_peer = dory, luigi
    yield luigi, dory
    luigi.leaves()
    dory.leaves()


def test_a_message_arrives_and_is_answered(cast: tuple[Person, Person]) -> None:
    """Everything one says, the other hears, and both hear themselves: one log for both."""
    luigi, dory = cast
    assert luigi.sends(dory, "ciao") == 1
    assert dory.receives(luigi, "ciao") == 1
    assert luigi.receives(luigi, "ciao") == 1
    assert dory.sends(luigi, "ciao, Luigi! Come stai?") == 2
    assert luigi.receives(dory, "ciao, Luigi! Come stai?") == 2
    assert dory.receives(dory, "ciao, Luigi! Come stai?") == 2


def test_a_conversation_keeps_its_order(cast: tuple[Person, Person]) -> None:
    """Thirty messages from both sides come in one order to both."""
    luigi, dory = cast
    for number in range(15):
        luigi.sends(dory, f"domanda {number}")
        dory.sends(luigi, f"risposta {number}")
    said = [
        (speaker, f"{word} {number}")
        for number in range(15)
        for speaker, word in ((luigi, "domanda"), (dory, "risposta"))
    ]
    for listener in cast:
        for seq, (speaker, content) in enumerate(said, 1):
            assert listener.receives(speaker, content) == seq
    for reader, peer in ((luigi, dory), (dory, luigi)):
        assert reader.history(peer) == [(speaker.name, content) for speaker, content in said]


def test_a_send_repeated_with_its_client_id_is_stored_once(cast: tuple[Person, Person]) -> None:
    """The same client_id again answers with the first seq; nobody hears it twice."""
    luigi, dory = cast
    assert luigi.sends(dory, "una volta sola", client_id="0f8e0001") == 1
    assert luigi.sends(dory, "una volta sola", client_id="0f8e0001") == 1
    assert luigi.sends(dory, "dopo") == 2
    assert dory.receives(luigi, "una volta sola") == 1
    assert dory.receives(luigi, "dopo") == 2
    assert dory.history(luigi) == [(luigi.name, "una volta sola"), (luigi.name, "dopo")]


def test_a_discarded_chat_is_gone_for_one_and_there_for_the_other(
    cast: tuple[Person, Person],
) -> None:
    """Discarding counts in seq: what comes later is seen."""
    luigi, dory = cast
    luigi.sends(dory, "prima")
    dory.receives(luigi, "prima")
    dory.discards(luigi)
    luigi.sends(dory, "poi")
    assert dory.history(luigi) == [(luigi.name, "poi")]
    assert luigi.history(dory) == [(luigi.name, "prima"), (luigi.name, "poi")]


def test_any_text_arrives_as_it_was_written(cast: tuple[Person, Person]) -> None:
    """Scripts, emoji, quotes, backslashes and inner spaces are kept."""
    luigi, dory = cast
    for content in ('a  b "c" \\d', "смотри: 你好 👩‍🚀", "SESSION: rg1_x", "id=… ok"):
        luigi.sends(dory, content, client_id=None if content[:3] != "id=" else "00000001")
        assert luigi.history(dory)[-1][1].replace("\\\\", "\\") == content


def test_a_group_comes_together_and_falls_apart(cast: tuple[Person, Person]) -> None:
    """Each reads from their own joining on and up to their own leaving."""
    luigi, dory = cast
    group = luigi.creates("gita al lago", dory)
    luigi.sends(group, "vieni?")
    assert luigi.receives(luigi, "vieni?", group) == 2
    dory.accepts("gita al lago")
    assert dory.sends(group, "eccomi") == 4
    for listener in cast:
        assert listener.receives(dory, "eccomi", group) == 4
    assert dory.history(group) == [(dory.name, "eccomi")]
    assert luigi.history(group) == [(luigi.name, "vieni?"), (dory.name, "eccomi")]
    dory.leaves_group(group)
    assert dory.is_refused(group)
    luigi.sends(group, "peccato")
    assert luigi.receives(luigi, "peccato", group) == 6
    assert dory.history(group) == [(dory.name, "eccomi")]


def test_who_comes_back_to_a_group_hears_again(cast: tuple[Person, Person]) -> None:
    """But never what was said in between."""
    luigi, dory = cast
    group = luigi.creates("andata e ritorno", dory)
    dory.accepts("andata e ritorno")
    dory.leaves_group(group)
    luigi.sends(group, "senza Dory")
    luigi.invites(dory, group)
    dory.accepts("andata e ritorno")
    assert luigi.sends(group, "bentornata") == 6
    assert dory.receives(luigi, "bentornata", group) == 6
    assert dory.history(group) == [(luigi.name, "bentornata")]
