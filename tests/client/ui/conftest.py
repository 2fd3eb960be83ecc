"""A display that nobody looks at. Where Xvfb is missing the tests use the one there is."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client_tk import texts
from tests import needs


@pytest.fixture(scope="session", autouse=True)
def display() -> Iterator[None]:
    needs.require("display")
    if sys.platform != "linux" or not shutil.which("Xvfb"):
        yield
        return
    with virtual_display() as name:
        before = os.environ.get("DISPLAY")
        os.environ["DISPLAY"] = name
        yield
        if before is None:
            del os.environ["DISPLAY"]
        else:
            os.environ["DISPLAY"] = before


@contextmanager
def virtual_display() -> Iterator[str]:
    """The name of a display in memory."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"],
        pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as told:
        name = f":{told.readline().strip()}"
    try:
        yield name
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a window has left is collected on the thread that it belonged to."""
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody's own keyring."""
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    texts.use("en")
