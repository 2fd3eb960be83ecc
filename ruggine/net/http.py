"""For those who watch the daemon: /healthz (it lives), /readyz (it can serve), /metrics, and a page
that shows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.http import HTTPChannel
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from ruggine.net.entrance import Entrance, Refused

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

Check = Callable[[], Awaitable[dict[str, str]]]


AT_ONCE = 100
"""Connections; who watches needs few, and a crowd must not take the chat's file descriptors."""

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\n\r\n"


def make_site(
    reactor: Any,
    entrance: Entrance,
    check: Check,
    registry: CollectorRegistry,
    page: Mapping[str, bytes],
) -> WrappingFactory[Any]:
    """`check` says how each part is: "ok", or a word for what is wrong. It never raises.

    /readyz is 503 while the database is anything but "ok". `page` has the files of the status page
    by name; its `index.html` is served at /.
    """
    root: Any = Resource()
    for name, content in page.items():
        root.putChild(b"" if name == "index.html" else name.encode(), PageFile(name, content))
    root.putChild(b"metrics", Metrics(registry))
    root.putChild(b"healthz", Health())
    root.putChild(b"readyz", Readiness(check))
    site = ProbeSite(root, ProbeRequest, reactor=reactor)
    setattr(site, "protocol", ProbeChannel)  # noqa: B010 - Twisted's type names its own class
    site.displayTracebacks = False
    limited = AtMost(site, entrance)
    limited.noisy = site.noisy = False
    return limited


class ProbeConnection(ProtocolWrapper):
    """What is asked waits for its turn, as on the other ports."""

    factory: AtMost
    transport: Any

    def makeConnection(self, transport: Any) -> None:
        self._intake = self.factory.entrance.enter(transport, self._take, counted=False)
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        self._intake.receive(data)

    def asked(self, headers: Mapping[str, str]) -> None:
        """The head of the request is there, also what proxies have put into it."""
        self.factory.entrance.settle(self._intake.visit, self.transport, headers)

    def _take(self, data: bytes) -> None:
        """What comes after the answer is dropped."""
        if not self.transport.disconnecting:
            super().dataReceived(data)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._intake.stop()
        self._intake.visit.leave()
        super().connectionLost(reason)


class AtMost(WrappingFactory[Any]):
    """AT_ONCE connections; one more takes the place of the oldest, which is cut.

    So whoever opens a hundred and says nothing keeps nobody out: an honest visitor is answered long
    before a hundred others have come. (Twisted's ThrottlingFactory would turn the honest one away,
    and fails where a connection that was answered and closed is also timed out: it forgets its
    producer twice.)
    """

    protocol = ProbeConnection

    def __init__(self, site: Site, entrance: Entrance) -> None:
        super().__init__(site)
        self.entrance = entrance

    def buildProtocol(self, addr: Any) -> Any:
        return Refused() if self.entrance.turns_away(addr) else super().buildProtocol(addr)

    def registerProtocol(self, p: Any) -> None:
        if len(self.protocols) >= AT_ONCE:
            oldest = next(iter(self.protocols))
            self.unregisterProtocol(oldest)
            oldest.abortConnection()
        super().registerProtocol(p)

    def unregisterProtocol(self, p: Any) -> None:
        self.protocols.pop(p, None)


class ProbeChannel(HTTPChannel):
    """One answer for each connection.

    Twisted answers all requests that came in one read before it does anything else, and looks only
    then whether anybody takes the answers: a few kilobytes of small requests held the reactor for
    seconds and filled the memory.
    """

    transport: Any
    site: Site

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        return False

    def requestDone(self, request: Any) -> None:
        super().requestDone(request)
        self.setTimeout(self.site.timeOut)  # for who does not take the answer, or does not hang up

    def headerReceived(self, line: bytes) -> bool:
        try:
            return bool(super().headerReceived(line))
        except ValueError:  # a Content-Length of more digits than int() reads
            self.transport.write(_BAD_REQUEST)
            self.loseConnection()
            return False


class ProbeRequest(Request):
    """One that has nothing to say: a body is not kept, and its first byte ends the connection."""

    _head_only = False

    def gotLength(self, length: int | None) -> None:
        super().gotLength(0)

    def handleContentChunk(self, data: bytes) -> None:
        self.loseConnection()

    def process(self) -> None:
        headers = self.requestHeaders.getAllRawHeaders()
        connection: Any = self.transport
        connection.asked(
            {name.decode().lower(): b",".join(values).decode("latin-1") for name, values in headers}
        )
        # Twisted would log a line for each HEAD, and many a probe sends nothing else.
        if self.method == b"HEAD":
            self.method, self._head_only = b"GET", True
        super().process()

    def render(self, resrc: Any) -> None:
        self.setHeader(b"server", b"Ruggine")  # Twisted's own tells its version
        super().render(resrc)

    def write(self, data: bytes) -> None:
        super().write(b"" if self._head_only else data)


class ProbeSite(Site):
    """No access log: probes come every few seconds."""

    def log(self, request: Any) -> None:
        return


class PageFile(Resource):
    """A file of the status page. It asks nothing of any other place, and may not."""

    isLeaf = True

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__()
        self._type = _TYPES[name.rpartition(".")[2]]
        self._content = content

    def render_GET(self, request: Request) -> bytes:
        for header, value in (
            ("content-type", self._type),
            ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
        ):
            request.setHeader(header, value)
        return self._content


class Metrics(Resource):
    """What the registry has, asked in the reactor thread, in which it is counted.

    prometheus_client.twisted's own resource is WSGI: it would ask in a thread of the pool, beside
    the changes.
    """

    isLeaf = True

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._registry = registry

    def render_GET(self, request: Request) -> bytes:
        encode, content_type = _encoder(request.getHeader(b"accept") or b"")
        request.setHeader("content-type", content_type)
        return encode(self._registry)


def _encoder(accept: bytes) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    """Of the format that is asked for; a wish that makes no sense is as good as none."""
    try:
        return choose_encoder(accept.decode("latin-1"))
    except (TypeError, ValueError):  # it compares whatever is called a version with numbers
        return choose_encoder("")


class Health(Resource):
    """200 as long as the reactor answers."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        return _answer(request, 200, {"status": "ok"})


class Readiness(Resource):
    """200 when messages can be stored, else 503."""

    isLeaf = True

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check

    def render_GET(self, request: Request) -> int:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        Deferred.fromCoroutine(self._render(request, gone))
        return NOT_DONE_YET

    async def _render(self, request: Request, gone: list[object]) -> None:
        parts = await self._check()
        body = _answer(request, 200 if parts.get("database") == "ok" else 503, parts)
        if not gone:
            request.write(body)
            request.finish()


def _answer(request: Request, status: int, values: dict[str, str]) -> bytes:
    request.setResponseCode(status)
    request.setHeader(b"content-type", b"application/json")
    body = msgspec.json.encode(values) + b"\n"
    request.setHeader(b"content-length", str(len(body)))
    return body
