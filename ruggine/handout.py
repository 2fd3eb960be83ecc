"""`ruggine deploy`: the files that an operator needs beside the program, which came with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_EXAMPLE = "/opt/ruggine/bin/"
"""Where the unit has the program, and where documents are right about."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Files that serve one thing, as patterns, and what they are."""

    patterns: tuple[str, ...]
    about: str


KINDS = {
    "systemd": Kind(("deploy/ruggine.service",), "a hardened unit, for /etc/systemd/system"),
    "logrotate": Kind(("deploy/ruggine.logrotate",), "rotation of a --logfile"),
    "redis": Kind(("deploy/redis.conf",), "a Redis for several daemons"),
    "nginx": Kind(("deploy/nginx.conf",), "nginx in front of the WebSocket port"),
    "haproxy": Kind(("deploy/haproxy.cfg",), "HAProxy in front of both ports"),
    "prometheus": Kind(("deploy/prometheus/*",), "alert rules, and how each is tried"),
    "grafana": Kind(("deploy/grafana/*",), "a dashboard to import"),
    "docs": Kind(("docs/*.md", "docs/*.svg"), "the documents, operating.md first of all"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kinds", nargs="+", choices=[*KINDS, "all"], metavar="WHAT",
        help="; ".join(f"{name}: {kind.about}" for name, kind in KINDS.items()) + "; or all",
    )  # fmt: skip
    parser.add_argument(
        "--to", default=".", metavar="FOLDER",
        help="where the files are written; - prints them instead [default: this folder]",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", help="replace files that are there and say something else"
    )


def write_out(chosen: argparse.Namespace) -> int:
    """Write the chosen files; returns the exit status."""
    names = KINDS if "all" in chosen.kinds else dict.fromkeys(chosen.kinds)
    files = [file for name in names for file in files_of(name)]
    if chosen.to == "-":
        sys.stdout.write("\n".join(fitted(file) for file in files))
        return 0
    try:
        Path(chosen.to).mkdir(parents=True, exist_ok=True)
        return max(_write(file, Path(chosen.to), force=chosen.force) for file in files)
    except OSError as error:
        sys.stderr.write(f"ruggine: {error.filename or chosen.to}: {error.strerror}\n")
        return 1


def files_of(name: str) -> Iterator[Path]:
    """As they lie in this installation, or in the checkout that it runs from."""
    for pattern in KINDS[name].patterns:
        yield from sorted(HERE.glob(pattern))


def fitted(file: Path) -> str:
    """The text, with the place of this installation."""
    return file.read_text("utf-8").replace(_EXAMPLE, f"{Path(sys.prefix, 'bin')}/")


def _write(file: Path, folder: Path, *, force: bool) -> int:
    to, text = folder / file.name, fitted(file)
    if to.exists() and to.read_text("utf-8", "replace") == text:
        sys.stdout.write(f"{to} is there already\n")
        return 0
    if to.exists() and not force:
        sys.stderr.write(f"ruggine: {to} is there and says something else; --force replaces it\n")
        return 1
    to.write_text(text, "utf-8")
    sys.stdout.write(f"{to}\n")
    return 0
