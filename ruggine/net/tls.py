"""TLS for a port: how strong it has to be, and certificates that are read anew while it listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, TLSVersion
from twisted.python.failure import Failure

from ruggine.errors import StartError

_CIPHERS = AcceptableCiphers.fromOpenSSLCipherString(
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL"
)
"""Forward secrecy only: who steals the key can read nothing that was recorded before."""


class Listener:
    """Listens at a Twisted endpoint. Where that speaks TLS, new connections get the certificate
    that was read last.

    Twisted's endpoints read their files once, and hand what they read to their reactor's
    `listenSSL`. So they are given a reactor with another one.
    """

    def __init__(self, reactor: Any, endpoint: str) -> None:
        self._reactor = reactor
        self._endpoint = endpoint
        self._context: Any = None

    @property
    def speaks_tls(self) -> bool:
        return self._context is not None

    def listen(self, factory: Any) -> Any:
        """The listening port. Raises StartError with the reason."""
        return self._ask(_Reactor(self._reactor, self._listen), factory)

    def reload(self) -> None:
        """Read key and certificate anew. Raises StartError, and keeps those in use then."""
        self._ask(_Reactor(None, self._read), Factory())

    def getContext(self) -> Any:
        """For Twisted, which asks anew for each connection."""
        return self._context

    def _ask(self, reactor: _Reactor, factory: Any) -> Any:
        results: list[Any] = []
        try:
            listening: Deferred[Any] = serverFromString(reactor, self._endpoint).listen(factory)
            listening.addBoth(results.append)
        except Exception:  # whatever an endpoint or OpenSSL finds wrong with a file
            results.append(Failure())
        result = results[0] if results else Failure(StartError("it does not open at once"))
        if isinstance(result, Failure):
            raise StartError(" ".join(result.getErrorMessage().split()))
        return result

    def _listen(self, port: int, factory: Any, contextFactory: Any, **where: Any) -> Any:
        self._read(port, factory, contextFactory)
        return self._reactor.listenSSL(port, factory, self, **where)

    def _read(self, port: int, factory: Any, contextFactory: Any, **where: Any) -> None:
        self._context = _strong(contextFactory).getContext()


class _Reactor:
    """A reactor with a `listenSSL` of ours; without one of its own it can do nothing else."""

    def __init__(self, reactor: Any, listen: Callable[..., Any]) -> None:
        self._reactor = reactor
        self.listenSSL = listen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


def _strong(made: Any) -> Any:
    """The same certificate with our ciphers; a plugin's own kind of context stays as it is."""
    if not isinstance(made, CertificateOptions):
        return made
    return CertificateOptions(
        privateKey=made.privateKey,
        certificate=made.certificate,
        extraCertChain=made.extraCertChain,
        dhParameters=made.dhParameters,
        raiseMinimumTo=TLSVersion.TLSv1_2,
        acceptableCiphers=_CIPHERS,
    )
