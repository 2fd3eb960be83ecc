"""Who asks, where proxies are between."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, UNIXAddress

from ruggine import config
from ruggine.errors import StartError
from ruggine.net.addresses import Proxies, host_of

CLIENT, PROXY, INNER, OTHER = "203.0.113.7", "192.0.2.1", "10.1.2.3", "198.51.100.9"
TRUSTED = f"{PROXY},10.0.0.0/8,2001:db8:1::/48"


def client(peer: str, trusted: str = TRUSTED, **headers: str) -> str:
    proxies = Proxies(config.load({"trusted-proxies": trusted}, {}).trusted_proxies)
    return proxies.client(peer, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("peer", "chain", "found"),
    [
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{OTHER}, {CLIENT}", CLIENT),  # what the client said of itself
        (PROXY, f"{OTHER}, {CLIENT}, {INNER}", CLIENT),
        (PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "[2001:db8::7]:4711", "2001:db8::7"),
        (PROXY, f"::ffff:{CLIENT}", CLIENT),
        (f"::ffff:{PROXY}", CLIENT, CLIENT),
        ("2001:db8:1::9", CLIENT, CLIENT),
        (PROXY, INNER, INNER),  # nobody but proxies
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{CLIENT}, nonsense", PROXY),
        (OTHER, CLIENT, OTHER),  # not trusted
        ("unix", CLIENT, "unix"),
    ],
)
def test_the_nearest_that_is_no_trusted_proxy(peer: str, chain: str, found: str) -> None:
    assert client(peer, x_forwarded_for=chain) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"for={CLIENT}", CLIENT),
        (f"for={OTHER}, for={CLIENT};proto=https;by={PROXY}", CLIENT),
        (f'proto=https; For="{CLIENT}:4711"', CLIENT),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=_hidden", PROXY),
        (f"by={CLIENT}", PROXY),
        (f"for={CLIENT}, proto=https", PROXY),
    ],
)
def test_the_header_of_rfc_7239(header: str, found: str) -> None:
    assert client(PROXY, forwarded=header) == found


def test_two_headers_count_where_they_agree() -> None:
    """A proxy that sets one lets the client's other one through, unless it is told not to."""
    assert client(PROXY, x_forwarded_for=CLIENT, forwarded=f"for={CLIENT}") == CLIENT
    assert client(PROXY, x_forwarded_for=CLIENT, forwarded=f"for={OTHER}") == PROXY


def test_nobody_is_trusted_unless_told() -> None:
    assert client("127.0.0.1", "", x_forwarded_for=CLIENT) == "127.0.0.1"
    assert client("unix", "", x_forwarded_for=CLIENT) == "unix"


def test_who_connects_to_a_unix_socket_may_be_trusted() -> None:
    assert client("unix", "unix", x_forwarded_for=CLIENT) == CLIENT


def test_an_address_as_text() -> None:
    assert host_of(IPv4Address("TCP", CLIENT, 1)) == CLIENT
    assert host_of(UNIXAddress(None)) == "unix"


@pytest.mark.parametrize("text", ["nonsense", "10.0.0.1/8", "127.0.0.1:80", "2001:db8::/129"])
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(StartError, match=r"--trusted-proxies: give addresses and networks"):
        config.load({"trusted-proxies": text}, {})
