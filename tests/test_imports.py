"""Who may import whom: the contracts in pyproject.toml hold, and would notice if they did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder, capture_output=True, encoding="utf-8", timeout=60,
        env={"PYTHONPATH": str(folder)},
    )  # fmt: skip


def test_every_contract_holds() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "8 kept, 0 broken" in done.stdout


def test_a_broken_contract_is_noticed(tmp_path: Path) -> None:
    for package in ("ruggine", "client_tk"):
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "ruggine" / "domain" / "messages.py").open("a", encoding="utf-8") as module:
        module.write("\nimport sqlite3\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    assert "domain is deaf to I/O" in done.stdout
