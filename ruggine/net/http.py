"""For those who watch the daemon: /healthz (it lives), /readyz (it can serve), /metrics, and a page
that shows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from twisted.internet.defer import Deferred
from twisted.protocols.policies import WrappingFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

Check = Callable[[], Awaitable[dict[str, str]]]


AT_ONCE = 100
"""Connections; who watches needs few, and a crowd must not take the chat's file descriptors."""


def make_site(
    reactor: Any, check: Check, registry: CollectorRegistry, page: Mapping[str, bytes]
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
    site.displayTracebacks = False
    limited = AtMost(site)
    limited.noisy = site.noisy = False
    return limited


class AtMost(WrappingFactory[Any]):
    """AT_ONCE connections. (Twisted's ThrottlingFactory fails where a connection that was answered
    and closed is also timed out: it forgets its producer twice.)"""

    def buildProtocol(self, addr: Any) -> Any:
        return super().buildProtocol(addr) if len(self.protocols) < AT_ONCE else None


class ProbeRequest(Request):
    """One that has nothing to say: a body is neither kept nor waited for."""

    def gotLength(self, length: int | None) -> None:
        super().gotLength(0)

    def handleContentChunk(self, data: bytes) -> None:
        self.loseConnection()


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
            ("server", "Ruggine"),
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
        encode, content_type = choose_encoder(request.getHeader("accept") or "")
        request.setHeader("content-type", content_type)
        request.setHeader("server", "Ruggine")
        return encode(self._registry)


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
    request.setHeader(b"server", b"Ruggine")
    return msgspec.json.encode(values) + b"\n"
