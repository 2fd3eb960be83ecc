"""Whatever goes wrong with a message is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from ruggine.bench.book import Book, Listener
from ruggine.bench.reservoir import Reservoir, private
from ruggine.bench.sockets import Incoming


class Chat:
    """A sender and a listener, with three messages on their way."""

    def __init__(self, *, limited: bool = False) -> None:
        self.reservoir = Reservoir(private("dory"))
        self.book = Book(self.reservoir, limited=limited)
        socket: Any = None
        self.sender, self.listener = (self.book.listener(socket) for _ in range(2))
        self.book.send(3)

    def id(self, number: int) -> str:
        return f"{self.reservoir.prefix}{number:08d}"

    def acknowledge(self, number: int, seq: int) -> None:
        frame = Incoming("message_sent", seq=seq, client_id=self.id(number))
        self.sender.take([frame])

    def refuse(self, number: int, **fields: Any) -> None:
        values = {"code": "rate_limited", "retry_after": 0.5, "error": "Too fast."} | fields
        self.sender.take([Incoming("error", client_id=self.id(number), **values)])

    def arrive(self, number: int, seq: int, *at: Listener, content: str | None = None) -> None:
        content = self.reservoir.content(number) if content is None else content
        frame = Incoming("incoming_message", seq=seq, content=content, client_id=self.id(number))
        for listener in at or (self.sender, self.listener):
            listener.take([frame])


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def limited() -> Chat:
    return Chat(limited=True)


def test_all_well(chat: Chat) -> None:
    for number in range(3):
        assert not chat.book.complete
        chat.acknowledge(number, number + 5)
        chat.arrive(number, number + 5)
    assert chat.book.complete
    assert len(chat.listener.delays) == 3
    chat.book.verify()


def test_an_acknowledged_message_that_does_not_arrive_is_noticed(chat: Chat) -> None:
    for number in range(3):
        chat.acknowledge(number, number + 5)
    for number in range(2):
        chat.arrive(number, number + 5)
    chat.arrive(2, 7, chat.sender)
    assert not chat.book.complete
    with pytest.raises(SystemExit, match="1 acknowledged messages did not arrive"):
        chat.book.verify()


def test_a_message_without_an_answer_is_noticed(chat: Chat) -> None:
    chat.acknowledge(0, 5)
    with pytest.raises(SystemExit, match="of 3 messages 1 were answered"):
        chat.book.verify()


def test_a_doubled_message_is_noticed(chat: Chat) -> None:
    chat.arrive(0, 5)
    with pytest.raises(SystemExit, match="message 0 is doubled"):
        chat.arrive(0, 6)


def test_a_message_out_of_order_is_noticed(chat: Chat) -> None:
    chat.arrive(1, 5)
    with pytest.raises(SystemExit, match="message 0 is doubled or out of order"):
        chat.arrive(0, 6)


def test_a_hole_is_noticed(chat: Chat) -> None:
    chat.arrive(0, 5)
    with pytest.raises(SystemExit, match="lost or doubled: 7 follows 5"):
        chat.arrive(1, 7)


def test_an_acknowledgement_of_another_place_is_noticed(chat: Chat) -> None:
    for number in range(3):
        chat.acknowledge(number, number + 6)
        chat.arrive(number, number + 5)
    with pytest.raises(SystemExit, match="another seq"):
        chat.book.verify()


def test_a_second_answer_is_noticed(chat: Chat) -> None:
    chat.acknowledge(0, 5)
    with pytest.raises(SystemExit, match="message 0 was answered twice"):
        chat.acknowledge(0, 5)


@pytest.mark.parametrize("content", ["", "00000000 una frase", "00000001"])
def test_a_message_that_was_changed_is_noticed(chat: Chat, content: str) -> None:
    with pytest.raises(SystemExit, match="message 0 is not as it was sent"):
        chat.arrive(0, 5, content=content)


def test_a_message_that_was_not_sent_yet_is_noticed(chat: Chat) -> None:
    with pytest.raises(SystemExit, match="message 3 is not as it was sent"):
        chat.arrive(3, 5)


def test_a_message_of_somebody_else_is_noticed(chat: Chat) -> None:
    with pytest.raises(SystemExit, match="not sent here"):
        chat.listener.take([Incoming("incoming_message", seq=1, client_id="another-00000000")])


def test_who_is_within_the_limits_is_not_to_be_refused(chat: Chat) -> None:
    with pytest.raises(SystemExit, match="rate_limited: Too fast"):
        chat.refuse(0)


def test_who_comes_and_goes_is_no_matter(chat: Chat) -> None:
    chat.listener.take([Incoming("user_status")])


def test_what_was_refused_does_not_arrive_and_all_is_well(limited: Chat) -> None:
    limited.acknowledge(0, 5)
    limited.refuse(1)
    limited.acknowledge(2, 6)
    limited.arrive(0, 5)
    limited.arrive(2, 6)
    assert limited.book.complete
    limited.book.verify()


def test_a_refused_message_that_arrives_is_noticed(limited: Chat) -> None:
    limited.acknowledge(0, 5)
    limited.refuse(1)
    limited.acknowledge(2, 7)
    for number in range(3):
        limited.arrive(number, number + 5)
    with pytest.raises(SystemExit, match="1 messages arrived that were refused"):
        limited.book.verify()


def test_a_refused_message_that_is_acknowledged_as_well_is_noticed(limited: Chat) -> None:
    limited.refuse(1)
    with pytest.raises(SystemExit, match="message 1 was answered twice"):
        limited.acknowledge(1, 5)


@pytest.mark.parametrize("wrong", [{"retry_after": None}, {"code": "unavailable"}])
def test_a_refusal_that_does_not_say_when_to_try_again_is_noticed(
    limited: Chat, wrong: dict[str, Any]
) -> None:
    with pytest.raises(SystemExit, match="the daemon answers error"):
        limited.refuse(0, **wrong)


def test_the_beginning_of_the_log_is_enough_for_who_was_closed(chat: Chat) -> None:
    for number in range(3):
        chat.acknowledge(number, number + 5)
    chat.arrive(0, 5)
    chat.listener.verify(chat.book, until=1)
    with pytest.raises(SystemExit, match="2 acknowledged messages did not arrive"):
        chat.listener.verify(chat.book)
