"""The ports over TLS, with a certificate that is made here."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ruggine.free_port import free_port
from tests.cast import Telephone, WebSocket
from tests.daemon import PASSWORD, Daemon


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for localhost: the files of the key and the certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "cert.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file


@pytest.fixture(scope="module")
def tls_daemon(
    certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    """A daemon with TLS on all ports."""
    key, cert = certificate
    tcp_port, websocket_port, http_port = (free_port() for _ in range(3))
    end = f"interface=127.0.0.1:privateKey={key}:certKey={cert}"
    daemon = Daemon(
        tmp_path_factory.mktemp("tls-daemon"),
        "--tcp", f"ssl:{tcp_port}:{end}",
        "--websocket", f"ssl:{websocket_port}:{end}",
        "--http", f"ssl:{http_port}:{end}",
    )  # fmt: skip
    daemon.tcp_port, daemon.websocket_port, daemon.http_port = tcp_port, websocket_port, http_port
    daemon.start()
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
        other.write_bytes(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    own_daemon._options = (
        "--tcp", f"ssl:{own_daemon.tcp_port}:interface=127.0.0.1:privateKey={other}:certKey={cert}",
    )  # fmt: skip
    own_daemon.spawn()
    assert own_daemon.process.wait(10) not in (0, None)
    assert "--tcp: " in own_daemon.log().splitlines()[-1]
    assert "listening on" not in own_daemon.log()
