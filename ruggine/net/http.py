"""For those who watch the daemon: /healthz (it lives) and /readyz (it can serve)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

Check = Callable[[], Awaitable[dict[str, str]]]


def make_site(check: Check) -> Site:
    """`check` says how each part is: "ok", or a word for what is wrong. It never raises.

    /readyz is 503 while the database is anything but "ok".
    """
    root: Any = Resource()
    root.putChild(b"healthz", Health())
    root.putChild(b"readyz", Readiness(check))
    site = ProbeSite(root)
    site.noisy = False
    site.displayTracebacks = False
    return site


class ProbeSite(Site):
    """No access log: probes come every few seconds."""

    def log(self, request: Any) -> None:
        return


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
