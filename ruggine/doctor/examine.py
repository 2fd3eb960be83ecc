"""The whole examination, and how it is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import msgspec

from ruggine.doctor.files import check_files
from ruggine.doctor.finding import Finding
from ruggine.doctor.reach import check_ports, check_redis
from ruggine.doctor.settings import check_settings, read

_COLOURS = {"ok": "32", "warning": "33", "fault": "31;1"}


def examine(
    given: Mapping[str, str | None],
    *,
    messages: int | None = None,
    own_daemon: bool = False,
    as_json: bool = False,
) -> int:
    """Print every finding as it is found; returns the exit status."""
    found: list[Finding] = []
    for finding in _findings(given, messages, own_daemon):
        found.append(finding)
        if not as_json:
            _print(finding)
    faults = sum(finding.verdict == "fault" for finding in found)
    if as_json:
        sys.stdout.write(msgspec.json.encode({"faults": faults, "findings": found}).decode() + "\n")
    else:
        _sum_up(found, faults)
    return 1 if faults else 0


def _findings(
    given: Mapping[str, str | None], messages: int | None, own_daemon: bool
) -> Iterator[Finding]:
    chosen, finding = read(given)
    yield finding
    if chosen is None:
        return
    yield from check_settings(chosen)
    yield from check_files(chosen.database)
    yield from check_redis(chosen.redis)
    ports = list(check_ports(chosen))
    yield from ports
    if messages:
        from ruggine.doctor.delivery import check_delivery

        running = not own_daemon and all(finding.verdict == "ok" for finding in ports[:2])
        yield from check_delivery(chosen, messages, running=running)


def _print(finding: Finding) -> None:
    word = "FAULT" if finding.verdict == "fault" else finding.verdict
    shown = f"{word:7}"
    if sys.stdout.isatty():
        shown = f"\033[{_COLOURS[finding.verdict]}m{shown}\033[0m"
    sys.stdout.write(f"{shown}  {finding.title:14}  {finding.text}\n")
    sys.stdout.flush()


def _sum_up(found: list[Finding], faults: int) -> None:
    warnings = sum(finding.verdict == "warning" for finding in found)
    if faults:
        text = f"{_count(faults, 'fault')}, {_count(warnings, 'warning')}."
    elif warnings:
        text = f"No fault, {_count(warnings, 'warning')}."
    else:
        text = "All is well."
    sys.stdout.write(f"\n{text}\n")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
