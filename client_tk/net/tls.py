"""TLS, with certificates that are verified. Imported only where a server is reached over TLS."""

from __future__ import annotations

import selectors
import socket
import ssl

from client_tk.net.dial import Patience, Stream


class TlsStream(Stream):
    """A connection over TLS that never blocks."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        super().__init__(connection)
        self._tls = connection

    def read(self) -> bytes | None:
        self.to_read = selectors.EVENT_READ
        try:
            return super().read()
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLWantWriteError:
            self.to_read = selectors.EVENT_WRITE
            return None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def write(self, data: bytes | bytearray) -> int:
        try:
            return super().write(data)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            raise ConnectionResetError from None

    @property
    def has_more(self) -> bool:
        return self._tls.pending() > 0


def secure(connection: socket.socket, host: str, patience: Patience) -> TlsStream:
    """TLS 1.2 or newer with who can prove to be `host`. Closes `connection` where it fails.

    Whom to trust is the system's choice, or that of SSL_CERT_FILE. Raises OSError; Interrupted.
    """
    try:
        tls = _context().wrap_socket(
            connection, server_hostname=host.partition("%")[0], do_handshake_on_connect=False
        )
    except BaseException:
        connection.close()
        raise
    try:
        _shake_hands(tls, patience)
    except BaseException:
        tls.close()
        raise
    return TlsStream(tls)


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _shake_hands(tls: ssl.SSLSocket, patience: Patience) -> None:
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            patience.wait(tls, selectors.EVENT_READ)
        except ssl.SSLWantWriteError:
            patience.wait(tls, selectors.EVENT_WRITE)
        else:
            return
