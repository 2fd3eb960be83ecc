"""One WebSocket (docs/protocol.md, section 3) over a connection that never blocks."""

from __future__ import annotations

import contextlib
import logging
import selectors
import time
from collections.abc import Callable

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from client_tk.model import Server
from client_tk.net import reasons
from client_tk.net.dial import Patience, Stream
from client_tk.reports import Closed, Heard, Opened, Report
from ruggine.wire import heard
from ruggine.wire.frames import AuthResponse, IncomingMessage
from ruggine.wire.frames import Frame as Said

ABNORMAL = 1006
MOST_HEARD = 2**20

_READS_A_TURN = 32
_MALFORMED, _SESSION_ENDED, _COME_BACK = 4500, 4501, 4002
_REFUSALS = {"invalid_session": _SESSION_ENDED, "invalid_request": _MALFORMED}

_log = logging.getLogger(__name__)
_silence = logging.getLogger("client_tk.net.frames")
_silence.setLevel(logging.CRITICAL)  # at debug level it would show every token and every message


class WebSocket:
    """Authenticates itself as soon as it is open.

    Network thread only. `report` gets Opened, a Heard for each frame, and one Closed; a Closed
    alone where it could not be opened; no Closed after `leave`. Nothing here blocks, but
    `farewell`.
    """

    def __init__(
        self, stream: Stream, server: Server, auth: bytes, report: Callable[[Report], None], *,
        ping_s: float, stall_s: float,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._auth = auth
        self._report = report
        self._ping_s = ping_s
        self._stall_s = stall_s
        self._url = _url(server)
        self._protocol = ClientProtocol(
            parse_uri(f"{self._url}/"), max_size=MOST_HEARD, logger=_silence
        )
        self._protocol.send_request(self._protocol.connect())
        self._unsent = bytearray()
        self._moved_s = self._heard_s = time.monotonic()
        self._pinged_s: float | None = None
        self._has_heard = False
        self._message: bytearray | None = None
        self._refused: int | None = None
        self.is_opening = True
        self.is_closed = False
        self._collect()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def wants(self) -> int:
        """What a selector is to wait for."""
        return self._stream.to_read | (selectors.EVENT_WRITE if self._unsent else 0)

    @property
    def due_s(self) -> float:
        """When, by the monotonic clock, it needs a turn although nothing has come."""
        if self._stream.has_more:
            return 0.0
        ping_s = (self._heard_s if self._pinged_s is None else self._pinged_s) + self._ping_s
        return min(ping_s, self._moved_s + self._stall_s) if self._unsent else ping_s

    # What we say

    def say(self, frame: bytes) -> None:
        """Dropped while it is not open."""
        if not self.is_opening and self._protocol.state is State.OPEN:
            self._protocol.send_text(frame)
            self._collect()

    def leave(self) -> None:
        """Nothing more is reported; `farewell` says good-bye."""
        if not self.is_closed and self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._collect()
        self.is_closed = True

    def farewell(self, patience: Patience) -> None:
        """What is still to be sent, then the end. Blocks for as long as `patience` has."""
        try:
            if self._protocol.close_sent is not None:
                self._linger(patience)
        except OSError:
            pass  # it is over either way
        finally:
            self._stream.close()

    def _linger(self, patience: Patience) -> None:
        """To close while something is unread would take our last words from the daemon."""
        data: bytes | None = None
        while data != b"" and patience.left_s > 0:
            patience.wait(self._stream, self.wants)
            self._write()
            data = self._stream.read()

    def _collect(self) -> None:
        if not self._unsent:
            self._moved_s = time.monotonic()
        self._unsent += b"".join(self._protocol.data_to_send())

    def _write(self) -> None:
        sent = self._stream.write(self._unsent) if self._unsent else 0
        if sent:
            del self._unsent[:sent]
            self._moved_s = time.monotonic()

    # What we hear

    def turn(self) -> None:
        """Read and write what can be, and look at the clock."""
        try:
            self._read()
            self._write()
        except OSError as error:
            self._read_last_words()
            self._end(ABNORMAL, *reasons.reason_of(error))
        if not self.is_opening and not self.is_closed:
            self._look_at_clock()

    def _read_last_words(self) -> None:
        """Nothing can be written any more, but why may have been said before that."""
        with contextlib.suppress(OSError):
            self._read()

    def _read(self) -> None:
        for _ in range(_READS_A_TURN):
            data = None if self.is_closed else self._stream.read()
            if data is None:
                return
            self._heard_s, self._pinged_s = time.monotonic(), None
            self._take(data)

    def _take(self, data: bytes) -> None:
        if data:
            self._has_heard = True
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if self.is_closed:
                return
            if isinstance(event, Frame):
                self._on_frame(event)
            elif self._protocol.state is State.OPEN:  # it is the answer to our handshake
                _log.debug("Connected to %s", self._url)
                self._protocol.send_text(self._auth)
        self._collect()
        self._look_for_failure()

    def _look_for_failure(self) -> None:
        failure = self._protocol.handshake_exc or self._protocol.parser_exc
        if failure is None:
            return
        if isinstance(failure, EOFError) or isinstance(failure.__cause__, EOFError):
            self._end(ABNORMAL, reasons.LOST)
        elif self._protocol.handshake_exc is not None:
            self._end(ABNORMAL, reasons.NOT_RUGGINE, _status(failure))
        else:
            sent = self._protocol.close_sent
            self._end_strangely(sent.code if sent else ABNORMAL)

    def _on_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
            self._on_part(frame)
        elif frame.opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA)
        elif frame.opcode is Opcode.CLOSE and self._protocol.close_rcvd is not None:
            self._on_close(self._protocol.close_rcvd.code)

    def _on_close(self, code: int) -> None:
        if code == CloseCode.NO_STATUS_RCVD:
            self._end(ABNORMAL, reasons.LOST)
        else:
            self._end(code)

    def _on_part(self, frame: Frame) -> None:
        if frame.fin and self._message is None:
            self._on_text(bytes(frame.data))
            return
        self._message = (self._message or bytearray()) + frame.data
        if frame.fin:
            whole, self._message = bytes(self._message), None
            self._on_text(whole)

    def _on_text(self, text: bytes) -> None:
        try:
            said = heard.decode(text)
        except heard.OlderDaemon:
            self._protocol.fail(CloseCode.PROTOCOL_ERROR)
            self._collect()
            self._end(CloseCode.PROTOCOL_ERROR, reasons.OLDER)
            return
        except (ValueError, RecursionError):
            self._fail(CloseCode.PROTOCOL_ERROR)
            return
        if said is None:
            return
        if self.is_opening:
            self._on_first(said)
            return
        if isinstance(said, IncomingMessage):
            _log.debug("New message from %s", reasons.printable(said.sender))
        self._report(Heard(said))

    def _on_first(self, said: Said) -> None:
        if not isinstance(said, AuthResponse):
            self._fail(CloseCode.PROTOCOL_ERROR)
        elif said.success:
            self.is_opening = False
            user_id = reasons.printable(said.user_id or "")
            _log.debug("Authentication successful for user: %s", user_id)
            self._report(Opened(said))
        else:
            self._refused = _REFUSALS.get(said.code or "", _COME_BACK)

    # The end

    def _look_at_clock(self) -> None:
        now_s = time.monotonic()
        if self._unsent and now_s >= self._moved_s + self._stall_s:
            self._end(ABNORMAL, reasons.TIMEOUT)
        elif self._pinged_s is None and now_s >= self._heard_s + self._ping_s:
            self._pinged_s = now_s
            self._protocol.send_ping(b"")
            self._collect()
        elif self._pinged_s is not None and now_s >= self._pinged_s + self._ping_s:
            self._end(ABNORMAL, reasons.SILENT)

    def give_up(self) -> None:
        """It has taken too long to open."""
        self._end(ABNORMAL, reasons.NOT_RUGGINE if self._is_strange else reasons.TIMEOUT)

    @property
    def _is_strange(self) -> bool:
        """Whether something was said, but not enough of a handshake."""
        return self._has_heard and self._protocol.state is State.CONNECTING

    def _fail(self, code: CloseCode) -> None:
        self._protocol.fail(code)
        self._collect()
        self._end_strangely(code)

    def _end_strangely(self, code: int) -> None:
        """What no daemon says was said. One that has let us in is a daemon all the same."""
        self._end(code, reasons.NOT_RUGGINE if self.is_opening else "")

    def _end(self, code: int, reason: str = "", detail: str = "") -> None:
        if self.is_closed:
            return
        self.is_opening, self.is_closed = False, True
        if self._refused is not None and code == ABNORMAL:
            code, reason, detail = self._refused, "", ""
        self._report(Closed(code, reason, detail))


def _url(server: Server) -> str:
    host = server.host.partition("%")[0]
    scheme = "wss" if server.tls else "ws"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.websocket_port}"


def _status(failure: Exception) -> str:
    return f"HTTP {failure.response.status_code}" if isinstance(failure, InvalidStatus) else ""
