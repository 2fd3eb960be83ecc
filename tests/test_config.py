"""From options and environment to one Config."""

from __future__ import annotations

from pathlib import Path

import pytest

from ruggine import config
from ruggine.errors import StartError


def load(environment: dict[str, str] | None = None, **given: str) -> config.Config:
    """As the daemon does, with `given` as its options."""
    return config.load({name.replace("_", "-"): v for name, v in given.items()}, environment or {})


def test_everything_has_a_default() -> None:
    """The defaults that the contract and the issue name."""
    chosen = load()
    assert (chosen.tcp, chosen.websocket, chosen.http) == (
        "tcp:8080:interface=127.0.0.1",
        "tcp:5001:interface=127.0.0.1",
        "tcp:5002:interface=127.0.0.1",
    )
    assert chosen.database == Path("data/ruggine.db")
    assert chosen.redis is None
    assert (chosen.durability, chosen.log_level, chosen.log_format) == ("full", "info", "text")
    limits = chosen.limits
    assert (limits.max_message_length, limits.max_line_length) == (4096, 8192)
    assert limits.max_frame_size == 65536
    assert (limits.auth_timeout_s, limits.handshake_timeout_s) == (10, 5)
    assert limits.max_handshake_size == 8192
    assert (limits.ping_interval_s, limits.ping_timeout_s) == (25, 20)
    assert limits.max_connections_per_user == 10
    assert limits.max_outgoing_buffer == 1 << 20
    assert (limits.session_idle_s, limits.session_max_s) == (14 * 86400, 90 * 86400)


def test_an_option_wins_over_the_environment_and_that_over_the_default() -> None:
    assert load({"RUGGINE_LOG_LEVEL": "warn"}).log_level == "warn"
    assert load({"RUGGINE_LOG_LEVEL": "warn"}, log_level="debug").log_level == "debug"


@pytest.mark.parametrize("option", config.OPTIONS, ids=lambda option: option.name)
def test_every_option_can_come_from_the_environment(option: config.Option) -> None:
    """And a bad value there is named as it was given."""
    bad = "\0bad" if option.name != "redis" else "bad"
    with pytest.raises(StartError, match=rf"^{option.variable}: .*\.$"):
        load({option.variable: bad})


def test_a_secret_does_not_come_from_the_command_line() -> None:
    """Everybody on the machine could read it; and no text about it holds it."""
    address = "redis://:geheim@127.0.0.1:6379/2"
    with pytest.raises(StartError, match="RUGGINE_REDIS") as caught:
        load(redis=address)
    assert "geheim" not in str(caught.value)
    redis = load({"RUGGINE_REDIS": address}).redis
    assert redis is not None
    assert (redis.password, redis.database) == ("geheim", 2)
    assert "geheim" not in repr(redis) + repr(load({"RUGGINE_REDIS": address}))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:data/x.db", "data/x.db"),
        ("sqlite:/var/x.db", "/var/x.db"),
        ("sqlite:////var/x.db", "/var/x.db"),
    ],
)
def test_a_database_is_a_file(text: str, path: str) -> None:
    assert load(database=text).database == Path(path)


@pytest.mark.parametrize("text", ["x.db", "sqlite:", "mysql:x", "sqlite::memory:"])
def test_another_database_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(StartError, match=r"^--database: "):
        load(database=text)


@pytest.mark.parametrize(
    "text", ["https://a.org,http://b.org:8080", "https://a.org http://b.org:8080"]
)
def test_origins_are_a_list(text: str) -> None:
    assert load(allowed_origins=text).allowed_origins == ("https://a.org", "http://b.org:8080")


@pytest.mark.parametrize(
    "text", ["*", "a.org", "https://a.org/path", "null", "https://*.org", "https://a(.org"]
)
def test_an_origin_is_whole_or_refused(text: str) -> None:
    with pytest.raises(StartError, match=r"^--allowed-origins: "):
        load(allowed_origins=text)


def test_a_slip_in_the_environment_is_found() -> None:
    assert config.unknown_variables({"RUGGINE_LOGLEVEL": "x", "RUGGINE_TCP": "y", "HOME": "z"}) == [
        "RUGGINE_LOGLEVEL"
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ruggine.conf"
    path.write_text(
        "# what we chose\n\nRUGGINE_LOG_LEVEL=warn\n  RUGGINE_MESSAGES_RATE = 5/s:7 \n", "utf-8"
    )
    return path


def test_a_file_counts_where_nothing_else_is_said(file: Path) -> None:
    chosen = load({"RUGGINE_CONFIG": str(file)})
    assert chosen.config == file
    assert chosen.log_level == "warn"
    assert chosen.rates is not None
    assert chosen.rates.messages.burst == 7
    assert load({"RUGGINE_LOG_LEVEL": "error"}, config=str(file)).log_level == "error"
    assert load({"RUGGINE_LOG_LEVEL": "error"}, config=str(file), log_level="debug").log_level == (
        "debug"
    )


@pytest.mark.parametrize(
    "line",
    ["LOG_LEVEL=debug", "log-level: debug", "RUGGINE_LOGLEVEL=debug", "RUGGINE_CONFIG=it", "debug"],
)
def test_a_line_that_is_no_option_is_named_by_its_number(line: str, file: Path) -> None:
    file.write_text(f"# ours\n{line}\n", "utf-8")
    with pytest.raises(StartError, match=rf"^--config: {file}, line 2, has no option; .*\.$"):
        load(config=str(file))


def test_a_file_that_cannot_be_read_ends_the_start(file: Path) -> None:
    with pytest.raises(StartError, match=r"^--config: .*is not there, or this user may not read"):
        load(config=f"{file}x")
    file.write_bytes(b"RUGGINE_LOG_LEVEL=\xff\n")
    with pytest.raises(StartError, match=r"^--config: .*cannot be read as UTF-8"):
        load(config=str(file))
