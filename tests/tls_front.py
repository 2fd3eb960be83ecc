"""TLS in front of a port without it, for whoever has a certificate: what `stunnel` does.

python -m tests.tls_front PORT CERTIFICATE KEY PORT_BEHIND
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.ssl import Certificate, PrivateCertificate
from twisted.protocols.portforward import ProxyFactory

reactor: Any = _reactor


def main(port: str, certificate: str, key: str, behind: str) -> None:
    pem = Path(certificate).read_bytes()
    own = PrivateCertificate.loadPEM(pem + Path(key).read_bytes())
    options = own.options(Certificate.loadPEM(pem))
    reactor.listenSSL(
        int(port), ProxyFactory("127.0.0.1", int(behind)), options, interface="127.0.0.1"
    )
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
