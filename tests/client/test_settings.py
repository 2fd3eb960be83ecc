"""What is remembered between two starts, and what a person may type for a server."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_tk.model import Server
from client_tk.settings import Profile, Settings, server_of
from client_tk.ui.preferences import ZOOMS, theme_names

PORT = st.integers(1, 65535)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,20}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
SENTENCES = {
    "A port is a number from 1 to 65535.",
    "This is no IPv6 address.",
    "Type the name or the address of a server, such as chat.example.",
}


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile("lavoro", folder=tmp_path / "ruggine")


def test_what_was_saved_is_there_at_the_next_start(profile: Profile) -> None:
    settings = profile.load()
    settings.theme = "dark"
    settings.remember(Server("chat.example"), "Dory", stay=True)
    settings.remember(Server("altrove.example", tls=True), "dory", stay=False)
    profile.save(settings)
    again = profile.load()
    assert again == settings
    assert again.recent == ["altrove.example", "chat.example"]
    assert again.account is not None
    assert (again.account.username, again.account.stay) == ("dory", False)


def test_it_is_the_owners_only(profile: Profile, tmp_path: Path) -> None:
    profile.save(Settings())
    path = tmp_path / "ruggine" / "lavoro" / "settings.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_is_full_leaves_the_former_settings_and_nothing_else(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    profile.save(Settings(theme="dark"))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            profile.save(Settings(theme="light"))
    assert profile.load().theme == "dark"
    folder = tmp_path / "ruggine" / "lavoro"
    assert [path.name for path in folder.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("geometry", ["", "1080x720+0+0", "640x420+-8+-8", "1080x720-5+1920"])
def test_all_that_can_be_chosen_is_there_at_the_next_start(geometry: str, profile: Profile) -> None:
    for theme in theme_names():
        for zoom in ZOOMS:
            settings = Settings(theme=theme, zoom=zoom, geometry=geometry)
            profile.save(settings)
            assert profile.load() == settings


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"zoom": "big"}', b"\xff\xfe",
        b'{"theme": "pink"}', b'{"zoom": -3}', b'{"zoom": 1e30}', b'{"geometry": "wide"}',
        b'{"new": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_set_aside(profile: Profile, tmp_path: Path, content: bytes) -> None:
    profile.save(Settings(theme="dark"))
    path = tmp_path / "ruggine" / "lavoro" / "settings.json"
    path.write_bytes(content)
    assert profile.load() == Settings()
    assert path.with_name("settings.json.damaged").read_bytes() == content


def test_what_a_newer_program_has_written_is_passed_over(profile: Profile, tmp_path: Path) -> None:
    profile.save(Settings())
    path = tmp_path / "ruggine" / "lavoro" / "settings.json"
    path.write_bytes(b'{"theme": "dark", "hologram": true}')
    assert profile.load().theme == "dark"


@pytest.mark.parametrize("name", ["", "..", ".x", "a/b", "x" * 33, "a b"])
def test_a_profile_is_no_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="profile"):
        Profile(name, folder=tmp_path)


def test_accounts_are_kept_apart(profile: Profile) -> None:
    here, there = Server("chat.example"), Server("chat.example", 9090)
    paths = {
        profile.store_path(here, "dory"),
        profile.store_path(here, "luigi"),
        profile.store_path(there, "dory"),
    }
    assert len(paths) == 3
    assert profile.store_path(here, "Dory") == profile.store_path(here, "dory")
    for path in paths:
        assert path.parent == profile.data


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot tell")
def test_one_window_uses_a_profile(profile: Profile, tmp_path: Path) -> None:
    assert profile.claim()
    assert not Profile("lavoro", folder=tmp_path / "ruggine").claim()
    assert Profile("casa", folder=tmp_path / "ruggine").claim()


def test_no_server_is_given_the_token_of_another(profile: Profile) -> None:
    """Also where only letters differ that no file name should have."""
    hosts = ["città.example", "cittè.example", "citt_.example", "münchen.example", "::1", "::2"]
    paths = {profile.token_path(Server(host), "dory") for host in hosts}
    assert len(paths) == len(hosts)
    assert profile.token_path(Server("CITTÀ.example"), "dory") in paths


# Servers


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("chat.example", Server("chat.example")),
        ("  chat.example ", Server("chat.example")),
        ("chat.example:9090", Server("chat.example", 9090)),
        ("chat.example:9090:9091", Server("chat.example", 9090, 9091)),
        ("192.168.1.7", Server("192.168.1.7")),
        ("[::1]:9090", Server("::1", 9090)),
        ("::1", Server("::1")),
        ("fe80::1%eth0", Server("fe80::1%eth0")),
        ("[fe80::1%br-lan]:9090", Server("fe80::1%br-lan", 9090)),
        ("pc_mario", Server("pc_mario")),
        ("chat.example.", Server("chat.example.")),
        ("tcp://chat.example:9090", Server("chat.example", 9090)),
        ("wss://chat.example", Server("chat.example", tls=True)),
        ("https://chat.example/welcome", Server("chat.example", tls=True)),
        ("ws://chat.example:8080:5001/", Server("chat.example")),
        ("città.example", Server("città.example")),
    ],
)
def test_what_a_person_types_is_understood(text: str, server: Server) -> None:
    assert server_of(text) == server


@pytest.mark.parametrize(
    "text",
    ["", " ", ":8080", "chat example", "chat.example:", "chat.example:0", "chat.example:70000",
     "chat.example:x", "-chat", "chat.example:١", "http://", "[::g]", "a" * 300,
     "chat.example:" + "1" * 5000, "chat..example", "a" * 64 + ".example", "[::1]8080", "[::1",
     "1::2::3", "abc:1:2:3", "::1%", "::1\0"],
)  # fmt: skip
def test_what_is_no_server_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"[A-Z].*\.") as raised:
        server_of(text)
    assert str(raised.value) in SENTENCES


@given(host=HOST | st.sampled_from(["::1", "2001:db8::7"]), line=PORT, websocket=PORT)
def test_what_is_shown_can_be_typed(host: str, line: int, websocket: int) -> None:
    server = Server(host, line, websocket)
    assert server_of(server.shown) == server


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_server_or_a_sentence(text: str) -> None:
    try:
        server = server_of(text)
    except ValueError as error:
        said = str(error)
    else:
        said = ""
        shown = Server(server.host, server.line_port, server.websocket_port)
        assert server_of(server.shown) == shown
    assert said in {"", *SENTENCES}
