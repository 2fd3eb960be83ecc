"""Names every test that was left out, and why; on CI none may be.

A plugin of pytest, loaded by tests/conftest.py. A test leaves itself out with `pytest.skip`. Files
that cannot even be imported without Tk are left out whole.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests import needs

NEEDS_TK = (Path("client/ui"), Path("client/test_desktop.py"), Path("client/test_settings.py"))
_TESTS = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """True for what cannot be imported here."""
    return True if collection_path in _files_left_out() else None


def _files_left_out() -> list[Path]:
    if not needs.missing(["tk"]):
        return []
    found = [_TESTS / path for path in NEEDS_TK]
    return sorted(f for path in found for f in ([path] if path.is_file() else path.glob("test_*")))


def _left_out(reporter: Any) -> list[str]:
    tests = [f"{r.nodeid}: {_reason(r)}" for r in reporter.stats.get("skipped", [])]
    if reporter.config.rootpath != _TESTS.parent:
        return tests
    lacks = f"this machine lacks {needs.NEEDS['tk'].what}"
    return [f"{path.relative_to(_TESTS.parent)}: {lacks}" for path in _files_left_out()] + tests


def _reason(report: Any) -> str:
    return str(report.longrepr[2]).removeprefix("Skipped: ")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and os.environ.get("CI") and _left_out(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    left_out = _left_out(terminalreporter)
    if left_out:
        terminalreporter.section("left out")
        terminalreporter.write_line("\n".join(left_out))
        if os.environ.get("CI"):
            terminalreporter.write_line("Nothing may be left out on CI: this run has failed.")
