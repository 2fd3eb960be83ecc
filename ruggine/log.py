"""The log: one event a line, which no input can forge, on standard output or in a file.

No event holds a password, a token or the content of a message; that is the duty of those who
log. Here every control character is made visible, so an event stays one line (a traceback goes on
indented).
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import msgspec
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogFilterPredicate,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
)

from ruggine import terminal
from ruggine.errors import StartError
from ruggine.private_file import opener

_LEVELS = {
    "debug": LogLevel.debug,
    "info": LogLevel.info,
    "warn": LogLevel.warn,
    "error": LogLevel.error,
}
_NAMES = {level: name.upper() for name, level in _LEVELS.items()} | {LogLevel.critical: "ERROR"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_LENGTH = 2000
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT


class Level:
    """The level from which on events are logged. It can change while the daemon runs."""

    def __init__(self, name: str) -> None:
        self._predicate = LogLevelFilterPredicate()
        self.set(name)

    def set(self, name: str) -> None:
        """`debug`, `info`, `warn` or `error`."""
        self._predicate.clearLogLevels()
        self._predicate.setLogLevelForNamespace("", _LEVELS[name])
        # Autobahn's events hold what clients wrote in their handshakes, and call their faults
        # errors.
        self._predicate.setLogLevelForNamespace("autobahn", LogLevel.critical)

    def __call__(self, event: LogEvent) -> Any:
        return self._predicate(event)


def make_observer(level: Level, form: str, file: Output | TextIO) -> ILogObserver:
    """An observer that writes events of `level` and above as `form` (`text` or `json`)."""
    line = json_line if form == "json" else text_line
    write = cast(ILogObserver, FileLogObserver(cast(TextIO, file), line))
    return cast(ILogObserver, FilteringLogObserver(write, [cast(ILogFilterPredicate, level)]))


class Output:
    """Writes lines to an open file. A line that cannot be written is lost and holds up nothing: a
    full disk, a closed terminal or a pipe without a reader must not end a chat."""

    def __init__(self, descriptor: int, encoding: str) -> None:
        self._descriptor = descriptor
        self._encoding = encoding

    def write(self, text: str) -> None:
        with suppress(OSError):
            os.write(self._descriptor, text.encode(self._encoding, terminal.UNSHOWN))

    def flush(self) -> None:
        """Nothing waits in this process."""


class LogFile(Output):
    """A file that may be moved away, by logrotate for instance, and is then begun anew.

    It holds the names of people, so it is for its owner only.
    """

    def __init__(self, path: str) -> None:
        """Raises OSError."""
        self._path = os.path.abspath(path)
        super().__init__(opener(self._path, _APPEND), "utf-8")

    def reopen(self) -> None:
        """Go on in the file that is at the path now. Raises OSError, and goes on as before then."""
        fresh = opener(self._path, _APPEND)
        # In the place of the old one, at once: a thread may be about to write.
        os.dup2(fresh, self._descriptor, inheritable=False)
        os.close(fresh)


def open_output(options: Any) -> Output:
    """Where twistd would have logged: `options` are its own (--logfile, --nodaemon).

    Raises StartError where the file cannot be opened.
    """
    name = options.get("logfile") or ("-" if options.get("nodaemon") else "twistd.log")
    if name == "-":
        return _standard_output()
    try:
        return LogFile(name)
    except OSError as error:
        raise StartError(f"--logfile: {name} cannot be opened ({error.strerror})") from None


def _standard_output() -> Output:
    if sys.stdout is None:  # it was closed before the start
        return Output(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), "utf-8")
    return Output(sys.stdout.fileno(), sys.stdout.encoding)


def text_line(event: LogEvent) -> str:
    """`2026-11-23T09:14:28.123Z [INFO] text`, and a traceback below, indented."""
    text = f"{_time(event)} [{_name(event)}] {one_line(formatEvent(event))}\n"
    for line in _traceback(event):
        text += f"    | {one_line(line)}\n"
    return text


def json_line(event: LogEvent) -> str:
    """One JSON object a line."""
    values: dict[str, Any] = {
        "time": _time(event),
        "level": _name(event).lower(),
        "from": event.get("log_namespace", ""),
        "text": one_line(formatEvent(event)),
    }
    if trace := _traceback(event):
        values["traceback"] = [one_line(line) for line in trace]
    return msgspec.json.encode(values).decode() + "\n"


def one_line(text: str) -> str:
    """`text` with every control character visible, and cut where it is endless."""
    shown = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text[:_MAX_LENGTH])
    return shown + "…" * (len(text) > _MAX_LENGTH)


def _time(event: LogEvent) -> str:
    moment = datetime.fromtimestamp(event.get("log_time", 0), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _name(event: LogEvent) -> str:
    return _NAMES.get(event.get("log_level", LogLevel.info), "INFO")


def _traceback(event: LogEvent) -> list[str]:
    failure = event.get("log_failure")
    return failure.getTraceback().splitlines() if failure is not None else []
