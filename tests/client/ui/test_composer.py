"""The composer as a person meets it: nothing is lost, and nothing goes to the wrong chat."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from client_tk.model import ChatKey, Row
from client_tk.ui.composer import Composer
from client_tk.ui.drawable import last_cluster
from tests.client.ui.stage import Actor, Stage, stage

LUIGI = ChatKey("private", "luigi")
PEACH = ChatKey("private", "peach")
NAMES = ["luigi", "Peach", "toad", "toadette", "ada.lovelace"]


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def on_stage() -> Iterator[Stage]:
    with stage() as made:
        made.actor = Actor(names=NAMES, name_of="dory")
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def composer(on_stage: Stage, clock: Clock) -> Composer:
    made = Composer(on_stage.root, on_stage.theme, on_stage.actor, now_s=clock)
    made.pack(side="bottom", fill="x")
    made.open(LUIGI, "Luigi", "")
    on_stage.settle()
    on_stage.focus(made.text)
    return made


def row(seq: int = 7, content: str = "what I said", sender: str = "dory") -> Row:
    return Row(seq=seq, sender=sender, content=content, time_s=1.0)


def test_enter_sends_and_shift_enter_begins_a_line(on_stage: Stage, composer: Composer) -> None:
    """And nothing is left behind."""
    on_stage.write(composer.text, "one")
    on_stage.press(composer.text, "<Shift-Return>")
    on_stage.write(composer.text, "two\n")
    assert on_stage.actor.take("send") == [("send", LUIGI, "one\ntwo", None)]
    assert composer.entry.get() == ""


def test_enter_can_begin_a_line(on_stage: Stage, composer: Composer) -> None:
    """For those who want it; Shift+Enter and Ctrl+Enter send then."""
    composer.enter_sends = False
    on_stage.write(composer.text, "one\ntwo")
    assert not on_stage.actor.take("send")
    on_stage.press(composer.text, "<Shift-Return>")
    assert on_stage.actor.take("send") == [("send", LUIGI, "one\ntwo", None)]
    on_stage.write(composer.text, "three")
    on_stage.press(composer.text, "<Control-Return>")
    assert on_stage.actor.take("send") == [("send", LUIGI, "three", None)]


def test_white_space_is_not_sent(on_stage: Stage, composer: Composer) -> None:
    """Neither alone nor around a message."""
    on_stage.write(composer.text, "   \n")
    assert not on_stage.actor.take("send")
    on_stage.write(composer.text, "x  \n")
    assert on_stage.actor.take("send") == [("send", LUIGI, "   x", None)]


def test_each_chat_keeps_its_own(on_stage: Stage, composer: Composer) -> None:
    """The draft is told before another chat is open, and goes only to the chat it is for."""
    on_stage.write(composer.text, "for luigi")
    composer.open(PEACH, "Peach", "for peach")
    assert on_stage.actor.take("draft") == [("draft", LUIGI, "for luigi")]
    on_stage.press(composer.text, "<Return>")
    assert on_stage.actor.take("send") == [("send", PEACH, "for peach", None)]
    composer.open(LUIGI, "Luigi", "for luigi")
    on_stage.press(composer.text, "<Return>")
    assert on_stage.actor.take("send") == [("send", LUIGI, "for luigi", None)]


def test_opening_the_open_chat_loses_nothing(on_stage: Stage, composer: Composer) -> None:
    """The state may know less than what was written since; a new draft comes above it."""
    on_stage.write(composer.text, "new")
    composer.open(LUIGI, "Luigi", "")
    assert composer.entry.get() == "new"
    composer.open(LUIGI, "Luigi", "refused edit")
    assert composer.entry.get() == "refused edit\nnew"


def test_the_draft_is_told_after_a_while(on_stage: Stage, composer: Composer) -> None:
    """Once, and again when it was sent."""
    on_stage.write(composer.text, "abc")
    assert not on_stage.actor.take("draft")
    composer.after(450, on_stage.root.quit)
    on_stage.root.mainloop()
    assert on_stage.actor.take("draft") == [("draft", LUIGI, "abc")]
    on_stage.press(composer.text, "<Return>")
    assert on_stage.actor.take("draft") == [("draft", LUIGI, "")]


def test_up_edits_the_last_message(on_stage: Stage, composer: Composer) -> None:
    """Only from an empty field."""
    on_stage.press(composer.text, "<Up>")
    assert on_stage.actor.take("edit_last") == [("edit_last", LUIGI)]
    on_stage.write(composer.text, "x")
    on_stage.press(composer.text, "<Up>")
    assert not on_stage.actor.take("edit_last")


def test_the_draft_comes_back_after_an_edit(on_stage: Stage, composer: Composer) -> None:
    """Whether it was saved or given up; and it is what is told as the draft meanwhile."""
    on_stage.write(composer.text, "draft")
    composer.edit(row())
    assert composer.entry.get() == "what I said"
    assert on_stage.actor.take("draft") == [("draft", LUIGI, "draft")]
    on_stage.write(composer.text, "!\n")
    assert on_stage.actor.take("save_edit") == [("save_edit", LUIGI, 7, "what I said!")]
    assert composer.entry.get() == "draft"
    composer.edit(row())
    on_stage.press(composer.text, "<Escape>")
    assert composer.entry.get() == "draft"
    assert not on_stage.actor.take("send", "save_edit", "draft")


def test_an_edit_waits_in_its_chat(on_stage: Stage, composer: Composer) -> None:
    """While another chat is shown."""
    composer.edit(row())
    on_stage.write(composer.text, "!")
    composer.open(PEACH, "Peach", "")
    on_stage.write(composer.text, "hi\n")
    assert on_stage.actor.take("send") == [("send", PEACH, "hi", None)]
    composer.open(LUIGI, "Luigi", "draft")
    assert composer.entry.get() == "what I said!"
    on_stage.press(composer.text, "<Return>")
    assert on_stage.actor.take("save_edit") == [("save_edit", LUIGI, 7, "what I said!")]
    assert composer.entry.get() == "draft"


def test_an_answer_names_its_message(on_stage: Stage, composer: Composer) -> None:
    """Until it is sent, or Esc is pressed."""
    composer.reply_to(row(3, "question", "luigi"))
    on_stage.settle()
    assert composer.bar.winfo_ismapped()
    on_stage.write(composer.text, "yes\n")
    on_stage.write(composer.text, "and\n")
    composer.reply_to(row(3, "question", "luigi"))
    on_stage.press(composer.text, "<Escape>")
    on_stage.write(composer.text, "no\n")
    replies = [call[3] for call in on_stage.actor.take("send")]
    assert replies == [3, None, None]
    assert not composer.bar.winfo_ismapped()


def test_names_are_completed(on_stage: Stage, composer: Composer) -> None:
    """With Tab, Enter and the arrows; Esc leaves what is written."""
    text = composer.text
    on_stage.write(text, "hi @to")
    assert composer.completion.is_open
    on_stage.press(text, "<Down>", "<Tab>")
    assert composer.entry.get() == "hi @toadette "
    on_stage.write(text, "@pe\n")
    assert composer.entry.get() == "hi @toadette @Peach "
    on_stage.write(text, "@lu")
    on_stage.press(text, "<Escape>")
    assert not composer.completion.is_open
    on_stage.press(text, "<Return>")
    assert on_stage.actor.take("send") == [("send", LUIGI, "hi @toadette @Peach @lu", None)]


def test_emoji_are_completed(on_stage: Stage, composer: Composer) -> None:
    """After a colon; an address in a mail is no name."""
    on_stage.write(composer.text, ":rock\n")
    assert composer.entry.get() == "🚀 "
    on_stage.write(composer.text, "me@lu")
    assert not composer.completion.is_open


def test_typing_is_told_now_and_then(on_stage: Stage, composer: Composer, clock: Clock) -> None:
    """At most every four seconds, and when it ends."""
    on_stage.write(composer.text, "abc")
    clock.now_s += 4.1
    on_stage.write(composer.text, "d")
    on_stage.press(composer.text, "<Return>")
    on_stage.write(composer.text, "e")
    on_stage.press(composer.text, "<BackSpace>")
    told = [call[2] for call in on_stage.actor.take("typing")]
    assert told == [True, True, False, True, False]


def test_what_is_too_long_is_kept(on_stage: Stage, composer: Composer) -> None:
    """And said so; the counter is there before."""
    composer.max_length = 10
    on_stage.write(composer.text, "123456789")
    assert composer._counter.cget("text") == "1"
    on_stage.write(composer.text, "0ab\n")
    assert not on_stage.actor.take("send")
    assert composer.entry.get() == "1234567890ab"
    assert composer._note.cget("text") == "The message is 2 characters too long."
    on_stage.press(composer.text, "<BackSpace>", "<BackSpace>", "<Return>")
    assert on_stage.actor.take("send") == [("send", LUIGI, "1234567890", None)]


def test_the_field_grows_to_eight_lines(on_stage: Stage, composer: Composer) -> None:
    """And shrinks again; long lines count as many as they are drawn."""
    for _line in range(12):
        on_stage.press(composer.text, "<Shift-Return>")
    assert composer.text.cget("height") == 8
    composer.entry.put("word " * 100)
    on_stage.settle()
    assert 2 < int(composer.text.cget("height")) <= 8
    composer.entry.put("")
    assert composer.text.cget("height") == 1


def test_a_huge_text_can_be_pasted_and_undone(on_stage: Stage, composer: Composer) -> None:
    """As one step; what was there before stays."""
    on_stage.write(composer.text, "a")
    on_stage.root.clipboard_clear()
    on_stage.root.clipboard_append("lorem ipsum " * 20_000)
    on_stage.press(composer.text, "<<Paste>>")
    assert len(composer.entry.get()) == 240_001
    on_stage.press(composer.text, "<<Undo>>")
    assert composer.entry.get() == "a"


def test_what_cannot_be_sent_is_left_out_of_what_is_pasted(
    on_stage: Stage, composer: Composer
) -> None:
    """The colours of a terminal, and half an emoji."""
    on_stage.root.clipboard_clear()
    on_stage.root.clipboard_append("\x1b[31mred\x1b[0m\x0b\tand\r\nmore \N{CRAB}\x85")
    on_stage.press(composer.text, "<<Paste>>")
    assert composer.text.get("1.0", "end-1c") == "[31mred[0m\tand\nmore \N{CRAB}"
    composer.entry.put("a\N{CRAB}b")
    composer.text.mark_set("insert", "1.2")
    on_stage.press(composer.text, "<Delete>")
    composer.submit()
    assert on_stage.actor.take("send") == [("send", LUIGI, "ab", None)]


def test_a_chat_that_was_left_takes_nothing(on_stage: Stage, composer: Composer) -> None:
    """What was written there can still be read."""
    composer.open(PEACH, "Peach", "too late", enabled=False)
    on_stage.write(composer.text, "x\n")
    assert composer.entry.get() == "too late"
    assert not on_stage.actor.take("send")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0), ("ab", 1), ("e\u0301", 2), ("x👍🏽", 2), ("❤️", 2), ("👩\u200d👩\u200d👧", 5),
        ("🇮🇹🇩🇪", 2), ("🇮🇹🇩", 1), ("a🇮🇹", 2),
    ],
)  # fmt: skip
def test_backspace_takes_what_is_seen_as_one(text: str, size: int) -> None:
    """Accents, skin tones, families and flags."""
    assert last_cluster(text) == size


def test_backspace_deletes_a_whole_family(on_stage: Stage, composer: Composer) -> None:
    """In the widget too."""
    composer.entry.put("a👩\u200d👩\u200d👧")
    on_stage.press(composer.text, "<BackSpace>")
    assert composer.entry.get() == "a"
