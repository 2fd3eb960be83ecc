"""One line in, one request out; and nothing that a line can hold does harm."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruggine import errors
from ruggine.wire import lines, requests
from ruggine.wire.lines import Line, parse

T = "rg1_token"
READ = {
    b"/register luigi una-password": Line(
        None, requests.Register(username="luigi", password="una-password")
    ),
    b"\t /register  luigi\t una-password \r": Line(
        None, requests.Register(username="luigi", password="una-password")
    ),
    b'/register luigi "una \\"bella\\" pass\\\\word"': Line(
        None, requests.Register(username="luigi", password='una "bella" pass\\word')
    ),
    b"/login luigi pass": Line(None, requests.Login(username="luigi", password="pass")),
    b'/login luigi pass "my phone"': Line(
        None, requests.Login(username="luigi", password="pass", device="my phone")
    ),
    b"/logout -": Line("-", requests.Logout()),
    b"/revoke_session rg1_token 12ab": Line(T, requests.RevokeSession(session_id="12ab")),
    b"/change_password - old-one new-password": Line(
        "-", requests.ChangePassword(old="old-one", new="new-password")
    ),
    b"/send_private_message - dory ciao,  come 'stai'?": Line(
        "-", requests.SendPrivateMessage(username="dory", text="ciao,  come 'stai'?")
    ),
    b'/private - dory "quoted" \\n': Line(
        "-", requests.SendPrivateMessage(username="dory", text='"quoted" \\n')
    ),
    b"/send_private - dory id=0f8e0001 ciao": Line(
        "-", requests.SendPrivateMessage(username="dory", text="ciao", client_id="0f8e0001")
    ),
    b"/send_private - dory ciao id=0f8e0001": Line(
        "-", requests.SendPrivateMessage(username="dory", text="ciao id=0f8e0001")
    ),
    b"/get_private_messages - dory": Line("-", requests.GetPrivateMessages(username="dory")),
    b"/get_private_messages - dory limit=5 before=9": Line(
        "-", requests.GetPrivateMessages(username="dory", limit=5, before=9)
    ),
    rb'/private - dory text="a\n\u00e8 \"b\" \\n"': Line(
        "-", requests.SendPrivateMessage(username="dory", text='a\nè "b" \\n')
    ),
    b'/private - dory id=0f8e0001 text="a\t" ': Line(
        "-", requests.SendPrivateMessage(username="dory", text="a\t", client_id="0f8e0001")
    ),
    b"/private - dory text=hello": Line(
        "-", requests.SendPrivateMessage(username="dory", text="text=hello")
    ),
    rb'/edit_message - text="@dory" 34 text="a\nb"': Line(
        "-", requests.EditMessage(to_user="dory", seq=34, content="a\nb")
    ),
    rb'/send_friend_request - dory text="a\nb"': Line(
        "-", requests.SendFriendRequest(username="dory", message="a\nb")
    ),
    b'/rename_group - 12ab text="gita al lago"': Line(
        "-", requests.RenameGroup(group_id="12ab", name="gita al lago")
    ),
    b'/create_group - text="gita \\"al\\" lago" ugo,ada': Line(
        "-", requests.CreateGroup(name='gita "al" lago', users="ugo,ada")
    ),
    b"/watch - @dory": Line("-", requests.Watch(chat="@dory")),
    b"/help": Line(None, requests.Help()),
    b"/quit": Line(None, requests.Quit()),
}


@pytest.mark.parametrize("raw", READ)
def test_a_line_is_read(raw: bytes) -> None:
    assert parse(raw) == READ[raw]


@pytest.mark.parametrize("raw", [b"", b"\r", b"  \t "])
def test_an_empty_line_is_ignored(raw: bytes) -> None:
    assert parse(raw) is None


REFUSED = {
    b"hello": "invalid_request",
    b"/": "invalid_request",
    b"/nothing": "invalid_request",
    b"//help": "invalid_request",
    b"/HELP": "invalid_request",
    b"/register": "invalid_request",
    b"/register luigi": "invalid_request",
    b"/register luigi password too-much": "invalid_request",
    b'/register luigi "password': "invalid_request",
    b'/register luigi "pass"word': "invalid_request",
    b"/register lu,igi password": "invalid_username",
    b"/register luigi short": "invalid_password",
    b"/logout": "invalid_request",
    b"/quit now": "invalid_request",
    b"/send_private_message - dory": "invalid_request",
    b"/send_private_message - dory \x1b[31m": "invalid_content",
    b"/send_private_message - dory \0": "invalid_content",
    b"/send_private_message - dory id=short ciao": "invalid_request",
    b'/private - dory text="ciao': "invalid_request",
    b'/private - dory text="ciao" ciao': "invalid_request",
    b'/private - dory text="ciao"ciao': "invalid_request",
    rb'/private - dory text="\x"': "invalid_request",
    rb'/private - dory text="\ud800"': "invalid_request",
    rb'/private - dory text="\u001b[31m"': "invalid_content",
    b'/private - dory text=""': "invalid_content",
    rb'/rename_group - 12ab text="a\nb"': "invalid_group_name",
    b"/get_private_messages - dory limit=0": "invalid_request",
    b"/get_private_messages - dory limit=201": "invalid_request",
    b"/get_private_messages - dory limit=x": "invalid_request",
    b"/get_private_messages - dory before=-1": "invalid_request",
    b"/get_private_messages - dory before=1 before=2": "invalid_request",
    b"/get_private_messages - dory before=99999999999999999999": "invalid_request",
    b"\xff\xfe": "invalid_request",
    b"/help \xc3": "invalid_request",
}


@pytest.mark.parametrize("raw", REFUSED)
def test_a_line_is_refused(raw: bytes) -> None:
    with pytest.raises(errors.Refusal) as caught:
        parse(raw)
    assert caught.value.code == REFUSED[raw]


def test_what_is_missing_is_named_with_the_usage() -> None:
    with pytest.raises(errors.InvalidRequest, match=r"<password> is missing. Usage: /register "):
        parse(b"/register luigi")


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: ("/help " + t).encode()))
def test_no_bytes_raise_anything_but_a_refusal(raw: bytes) -> None:
    with contextlib.suppress(errors.Refusal):
        parse(raw)


@given(
    st.sampled_from(sorted(lines.COMMANDS)),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=5),
)
def test_no_arguments_of_any_command_raise_anything_but_a_refusal(
    name: str, arguments: list[str]
) -> None:
    with contextlib.suppress(errors.Refusal):
        parse(f"/{name} {' '.join(arguments)}".encode())


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40))
def test_a_quoted_argument_is_read_as_it_was(password: str) -> None:
    line = parse(f"/register luigi {lines.quote(password)}".encode())
    assert line == Line(None, requests.Register(username="luigi", password=password))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.booleans())
def test_json_carries_any_text(text: str, ascii_only: bool) -> None:
    """As the JSON library of any language writes it."""
    written = json.dumps(f"a{text}\n{text}", ensure_ascii=ascii_only)
    line = parse(f"/private - dory text={written}".encode())
    assert line == Line("-", requests.SendPrivateMessage(username="dory", text=f"a{text}\n{text}"))


@given(st.text())
def test_an_escaped_content_is_one_line_and_can_be_read_back(content: str) -> None:
    escaped = lines.escape(content)
    assert "\n" not in escaped
    assert "\r" not in escaped
    back = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
    assert re.sub(r"\\.", lambda found: back[found[0]], escaped) == content


@given(st.text())
def test_whatever_is_written_is_one_line_without_control_characters(text: str) -> None:
    encoded = lines.encode(text)
    assert encoded.endswith(b"\n")
    assert not re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f]", encoded[:-1].decode())


def test_a_refusal_says_when_to_come_back() -> None:
    assert (
        lines.error(errors.RateLimited(retry_after_s=2.5))
        == "ERR: Too fast. Wait a moment. [rate_limited retry_after=2.5]"
    )


def test_every_command_has_an_example_that_can_be_typed() -> None:
    """What /help shows for one command is itself a valid line."""
    for command in lines.COMMANDS.values():
        line = parse(command.request.example.encode())
        assert line is not None
        assert isinstance(line.request, command.request)
        assert command.request.__doc__
