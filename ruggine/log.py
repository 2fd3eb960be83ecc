"""The log: one event a line, which no input can forge, on standard output or in a file.

No event holds a password, a token or the content of a message; that is the duty of those who
log. Here every control character is made visible, so an event stays one line (a traceback goes on
indented).
"""

from __future__ import annotations

import re
import signal
import sys
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
from twisted.python.logfile import LogFile

_LEVELS = {
    "debug": LogLevel.debug,
    "info": LogLevel.info,
    "warn": LogLevel.warn,
    "error": LogLevel.error,
}
_NAMES = {level: name.upper() for name, level in _LEVELS.items()} | {LogLevel.critical: "ERROR"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_LENGTH = 2000


def make_observer(level: str, form: str, file: TextIO) -> ILogObserver:
    """An observer that writes events of `level` and above as `form` (`text` or `json`)."""
    predicate = LogLevelFilterPredicate(defaultLogLevel=_LEVELS[level])
    # Autobahn's events hold what clients wrote in their handshakes, and call their faults errors.
    predicate.setLogLevelForNamespace("autobahn", LogLevel.critical)
    write = cast(ILogObserver, FileLogObserver(file, json_line if form == "json" else text_line))
    return cast(ILogObserver, FilteringLogObserver(write, [cast(ILogFilterPredicate, predicate)]))


def open_file(options: Any) -> TextIO:
    """Where twistd would have logged: `options` are its own (--logfile, --nodaemon)."""
    name = options.get("logfile") or ("-" if options.get("nodaemon") else "twistd.log")
    if name == "-":
        return sys.stdout
    file = LogFile.fromFullPath(name)
    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda number, frame: file.rotate())
    return cast(TextIO, file)


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
