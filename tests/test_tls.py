"""The ports over TLS, with a certificate that is made here."""

from __future__ import annotations

import ipaddress
import shutil
import signal
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cast import Telephone, WebSocket
from tests.certificates import certify, new_key, pem
from tests.daemon import PASSWORD, Daemon, wait_until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certify(tmp_path_factory.mktemp("tls"), new_key())


def with_tls(daemon: Daemon, key: Path, certificate: Path) -> Daemon:
    """On all of its ports."""
    ports = {"tcp": daemon.tcp_port, "websocket": daemon.websocket_port, "http": daemon.http_port}
    end = f"interface=127.0.0.1:privateKey={key}:certKey={certificate}"
    daemon._options = tuple(
        word for name, port in ports.items() for word in (f"--{name}", f"ssl:{port}:{end}")
    )
    return daemon


@pytest.fixture(scope="module")
def tls_daemon(
    certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    """A daemon with TLS on all ports."""
    daemon = with_tls(Daemon(tmp_path_factory.mktemp("tls-daemon")), *certificate).start()
    yield daemon
    daemon.stop()


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """A client that knows the certificate's issuer."""
    return ssl.create_default_context(cafile=str(certificate[1]))


def test_two_people_talk_over_tls(tls_daemon: Daemon, trusting: ssl.SSLContext) -> None:
    """Registration over the line port and a message over wss."""
    with Telephone(tls_daemon.tcp_port, trusting) as line:
        tokens = [
            line.ask(f"/register {name} {PASSWORD}").split()[-1] for name in ("luigi", "dory")
        ]
    url = f"wss://localhost:{tls_daemon.websocket_port}"
    luigi, dory = (WebSocket(url, token, ssl=trusting) for token in tokens)
    luigi.say(message_type="send_message", chat_type="private", to_user="dory", content="ciao")
    assert dory.hear()["content"] == "ciao"
    luigi.hang_up()
    dory.hang_up()


def test_a_client_that_does_not_know_the_issuer_refuses(tls_daemon: Daemon) -> None:
    """The handshake fails at the client."""
    with pytest.raises(ssl.SSLCertVerificationError):
        Telephone(tls_daemon.tcp_port, ssl.create_default_context())


def test_a_wrong_host_name_is_refused(tls_daemon: Daemon, trusting: ssl.SSLContext) -> None:
    """The certificate is for localhost, and not for an address."""
    address = ipaddress.ip_address("127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        WebSocket(f"wss://{address}:{tls_daemon.websocket_port}", ssl=trusting)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(
    version: ssl.TLSVersion, tls_daemon: Daemon, trusting: ssl.SSLContext
) -> None:
    """TLS 1.2 is the oldest that is spoken."""
    trusting.minimum_version = ssl.TLSVersion.TLSv1
    trusting.maximum_version = version
    trusting.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        Telephone(tls_daemon.tcp_port, trusting)


def test_tls_1_2_is_spoken(tls_daemon: Daemon, trusting: ssl.SSLContext) -> None:
    """For clients that are not the newest."""
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    with Telephone(tls_daemon.tcp_port, trusting) as line:
        assert line.ask("/quit") == "OK: Disconnected"


@pytest.mark.parametrize("port", ["websocket_port", "http_port"])
@pytest.mark.parametrize("offered", [["http/1.1"], ["h2", "http/1.1"]])
def test_a_client_that_asks_what_is_spoken_is_told(
    port: str, offered: list[str], tls_daemon: Daemon, trusting: ssl.SSLContext
) -> None:
    """As browsers, curl and Prometheus do, in the TLS handshake (ALPN)."""
    trusting.set_alpn_protocols(offered)
    with Telephone(getattr(tls_daemon, port), trusting) as visitor:
        assert isinstance(visitor.socket, ssl.SSLSocket)
        assert visitor.socket.selected_alpn_protocol() == "http/1.1"
        assert visitor.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r").startswith("HTTP/1.1 ")


@pytest.mark.parametrize("fault", ["missing", "no key", "another's key"])
def test_a_certificate_that_cannot_be_used_ends_the_start(
    fault: str, certificate: tuple[Path, Path], own_daemon: Daemon, tmp_path: Path
) -> None:
    """Never plain text instead."""
    _, cert = certificate
    other = tmp_path / "other.pem"
    if fault == "no key":
        other.write_text("this is no key", "utf-8")
    elif fault == "another's key":
        other.write_bytes(pem(new_key()))
    own_daemon._options = (
        "--tcp", f"ssl:{own_daemon.tcp_port}:interface=127.0.0.1:privateKey={other}:certKey={cert}",
    )  # fmt: skip
    own_daemon.spawn()
    assert own_daemon.process.wait(10) not in (0, None)
    assert "--tcp: " in own_daemon.log().splitlines()[-1]
    assert "listening on" not in own_daemon.log()


@pytest.fixture
def rsa_daemon(own_daemon: Daemon, tmp_path: Path) -> Daemon:
    """With a key for which TLS 1.2 also has ways to agree on keys without forward secrecy."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return with_tls(own_daemon, *certify(tmp_path, key)).start()


def greeted(daemon: Daemon, ciphers: str) -> str:
    """The cipher that is agreed on with a client of TLS 1.2 that knows only these."""
    client = ssl.create_default_context(cafile=str(daemon.folder / "cert.pem"))
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(ciphers)
    with Telephone(daemon.tcp_port, client) as line:
        assert isinstance(line.socket, ssl.SSLSocket)
        cipher = line.socket.cipher()
    assert cipher is not None
    return cipher[0]


def test_tls_1_2_has_forward_secrecy(rsa_daemon: Daemon) -> None:
    """Who steals the key later can read nothing that was recorded now."""
    for weak in ("kRSA", "AES128-GCM-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA"):
        with pytest.raises(ssl.SSLError):
            greeted(rsa_daemon, f"{weak}:@SECLEVEL=0")
    assert greeted(rsa_daemon, "ECDHE+AESGCM").startswith("ECDHE-RSA-AES")


def serial(port: int, known: Path) -> int:
    """Of the certificate that a new connection is shown."""
    client = ssl.create_default_context(cafile=str(known))
    with Telephone(port, client) as line:
        assert isinstance(line.socket, ssl.SSLSocket)
        shown = line.socket.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def refused(daemon: Daemon, times: int) -> bool:
    return daemon.log().count("[ERROR] The certificate of --http: not reloaded (") == times


def test_certificates_are_read_anew_upon_request(own_daemon: Daemon, tmp_path: Path) -> None:
    """Nobody is disconnected; a pair that does not fit is told and leaves the old one in use."""
    key, known = certify(tmp_path, new_key())
    with_tls(own_daemon, key, known).start()
    ports = (own_daemon.tcp_port, own_daemon.websocket_port, own_daemon.http_port)
    before = {port: serial(port, known) for port in ports}
    first = tmp_path / "first.pem"
    shutil.copy(known, first)
    with Telephone(own_daemon.tcp_port, ssl.create_default_context(cafile=str(known))) as line:
        token = line.ask(f"/register luigi {PASSWORD}").split()[-1]
        for times, spoil in ((1, lambda: key.write_bytes(pem(new_key()))), (2, key.unlink)):
            spoil()
            own_daemon.process.send_signal(signal.SIGUSR1)
            wait_until(partial(refused, own_daemon, times))
            assert {port: serial(port, first) for port in ports} == before
        certify(tmp_path, new_key())
        own_daemon.process.send_signal(signal.SIGUSR1)
        own_daemon.wait_for("[INFO] The certificate of --http: reloaded")
        assert not {serial(port, known) for port in ports} & set(before.values())
        assert line.ask(f"/all_users {token}") == "OK: All users: luigi"
    own_daemon.process.terminate()
    assert own_daemon.process.wait(10) == 0
