"""Experiments in a process of their own, as `./dev faults` runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def run(folder: Path, experiment: str, *options: str) -> dict[str, Any]:
    """The summary of one experiment."""
    subprocess.run(
        [sys.executable, "-m", "tests.faults", experiment, "--results", folder, *options],
        cwd=ROOT, timeout=300,
    )  # fmt: skip
    [path] = folder.glob("*.json")
    summary: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return summary
