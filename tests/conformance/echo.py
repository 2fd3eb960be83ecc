"""The WebSocket port's own connections with the limits of a real daemon, but they echo.

`python -m tests.conformance.echo PORT` listens on 127.0.0.1 until it is ended.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet import reactor

from ruggine import config
from ruggine.net.chat_factory import ChatSocketFactory
from ruggine.net.chat_socket import ChatSocket
from ruggine.net.connections import Connections
from ruggine.net.small_frames import text_frame


class EchoSocket(ChatSocket):
    """What comes in goes out by the way that entries go; binary frames, which a chat refuses, by
    Autobahn's."""

    def onOpen(self) -> None:
        return

    def onMessageBegin(self, isBinary: bool) -> None:
        WebSocketServerProtocol.onMessageBegin(self, isBinary)
        self._fragments = 0
        self._binary = isBinary

    def onMessageEnd(self) -> None:
        if self._binary and not self.failedByMe:
            data, self.message_data = self.message_data, []
            self.sendMessage(b"".join(data), isBinary=True)
        else:
            super().onMessageEnd()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self._outgoing.write(text_frame(payload))


def factory() -> ChatSocketFactory:
    """As the daemon makes it, with nothing behind it."""
    nothing: Any = None
    made = ChatSocketFactory(
        reactor=reactor, commands=nothing, sessions=nothing, hub=nothing, resume=nothing,
        connections=Connections(), limits=config.load({}, {}).limits, allowed_origins=(),
        epoch=str, clock=time.time, debug=False,
    )  # fmt: skip
    made.protocol = type("EchoSocket", (EchoSocket, made.protocol), {})
    return made


def main() -> None:
    anything: Any = reactor
    anything.listenTCP(int(sys.argv[1]), factory(), interface="127.0.0.1")
    anything.run()


if __name__ == "__main__":
    main()
