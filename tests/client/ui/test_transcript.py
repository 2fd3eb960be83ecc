"""The transcript as a person meets it: what is drawn, what stays, what is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from client_tk.model import ChatKey, Page, Row
from client_tk.ui.transcript import Transcript
from tests.client.ui.stage import Stage, stage

LUIGI = ChatKey("private", "luigi")
PEACH = ChatKey("private", "peach")
NOON_S = time.mktime((2026, 11, 23, 12, 0, 0, 0, 0, -1))


@pytest.fixture
def on_stage() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.fixture
def transcript(on_stage: Stage) -> Transcript:
    shown = Transcript(on_stage.root, on_stage.theme, on_stage.actor, time_s=lambda: NOON_S + 3600)
    shown.pack(fill="both", expand=True)
    on_stage.settle()
    return shown


def row(seq: int | None, content: str = "", sender: str = "luigi", **fields: object) -> Row:
    time_s = fields.pop("time_s", NOON_S + (seq or 900) * 10)
    return Row(
        seq=seq, sender=sender, content=content or f"message {seq}", time_s=time_s, **fields
    )  # fmt: skip


def page(*rows: Row, key: ChatKey = LUIGI, **fields: object) -> Page:
    return Page(key=key, me="dory", rows=rows, **fields)


def many(first: int, last: int) -> tuple[Row, ...]:
    return tuple(row(seq, sender=("luigi", "dory")[seq % 3 == 0]) for seq in range(first, last))


def drawn(transcript: Transcript) -> str:
    return transcript.text.get("1.0", "end-1c")


def where(transcript: Transcript, text: str) -> tuple[int, int]:
    """The pixels of a text."""
    index = transcript.text.search(text, "1.0")
    assert index, text
    box = transcript.text.bbox(f"{index}+1c")
    assert box is not None, f"{text} cannot be seen"
    return box[0] + 1, box[1] + box[3] // 2


def show(on_stage: Stage, transcript: Transcript, shown: Page | None) -> None:
    transcript.show(shown)
    on_stage.settle()


# What is drawn


def test_name_and_time_stand_once_above_what_somebody_writes(transcript: Transcript) -> None:
    """Within five minutes; then again."""
    late = row(3, "late", time_s=NOON_S + 1000)
    transcript.show(page(row(1, "one"), row(2, "two"), late))
    assert drawn(transcript).splitlines() == [
        "Today", "luigi   12:00", "one", "two", "luigi   12:16", "late",
    ]  # fmt: skip


def test_days_and_new_messages_have_rules(transcript: Transcript) -> None:
    """In the words of the day it is drawn."""
    old = row(1, "old", time_s=NOON_S - 86_400)
    transcript.show(page(old, row(2, "new"), new_from=2))
    text = drawn(transcript)
    assert text.index("Yesterday") < text.index("old") < text.index("Today")
    assert text.index("Today") < text.index("New messages") < text.index("new\n")


def test_own_messages_say_how_far_they_have_come(transcript: Transcript) -> None:
    """By shape: a clock, a tick, two ticks; in words where they were refused."""
    transcript.show(
        page(
            row(1, "read", "dory", progress="read"),
            row(2, "stored", "dory", progress="stored"),
            row(None, "waiting", "dory", progress="waiting", client_id="a"),
            row(None, "refused", "dory", progress="refused", client_id="b", refusal="Too long."),
        )
    )
    text = drawn(transcript)
    for line in ("read  ✓✓\n", "stored  ✓\n", "waiting  ◷\n", "Too long.   Retry  ·  Copy  ·  D"):
        assert line in text
    assert "You   12:00" in text


def test_edited_deleted_reactions_and_quotes(transcript: Transcript) -> None:
    """Own reactions are marked by their shape."""
    first = row(1, "first", reactions=(("👍", ("dory", "luigi")), ("🎉", ("luigi",))))
    answer = row(3, "answer", edited=True, reply_to=1)
    lost = row(4, "lost", reply_to=99)
    transcript.show(page(first, row(2, deleted=True), answer, lost, quotes=((1, first),)))
    text = drawn(transcript)
    assert "[ 👍 2 ]" in text
    assert "  🎉 1 " in text
    assert "This message was deleted" in text
    assert "message 2" not in text
    assert "▎luigi: first\nanswer  (edited)" in text
    assert "▎An earlier message\nlost" in text


def test_what_happened_to_a_group_is_told(transcript: Transcript) -> None:
    """In sentences."""
    transcript.show(
        page(
            row(1, kind="member_joined", subject="luigi"),
            row(2, kind="member_joined", subject="peach"),
            row(3, kind="member_left", subject="peach"),
            row(4, "Castle", kind="group_renamed"),
            row(5, "admin", kind="role_changed", subject="dory"),
            key=ChatKey("group", "g"),
        )
    )
    text = drawn(transcript)
    for line in (
        "luigi joined the group", "luigi added peach", "luigi removed peach",
        "luigi renamed the group to “Castle”", "luigi gave dory the role admin",
    ):  # fmt: skip
        assert line in text


def test_nothing_in_a_message_can_turn_or_hide_a_line(transcript: Transcript) -> None:
    """Characters that change the direction, and control characters, are left out."""
    transcript.show(page(row(1, "a\u202eb\u2066c\u2069d\x07e\x1b[31m\r\nf")))
    assert "abcde[31m\nf\n" in drawn(transcript)


def test_long_messages_are_shown_in_part(on_stage: Stage, transcript: Transcript) -> None:
    """Until more is asked for; no line becomes long enough to make Tk slow."""
    show(on_stage, transcript, page(row(1, "word" * 1500)))
    assert len(drawn(transcript)) < 2200
    on_stage.click(transcript.text, *where(transcript, "Show all"))
    text = drawn(transcript)
    assert text.count("word") >= 1498
    assert max(map(len, text.splitlines())) <= 2010
    assert "Show all" not in text


def test_empty_chats_and_no_chat_say_so(on_stage: Stage, transcript: Transcript) -> None:
    """And say what to do."""
    said = transcript.overlay._empty
    on_stage.settle()
    assert "Ctrl+K" in said.cget("text")
    show(on_stage, transcript, page())
    assert said.cget("text") == "No messages yet. Say hello."
    show(on_stage, transcript, page(row(1)))
    assert not said.winfo_ismapped()
    show(on_stage, transcript, None)
    assert drawn(transcript) == ""
    assert said.winfo_ismapped()


# What stays where it is


def test_the_end_stays_the_end(on_stage: Stage, transcript: Transcript) -> None:
    """While messages come and while the window changes its size."""
    show(on_stage, transcript, page(*many(1, 200)))
    assert transcript.is_at_end
    show(on_stage, transcript, page(*many(1, 230)))
    assert where(transcript, "message 229")
    on_stage.root.geometry("500x300")
    on_stage.settle()
    assert where(transcript, "message 229")
    on_stage.theme.zoom(150)
    on_stage.settle()
    assert where(transcript, "message 229")
    assert transcript.is_at_end


def test_elsewhere_the_view_stays_still(on_stage: Stage, transcript: Transcript) -> None:
    """To the pixel, while rows come above and below, and change."""
    show(on_stage, transcript, page(*many(200, 500)))
    transcript.text.yview_moveto(0.5)
    transcript.text.yview_scroll(7, "pixels")
    on_stage.settle()
    top = transcript.blocks.at_pixel(5, 60)
    assert top is not None
    seen = f"message {transcript.blocks[top].row.seq}"
    before = where(transcript, seen)
    show(on_stage, transcript, page(*many(100, 500)))
    assert where(transcript, seen) == before
    show(on_stage, transcript, page(*many(100, 520)))
    assert where(transcript, seen) == before
    changed = tuple(replace(r, content="x\n" * 5) if r.seq == 150 else r for r in many(100, 520))
    show(on_stage, transcript, page(*changed))
    assert where(transcript, seen) == before
    assert not transcript.is_at_end


def test_each_chat_is_found_where_it_was_left(on_stage: Stage, transcript: Transcript) -> None:
    """Also if something was said there meanwhile."""
    show(on_stage, transcript, page(*many(1, 200)))
    transcript.text.yview_moveto(0.4)
    on_stage.settle()
    at = transcript.blocks.at_pixel(5, 60)
    assert at is not None
    seen = f"message {transcript.blocks[at].row.seq}\n"
    before = where(transcript, seen)
    show(on_stage, transcript, page(*many(1, 90), key=PEACH, opened=2))
    assert transcript.is_at_end
    show(on_stage, transcript, page(*many(1, 210), opened=3))
    assert where(transcript, seen) == before


def test_the_pill_counts_what_is_new_below(on_stage: Stage, transcript: Transcript) -> None:
    """What was not read, loaded or not; a click goes there."""
    pill = transcript.overlay.pill
    show(on_stage, transcript, page(*many(1, 100)))
    assert not pill.winfo_ismapped()
    transcript.text.yview_moveto(0.2)
    on_stage.settle()
    assert pill.winfo_ismapped()
    assert pill.cget("text") == "▼ Newest"
    show(on_stage, transcript, page(*many(1, 103), unread=2))
    assert pill.cget("text") == "▼ 2 new"
    on_stage.click(pill, 5, 5)
    assert transcript.is_at_end
    assert not pill.winfo_ismapped()


def test_going_to_a_message_that_comes_later(on_stage: Stage, transcript: Transcript) -> None:
    """It is shown and marked once it is there."""
    show(on_stage, transcript, page(*many(300, 400)))
    transcript.go_to(50)
    show(on_stage, transcript, page(*many(1, 120), has_newer=True))
    assert where(transcript, "message 50\n")
    assert transcript.text.tag_ranges("flash")
    assert not transcript.is_at_end


def test_another_part_of_the_chat_begins_at_its_end(
    on_stage: Stage, transcript: Transcript
) -> None:
    """Where nothing is left of what could be seen, and nothing is newer."""
    show(on_stage, transcript, page(*many(1, 100), has_newer=True))
    transcript.text.yview_moveto(0.3)
    on_stage.settle()
    show(on_stage, transcript, page(*many(900, 1000)))
    assert where(transcript, "message 999")
    assert transcript.is_at_end


def test_emoji_are_named_where_they_cannot_be_drawn(
    on_stage: Stage, transcript: Transcript
) -> None:
    """Drawing them would end the program on such a machine."""
    on_stage.theme.emoji = False
    show(on_stage, transcript, page(row(1, "well 👍", reactions=(("🎉", ("luigi",)),))))
    assert "well :thumbs_up_sign:" in drawn(transcript)
    assert max(drawn(transcript)) < "\U00010000"


def test_going_to_what_is_new(on_stage: Stage, transcript: Transcript) -> None:
    """The line is in sight; where it is not loaded, it is asked for."""
    show(on_stage, transcript, page(*many(1, 300), new_from=100))
    transcript.go_to_new()
    on_stage.settle()
    assert where(transcript, "New messages")
    show(on_stage, transcript, page(*many(200, 300), new_from=100, has_older=True))
    transcript.go_to_new()
    assert on_stage.actor.take("jump_to") == [("jump_to", 100)]


def test_a_chat_opens_at_its_first_unread_message_once_that_is_there(
    on_stage: Stage, transcript: Transcript
) -> None:
    """Until then nothing is told to be seen."""
    show(on_stage, transcript, page(*many(1, 90), key=PEACH, opened=1))
    on_stage.actor.take("sees")
    show(on_stage, transcript, page(opened=2, loading=True))
    show(on_stage, transcript, page(*many(400, 440), opened=2, loading=True))
    assert on_stage.actor.take("sees") == []
    show(on_stage, transcript, page(*many(1, 300), opened=2, start=100, new_from=100))
    assert where(transcript, "New messages")
    [(_name, sight)] = on_stage.actor.take("sees")
    assert sight.first < 100 < sight.last < 299
    assert (sight.opened, sight.at_end, sight.by_hand) == (2, False, False)


def test_a_chat_opens_where_it_was_left_only_if_nothing_is_new(
    on_stage: Stage, transcript: Transcript
) -> None:
    show(on_stage, transcript, page(*many(1, 200), opened=1))
    transcript.text.yview_moveto(0.4)
    on_stage.settle()
    show(on_stage, transcript, page(*many(1, 90), key=PEACH, opened=2))
    show(on_stage, transcript, page(*many(1, 300), opened=3, start=200, new_from=200))
    assert where(transcript, "New messages")


def test_the_end_is_followed_until_what_was_not_read_would_leave_at_the_top(
    on_stage: Stage, transcript: Transcript
) -> None:
    """Also while the window becomes smaller."""
    show(on_stage, transcript, page(*many(1, 200), opened=1))
    show(on_stage, transcript, page(*many(1, 204), opened=1, ahead=200))
    assert transcript.is_at_end
    show(on_stage, transcript, page(*many(1, 400), opened=1, ahead=200))
    assert not transcript.is_at_end
    assert where(transcript, "message 200\n")
    show(on_stage, transcript, page(*many(1, 420), opened=1, ahead=200))
    assert where(transcript, "message 200\n")
    transcript.go_to_end()
    show(on_stage, transcript, page(*many(1, 425), opened=1, ahead=420))
    assert transcript.is_at_end
    on_stage.root.geometry("500x160")
    on_stage.settle()
    assert where(transcript, "message 420\n")


# What is asked for


def test_older_rows_are_asked_for_once(on_stage: Stage, transcript: Transcript) -> None:
    """When the top comes near, and again when there is a new top."""
    show(on_stage, transcript, page(*many(200, 400), has_older=True))
    assert not on_stage.actor.take("older")
    transcript.text.yview_moveto(0.0)
    on_stage.settle()
    transcript.text.yview_moveto(0.001)
    on_stage.settle()
    assert on_stage.actor.take("older") == [("older",)]
    show(on_stage, transcript, page(*many(100, 400), has_older=True))
    assert not on_stage.actor.take("older")
    transcript.text.yview_moveto(0.0)
    on_stage.settle()
    assert on_stage.actor.take("older") == [("older",)]


def test_newer_rows_are_asked_for_at_the_bottom(on_stage: Stage, transcript: Transcript) -> None:
    """The bottom of such a page is not the end."""
    show(on_stage, transcript, page(*many(1, 100), has_newer=True))
    on_stage.settle()
    assert on_stage.actor.take("newer") == [("newer",)]
    assert not transcript.is_at_end
    on_stage.click(transcript.overlay.pill, 5, 5)
    assert on_stage.actor.take("jump_to_newest")


def test_what_is_in_sight_is_told_when_it_changes(on_stage: Stage, transcript: Transcript) -> None:
    """And for each chat that is shown."""
    show(on_stage, transcript, page(*many(1, 100), opened=1))
    [(_name, sight)] = on_stage.actor.take("sees")
    assert (sight.last, sight.at_end, sight.by_hand) == (99, True, False)
    on_stage.focus(transcript.text)
    on_stage.press(transcript.text, "<Home>")
    [(_name, sight)] = on_stage.actor.take("sees")
    assert (sight.first, sight.at_end, sight.by_hand) == (1, False, True)
    show(on_stage, transcript, page(*many(1, 100), opened=1))
    assert on_stage.actor.take("sees") == []
    show(on_stage, transcript, page(*many(1, 100), key=PEACH, opened=2))
    [(_name, sight)] = on_stage.actor.take("sees")
    assert (sight.opened, sight.at_end) == (2, True)
    show(on_stage, transcript, page(*many(1, 102), key=PEACH, opened=2))
    [(_name, sight)] = on_stage.actor.take("sees")
    assert (sight.last, sight.by_hand) == (101, False)


def test_only_http_links_open(on_stage: Stage, transcript: Transcript) -> None:
    """Without the punctuation around them; no other scheme is one."""
    text = "(see https://en.example/wiki/A_(b)), or javascript:alert(1) or file:///etc/passwd"
    show(on_stage, transcript, page(row(1, text)))
    on_stage.click(transcript.text, *where(transcript, "en.example"))
    assert on_stage.actor.take("open_link") == [("open_link", "https://en.example/wiki/A_(b)")]
    for other in ("alert(1)", "etc/passwd", "see"):
        on_stage.click(transcript.text, *where(transcript, other))
    assert not on_stage.actor.take("open_link")


def test_clicks_on_quotes_reactions_and_links_of_a_refused_message(
    on_stage: Stage, transcript: Transcript
) -> None:
    """Each does what it says, also behind emoji, which Tk counts twice."""
    first = row(1, "😀😀 first", reactions=(("👍", ("dory",)), ("🎉", ("luigi",))))
    bad = row(None, "no", "dory", progress="refused", client_id="c", refusal="No.")
    answer = row(2, "answer", reply_to=1)
    show(on_stage, transcript, page(first, answer, bad, quotes=((1, first),)))
    on_stage.click(transcript.text, *where(transcript, "luigi: "))
    on_stage.click(transcript.text, *where(transcript, "[ "))
    on_stage.click(transcript.text, *where(transcript, "  🎉"))
    for word in ("Retry", "Copy", "Discard"):
        on_stage.click(transcript.text, *where(transcript, word))
    calls = on_stage.actor.take("jump_to", "react", "retry", "copy", "discard")
    assert calls == [
        ("jump_to", 1), ("react", first, "👍", False), ("react", first, "🎉", True),
        ("retry", bad), ("copy", "no"), ("discard", bad),
    ]  # fmt: skip


def test_the_keyboard_goes_from_message_to_message(on_stage: Stage, transcript: Transcript) -> None:
    """And does there what the menu does."""
    own = row(9, "mine", "dory", progress="stored")
    show(on_stage, transcript, page(row(7), row(8), own, row(None, "w", "dory", client_id="z")))
    text = transcript.text
    on_stage.focus(text)
    on_stage.press(text, "<Up>", "<Up>")
    assert transcript.cursor.row == own
    assert text.tag_ranges("cursor")
    on_stage.press(text, "<r>", "<e>", "<Delete>", "<Up>", "<r>", "<e>", "<Delete>", "<Control-c>")
    calls = on_stage.actor.take("reply", "edit", "delete", "copy")
    other = row(8)
    assert calls == [
        ("reply", own), ("edit", own), ("delete", own), ("reply", other), ("copy", "message 8"),
    ]  # fmt: skip


def test_the_menu_offers_what_fits(on_stage: Stage, transcript: Transcript) -> None:
    """Nobody edits what others wrote."""
    own = row(2, "mine", "dory", progress="stored")
    waiting = row(None, "not sent", "dory", client_id="w", progress="waiting")
    refused = row(None, "no", "dory", client_id="r", progress="refused")
    show(on_stage, transcript, page(row(1), own, waiting, refused))
    menu = transcript.cursor.menu

    def labels(of: Row) -> list[str]:
        menu.open(of, None, 10, 10)
        found = [
            str(menu.menu.entrycget(n, "label"))
            for n in range((menu.menu.index("end") or 0) + 1)
            if menu.menu.type(n) != "separator"
        ]
        menu.menu.unpost()
        menu.menu.grab_release()
        on_stage.settle()
        return found

    assert labels(row(1)) == ["Copy the text", "Reply", "React"]
    assert labels(own) == ["Copy the text", "Reply", "React", "Edit", "Delete for everyone"]
    assert labels(waiting) == ["Copy the text"]
    assert labels(refused) == ["Copy the text", "Retry", "Discard"]


def test_what_is_selected_can_be_copied(on_stage: Stage, transcript: Transcript) -> None:
    """With the mouse and Ctrl+C."""
    show(on_stage, transcript, page(row(1, "alpha beta"), row(2, "gamma")))
    text = transcript.text
    on_stage.focus(text)
    x, y = where(transcript, "alpha")
    x2, y2 = where(transcript, "amma")
    text.event_generate("<Button-1>", x=x - 8, y=y)
    text.event_generate("<B1-Motion>", x=x2, y=y2)
    text.event_generate("<ButtonRelease-1>", x=x2, y=y2)
    on_stage.press(text, "<Control-c>")
    [(_name, copied)] = on_stage.actor.take("copy")
    assert "lpha beta\ng" in copied


def test_hovering_tells_who_has_read_it(on_stage: Stage, transcript: Transcript) -> None:
    """By name."""
    own = row(5, "mine", "dory", progress="read")
    show(on_stage, transcript, page(own, read_by=(("luigi", 7), ("peach", 4), ("toad", 5))))
    x, y = where(transcript, "✓✓")
    assert transcript.mouse._hint(x, y) == "Read by luigi, toad"
