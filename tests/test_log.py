"""The log's form: one event a line, which nothing can forge."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from ruggine import log


def event(text: str, level: LogLevel = LogLevel.info, **values: Any) -> dict[str, Any]:
    return {
        "log_time": 1763870400.1234, "log_level": level, "log_namespace": "ruggine",
        "log_format": "{text}", "text": text, **values,
    }  # fmt: skip


def test_a_line_of_text() -> None:
    assert (
        log.text_line(event("TCP Server listening")) == "2025-11-23T04:00:00.123Z [INFO] "
        "TCP Server listening\n"
    )


def test_a_line_of_json() -> None:
    assert json.loads(log.json_line(event("hello", LogLevel.warn))) == {
        "time": "2025-11-23T04:00:00.123Z", "level": "warn", "from": "ruggine", "text": "hello",
    }  # fmt: skip


@given(st.text())
def test_no_text_makes_a_second_line(text: str) -> None:
    for form in (log.text_line, log.json_line):
        line = form(event(text))
        assert line.splitlines(keepends=True) == [line]
        assert line.endswith("\n")


def test_an_endless_text_is_cut() -> None:
    assert len(log.text_line(event("x" * 100_000))) < 3000


def test_a_traceback_follows_indented() -> None:
    """So a line that begins with a time is always an event."""
    try:
        raise ValueError("bad\n2026-01-01T00:00:00.000Z [INFO] forged")
    except ValueError:
        lines = log.text_line(event("it failed", LogLevel.critical, log_failure=Failure()))
    first, *rest = lines.splitlines()
    assert "[ERROR] it failed" in first
    assert rest
    assert all(line.startswith("    | ") for line in rest)


@pytest.mark.parametrize(("level", "seen"), [("debug", 4), ("info", 3), ("warn", 2), ("error", 1)])
def test_levels(level: str, seen: int) -> None:
    file = io.StringIO()
    observer = log.make_observer(log.Level(level), "text", file)
    for of in (LogLevel.debug, LogLevel.info, LogLevel.warn, LogLevel.error):
        observer(event("x", of))
    assert len(file.getvalue().splitlines()) == seen


def test_autobahns_events_are_not_ours_to_show() -> None:
    """They hold what clients wrote in their handshakes."""
    file = io.StringIO()
    observer = log.make_observer(log.Level("debug"), "text", file)
    observer(event("Cookie: secret", LogLevel.error, log_namespace="autobahn.websocket.protocol"))
    assert file.getvalue() == ""


def test_a_line_that_cannot_be_written_holds_up_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log.Output(writing, "utf-8").write("nobody reads this\n")
    os.close(writing)


def test_what_an_output_cannot_show_is_written_as_an_escape() -> None:
    reading, writing = os.pipe()
    log.Output(writing, "ascii").write("ciao ✅\n")
    assert os.read(reading, 100) == b"ciao \\u2705\n"
    os.close(reading)
    os.close(writing)
