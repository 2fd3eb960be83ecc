"""What the doctor says about one thing."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Verdict = Literal["ok", "warning", "fault"]


class Finding(Struct, frozen=True):
    """`text` says how it is, and for a warning or a fault what to do next."""

    title: str
    verdict: Verdict
    text: str


def ok(title: str, text: str) -> Finding:
    return Finding(title, "ok", text)


def warning(title: str, text: str) -> Finding:
    return Finding(title, "warning", text)


def fault(title: str, text: str) -> Finding:
    return Finding(title, "fault", text)
