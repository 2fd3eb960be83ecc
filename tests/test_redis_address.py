"""Every form of a Redis address, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ruggine.config import load
from ruggine.errors import StartError
from ruggine.redis_address import RedisAddress, parse
from tests.test_tls import certify, new_key

SECRET = "p@ss:w/rd?#%é"
ENCODED = "p%40ss%3Aw%2Frd%3F%23%25%C3%A9"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
        ("redis://redis.example:7000/2", "redis://redis.example:7000/2"),
        ("redis://[::1]:7000?db=3", "redis://[::1]:7000/3"),
        ("rediss://redis.example", "rediss://redis.example:6379/0"),
        ("unix:/run/redis.sock", "unix:/run/redis.sock?db=0"),
        ("unix:///run/my%20redis.sock?db=4", "unix:/run/my redis.sock?db=4"),
    ],
)
def test_where_a_redis_is(text: str, shown: str) -> None:
    assert str(parse(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"redis://lui%2Fgi:{ENCODED}@127.0.0.1",
        f"rediss://lui%2Fgi:{ENCODED}@127.0.0.1",
        f"unix://lui%2Fgi:{ENCODED}@/run/redis.sock",
    ],
)
def test_a_name_and_a_password_are_decoded_and_never_shown(text: str) -> None:
    address = parse(text)
    assert (address.username, address.password) == ("lui/gi", SECRET)
    for shown in (str(address), repr(address), repr(load({}, {"RUGGINE_REDIS": text}))):
        assert SECRET not in shown
        assert ENCODED not in shown


@pytest.mark.parametrize("text", [f"redis://:{ENCODED}@127.0.0.1", f"redis://%20:{ENCODED}@[::1]"])
def test_a_password_may_stand_alone(text: str) -> None:
    assert parse(text).password == SECRET


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("redis://127.0.0.1?ssl=true", "'ssl'"),
        ("redis://127.0.0.1?ssl_ca_certs=ca.pem", "'ssl_ca_certs'"),
        ("rediss://127.0.0.1?ssl_cert_reqs=none", "'ssl_cert_reqs'"),
        ("redis://127.0.0.1/0?db=1&timeout=3", "'timeout'"),
        ("unix:/run/redis.sock?password=geheim", "'password'"),
        ("redis://127.0.0.1/1?db=2", "db=2"),
        ("redis://127.0.0.1/one", "number"),
        ("rediss://127.0.0.1?ssl_ca_certs=/nowhere/ca.pem", "ssl_ca_certs"),
        ("rediss://127.0.0.1?ssl_keyfile=/nowhere/key.pem", "ssl_certfile"),
        ("redis://:geheim#@127.0.0.1", "%40"),
        ("redis://:geheim%FF@127.0.0.1", "%40"),
        ("redis://127.0.0.1:port", "redis://127.0.0.1:6379"),
        ("redis:///0", "redis://127.0.0.1:6379"),
        ("unix://host/run/redis.sock", "unix:"),
        ("unix:", "unix:"),
        ("https://127.0.0.1", "rediss:"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, named: str) -> None:
    """And no secret is in what is said."""
    with pytest.raises(StartError, match=r"^RUGGINE_REDIS: .*\.$") as refused:
        load({}, {"RUGGINE_REDIS": text})
    assert named in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_files_for_tls_are_looked_at_at_once(tmp_path: Path) -> None:
    key, certificate = certify(tmp_path, new_key())
    good = f"rediss://localhost?ssl_ca_certs={certificate}&ssl_certfile={certificate}"
    assert parse(f"{good}&ssl_keyfile={key}").tls is not None
    with pytest.raises(ValueError, match="cannot be used"):
        parse(f"{good}&ssl_keyfile={certificate}")


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("redis://127.0.0.1", True),
        ("redis://localhost", True),
        ("unix:/run/redis.sock", True),
        ("redis://192.0.2.1", False),
        ("rediss://redis.example", False),
    ],
)
def test_who_can_reach_it(text: str, private: bool) -> None:
    address: RedisAddress = parse(text)
    assert address.private == private
